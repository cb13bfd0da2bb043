import { isTooLateToPredict } from "../reduce.ts";
import { commanderOf, currentItem, nextItem, type GameDay, type Item } from "../state.ts";
import { votersOf } from "../vote.ts";
import { bounds, events, refuse, type Act, type Decision, type Refusal } from "./act.ts";

type ActOf<K extends Act["kind"]> = Extract<Act, { kind: K }>;

export function add(day: GameDay, { by, item }: ActOf<"add">): Decision {
  if (day.items.length >= bounds.items) {
    return refuse(`An agenda has at most ${bounds.items} items.`, "Plan another game day for the rest.");
  }
  return events({ type: "item-added", by, item: { ...item, id: newItemId(day), isExtra: false } });
}

/** Numbers are never given twice. */
export function newItemId(day: Pick<GameDay, "items">): number {
  return Math.max(0, ...day.items.map(({ id }) => id)) + 1;
}

/** Puts an item to the vote: the next of the agenda, or the one that is meant. One that was refused is asked for again. */
export function next(day: GameDay, { by, item: wanted }: ActOf<"next">): Decision {
  const shut = refusalUnlessOpen(day);
  if (shut !== null) return shut;
  const on = currentItem(day);
  if (on !== null && !(on.state === "go" && on.refusal !== null)) return refuse(...busyWith(on));
  const item = wanted === null ? (on ?? nextItem(day)) : find(day, wanted);
  if (item === null) {
    return wanted === null
      ? refuse(
          "The agenda is done.",
          "Add to it: /chaos gameday add EXPERIMENT. Or end the game day: /chaos gameday end",
        )
      : unknownItem(day, wanted);
  }
  if (!["waiting", "no-go", "skipped", "go"].includes(item.state)) {
    return refuse(`Item ${item.id} is ${item.state}.`, "To run it again, add it again: /chaos gameday add EXPERIMENT");
  }
  return events({ type: "item-put", by, item: item.id });
}

function busyWith(item: Item): [message: string, hint: string] {
  if (item.state === "voting") {
    return [`Item ${item.id} is at the vote.`, "Vote: /chaos gameday vote go. Or leave it out: /chaos gameday skip"];
  }
  if (item.state === "go")
    return [`The run of item ${item.id} is being asked for.`, "It takes a moment; see the board."];
  return [
    `${item.run ?? "A run"} of item ${item.id} has not ended.`,
    `Wait for it, or stop it: /chaos abort ${item.run ?? ""}`,
  ];
}

export function vote(day: GameDay, { by, item: wanted, vote: value, reason }: ActOf<"vote">): Decision {
  const shut = refusalUnlessOpen(day);
  if (shut !== null) return shut;
  const item = day.items.find(({ state }) => state === "voting");
  if (item === undefined) return refuse("Nothing is at the vote now.", "The commander puts it: /chaos gameday next");
  if (wanted !== null && wanted !== item.id) {
    return refuse(`Item ${wanted} is not at the vote; item ${item.id} is.`, "Vote on that: /chaos gameday vote go");
  }
  if (!votersOf(day).includes(by)) {
    return day.rule === "commander"
      ? refuse(
          "In this game day the commander alone decides about go and no-go.",
          "Say what speaks against it: /chaos gameday note",
        )
      : refuse("Observers do not vote.", "Take a role first: /chaos gameday role operator");
  }
  const before = item.votes.find((each) => each.by === by);
  if (before?.vote === value && before.reason === reason) return events();
  return events({ type: "voted", by, item: item.id, vote: value, reason });
}

export function skip(day: GameDay, { by, item: wanted, reason }: ActOf<"skip">): Decision {
  if (reason === null) {
    return refuse("An item is skipped for a reason, which the retrospective keeps.", "Say it: /chaos gameday skip why");
  }
  const on = currentItem(day);
  const item = wanted === null ? (on?.state === "running" ? nextItem(day) : (on ?? nextItem(day))) : find(day, wanted);
  if (item === null) {
    return wanted === null
      ? refuse("There is nothing left to skip.", "See the agenda: /chaos gameday status")
      : unknownItem(day, wanted);
  }
  if (item.state === "running") {
    return refuse(
      `${item.run ?? "The run"} of item ${item.id} has not ended.`,
      `Stop it first: /chaos abort ${item.run ?? ""}`,
    );
  }
  // Its run is being asked for: it may be there in a moment, and then it is not skipped.
  if (item.state === "go" && item.refusal === null) return refuse(...busyWith(item));
  if (item.state === "done" || item.state === "skipped") {
    return refuse(`Item ${item.id} is ${item.state}.`, "See the agenda: /chaos gameday status");
  }
  return events({ type: "skipped", by, item: item.id, reason });
}

/** What somebody expects of an item, until its fault begins; what is not said anew stays as it was. */
export function predict(day: GameDay, act: ActOf<"predict">): Decision {
  const { by, runState } = act;
  const item = act.item === null ? (currentItem(day) ?? nextItem(day)) : find(day, act.item);
  if (item === null) {
    return act.item === null
      ? refuse("There is nothing to predict now.", "See the agenda: /chaos gameday status")
      : unknownItem(day, act.item);
  }
  const isLate = item.predictionsClosedAt !== null || (runState !== null && isTooLateToPredict(runState));
  if (isLate) {
    return refuse(
      `What is expected of item ${item.id} was closed when its fault began.`,
      "Predict the next one: /chaos gameday status",
    );
  }
  if (item.state === "done" || item.state === "skipped" || item.state === "no-go") {
    return refuse(`Item ${item.id} is ${item.state}.`, "Predict the next one: /chaos gameday status");
  }
  const before = item.predictions.find((each) => each.by === by);
  const hypothesis = act.hypothesis ?? before?.hypothesis ?? null;
  const loss = act.loss ?? before?.loss ?? null;
  if (before?.hypothesis === hypothesis && before.loss === loss) return events();
  return events({ type: "predicted", by, item: item.id, hypothesis, loss });
}

/** The first person who sees an effect; who sees it later is not the first. */
export function see(day: GameDay, { by }: ActOf<"see">): Decision {
  const item = currentItem(day);
  if (item?.state !== "running") {
    return refuse("Nothing runs now, so there is no effect to see.", "Write down what you saw: /chaos gameday note");
  }
  return item.seen === null ? events({ type: "effect-seen", by, item: item.id }) : events();
}

function find(day: GameDay, id: number): Item | null {
  return day.items.find((item) => item.id === id) ?? null;
}

function unknownItem(day: GameDay, id: number): Refusal {
  const last = day.items.at(-1)?.id;
  return refuse(
    `There is no item ${id}.`,
    last === undefined ? "Add one: /chaos gameday add EXPERIMENT" : `They go from 1 to ${last}: /chaos gameday status`,
  );
}

export function refusalUnlessOpen(day: GameDay): Refusal | null {
  const commander = commanderOf(day);
  const who = commander === null ? "a commander" : `<@${commander}>`;
  switch (day.phase) {
    case "open":
      return null;
    case "planned":
      return refuse("The game day has not started.", `It is started by ${who}: /chaos gameday start`);
    case "paused":
      return refuse("The game day is paused.", `It goes on by ${who}: /chaos gameday resume`);
    case "halted":
      return refuse("Everything is halted.", "Lift the halt first: /chaos resume");
    case "ended":
      return refuse(`${day.id} has ended.`, 'Plan another one: /chaos gameday plan title="…"');
  }
}
