import { styleText } from "node:util";
import { messageLines, wrap, type ThreadMessage } from "./plain-text.ts";

/** Where lines go, and whether it is a terminal that a line can be rewritten on. */
export interface Screen {
  write(text: string): void;
  columns: number;
  interactive: boolean;
  colour: boolean;
}

export interface ThreadPrinter {
  /** Prints what is new in the thread; call it with all messages, again and again. */
  show(thread: readonly ThreadMessage[]): void;
  /** Ends the progress line and prints messages whose last edit was not shown yet. */
  finish(thread: readonly ThreadMessage[]): void;
}

/** A message that keeps growing is printed when it has not changed for this long. */
const settledMs = 1500;
/** How often the progress is told where a line cannot be rewritten. */
const plainProgressMs = 5000;

/**
 * Prints a thread as it grows: each message once, those that grow by their new lines, and the live picture of the
 * probes as one progress line.
 */
export function createThreadPrinter(
  screen: Screen,
  names: ReadonlyMap<string, string>,
  now: () => number,
): ThreadPrinter {
  const printed = new Map<string, string[]>();
  const waiting = new Map<string, { text: string; sinceMs: number }>();
  let progress = "";
  let progressAtMs = Number.NEGATIVE_INFINITY;

  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    screen.colour ? styleText(style, text, { validateStream: false }) : text;
  const clear = (): void => {
    if (screen.interactive && progress !== "") screen.write("\r\u001b[2K");
  };
  const line = (text: string): void => {
    clear();
    for (const part of wrap(text, Math.max(40, screen.columns - 4), 2)) screen.write(`  ${part}\n`);
    if (screen.interactive && progress !== "") screen.write(progress);
  };
  const printNew = (message: ThreadMessage): void => {
    const before = printed.get(message.ts) ?? [];
    const lines = messageLines(message, names).filter((text) => text.trim() !== "");
    const added = lines.filter((text) => !before.includes(text));
    printed.set(message.ts, [...before, ...added]);
    if (added.length === 0) return;
    const isNew = before.length === 0;
    for (const [at, text] of added.entries()) line(isNew && at === 0 ? paint("bold", text) : text);
  };
  const isLive = (message: ThreadMessage): boolean => message.text?.startsWith("Probes at ") === true;
  const showProgress = (message: ThreadMessage): void => {
    const lines = messageLines(message, names);
    const clients = lines.filter((text) => text.includes("→")).map(shorten);
    const text = `  ${(message.text ?? "").replace("Probes at ", "")} | ${clients.join(" | ")}`.slice(
      0,
      Math.max(60, screen.columns - 1),
    );
    if (screen.interactive) {
      clear();
      progress = text;
      screen.write(text);
    } else if (now() - progressAtMs >= plainProgressMs) {
      progressAtMs = now();
      screen.write(`${text}\n`);
    }
  };
  const consider = (message: ThreadMessage): void => {
    if (isLive(message)) return showProgress(message);
    const text = JSON.stringify(message.blocks ?? message.text);
    const known = waiting.get(message.ts);
    if (known === undefined || known.text !== text) {
      // A message that grows is told at its first appearance, and then when it has settled.
      if (known === undefined) printNew(message);
      waiting.set(message.ts, { text, sinceMs: now() });
    } else if (now() - known.sinceMs > settledMs) {
      printNew(message);
    }
  };
  return {
    show: (thread) => thread.forEach(consider),
    finish: (thread) => {
      clear();
      progress = "";
      thread.filter((message) => !isLive(message)).forEach(printNew);
    },
  };
}

/** `follower (writes) → redis-1  ████ · 3,299 ok, …` as `follower→redis-1 ████ 3,299 ok …`. */
function shorten(text: string): string {
  const [name = "", rest = ""] = text.split("  ");
  const [bars = "", counts = ""] = rest.split(" · ");
  const ok = /^[\d,]+ ok/.exec(counts)?.[0] ?? "";
  return `${name.replace(/ \((writes|reads)\) → /, "→")} ${bars.slice(-12)} ${ok}`;
}
