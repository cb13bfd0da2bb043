import { AftershockError } from "../../src/errors.ts";
import { nearest } from "../../src/experiment/nearest.ts";
import { roles, type RoleName } from "../../src/gameday/events.ts";
import { formOfReason } from "../../src/slack/views/gameday/forms.ts";
import type { ButtonHandler } from "../../src/slack/verb.ts";
import { done, sentence } from "./say.ts";
import type { Word } from "./word.ts";

const join: Word = {
  name: "join",
  usage: "",
  run: async (_line, { gameDays, actor }) =>
    done(
      await gameDays.act(actor, { kind: "join" }),
      "You take part, as an observer.",
      "Take a role: `/chaos gameday role operator` or `scribe`",
    ),
};

const leave: Word = {
  name: "leave",
  usage: "",
  run: async (_line, { gameDays, actor }) =>
    done(await gameDays.act(actor, { kind: "leave" }), "You have left the game day."),
};

const role: Word = {
  name: "role",
  usage: "commander|operator|scribe|observer [@somebody] [--yes]",
  run: async ({ words, flags }, { gameDays, actor }) => {
    const [typed, whom] = words;
    const wanted = roleOf(typed);
    const user = whom === undefined ? actor.userId : userOf(whom);
    const act = {
      kind: "role",
      user,
      role: wanted,
      intent: flags.includes("yes") ? "take-over" : "take",
    } as const;
    return done(
      await gameDays.act(actor, act),
      `${user === actor.userId ? "You are" : `<@${user}> is`} ${wanted} now.`,
      "What that means is in a direct message.",
    );
  },
};

function roleOf(typed: string | undefined): RoleName {
  const found = roles.find((name) => name === typed?.toLowerCase());
  if (found !== undefined) return found;
  const close = typed === undefined ? undefined : nearest(typed, roles);
  throw new AftershockError(
    "bad_command",
    typed === undefined ? "role needs the name of a role." : `There is no role "${typed}".`,
    close === undefined
      ? "There are commander, operator, scribe and observer: /chaos gameday role operator"
      : `Did you mean /chaos gameday role ${close}?`,
  );
}

/** Slack sends a mention as `<@U123|name>` where the app asks for it (docs.slack.dev, Implementing slash commands, Escaping). */
function userOf(typed: string): string {
  const id = /^<@([UW][A-Z0-9]+)(\|[^>]*)?>$/.exec(typed)?.[1] ?? /^@?([UW][A-Z0-9]{4,})$/.exec(typed)?.[1];
  if (id !== undefined) return id;
  throw new AftershockError(
    "bad_command",
    `"${typed}" is nobody that I know.`,
    "Mention the person: /chaos gameday role scribe @somebody",
  );
}

const ready: Word = {
  name: "ready",
  usage: "[no [why] | ask]",
  run: async ({ tokens }, { gameDays, actor }) => {
    const [answer = "yes", ...why] = tokens;
    switch (answer.toLowerCase()) {
      case "yes":
        return done(
          await gameDays.act(actor, { kind: "ready", answer: "ready", reason: null }),
          "Noted: you are ready.",
        );
      case "no":
      case "not":
        return done(
          await gameDays.act(actor, { kind: "ready", answer: "not-ready", reason: sentence(why) }),
          "Noted: you are not ready. The board says so.",
        );
      case "ask":
      case "check":
        return done(
          await gameDays.act(actor, { kind: "ask-ready" }),
          "Everybody is asked; the board shows who has said.",
        );
      default:
        throw new AftershockError(
          "bad_command",
          `ready knows no, and ask, not "${answer}".`,
          "You are: /chaos gameday ready. You are not: /chaos gameday ready no WHY",
        );
    }
  },
};

export const words: readonly Word[] = [join, leave, role, ready];

export const buttons: Readonly<Record<string, ButtonHandler>> = {
  "gameday-join": async (id, { gameDays, actor }) => void (await gameDays.act(actor, { kind: "join" }, id)),
  "gameday-ready": async (id, { gameDays, actor }) =>
    void (await gameDays.act(actor, { kind: "ready", answer: "ready", reason: null }, id)),
  "gameday-not-ready": async (id, { surfaces }) => surfaces.openModal(formOfReason("not-ready", id)),
  "gameday-role": async (value, { gameDays, actor }) => {
    const [id = "", name] = value.split("|");
    await gameDays.act(actor, { kind: "role", user: actor.userId, role: roleOf(name), intent: "take" }, id);
  },
};
