import type { TelemetryRow } from "../store/telemetry.ts";

export type SinkResult =
  | { kind: "sent"; remoteId: number | null }
  /** Nothing was done; asking again may help. */
  | { kind: "later"; error: string }
  /** It was not taken, and would not be. */
  | { kind: "refused"; error: string }
  /** No answer: it may have been done. */
  | { kind: "unknown"; error: string };

/** Sends one row of the outbox. Never rejects. */
export type Send = (row: TelemetryRow, signal: AbortSignal) => Promise<SinkResult>;
