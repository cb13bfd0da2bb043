/**
 * Prints every message that the bot can render, as plain text, by file and function: for a reading by somebody who does
 * not know the code. `node --import tsx test/slack/property/print-messages.ts`
 */
import { textsOf } from "../../support/slack-gate/texts.ts";
import { renderers } from "./renderers.ts";
import type { Said } from "./said.ts";
import { samples } from "./samples.ts";

for (const [file, entries] of Object.entries(renderers)) {
  for (const [name, entry] of Object.entries(entries)) {
    if (entry === "helps others") continue;
    const shown = new Set(linesOf(entry({ text: "the replica lags behind", ...samples })));
    process.stdout.write(`\n## ${file} ${name}\n${[...shown].join("\n---\n")}\n`);
  }
}

function linesOf(said: Said): string[] {
  if (said === null) return [];
  if (typeof said === "string") return [said];
  if (Array.isArray(said)) return said.flatMap(linesOf);
  if ("type" in said)
    return [
      textsOf([said])
        .map(({ text }) => text)
        .join("\n"),
    ];
  if (!("blocks" in said)) return [];
  return [
    textsOf(said.blocks)
      .map(({ text }) => text)
      .join("\n"),
  ];
}
