import type { History } from "../../probes/history.ts";
import { numberOrNull, textOrNull } from "../observed.ts";

/** What the checks after the fault found on one member. */
export interface MemberCheck {
  member: string;
  /** pg_amcheck: 0 clean, 2 corruption, anything else not checked; null: it did not end. */
  amcheck: number | null;
  amcheckSaid: string;
  /** Reads whose page failed its checksum since before the fault; null: not known, or checksums are off. */
  checksumFailures: number | null;
  rows: number | null;
  hash: string | null;
}

export function readChecks({ events }: History): MemberCheck[] {
  const members = [...new Set(events.filter(({ event }) => event === "amcheck").map(({ source }) => source))];
  return members.map((member) => {
    const detail = (name: string) =>
      events.findLast(({ event, source }) => event === name && source === member)?.detail ?? {};
    const before = numberOrNull(detail("checksums")["before"]);
    const now = numberOrNull(detail("checksums")["now"]);
    return {
      member,
      amcheck: numberOrNull(detail("amcheck")["exitCode"]),
      amcheckSaid: textOrNull(detail("amcheck")["problem"]) ?? "",
      checksumFailures: before === null || now === null ? null : Math.max(0, now - before),
      rows: numberOrNull(detail("content")["rows"]),
      hash: textOrNull(detail("content")["hash"]),
    };
  });
}

/** By pg_amcheck's manual page: 2 is corruption. */
export const isCorrupt = ({ amcheck, checksumFailures }: MemberCheck): boolean =>
  amcheck === 2 || (checksumFailures ?? 0) > 0;

export const isUnchecked = ({ amcheck }: MemberCheck): boolean => amcheck !== 0 && amcheck !== 2;

/** Members whose copy of the exercise's table is not as on the first, the primary. */
export function differingContent(checks: readonly MemberCheck[]): MemberCheck[] {
  const [primary] = checks;
  return checks.filter(
    ({ rows, hash }) => rows !== null && primary?.rows !== null && (rows !== primary?.rows || hash !== primary.hash),
  );
}
