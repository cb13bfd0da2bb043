const factors: Readonly<Record<string, number>> = {
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** A Kubernetes quantity (`250m`, `1`, `8Gi`, `1e3`) as a number; 0 for what is absent or no quantity. */
export function quantity(text: unknown): number {
  const match = /^([0-9.]+(?:[eE][+-]?\d+)?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/.exec(String(text ?? "0"));
  return match === null ? 0 : Number(match[1]) * (factors[match[2] ?? ""] ?? 1);
}
