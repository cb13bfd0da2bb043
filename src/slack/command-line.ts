import { AftershockError } from "../errors.ts";
import { nearest } from "../experiment/nearest.ts";
import { isStorable } from "../experiment/plain-yaml.ts";

/** What a person typed after the command. */
export interface CommandLine {
  verb: string;
  /** Words that are neither options nor the verb. */
  words: string[];
  /** `key=value`, `--key value` and `--key=value`, keys in camelCase. */
  options: Record<string, string>;
  /** Options without a value, such as `--dry-run`. */
  flags: string[];
  /** Everything after the verb as it was typed, for verbs that take a sentence. */
  tokens: string[];
}

/** Options that never take a value. */
const knownFlags: ReadonlySet<string> = new Set(["dry-run", "help", "yes"]);

/** As much as a message of Slack should hold (docs.slack.dev, Truncating content); a command is a line. */
const longestLine = 4000;

/**
 * Reads the text of a slash command. Phones and Macs turn quotes and dashes into typographic ones; both are taken.
 * A quote opens at the start of a word or of a value only, so that "don't" is a word. Slack sends `&`, `<` and `>` as
 * entities (docs.slack.dev, Formatting message text); they are what was typed again here.
 * Throws AftershockError `bad_command` for an open quote, a repeated key, an option without its value, and a line that is
 * too long or holds what cannot be stored.
 */
export function parseCommandLine(text: string): CommandLine {
  refuseUnreadable(text);
  const tokens = tokenize(normalise(text));
  const line: CommandLine = {
    verb: (tokens[0] ?? "").toLowerCase(),
    words: [],
    options: {},
    flags: [],
    tokens: tokens.slice(1),
  };
  const set = (key: string, value: string): void => {
    const name = camel(key);
    if (Object.hasOwn(line.options, name)) {
      throw new AftershockError("bad_command", `${key} is given twice.`, `Give it once, for example ${key}=${value}`);
    }
    line.options[name] = value;
  };
  for (let at = 1; at < tokens.length; at += 1) {
    const token = tokens[at] ?? "";
    const pair = /^(?:--)?([A-Za-z][A-Za-z0-9_-]*)=(.*)$/s.exec(token);
    if (pair !== null) {
      set(pair[1] ?? "", pair[2] ?? "");
    } else if (token.startsWith("--")) {
      const name = token.slice(2);
      const value = tokens[at + 1];
      if (knownFlags.has(name)) line.flags.push(name);
      else if (value === undefined || value.startsWith("--")) throw lacksValue(name);
      else {
        set(name, value);
        at += 1;
      }
    } else {
      line.words.push(token);
    }
  }
  return line;
}

/** Before anything looks at the line: half of a surrogate pair, or a NUL, is what PostgreSQL refuses to store. */
function refuseUnreadable(text: string): void {
  if (text.length > longestLine) {
    throw new AftershockError(
      "bad_command",
      `The command has ${text.length} characters; at most ${longestLine} are read.`,
      "Make it shorter. What a run should say goes into its thread.",
    );
  }
  if (isStorable(text)) return;
  throw new AftershockError(
    "bad_command",
    "The command has a control character or half a character in it.",
    "Type it again by hand: it came along with what was pasted.",
  );
}

/** An error for a verb that does not exist, with the nearest one; the name of an experiment is what to run. */
export function unknownVerb(
  typed: string,
  verbs: readonly string[],
  experiments: readonly string[] = [],
): AftershockError {
  const experiment = nearest(typed, experiments);
  const close = nearest(typed, verbs) ?? (experiment === undefined ? undefined : `run ${experiment}`);
  return new AftershockError(
    "bad_command",
    `There is no command "${typed}".`,
    close === undefined ? "See what there is: /chaos help" : `Did you mean /chaos ${close}?`,
  );
}

function lacksValue(name: string): AftershockError {
  const flag = nearest(name, [...knownFlags]);
  return new AftershockError(
    "bad_command",
    `--${name} has no value.`,
    flag === undefined ? `Write it as ${name}=VALUE` : `Did you mean --${flag}?`,
  );
}

function normalise(text: string): string {
  return (
    text
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&")
      .replace(/[\u201c\u201d\u201e\u00ab\u00bb]/g, '"')
      .replace(/[\u2018\u2019\u201a]/g, "'")
      .replace(/[\u00a0\u2007\u202f]/g, " ")
      // A dash is an option's "--" only in front of a word; in a sentence it stays a dash.
      .replace(/(^|\s)[\u2013\u2014](?=[A-Za-z])/g, "$1--")
  );
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  let token = "";
  let started = false;
  let quote = "";
  for (const character of text) {
    const opens = (character === '"' || character === "'") && (token === "" || token.endsWith("="));
    if (quote !== "") {
      if (character === quote) quote = "";
      else token += character;
    } else if (opens) {
      quote = character;
      started = true;
    } else if (/\s/.test(character)) {
      if (started) tokens.push(token);
      token = "";
      started = false;
    } else {
      token += character;
      started = true;
    }
  }
  if (quote !== "") {
    throw new AftershockError("bad_command", `A quote (${quote}) is open at the end.`, "Close it, or leave it out.");
  }
  if (started) tokens.push(token);
  return tokens;
}

function camel(key: string): string {
  return key.replace(/[-_]([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}
