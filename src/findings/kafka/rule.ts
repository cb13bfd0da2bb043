import type { History } from "../../probes/history.ts";
import type { JudgeContext } from "../judge.ts";
import type { Finding } from "../report.ts";
import { totalWrites } from "../write-counts.ts";
import type { OffsetCheck } from "./offsets.ts";
import type { KafkaTimings } from "./timings.ts";

export interface RuleInput {
  history: History;
  context: JudgeContext;
  timings: KafkaTimings;
  /** Null: it could not be compared. */
  offsets: readonly OffsetCheck[] | null;
}

export type Rule = (input: RuleInput) => Finding | null;

export const totalOf = ({ context }: Pick<RuleInput, "context">) =>
  totalWrites(context.writes.map(({ counts }) => counts));

/** A setting's live value of one member, or of the first that told it. */
export function valueOf({ settings }: History, name: string, member?: string | null): string {
  const found =
    settings.find((entry) => entry.name === name && entry.member === member) ??
    settings.find((entry) => entry.name === name);
  return found?.value ?? "unknown";
}

export function numberOf(history: History, name: string, member?: string | null): number | null {
  const value = Number(valueOf(history, name, member));
  return Number.isFinite(value) ? value : null;
}
