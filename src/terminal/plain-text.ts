/** What is printed of a message of Slack's. `ts` identifies it; it keeps it when its content changes. */
export interface ThreadMessage {
  ts: string;
  text?: string;
  blocks?: ReadonlyArray<Readonly<Record<string, unknown>>>;
  files?: ReadonlyArray<{ name: string }>;
}

/** Emoji that stand for a state, as a terminal shows them; the others are left out. */
const symbols: Readonly<Record<string, string>> = {
  white_check_mark: "✔",
  x: "✘",
  warning: "!",
  rotating_light: "!!",
  zap: "⚡",
  octagonal_sign: "■",
  red_circle: "●",
  large_orange_circle: "●",
  large_yellow_circle: "●",
  large_blue_circle: "○",
  white_circle: "○",
};

/** A message as plain lines, indented by nothing and not wrapped. `names` maps user ids to what people are called. */
export function messageLines(message: ThreadMessage, names: ReadonlyMap<string, string>): string[] {
  const lines = (message.blocks ?? []).flatMap((block) => blockLines(block)).map((line) => plain(line, names));
  const body = lines.length > 0 ? lines : plain(message.text ?? "", names).split("\n");
  const files = (message.files ?? []).map((file) => `[file] ${file.name}`);
  return [...body, ...files].flatMap((line) => line.split("\n"));
}

function blockLines(block: Readonly<Record<string, unknown>>): string[] {
  const text = (value: unknown): string => {
    if (typeof value === "string") return value;
    return typeof value === "object" && value !== null && "text" in value ? text(value.text) : "";
  };
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
  switch (block["type"]) {
    case "header":
      return [`*${text(block["text"])}*`];
    case "section":
      return block["fields"] === undefined
        ? [text(block["text"])]
        : list(block["fields"]).map((field) => {
            const [label = "", ...value] = text(field).split("\n");
            return `${label}  ${value.join(" · ")}`;
          });
    case "context":
      return list(block["elements"]).map((element) => `_${text(element)}_`);
    case "actions":
      return [
        list(block["elements"])
          .map((element) => `[ ${text(element)} ]`)
          .join("  "),
      ];
    default:
      return [];
  }
}

/** Slack's mrkdwn as a terminal shows it: names for ids, no marks, entities undone. */
export function plain(text: string, names: ReadonlyMap<string, string>): string {
  return text
    .replace(/<@([A-Z0-9]+)>/g, (_all, id: string) => `@${names.get(id) ?? id}`)
    .replace(/:([a-z_]+):\s?/g, (_all, name: string) => (symbols[name] === undefined ? "" : `${symbols[name]} `))
    .replace(/(^|[\s(])[*_](?=\S)([^*_\n]*[^*_\s])[*_](?=$|[\s.,:;)·])/gm, "$1$2")
    .replace(/\*(?=\S)([^*\n]*?\S)\*/g, "$1")
    .replaceAll("`", "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/** Wraps at words; later lines are indented by `indent` more. */
export function wrap(line: string, width: number, indent: number): string[] {
  const hang = " ".repeat(/^\s*/.exec(line)?.[0].length ?? 0) + " ".repeat(indent);
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(/(?<=\s)/)) {
    if (current.trim() !== "" && (current + word).trimEnd().length > width) {
      lines.push(current.trimEnd());
      current = hang;
    }
    current += word;
  }
  return [...lines, current.trimEnd()];
}
