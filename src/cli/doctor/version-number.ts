/** `v1.32.1+k3s` → [1, 32, 1]; what is no number ends it. Pure. */
export function versionParts(version: string): number[] {
  const found = /(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(version);
  return (found?.slice(1) ?? []).flatMap((part) => (part === undefined ? [] : [Number(part)]));
}

/** Whether a version is `least` or newer; null when it cannot be read. Pure. */
export function atLeast(version: string, least: string): boolean | null {
  const [own, wanted] = [versionParts(version), versionParts(least)];
  if (own.length === 0) return null;
  for (const [at, part] of wanted.entries()) {
    const mine = own[at] ?? 0;
    if (mine !== part) return mine > part;
  }
  return true;
}
