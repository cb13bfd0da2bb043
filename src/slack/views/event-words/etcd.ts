import type { EventWords } from "./event-words.ts";

/** etcd: who leads, and what a member without a quorum answers. */
export const etcdWords: EventWords = {
  leader: ({ leader, term }) => `${leader === null ? "none" : String(leader)}, term ${String(term)}`,
  "without-quorum": ({ operation, answer, tookMs }) =>
    `${String(operation)}: ${String(answer)} (after ${String(tookMs)} ms)`,
};
