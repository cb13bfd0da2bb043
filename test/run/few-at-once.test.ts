import { describe, expect, it } from "vitest";
import { fewAtOnce } from "../../src/run/few-at-once.ts";

describe("few at once", () => {
  it("lets so many in, the next when one has ended, in the order in which they came, also after a rejection", async () => {
    const begun: number[] = [];
    const ends: Array<(error?: Error) => void> = [];
    const few = fewAtOnce(2);
    const all = [0, 1, 2, 3].map((at) =>
      few(() => {
        begun.push(at);
        return new Promise<number>((resolve, reject) => {
          ends[at] = (error) => (error === undefined ? resolve(at) : reject(error));
        });
      }).catch((error: Error) => error.message),
    );
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    await settle();
    expect(begun).toEqual([0, 1]);
    ends[1]?.(new Error("broken"));
    await settle();
    expect(begun).toEqual([0, 1, 2]);
    ends[0]?.();
    await settle();
    expect(begun).toEqual([0, 1, 2, 3]);
    for (const end of ends) end();
    expect(await Promise.all(all)).toEqual([0, "broken", 2, 3]);
    expect(await few(async () => "free again")).toBe("free again");
  });
});
