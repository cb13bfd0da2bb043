import { setTimeout as wait } from "node:timers/promises";
import { noChannel } from "../../run/channels/no-channel.ts";
import { isTerminal } from "../../run/lifecycle.ts";
import type { RunEvent } from "../../run/events.ts";
import type { RunRow, RunService } from "../../run/service.ts";
import { narrate, type DesiredMessage } from "../../slack/narrate.ts";
import { isControl } from "../../slack/views/thread-controls.ts";
import type { ThreadMessage } from "../../terminal/plain-text.ts";
import { createThreadPrinter, type Screen } from "../../terminal/thread-printer.ts";

/** The probes run in this process: more would disturb what they measure. */
const lookEveryMs = 1000;

/**
 * Prints a run as it goes, in the words that its thread has in Slack, until it has ended. `onState` is told of every look,
 * and what it resolves to is waited for. Resolves to the run and its events at the end.
 */
export async function followRun(
  service: RunService,
  runId: string,
  screen: Screen,
  onState: (run: RunRow) => Promise<void>,
): Promise<{ run: RunRow; events: RunEvent[] }> {
  const printer = createThreadPrinter(screen, new Map(), () => performance.now());
  const events: RunEvent[] = [];
  let thread: ThreadMessage[] = [];
  for (;;) {
    // The run first: what is read after its end has all its events.
    const run = await service.find(noChannel, runId);
    const news = await service.events(runId, events.at(-1)?.seq);
    events.push(...news);
    if (news.length > 0) {
      thread = narrate(run, events, { verbosity: "full", shown: new Set() }).flatMap(threadMessage);
    }
    if (isTerminal(run.state)) {
      printer.finish(thread);
      return { run, events };
    }
    printer.show(thread);
    await onState(run);
    await wait(lookEveryMs);
  }
}

/** Buttons are for Slack, and files go where `--report` says. */
function threadMessage({ key, inThread, payload }: DesiredMessage): ThreadMessage[] {
  if (!inThread || payload.kind !== "message") return [];
  const { text, blocks } = payload;
  const told = blocks.filter((block) => !isControl(block));
  return [{ ts: key, text, blocks: told.map((block) => ({ ...block })) }];
}
