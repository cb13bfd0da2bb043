/** `55.1 MB`, `20.0 GB`, `812 bytes`; decimal units, as disks are sold and as the training module counts. */
export function bytesText(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e5 ? `${(bytes / 1e6).toFixed(1)} MB` : `${bytes.toLocaleString("en-US")} bytes`;
}

/** A long time as people plan with it: `42 s`, `12.5 min`, `1 h 12 min`. */
export function planTime(durationMs: number): string {
  const minutes = durationMs / 60_000;
  if (minutes < 1.5) return `${(durationMs / 1000).toFixed(durationMs < 10_000 ? 2 : 0)} s`;
  if (minutes < 90) return `${minutes.toFixed(minutes < 10 ? 1 : 0)} min`;
  const hours = Math.floor(Math.round(minutes) / 60);
  const rest = Math.round(minutes) % 60;
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}
