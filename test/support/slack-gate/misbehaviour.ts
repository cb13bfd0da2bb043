import type { ApiCall } from "./call.ts";

/**
 * What becomes of a call: passed on; passed on with its answer lost; not passed on and cut; answered 429, with an error of
 * Slack's, or with an HTTP status, without being passed on; held back before it is passed on; cut, and passed on later.
 */
export type Verdict =
  | "pass"
  | "lose-answer"
  | "lose-call"
  | { retryAfterS: number }
  | { error: string }
  | { status: number }
  | { delayMs: number }
  | { appliesAfterMs: number };

export interface Misbehaviour {
  method: string | RegExp;
  verdict: Verdict;
  when?: (form: URLSearchParams) => boolean;
  /** How often; default once. */
  times?: number;
}

/** What tests ask the gate to do wrong. */
export interface Misbehaviours {
  add(rule: Misbehaviour): void;
  /** How many of those asked for have not happened yet. */
  left(): number;
  clear(): void;
  judge(call: ApiCall): Verdict;
}

export function createMisbehaviours(): Misbehaviours {
  let rules: Array<Misbehaviour & { times: number }> = [];
  return {
    add: (rule) => void rules.push({ ...rule, times: rule.times ?? 1 }),
    left: () => rules.reduce((sum, { times }) => sum + times, 0),
    clear: () => {
      rules = [];
    },
    judge: (call) => {
      const rule = rules.find(
        ({ method, when, times }) =>
          times > 0 &&
          (typeof method === "string" ? method === call.method : method.test(call.method)) &&
          (when?.(call.form) ?? true),
      );
      if (rule === undefined) return "pass";
      rule.times -= 1;
      return rule.verdict;
    },
  };
}
