import { describe, expect, it } from "vitest";
import { authorise, mayOperate, type Act, type Person, type Question } from "../../src/approvals/authorise.ts";
import type { Facts, Standing } from "../../src/approvals/people.ts";
import type { Freeze, Limits, Match, People, Policy, Rule, Subject } from "../../src/approvals/policy.ts";

const now = new Date("2026-11-25T10:00:00Z");
const person = (userId: string, teamId = "T1"): Person => ({ userId, teamId });
const named = (...users: string[]): People => ({ anyone: false, users, groups: [] });
const anyone: People = { anyone: true, users: [], groups: [] };
const everything: Match = { environments: null, systems: null, experiments: null, risks: null };
const unlimited: Limits = { namespaces: null, maxDurationMs: null, onePrimaryAtATime: false };
const rule = (change: Partial<Rule> = {}): Rule => ({
  name: "all",
  match: everything,
  times: null,
  requesters: anyone,
  required: 1,
  approvers: named("UALICE", "UBOB"),
  expiresAfterMs: 900_000,
  limits: unlimited,
  ...change,
});
const policy = (change: Partial<Policy> = {}): Policy => ({
  teamId: "T1",
  environments: { east: "production" },
  rules: [rule()],
  freezes: [],
  resumers: named("UBOB"),
  groupNames: { S1: "dba" },
  ...change,
});
const subject: Subject = {
  id: "run-1",
  requestedBy: "UALICE",
  experiment: "redis-split-brain",
  system: "redis-sentinel",
  cluster: "east",
  risk: "high",
  plan: { namespace: "cache", durationMs: 60_000, digest: "d" },
};
const member: Standing = { kind: "member" };
const facts: Facts = {
  people: { UALICE: member, UBOB: member, UCAROL: member, UEVE: member },
  groups: { S1: { known: true, members: ["UCAROL"] } },
};
const ask = (act: Act, who: Person | null, change: Partial<Question> = {}, of = policy()) =>
  authorise(of, { act, actor: who, subject, approvals: [], primaryHitBy: null, facts, now, ...change });
const refused = (message: string | RegExp, hint: string | RegExp = /./) => ({
  allowed: false,
  message: expect.stringMatching(message),
  hint: expect.stringMatching(hint),
});
const allowed = { allowed: true };

describe("who may approve", () => {
  it("an approver who did not ask for the run", () => expect(ask("approve", person("UBOB"))).toEqual(allowed));
  it("never the requester, approver or not, and the answer names who can", () =>
    expect(ask("approve", person("UALICE"))).toEqual(refused("yourself", /approved by <@UBOB>\.$/)));
  it("nobody who is not listed", () =>
    expect(ask("approve", person("UEVE"))).toEqual(refused("not among the approvers")));
  it("nobody of another organisation, listed or not", () =>
    expect(ask("approve", person("UBOB", "T2"))).toEqual(refused("Only members")));
  it("nobody where the workspace is not known", () =>
    expect(ask("approve", person("UBOB"), {}, policy({ teamId: null }))).toEqual(refused("Only members")));
  it("nobody at all when no approver is configured", () =>
    expect(ask("approve", person("UBOB"), {}, policy({ rules: [rule({ approvers: named() })] }))).toEqual(
      refused("not among", /no approver is configured/),
    ));
  it("nobody from a command line: an approval is a person's", () =>
    expect(ask("approve", { ...person("UBOB"), via: "command line" })).toEqual(refused("needs a person")));
  it("a member of a user group, by the group as it is now", () => {
    const grouped = policy({ rules: [rule({ approvers: { ...named(), groups: ["S1"] } })] });
    expect(ask("approve", person("UCAROL"), {}, grouped)).toEqual(allowed);
    expect(ask("approve", person("UBOB"), {}, grouped)).toEqual(refused("not among", /anybody in @dba/));
  });
  it("nobody by a group that could not be looked up, but whoever is named beside it", () => {
    const both = policy({ rules: [rule({ approvers: { ...named("UBOB"), groups: ["S1"] } })] });
    const lost: Facts = { ...facts, groups: { S1: { known: false, why: "plan_upgrade_required" } } };
    expect(ask("approve", person("UCAROL"), { facts: lost }, both)).toEqual(refused("plan_upgrade_required.*guess"));
    expect(ask("approve", person("UCAROL"), { facts: { ...facts, groups: {} } }, both)).toEqual(refused("guess"));
    expect(ask("approve", person("UBOB"), { facts: lost }, both)).toEqual(allowed);
  });
  it.each([
    [{ kind: "refused", why: "deactivated" }, "deactivated"],
    [{ kind: "refused", why: "guest" }, "a guest"],
    [{ kind: "refused", why: "outsider" }, "another organisation"],
    [{ kind: "refused", why: "bot" }, "a bot"],
    [{ kind: "refused", why: "nobody" }, "not known"],
    [{ kind: "unknown", why: "no answer from Slack" }, "no answer from Slack"],
  ] satisfies Array<[Standing, string]>)("nobody of whom Slack says %j", (standing, word) => {
    const said: Facts = { ...facts, people: { ...facts.people, UBOB: standing } };
    for (const act of ["approve", "request", "deny", "resume"] as const) {
      expect(ask(act, person("UBOB"), { facts: said })).toEqual(refused(word));
    }
  });
  it("nobody who was not looked up", () =>
    expect(ask("approve", person("UBOB"), { facts: { people: {}, groups: {} } })).toEqual(refused("not looked up")));
});

describe("who may ask, deny, stop, halt and resume", () => {
  it("ask: whom the rule names", () => {
    const some = policy({ rules: [rule({ requesters: named("UALICE") })] });
    expect(ask("request", person("UALICE"), {}, some)).toEqual(allowed);
    expect(ask("request", person("UEVE"), {}, some)).toEqual(refused("may ask for", /<@UALICE>/));
    expect(ask("request", person("UEVE"))).toEqual(allowed);
    expect(ask("request", { ...person("UALICE"), via: "command line" })).toEqual(refused("needs a person"));
  });
  it("deny: an approver, or the requester, who needs no look-up for it", () => {
    expect(ask("deny", person("UALICE"), { facts: { people: {}, groups: {} } })).toEqual(allowed);
    expect(ask("deny", person("UBOB"))).toEqual(allowed);
    expect(ask("deny", person("UEVE"))).toEqual(refused("not among"));
  });
  it("stop and halt: anybody of the workspace, without a look-up, also when all is frozen; and the command line", () => {
    const frozen = policy({ freezes: [freezeNow], rules: [] });
    for (const act of ["abort", "halt", "heal", "cancel"] as const) {
      expect(ask(act, person("UEVE"), { facts: { people: {}, groups: {} } }, frozen)).toEqual(allowed);
      expect(ask(act, person("UEVE", "T2"))).toEqual(refused("Only members"));
      expect(ask(act, { ...person("root", ""), via: "command line" })).toEqual(allowed);
    }
  });
  it("resume: whom the policy names, and the command line", () => {
    expect(ask("resume", person("UBOB"), { subject: null })).toEqual(allowed);
    expect(ask("resume", person("UEVE"), { subject: null })).toEqual(refused("not among", /<@UBOB>/));
    expect(ask("resume", person("UBOB", "T2"), { subject: null })).toEqual(refused("Only members"));
    expect(ask("resume", { ...person("root", ""), via: "command line" }, { subject: null })).toEqual(allowed);
  });
});

describe("who may see to what a run has left", () => {
  it("acknowledge an alarm: anybody of the workspace, without a look-up", () => {
    const nobody = { facts: { people: {}, groups: {} } };
    expect(ask("acknowledge", person("UEVE"), nobody)).toEqual(allowed);
    expect(ask("acknowledge", person("UEVE", "T2"), nobody)).toEqual(refused("Only members"));
  });
  it("have a target's pod restarted: who may approve such a run, also the requester of it", () => {
    const mine = { subject: { ...subject, requestedBy: "UBOB" } };
    expect(ask("mend", person("UBOB"), mine)).toEqual(allowed);
    expect(ask("mend", person("UEVE"))).toEqual(refused("for those who may approve", /<@UBOB>/));
    expect(ask("mend", person("UBOB", "T2"))).toEqual(refused("Only members"));
    expect(ask("mend", person("UBOB"), { facts: { people: {}, groups: {} } })).toMatchObject({ allowed: false });
  });
  it("have it restarted when no rule holds just then: who may let runs start again after a halt", () => {
    const closed = policy({ rules: [], resumers: named("UCAROL") });
    expect(ask("mend", person("UCAROL"), {}, closed)).toEqual(allowed);
    expect(ask("mend", person("UBOB"), {}, closed)).toEqual(refused("for those who may approve", /<@UCAROL>/));
  });
});

describe("who may see to an action", () => {
  const concerned = ["UFAY", "UDAVE"];
  it("add one: anybody of the workspace, without a look-up", () => {
    const nobody = { subject: null, facts: { people: {}, groups: {} } };
    expect(ask("add-action", person("UEVE"), nobody)).toEqual(allowed);
    expect(ask("add-action", person("UEVE", "T2"), nobody)).toEqual(refused("Only members"));
  });
  it("change or end it: its owner and who added it, without a look-up", () => {
    const own = { concerned, facts: { people: {}, groups: {} } };
    expect(ask("tend-action", person("UFAY"), own)).toEqual(allowed);
    expect(ask("tend-action", person("UDAVE"), own)).toEqual(allowed);
    expect(ask("tend-action", person("UFAY", "T2"), own)).toEqual(refused("Only members"));
  });
  it("change or end another's: who may approve such a run, or resume where no rule holds", () => {
    expect(ask("tend-action", person("UBOB"), { concerned })).toEqual(allowed);
    expect(ask("tend-action", person("UEVE"), { concerned })).toEqual(refused("not yours", /<@UFAY>.*<@UBOB>/));
    expect(ask("tend-action", person("UBOB"), { concerned, facts: { people: {}, groups: {} } })).toMatchObject({
      allowed: false,
    });
    const closed = policy({ rules: [], resumers: named("UCAROL") });
    expect(ask("tend-action", person("UCAROL"), { concerned, subject: null }, closed)).toEqual(allowed);
    expect(ask("tend-action", person("UBOB"), { concerned, subject: null }, closed)).toEqual(refused("not yours"));
  });
});

describe("whoever is at a command line", () => {
  it("may halt, heal and resume with nothing but a kubeconfig, and nothing else", () => {
    for (const act of ["halt", "heal", "resume", "export"] as const) expect(mayOperate(act, "root")).toEqual(allowed);
    for (const act of [
      "request",
      "approve",
      "deny",
      "revoke",
      "acknowledge",
      "mend",
      "add-action",
      "tend-action",
    ] as const) {
      expect(ask(act, { ...person("UBOB"), via: "command line" })).toEqual(refused("needs a person"));
    }
  });
});

const freezeNow: Freeze = {
  name: "the release",
  match: everything,
  window: {
    kind: "once",
    timeZone: "Europe/Berlin",
    from: { year: 2026, month: 11, day: 25, minute: 600 },
    until: { year: 2026, month: 11, day: 25, minute: 720 },
  },
};
const acts = ["request", "due", "approve", "start", "inject"] as const;
const given = [{ userId: "UBOB", digest: "d", at: "2026-11-25T09:55:00Z" }];
const actorOf = (act: Act): Person => person(act === "approve" ? "UBOB" : "UALICE");

describe.each(acts)("to %s", (act) => {
  const answer = (change: Partial<Policy>, question: Partial<Question> = {}) =>
    ask(act, actorOf(act), { approvals: given, ...question }, policy(change));
  it("is allowed when a rule matches and nothing stands against it", () => expect(answer({})).toEqual(allowed));
  it("is denied without a rule", () => expect(answer({ rules: [] })).toEqual(refused("No rule of the policy allows")));
  it.each([
    [{ environments: ["staging"] }, { environments: ["production"] }],
    [{ systems: ["etcd"] }, { systems: ["redis-sentinel"] }],
    [{ experiments: ["redis-failover"] }, { experiments: ["redis-split-brain"] }],
    [{ risks: ["low", "medium"] }, { risks: ["medium", "high"] }],
  ] satisfies Array<[Partial<Match>, Partial<Match>]>)("is denied by %j and allowed by %j", (other, own) => {
    expect(answer({ rules: [rule({ match: { ...everything, ...other } })] })).toEqual(refused("No rule"));
    expect(answer({ rules: [rule({ match: { ...everything, ...own } })] })).toEqual(allowed);
  });
  it("is decided by the first rule that matches, not by a kinder one after it", () => {
    const strict = rule({ name: "strict", limits: { ...unlimited, namespaces: ["other"] } });
    expect(answer({ rules: [strict, rule()] })).toEqual(refused('"strict"', /other/));
    expect(answer({ rules: [rule(), strict] })).toEqual(allowed);
  });
  it("is allowed only in a rule's times", () => {
    const hours = (from: number, until: number) =>
      rule({ times: [{ kind: "weekly", timeZone: "Europe/Berlin", days: [3], fromMinute: from, untilMinute: until }] });
    // 11:00 in Berlin, a Wednesday.
    expect(answer({ rules: [hours(600, 720)] })).toEqual(allowed);
    expect(answer({ rules: [hours(600, 660)] })).toEqual(refused("No rule"));
  });
  it("is refused in a freeze, with its end, and allowed by a freeze of something else", () => {
    expect(answer({ freezes: [freezeNow] })).toEqual(
      refused(/east \(production\) is frozen \(the release\) until <!date\^1795604400\^.*2026-11-25 11:00 UTC>/),
    );
    expect(answer({ freezes: [{ ...freezeNow, match: { ...everything, environments: ["staging"] } }] })).toEqual(
      allowed,
    );
    expect(
      answer(
        { freezes: [freezeNow] },
        { now: new Date("2026-11-25T08:59:59Z"), approvals: [{ ...given[0]!, at: "2026-11-25T08:59:00Z" }] },
      ),
    ).toEqual(allowed);
    expect(
      answer(
        { freezes: [freezeNow] },
        { now: new Date("2026-11-25T11:00:00Z"), approvals: [{ ...given[0]!, at: "2026-11-25T10:59:00Z" }] },
      ),
    ).toEqual(allowed);
  });
  it("is refused in a namespace that the rule does not allow", () => {
    expect(answer({ rules: [rule({ limits: { ...unlimited, namespaces: ["cache"] } })] })).toEqual(allowed);
    expect(answer({ rules: [rule({ limits: { ...unlimited, namespaces: ["etcd"] } })] })).toEqual(
      refused("namespace cache"),
    );
  });
  it("is refused when it takes longer than the rule allows", () => {
    expect(answer({ rules: [rule({ limits: { ...unlimited, maxDurationMs: 60_000 } })] })).toEqual(allowed);
    expect(answer({ rules: [rule({ limits: { ...unlimited, maxDurationMs: 59_999 } })] })).toEqual(
      refused(/at most 59s999ms, and this takes 1m/),
    );
  });
  it("is refused while another run hits a primary, where the rule allows one at a time", () => {
    const one = { rules: [rule({ limits: { ...unlimited, onePrimaryAtATime: true } })] };
    expect(answer(one, { primaryHitBy: "run-9" })).toEqual(refused("run-9 hits a primary on east", /abort run-9/));
    expect(answer(one)).toEqual(allowed);
    expect(answer({}, { primaryHitBy: "run-9" })).toEqual(allowed);
  });
});

describe("at the start the approvals are counted again", () => {
  const start = (approvals: Question["approvals"], change: Partial<Question> = {}, required = 1) =>
    ask("start", null, { approvals, ...change }, policy({ rules: [rule({ required })] }));
  const by = (userId: string, digest = "d", at = "2026-11-25T09:55:00Z") => ({ userId, digest, at });
  it("enough of them", () => expect(start([by("UBOB")])).toEqual(allowed));
  it("none", () => expect(start([])).toEqual(refused('needs 1 approval by the rule "all", and 0 count now')));
  it("one person twice is one", () =>
    expect(start([by("UBOB"), by("UBOB")], {}, 2)).toEqual(refused("needs 2 approvals.*1 counts")));
  it("the requester's never", () => expect(start([by("UALICE")])).toEqual(refused("<@UALICE> asked for it")));
  it("of another plan never", () => expect(start([by("UBOB", "e")])).toEqual(refused("approved another plan")));
  it("of whoever is no approver any more", () => expect(start([by("UEVE")])).toEqual(refused("no longer an approver")));
  it("of whoever was deactivated since", () =>
    expect(
      start([by("UBOB")], { facts: { ...facts, people: { UBOB: { kind: "refused", why: "deactivated" } } } }),
    ).toEqual(refused("<@UBOB> is deactivated in Slack")));
  it("of whom Slack says nothing", () =>
    expect(start([by("UBOB")], { facts: { people: {}, groups: {} } })).toEqual(refused("could not be looked up")));
  it("given longer ago than they hold", () =>
    expect(start([by("UBOB", "d", "2026-11-25T09:44:59Z")])).toEqual(refused("too long ago")));
  it("needs none where the rule needs none", () => expect(start([], {}, 0)).toEqual(allowed));
});

describe("a pipeline", () => {
  const pipeline: Person = { userId: "pipeline:nightly", teamId: "", via: "command line" };
  const withPipelines = (...pipelines: string[]) =>
    policy({ rules: [rule({ requesters: { ...anyone, pipelines }, required: 0, approvers: anyone })] });

  it("may ask where a rule names it, without a look-up", () =>
    expect(ask("request", pipeline, { facts: { people: {}, groups: {} } }, withPipelines("nightly"))).toEqual(allowed));
  it("may not ask because anybody of the workspace may, nor by another's name", () => {
    expect(ask("request", pipeline, {}, withPipelines())).toEqual(
      refused("pipeline:nightly is not among those who may"),
    );
    expect(ask("request", pipeline, {}, withPipelines("weekly"))).toEqual(refused("not among", "the pipeline weekly"));
  });
  it("is bound by the rule's freezes and limits as people are", () => {
    const limited = policy({
      rules: [
        rule({ requesters: { ...anyone, pipelines: ["nightly"] }, limits: { ...unlimited, maxDurationMs: 1000 } }),
      ],
    });
    expect(ask("request", pipeline, {}, limited)).toEqual(refused("allows at most"));
  });
  it("approves, denies, revokes and resumes by no name of its own", () => {
    for (const act of ["approve", "deny", "revoke"] as const) {
      expect(ask(act, pipeline, {}, withPipelines("nightly"))).toEqual(refused("needs a person"));
    }
  });
  it("cannot be played from Slack, where no id has a colon: who says so there is looked up", () =>
    expect(ask("request", person("pipeline:nightly"), {}, withPipelines("nightly"))).toEqual(refused("could not say")));
});
