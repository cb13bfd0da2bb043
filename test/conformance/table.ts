import type { Outcome } from "./suite.ts";

const words = { held: "held", failed: "FAILED", "not offered": "not offered" } as const;

/** One row a case, one column a client, and below it why something failed or is not offered. Pure. */
export function conformanceTable(outcomes: readonly Outcome[], clients: readonly string[]): string {
  const names = [...new Set(outcomes.map(({ name }) => name))];
  const cell = (name: string, client: string): string => {
    const found = outcomes.find((outcome) => outcome.name === name && outcome.client === client);
    return found === undefined ? "not played" : words[found.outcome];
  };
  const rows = names.map((name) => `| ${[name, ...clients.map((client) => cell(name, client))].join(" | ")} |`);
  const head = [`| ${["case", ...clients].join(" | ")} |`, `| ${["---", ...clients.map(() => "---")].join(" | ")} |`];
  const notes = outcomes
    .filter(({ outcome }) => outcome !== "held")
    .map(({ name, client, outcome, reason }) => `${outcome === "failed" ? "✘" : "–"} ${name} · ${client}\n  ${reason}`);
  return [...head, ...rows, ...(notes.length === 0 ? [] : ["", ...notes])].join("\n");
}

/** `50 held, 2 not offered, 0 failed`. */
export function counted(outcomes: readonly Outcome[]): string {
  const count = (wanted: Outcome["outcome"]): number => outcomes.filter(({ outcome }) => outcome === wanted).length;
  return `${count("held")} held, ${count("not offered")} not offered, ${count("failed")} failed`;
}
