import { AftershockError } from "../../src/errors.ts";
import { refuseUnknownOptions } from "../../src/experiment/option-names.ts";
import { voteRules } from "../../src/gameday/events.ts";
import { plannedTime } from "../../src/gameday/planned-time.ts";
import type { AgendaRequest, PlanRequest } from "../../src/gameday/service.ts";
import { parseCommandLine } from "../../src/slack/command-line.ts";
import { escapeText } from "../../src/slack/limits.ts";
import { formOfPlan } from "../../src/slack/views/gameday/forms.ts";
import type { ButtonHandler, ModalHandler, Reply, VerbContext } from "../../src/slack/verb.ts";
import { done, said } from "./say.ts";
import type { Word, WordLine } from "./word.ts";

const planOptions = ["title", "date", "tz", "scope", "env", "rule", "breaks", "abort", "agenda"] as const;
const itemOptions = ["cluster", "profile", "expect", "breaks", "abort"] as const;

const plan: Word = {
  name: "plan",
  usage:
    'title="…" [date="2026-12-01 09:00"] [tz=ZONE] [env=CLUSTER] [scope="…"] [rule=commander|roles] [breaks="…"] [abort="…"] [agenda="EXPERIMENT key=value; EXPERIMENT"]',
  options: "any",
  run: async ({ words, options }, context) => {
    if (words.length === 0 && Object.keys(options).length === 0) {
      await context.surfaces.openModal(formOfPlan(context.service.experiments(), context.service.choices().clusters));
      return said("A form is open for the game day.", `Or in one line: \`${context.command} gameday plan title="…"\``);
    }
    const [stray] = words;
    if (stray !== undefined) {
      throw new AftershockError(
        "bad_command",
        `"${stray}" stands alone.`,
        'Put what has spaces in quotes: /chaos gameday plan title="Autumn game day" agenda="redis-split-brain"',
      );
    }
    const unknown = Object.keys(options).find((name) => !planOptions.some((each) => each === name));
    if (unknown !== undefined) {
      throw new AftershockError(
        "bad_parameter",
        `plan does not take "${unknown}".`,
        `It takes ${planOptions.join(", ")}.`,
      );
    }
    return make(context, options);
  },
};

async function make(
  { gameDays, actor, service }: VerbContext,
  typed: Readonly<Record<string, string | undefined>>,
): Promise<Reply> {
  const { title = "", date, tz = "UTC", scope, env, rule = "roles", breaks, abort, agenda = "" } = typed;
  const known = voteRules.find((each) => each === rule);
  if (title.trim() === "") {
    throw new AftershockError(
      "bad_command",
      "A game day needs a title.",
      'For example: /chaos gameday plan title="Autumn game day" agenda="redis-split-brain; etcd-quorum-loss"',
    );
  }
  if (known === undefined) {
    throw new AftershockError(
      "bad_parameter",
      `There is no rule "${rule}".`,
      "rule=commander: the commander alone decides. rule=roles: commander, operators and scribe must all say go.",
    );
  }
  const request: PlanRequest = {
    title: within("title", title.trim(), 150),
    plannedFor: date === undefined ? null : plannedTime(date, tz),
    scope: text("scope", scope),
    environment: text("env", env),
    rule: known,
    mayBreak: text("breaks", breaks),
    abortWhen: text("abort", abort),
    agenda: agenda
      .split(/[;\n]/)
      .map((part) => part.trim())
      .filter((part) => part !== "")
      .map((part) => itemFrom(parseCommandLine(`add ${part}`), service)),
  };
  const day = await gameDays.plan(actor, request);
  return said(
    `${day.id} is planned: ${escapeText(day.title)}, with ${day.items.length} ${day.items.length === 1 ? "experiment" : "experiments"}. Its board is in the channel.`,
    "You command it. Add to it: `/chaos gameday add EXPERIMENT`, start it: `/chaos gameday start`",
  );
}

const add: Word = {
  name: "add",
  usage: 'EXPERIMENT [key=value …] [expect="…"] [breaks="…"] [abort="…"] [cluster=NAME] [profile=NAME]',
  options: "any",
  run: async (line, { gameDays, actor, service }) => {
    const item = itemFrom(line, service);
    const added = await gameDays.add(actor, item);
    return done(added, `${escapeText(item.experiment)} is on the agenda, as item ${added.day.items.at(-1)?.id ?? ""}.`);
  },
};

/** An item as it was typed. Throws AftershockError for an experiment or parameter that does not exist. */
function itemFrom({ words, options }: WordLine, service: VerbContext["service"]): AgendaRequest {
  const [experiment, stray] = words;
  if (experiment === undefined) {
    throw new AftershockError("bad_command", "An item needs the name of an experiment.", "See the names: /chaos list");
  }
  if (stray !== undefined) {
    throw new AftershockError(
      "bad_command",
      `"${stray}" is neither a parameter nor an option.`,
      `Parameters are written name=value, and experiments of an agenda have a semicolon between them: agenda="${experiment}; etcd-quorum-loss"`,
    );
  }
  refuseUnknownOptions(service.experiment(experiment), options, { ours: itemOptions, flags: [] });
  const { cluster, profile, expect, breaks, abort, ...parameters } = options;
  return {
    experiment,
    parameters,
    cluster: text("cluster", cluster),
    profile: text("profile", profile),
    expect: text("expect", expect),
    mayBreak: text("breaks", breaks),
    abortWhen: text("abort", abort),
  };
}

function text(name: string, value: string | undefined): string | null {
  return value === undefined || value.trim() === "" ? null : within(name, value.trim(), 900);
}

function within(name: string, value: string, most: number): string {
  if (value.length <= most) return value;
  throw new AftershockError("bad_parameter", `${name} has at most ${most} characters.`, "Make it shorter.");
}

export const words: readonly Word[] = [plan, add];

export const buttons: Readonly<Record<string, ButtonHandler>> = {
  "gameday-plan": async (_value, { surfaces, service }) =>
    void (await surfaces.openModal(formOfPlan(service.experiments(), service.choices().clusters))),
};

export const modals: Readonly<Record<string, ModalHandler>> = {
  "gameday-plan": async ({ values }, context) => {
    const typed = (name: string): string | undefined => {
      const value = values[name];
      return typeof value === "string" && value.trim() !== "" ? value : undefined;
    };
    const chosen = values["experiments"];
    const lines = [...(Array.isArray(chosen) ? (chosen as readonly string[]) : []), typed("agenda") ?? ""];
    // Slack gives the moment in seconds, whatever the person's zone (docs.slack.dev, Datetime picker element).
    const at = typed("when");
    const date = at === undefined ? undefined : new Date(Number(at) * 1000).toISOString();
    const reply = await make(context, {
      title: typed("title"),
      date,
      scope: typed("scope"),
      env: typed("environment"),
      rule: typed("rule"),
      breaks: typed("breaks"),
      abort: typed("abort"),
      agenda: lines.join("\n"),
    });
    return { kind: "close", reply };
  },
};
