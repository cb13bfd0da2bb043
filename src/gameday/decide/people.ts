import { commanderOf, type GameDay } from "../state.ts";
import { bounds, events, refuse, type Act, type Decision } from "./act.ts";

type ActOf<K extends Act["kind"]> = Extract<Act, { kind: K }>;

export function join(day: GameDay, { by }: ActOf<"join">): Decision {
  const known = day.people.find(({ userId }) => userId === by);
  if (known !== undefined) {
    return refuse(`You take part already, as ${known.role}.`, "Another role: /chaos gameday role operator");
  }
  return events({ type: "joined", by });
}

export function leave(day: GameDay, { by }: ActOf<"leave">): Decision {
  if (!day.people.some(({ userId }) => userId === by)) {
    return refuse("You do not take part in this game day.", "Join it: /chaos gameday join");
  }
  return events({ type: "left", by, why: "left" });
}

export function gone(day: GameDay, { user }: ActOf<"gone">): Decision {
  if (!day.people.some(({ userId }) => userId === user)) return events();
  return events({ type: "left", by: user, why: "deactivated" });
}

/**
 * Anybody may take a free role. Only one commands: the commander may hand it over, and somebody else may take it over
 * when they say that they know. Only the commander may give a role to somebody else.
 */
export function role(day: GameDay, { by, user, role: wanted, intent }: ActOf<"role">): Decision {
  const commander = commanderOf(day);
  const current = day.people.find(({ userId }) => userId === user);
  if (current?.role === wanted) {
    return refuse(`<@${user}> is ${wanted} already.`, "See who is what: /chaos gameday status");
  }
  if (user !== by && by !== commander) {
    return refuse(
      "Only the commander gives a role to somebody else.",
      `Take it yourself: /chaos gameday role ${wanted}`,
    );
  }
  if (user === commander && user === by) {
    return refuse(
      "You command this game day, and it must not be without anybody who does.",
      "Hand it over first: /chaos gameday role commander @somebody. Or leave: /chaos gameday leave",
    );
  }
  if (current === undefined && day.people.length >= bounds.people) {
    return refuse(
      `At most ${bounds.people} people take part in a game day.`,
      "Read along: the board shows everything.",
    );
  }
  const mustKnow = wanted === "commander" && commander !== null && commander !== by && intent === "take";
  if (mustKnow) {
    return refuse(
      `<@${commander}> commands this game day.`,
      "If they are gone, take over, and everybody sees it: /chaos gameday role commander --yes",
    );
  }
  const from = wanted === "commander" ? commander : null;
  return events({ type: "role-taken", by, user, role: wanted, from });
}

export function askReady(_day: GameDay, { by }: ActOf<"ask-ready">): Decision {
  return events({ type: "readiness-asked", by });
}

export function ready(day: GameDay, { by, answer, reason }: ActOf<"ready">): Decision {
  const before = day.people.find(({ userId }) => userId === by)?.readiness;
  const isSame =
    before?.kind === answer && (before.kind === "ready" || (before.kind === "not-ready" && before.reason === reason));
  // A second click on the same button is no news.
  return isSame ? events() : events({ type: "readiness-said", by, isReady: answer === "ready", reason });
}
