import type { KnownBlock } from "@slack/types";
import { isTerminal } from "../../run/lifecycle.ts";
import type { RunRow } from "../../run/service.ts";
import { content, note, type MessageContent } from "../limits.ts";
import { buttonRow } from "./button.ts";
import { stopButton } from "./home/lines.ts";

/**
 * The first message of a run's thread with what can be done there, where Slack takes no slash command. The buttons go when
 * the run has ended.
 */
export function withControls(first: MessageContent, run: RunRow): MessageContent {
  return content(first.text, [...first.blocks, ...controls(run)]);
}

/** What of a message is only for a thread in Slack: buttons, and what can be typed there. */
export function isControl(block: KnownBlock): boolean {
  if (block.type === "actions") return true;
  const [first] = block.type === "context" ? block.elements : [];
  return first !== undefined && "text" in first && first.text.includes(here);
}

const here = "In this thread: ";

function controls(run: RunRow): KnownBlock[] {
  if (isTerminal(run.state)) {
    return [note(`*${run.id} has ended.* ${here}\`@aftershock findings\` or \`@aftershock note …\``)];
  }
  return [
    ...buttonRow(`thread:${run.id}`, [
      { action: "open", text: "Status", value: `status ${run.id}` },
      { action: "note-run", text: "Note…", value: run.id },
      ...stopButton(run, "home").map((stop) => ({ ...stop, text: "Stop" })),
    ]),
    note(`${here}\`@aftershock status\`, \`stop\`, \`note …\` or \`help\`; slash commands do not work here.`),
  ];
}
