import { z } from "zod";
import { duration, givenDuration } from "./duration.ts";

/**
 * Who may do what (`policies` in the configuration). Rules are read in order, the first that matches decides, and what
 * none matches is denied.
 */

const identifier = z.string().regex(/^[a-z][a-z0-9-]*$/, "lower-case letters, digits and dashes");

/** `anyone` of the workspace, a user id, a user group's id, or `@name` of a group named in `groups`. */
const person = z
  .string()
  .regex(
    /^(anyone|[UW][A-Z0-9]{2,}|S[A-Z0-9]{2,}|@[a-z][a-z0-9-]*)$/,
    "anyone, a user id (U…), a user group id (S…) or @group",
  );
/** Who may ask: any of those, and `pipeline:NAME` for `aftershock run --as NAME`. A pipeline approves and resumes nothing. */
const asker = z.union(
  [person, z.string().regex(/^pipeline:[a-z][a-z0-9-]{0,39}$/)],
  "anyone, a user id (U…), a user group id (S…), @group, or pipeline:name",
);
const askers = z.array(asker).min(1, "at least one; without anybody nothing is allowed");
const people = z.array(person).min(1, "at least one; without anybody nothing is allowed");

const timeZone = z.string().refine(isTimeZone, "must be an IANA time zone such as Europe/Berlin or UTC");
const dayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** `09:00` to `24:00`, in minutes of the day. */
const clock = z
  .string()
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, "must be a time of day such as 09:00")
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

/** `2026-12-19 18:00`, by the clocks of the zone beside it. */
const localMoment = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}[ T]([01]\d|2[0-3]):[0-5]\d$/, "must be a moment such as 2026-12-19 18:00")
  .refine(isCalendarDay, "there is no such day")
  .transform((text) => ({
    year: Number(text.slice(0, 4)),
    month: Number(text.slice(5, 7)),
    day: Number(text.slice(8, 10)),
    minute: Number(text.slice(11, 13)) * 60 + Number(text.slice(14)),
  }));

const weekly = z
  .strictObject({ days: z.array(z.enum(dayNames)).min(1), from: clock, until: clock, timeZone })
  .transform(({ days, from, until, timeZone: zone }) => ({
    kind: "weekly" as const,
    timeZone: zone,
    days: days.map((day) => dayNames.indexOf(day) + 1).toSorted((a, b) => a - b),
    fromMinute: from,
    untilMinute: until,
  }));

const once = z
  .strictObject({ from: localMoment, until: localMoment, timeZone })
  .refine(
    ({ from, until }) =>
      Date.UTC(from.year, from.month - 1, from.day) + from.minute * 60_000 <
      Date.UTC(until.year, until.month - 1, until.day) + until.minute * 60_000,
    "it ends before it begins",
  )
  .transform(({ from, until, timeZone: zone }) => ({ kind: "once" as const, timeZone: zone, from, until }));

const window = z.union([weekly, once], "days, from, until and timeZone; or from and until with a date, and timeZone");

const match = {
  environments: z.array(identifier).min(1).optional(),
  systems: z.array(identifier).min(1).optional(),
  experiments: z.array(identifier).min(1).optional(),
  risks: z
    .array(z.enum(["low", "medium", "high"]))
    .min(1)
    .optional(),
};

const approvals = z.union(
  [
    z.literal("none"),
    z.strictObject({
      required: z.int().min(1).max(20),
      approvers: people,
      /** How long a request waits, and how long its approvals hold until the run starts. */
      expiresAfter: duration("15m"),
    }),
  ],
  "none, or required and approvers",
);

const rule = z.strictObject({
  name: z.string().min(1).max(60),
  ...match,
  /** Only then; left out: at any time. */
  times: z.array(window).min(1).optional(),
  requesters: askers,
  approvals,
  limits: z
    .strictObject({
      namespaces: z.array(identifier).min(1).optional(),
      maxDuration: givenDuration.optional(),
      /** No two runs on one cluster hit a primary at the same time. */
      onePrimaryAtATime: z.boolean().default(true),
    })
    .prefault({}),
});

const freeze = z.strictObject({ name: z.string().min(1).max(60), ...match, when: window });

export const policiesSchema = z
  .strictObject({
    /** Slack user groups by a name of their own, for `@name` below. */
    groups: z.record(identifier, z.string().regex(/^S[A-Z0-9]{2,}$/, "a user group id (S…)")).default({}),
    /** Who may let runs start again after a halt. */
    mayResume: people,
    rules: z.array(rule).min(1, "without a rule everything is denied"),
    freezes: z.array(freeze).default([]),
  })
  .superRefine(({ groups, rules, mayResume }, context) => {
    const used = [
      mayResume,
      ...rules.flatMap(({ requesters, approvals: given }) => [requesters, ...approversOf(given)]),
    ];
    for (const name of used.flat().filter((entry) => entry.startsWith("@"))) {
      if (Object.hasOwn(groups, name.slice(1))) continue;
      context.addIssue({ code: "custom", message: `there is no group "${name}" in policies.groups`, path: ["groups"] });
    }
    for (const [at, { name, approvals: given }] of rules.entries()) {
      if (given === "none" || given.approvers.some((entry) => !/^[UW]/.test(entry))) continue;
      const most = new Set(given.approvers).size;
      if (most >= given.required) continue;
      const message = `the rule "${name}" needs ${given.required} approvals and names ${most} people`;
      context.addIssue({ code: "custom", message, path: ["rules", at, "approvals"] });
    }
    const double = rules.find(({ name }, at) => rules.findIndex((other) => other.name === name) !== at);
    if (double !== undefined) {
      context.addIssue({ code: "custom", message: `two rules are called "${double.name}"`, path: ["rules"] });
    }
  });

export type PoliciesConfig = z.output<typeof policiesSchema>;

function approversOf(given: z.output<typeof approvals>): string[][] {
  return given === "none" ? [] : [given.approvers];
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

function isCalendarDay(text: string): boolean {
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10));
}
