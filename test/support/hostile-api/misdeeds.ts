import type { Asked } from "./asked.ts";

/** What an API server, or what stands before it, may do to a request. Absent: it is passed on as it is. */
export type Misdeed =
  /** Answered so, and not passed on. `text` replaces the Status that Kubernetes would send. */
  | { does: "answer"; status: number; retryAfterS?: number; text?: string }
  /** Neither passed on nor answered. */
  | { does: "hang" }
  /** Applied, and the connection cut instead of an answer. */
  | { does: "lose-answer" }
  /** Applied, and never answered. */
  | { does: "hang-after" }
  /** Passed on only after a while, whether or not the client still waits. */
  | { does: "apply-late"; delayMs: number }
  /** Applied at once, answered after a while. */
  | { does: "answer-late"; delayMs: number }
  /** Applied, and another answer's text sent in its place. */
  | { does: "rewrite"; text: (real: string) => string }
  /** Applied, and half of the answer's JSON sent as if it were all. */
  | { does: "truncate" }
  /** Applied, and the connection cut in the middle of the answer's body. */
  | { does: "cut" }
  /** A watch or an exec that is cut after a while; an exec's command goes on or not, as the server likes. */
  | { does: "cut-stream"; afterMs: number }
  /** A watch that is told in its stream that its version is gone (410), and ended. */
  | { does: "gone" }
  /** An exec whose messages make no sense. */
  | { does: "garble" };

export interface Rule {
  when: (asked: Asked) => boolean;
  does: Misdeed;
  /** How often it applies; default: for ever. */
  times?: number;
}

/** Decides what becomes of each request, in the order in which they come. */
export type Judge = (asked: Asked) => Misdeed | null;

/** The first rule that applies and is not used up. */
export function byRules(rules: readonly Rule[]): Judge {
  const left = new Map(rules.map((rule) => [rule, rule.times ?? Number.POSITIVE_INFINITY]));
  return (asked) => {
    const rule = rules.find((candidate) => (left.get(candidate) ?? 0) > 0 && candidate.when(asked));
    if (rule === undefined) return null;
    left.set(rule, (left.get(rule) ?? 0) - 1);
    return rule.does;
  };
}

/** What can befall any request now and then, and a client that persists gets over. */
const passing: readonly Misdeed[] = [
  { does: "answer", status: 429, retryAfterS: 1 },
  { does: "answer", status: 500 },
  { does: "answer", status: 503 },
  { does: "lose-answer" },
  { does: "truncate" },
  { does: "cut" },
  { does: "answer-late", delayMs: 600 },
];
const passingExec: readonly Misdeed[] = [
  { does: "answer", status: 503 },
  { does: "cut-stream", afterMs: 5 },
  { does: "garble" },
];

/** Does something to a share of all requests (0 to 1), the same for the same seed and the same order of requests. */
export function bySeed(seed: number, share: number): Judge {
  const random = mulberry32(seed);
  return (asked) => {
    if (random() >= share) return null;
    const choice = asked.verb === "exec" ? passingExec : passing;
    return choice[Math.floor(random() * choice.length)] ?? null;
  };
}

/** Tommy Ettinger's mulberry32: small, public domain, and the same everywhere. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
