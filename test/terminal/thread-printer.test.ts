import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { LocalMessage } from "../../src/embedded/local-slack.ts";
import { plain, wrap } from "../../src/terminal/plain-text.ts";
import { createThreadPrinter, type Screen } from "../../src/terminal/thread-printer.ts";

/** What local-slack showed of one real run, at five moments. */
const frames = readFileSync(new URL("./thread.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as LocalMessage[]);
const names = new Map([
  ["U0ALICE", "Alice"],
  ["U0BOB", "Bob"],
]);

/** Prints all frames, each `times` times, two seconds apart. */
function print(screen: Partial<Screen>, times = 2): string {
  let text = "";
  let nowMs = 0;
  const printer = createThreadPrinter(
    { columns: 100, interactive: false, colour: false, ...screen, write: (part) => void (text += part) },
    names,
    () => nowMs,
  );
  const threadOf = (messages: LocalMessage[]): LocalMessage[] => {
    const card = messages.find((message) => message.text?.startsWith("run-1 ") === true);
    if (card === undefined) throw new Error("the recording has no card");
    return messages.filter((message) => message.thread_ts === card.ts && message.ts !== card.ts);
  };
  for (const frame of frames.flatMap((messages) => Array.from({ length: times }, () => messages))) {
    printer.show(threadOf(frame));
    nowMs += 2000;
  }
  printer.finish(threadOf(frames.at(-1) ?? []));
  return text;
}

describe("the printed thread", () => {
  it("reads like this", () => expect(print({})).toMatchSnapshot());

  it("fits the terminal and holds none of Slack's marks", () => {
    const lines = print({ columns: 80 }).split("\n");
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.filter((line) => /<@|:[a-z_]{3,}:|&[lg]t;|&amp;|`|\*\*/.test(line))).toEqual([]);
  });

  it("does not flood: showing the same again adds progress lines only", () => {
    const withoutProgress = (text: string): string[] => text.split("\n").filter((line) => !line.includes(" | "));
    expect(withoutProgress(print({}, 20)).toSorted()).toEqual(withoutProgress(print({}, 2)).toSorted());
    // 5 frames × 20 × 2 s = 200 s, one line in 5 s at most.
    expect(
      print({}, 20)
        .split("\n")
        .filter((line) => line.includes(" | ")).length,
    ).toBeLessThanOrEqual(40);
  });

  it("rewrites one progress line on a terminal, and clears it at the end", () => {
    const text = print({ interactive: true });
    const last = text.slice(text.lastIndexOf("\u001b[2K"));
    expect(text).toContain("\r\u001b[2K");
    expect(last).not.toContain(" | follower");
    // Without what was cleared, no progress is left on the screen.
    const seen = text.split("\n").map((line) => line.split("\r\u001b[2K").at(-1));
    expect(seen.filter((line) => line?.includes(" | follower"))).toEqual([]);
  });

  it("colours only when told to", () => {
    const escape = "\u001b[1m";
    expect(print({ interactive: true, colour: true })).toContain(escape);
    expect(print({ interactive: true })).not.toContain(escape);
  });
});

describe("plain text", () => {
  it("undoes mrkdwn", () => {
    expect(plain(":white_check_mark: <@U0BOB> *approved* `a &lt; b` &amp; _more_", names)).toBe(
      "✔ @Bob approved a < b & more",
    );
  });
  it("leaves what is not mrkdwn", () =>
    expect(plain("2 * 3 * 4, min_replicas_max", names)).toBe("2 * 3 * 4, min_replicas_max"));
  it("wraps at words with a hanging indent", () => {
    expect(wrap("  one two three four", 12, 2)).toEqual(["  one two", "    three", "    four"]);
  });
});
