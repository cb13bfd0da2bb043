import type { CommandLine } from "../../src/slack/command-line.ts";
import type { Reply, VerbContext } from "../../src/slack/verb.ts";

/** One word after `/chaos gameday`. */
export interface Word {
  name: string;
  /** After the word, e.g. `go|no-go [reason]`. */
  usage: string;
  /** Options that it takes; `any`: it looks for itself. Absent: none, and what looks like one is part of the sentence. */
  options?: "any";
  /** `line` is what stands after the word. */
  run(line: WordLine, context: VerbContext): Promise<Reply>;
}

export type WordLine = Pick<CommandLine, "words" | "options" | "flags" | "tokens">;
