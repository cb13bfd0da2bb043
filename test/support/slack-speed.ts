import { ratesAt } from "../../src/slack/rates.ts";

export { ratesAt };

/** No limit that a test could notice. */
export const unlimited = ratesAt(10_000);

/** Waits after a lost answer that a test can afford. */
export const hasty = { messageShowsMs: 300, fileShowsMs: 300, longestBackOffMs: 1000 };
