import { environmentOf, isAbout, type Freeze, type Policy, type Rule, type Subject } from "./policy.ts";
import { endOf, nextBegin } from "./windows.ts";

/** The rule that decides about it at a moment: the first that matches. Null: none does, so it is denied. */
export function ruleFor(policy: Policy, subject: Subject, at: Date): Rule | null {
  const environment = environmentOf(policy, subject.cluster);
  const fits = ({ match, times }: Rule): boolean =>
    isAbout(match, subject, environment) && (times === null || endOf(times, at) !== null);
  return policy.rules.find(fits) ?? null;
}

/** Rules that would match at another time. */
export function rulesAtOtherTimes(policy: Policy, subject: Subject): Rule[] {
  const environment = environmentOf(policy, subject.cluster);
  return policy.rules.filter(({ match, times }) => times !== null && isAbout(match, subject, environment));
}

export interface Frozen {
  name: string;
  /** When the last of all freezes that follow each other ends. */
  until: Date;
}

/** The freeze that holds for it at a moment. */
export function frozenBy(policy: Policy, subject: Subject, at: Date): Frozen | null {
  const about = freezesAbout(policy, subject);
  const first = about.find(({ window }) => endOf([window], at) !== null);
  if (first === undefined) return null;
  const until = endOf(
    about.map(({ window }) => window),
    at,
  );
  return { name: first.name, until: until ?? at };
}

/** The freeze that begins next for it, with when that is; null where none does. */
export function nextFreeze(policy: Policy, subject: Subject, after: Date): { name: string; from: Date } | null {
  const next = freezesAbout(policy, subject)
    .map(({ name, window }) => ({ name, from: nextBegin(window, after) }))
    .filter((begin): begin is { name: string; from: Date } => begin.from !== null)
    .toSorted((a, b) => a.from.getTime() - b.from.getTime());
  return next[0] ?? null;
}

function freezesAbout(policy: Policy, subject: Subject): Freeze[] {
  const environment = environmentOf(policy, subject.cluster);
  return policy.freezes.filter(({ match }) => isAbout(match, subject, environment));
}
