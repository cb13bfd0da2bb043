import type { History } from "../../probes/history.ts";

/** What a member said of itself when it was looked at; `unknown` where nobody could look, or had not yet. */
export type Role = "primary" | "replica" | "unknown";

export interface RoleSpan {
  member: string;
  role: Role;
  fromMs: number;
  toMs: number;
}

/** What systems call the one that takes writes. */
const primaries: ReadonlySet<unknown> = new Set(["master", "primary", "leader"]);

/**
 * Each member's role over time, by its own word: events `role` (Redis, Patroni) and `leader` (etcd, where a member that
 * names itself leads). A member that became unreachable is unknown from then until it is looked at again. Empty where no
 * member was ever asked.
 */
export function roleSpans(history: History, endMs: number): RoleSpan[] {
  const members = new Set(history.header.members);
  const spans = new Map<string, RoleSpan[]>();
  /** Before it could not be reached; a member that is back without news of a change is what it was. */
  const saidLast = new Map<string, Role>();
  for (const { atMs, source, event, detail } of history.events) {
    if (!members.has(source) || atMs > endMs) continue;
    const role = roleOf(source, event, detail, saidLast.get(source));
    if (role === null) continue;
    if (role !== "unknown") saidLast.set(source, role);
    const own = spans.get(source) ?? [{ member: source, role: "unknown", fromMs: 0, toMs: endMs }];
    spans.set(source, own);
    const last = own.at(-1);
    if (last === undefined || last.role === role) continue;
    last.toMs = Math.max(last.fromMs, atMs);
    own.push({ member: source, role, fromMs: last.toMs, toMs: endMs });
  }
  if (saidLast.size === 0) return [];
  const silent = history.header.members.filter((member) => !spans.has(member));
  return [
    ...spans.values(),
    ...silent.map((member): RoleSpan[] => [{ member, role: "unknown", fromMs: 0, toMs: endMs }]),
  ]
    .flat()
    .filter(({ fromMs, toMs }) => toMs > fromMs);
}

function roleOf(
  source: string,
  event: string,
  detail: Readonly<Record<string, unknown>>,
  before: Role | undefined,
): Role | null {
  if (event === "unreachable") return "unknown";
  if (event === "reachable") return before ?? null;
  if (event === "role") {
    const said = detail["role"];
    if (typeof said !== "string" || said === "") return "unknown";
    // Patroni's state: one that is stopped or starting is neither yet.
    const state = detail["state"];
    if (state !== undefined && state !== "running" && state !== "streaming") return "unknown";
    return primaries.has(said) ? "primary" : "replica";
  }
  if (event !== "leader") return null;
  return detail["leader"] === source ? "primary" : detail["leader"] === null ? "unknown" : "replica";
}

/** The longest time in which two members said at once that they are primary; null: never. */
export function twoPrimaries(
  spans: readonly RoleSpan[],
): { fromMs: number; toMs: number; members: [string, string] } | null {
  const leading = spans.filter(({ role }) => role === "primary");
  let longest: ReturnType<typeof twoPrimaries> = null;
  for (const one of leading) {
    for (const other of leading) {
      if (one.member >= other.member) continue;
      const fromMs = Math.max(one.fromMs, other.fromMs);
      const toMs = Math.min(one.toMs, other.toMs);
      if (toMs - fromMs > (longest === null ? 0 : longest.toMs - longest.fromMs)) {
        longest = { fromMs, toMs, members: [one.member, other.member] };
      }
    }
  }
  return longest;
}
