import { authorise, type Act, type Authorisation, type Person } from "./authorise.ts";
import type { GivenApproval } from "./count.ts";
import { explain, type Explanation } from "./explain.ts";
import { lookUp, noFacts, type Directory, type Facts } from "./people.ts";
import type { People, Policy, Rule, Subject } from "./policy.ts";
import { ruleFor } from "./rules.ts";

/** A question without what has to be looked up for it. */
export interface Asked {
  act: Act;
  actor?: Person;
  subject?: Subject;
  approvals?: readonly GivenApproval[];
  primaryHitBy?: string | null;
}

/** Decides, with what it has to look up. Everything that may or may not be done goes through one of these. */
export interface Authoriser {
  policy: Policy;
  now(): Date;
  /** The rule that decides about it now. */
  rule(subject: Subject): Rule | null;
  /** Looks up what a decision needs: before a transaction, so that no lock waits for Slack. */
  facts(asked: Asked): Promise<Facts>;
  /** Decides from what was looked up. */
  judge(asked: Asked, facts: Facts): Authorisation;
  /** Both. */
  decide(asked: Asked): Promise<Authorisation>;
  /** Why it may or may not be done now. */
  explain(asked: { actor: Person; subject: Subject; primaryHitBy: string | null }): Promise<Explanation>;
}

export function createAuthoriser(parts: { policy: Policy; directory: Directory; now: () => Date }): Authoriser {
  const { policy, directory, now } = parts;
  const facts = (asked: Asked): Promise<Facts> => {
    const { users, people } = needs(policy, asked, now());
    if (users.length === 0) return Promise.resolve(noFacts);
    // A group is asked only about people who are not named themselves.
    const open = people !== null && !people.anyone && users.some((id) => !people.users.includes(id));
    return lookUp(directory, { users, groups: open ? people.groups : [] });
  };
  const judge = (asked: Asked, found: Facts): Authorisation =>
    authorise(policy, {
      act: asked.act,
      actor: asked.actor ?? null,
      subject: asked.subject ?? null,
      approvals: asked.approvals ?? [],
      primaryHitBy: asked.primaryHitBy ?? null,
      facts: found,
      now: now(),
    });
  return {
    policy,
    now,
    rule: (subject) => ruleFor(policy, subject, now()),
    facts,
    judge,
    decide: async (asked) => judge(asked, await facts(asked)),
    explain: async (asked) => {
      const [asking, approving] = await Promise.all([
        facts({ ...asked, act: "request" }),
        facts({ ...asked, act: "approve" }),
      ]);
      const found: Facts = {
        people: { ...asking.people, ...approving.people },
        groups: { ...asking.groups, ...approving.groups },
      };
      return explain(policy, { ...asked, facts: found, now: now() });
    },
  };
}

/** Whose standing a decision needs, and among whom they must be. */
function needs(policy: Policy, asked: Asked, now: Date): { users: readonly string[]; people: People | null } {
  const { act, actor, subject, approvals = [] } = asked;
  const rule = subject === undefined ? null : ruleFor(policy, subject, now);
  const self = actor === undefined || actor.via === "command line" ? [] : [actor.userId];
  const givers = approvals.map(({ userId }) => userId);
  switch (act) {
    case "request":
    case "due":
      return { users: self, people: rule?.requesters ?? null };
    case "approve":
      return { users: [...self, ...givers], people: rule?.approvers ?? null };
    case "deny":
      return { users: actor?.userId === subject?.requestedBy ? [] : self, people: rule?.approvers ?? null };
    case "start":
      return { users: givers, people: rule?.approvers ?? null };
    case "resume":
      return { users: self, people: policy.resumers };
    case "oversee":
      return { users: self, people: null };
    case "mend":
      return { users: self, people: rule?.approvers ?? policy.resumers };
    case "look":
    case "acknowledge":
    case "export":
    case "revoke":
    case "abort":
    case "cancel":
    case "halt":
    case "heal":
    case "inject":
      return { users: [], people: null };
  }
}
