import { createAuthoriser, type Authoriser } from "../../src/approvals/authoriser.ts";
import type { Directory } from "../../src/approvals/people.ts";
import { simplePolicy, type Policy } from "../../src/approvals/policy.ts";

/** A double of the workspace's directory in which everybody is a member and no group exists; the real one is in test/slack. */
export const everybody: Directory = {
  person: async () => ({ kind: "member" }),
  groupMembers: async () => ({ known: false, why: "no_such_subteam" }),
};

/** The simple policy of a test, with an authoriser. `policy` is read at every decision. */
export function testAuthoriser(
  parts: { policy?: () => Policy; directory?: Directory; now?: () => Date } = {},
): Authoriser {
  const policy = parts.policy ?? ((): Policy => testPolicy());
  const directory = parts.directory ?? everybody;
  const now = parts.now ?? ((): Date => new Date());
  const current = (): Authoriser => createAuthoriser({ policy: policy(), directory, now });
  return {
    get policy() {
      return policy();
    },
    now,
    rule: (subject) => current().rule(subject),
    facts: (asked) => current().facts(asked),
    judge: (asked, facts) => current().judge(asked, facts),
    decide: (asked) => current().decide(asked),
    explain: (asked) => current().explain(asked),
  };
}

export function testPolicy(change: Partial<Parameters<typeof simplePolicy>[0]> = {}): Policy {
  return simplePolicy({
    teamId: "T1",
    required: 1,
    approvers: ["U0ALICE", "U0BOB", "U0CAROL"],
    expiresAfterMs: 900_000,
    ...change,
  });
}
