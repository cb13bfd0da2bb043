import type { Verb } from "../verb.ts";

/** Verbs that belong together, as `help` shows them. A verb that stands nowhere is shown under the last one. */
const groups: ReadonlyArray<{ title: string; verbs: readonly string[] }> = [
  { title: "Find out", verbs: ["list", "show", "policy"] },
  { title: "Run", verbs: ["run", "approve", "deny", "revoke"] },
  { title: "While it runs", verbs: ["status", "note", "abort", "halt", "resume", "alarms"] },
  { title: "Afterwards", verbs: ["findings", "history", "compare", "export", "actions"] },
  { title: "Together", verbs: ["gameday", "channel"] },
  { title: "Again and again", verbs: ["schedule", "schedules", "unschedule"] },
];
const others = "More";

export interface VerbGroup {
  title: string;
  verbs: readonly Verb[];
}

/** All verbs but the one that shows what there is, in groups; no group is empty, and no verb is left out. Pure. */
export function groupVerbs(verbs: readonly Verb[]): VerbGroup[] {
  const shown = verbs.filter(({ name }) => name !== "home" && name !== "help");
  const placed = groups.flatMap(({ title, verbs: names }) => {
    const own = names.flatMap((name) => shown.filter((verb) => verb.name === name));
    return own.length === 0 ? [] : [{ title, verbs: own }];
  });
  const known = new Set(placed.flatMap(({ verbs: own }) => own));
  const rest = shown.filter((verb) => !known.has(verb));
  return rest.length === 0 ? placed : [...placed, { title: others, verbs: rest }];
}
