import type { Healed } from "../run/leftovers/heal-objects.ts";
import type { OwnObject } from "../run/leftovers/own-objects.ts";

/** `1.2 s`. */
export function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** One line as soon as it is healed, or not. */
export function healedLine({ object, ok, detail, tookMs }: Healed): string {
  return ok
    ? `  healed   ${object.what} of ${object.run}: ${detail}, ${secondsText(tookMs)}\n`
    : `  STAYS    ${object.what} of ${object.run}: ${detail}, after ${secondsText(tookMs)}\n`;
}

/** What to type for one that stays, by its kind. */
export function byHand({ fault, what }: OwnObject): string {
  const { kind, name, namespace } = fault;
  switch (kind) {
    case "Cordon":
      return `kubectl get node ${name} -o yaml; kubectl uncordon ${name}`;
    case "ScratchPostgres":
      return `kubectl describe pod ${name} -n ${namespace}`;
    default:
      return `kubectl describe ${kind.toLowerCase()} ${name} -n ${namespace}   (${what})`;
  }
}

/** The last lines: how many, how long, what is left, what to type next. */
export function healSummary(input: {
  healed: readonly Healed[];
  left: ReadonlyArray<{ object: OwnObject; why: string }>;
  notSeen: readonly string[];
  tookMs: number;
}): string {
  const { healed, left, notSeen, tookMs } = input;
  const done = healed.filter(({ ok }) => ok);
  const stays = healed.filter(({ ok }) => !ok);
  const lines = [
    healed.length === 0
      ? left.length === 0
        ? "Nothing of Aftershock's is left there.\n"
        : "Nothing was healed.\n"
      : `${done.length} of ${healed.length} healed in ${secondsText(tookMs)}.\n`,
  ];
  if (stays.length > 0) {
    lines.push("Look at what stays now; restarting the pods it names clears network rules and disk layers:\n");
    lines.push(...stays.map(({ object }) => `  ${byHand(object)}\n`));
  }
  return lines.join("") + leftLines(left, notSeen);
}

/** What was left alone and why, what could not be looked at, and what removes the rest. */
export function leftLines(left: ReadonlyArray<{ object: OwnObject; why: string }>, notSeen: readonly string[]): string {
  return [
    ...left.map(({ object, why }) => `  left     ${object.what} of ${object.run}: ${why}\n`),
    ...notSeen.map((sentence) => `  unknown  ${sentence}\n`),
    ...(left.length > 0 ? ["Remove also what may be in use: aftershock heal --all\n"] : []),
  ].join("");
}

/** 0: nothing is left that should be gone; 3: something stays, or could not be looked at. */
export function healExitCode(healed: readonly Healed[], notSeen: readonly string[]): number {
  return healed.some(({ ok }) => !ok) || notSeen.length > 0 ? 3 : 0;
}
