/** Who is worth a question: whoever has answered one is asked to the end; any other until `most` questions were in vain. */
export interface Patience {
  asks(who: string): boolean;
  answered(who: string): void;
  inVain(who: string): void;
}

export function patience(most: number): Patience {
  const vain = new Map<string, number>();
  return {
    asks: (who) => (vain.get(who) ?? 0) < most,
    answered: (who) => void vain.set(who, Number.NEGATIVE_INFINITY),
    inVain: (who) => void vain.set(who, (vain.get(who) ?? 0) + 1),
  };
}
