import { table } from "../../findings/markdown-table.ts";
import { events, features, methods, type Method } from "./methods.ts";
import { botScopes, scopes, type BotScope } from "./scopes.ts";

/** Methods, events and features that need a scope, as code. Pure. */
export function needing(scope: BotScope): string[] {
  const named = (of: Readonly<Record<string, Method>>): string[] =>
    Object.entries(of).flatMap(([name, { scopes: own }]) => (own.includes(scope) ? [name] : []));
  const ofFeatures = Object.entries(features).flatMap(([name, own]) =>
    own.some((each) => each === scope) ? [name] : [],
  );
  return [...named(methods), ...named(events), ...ofFeatures];
}

/** The scopes as a table of docs/install-slack.md. Pure. */
export function scopeTable(): string {
  return table(
    ["scope", "what it is for", "without it", "needed by"],
    botScopes.map((scope) => [
      `\`${scope}\``,
      scopes[scope].why,
      scopes[scope].without ?? "The bot does not work.",
      needing(scope)
        .map((name) => `\`${name}\``)
        .join(", "),
    ]),
  );
}

const begin = "<!-- scopes: written by npm run manifests -->";
const end = "<!-- scopes: end -->";

/** Puts the table between its two marker comments. Throws when they are not both there, in order. Pure. */
export function withScopeTable(page: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`the page has no place for the table: ${begin} and ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${scopeTable()}\n\n${page.slice(to)}`;
}
