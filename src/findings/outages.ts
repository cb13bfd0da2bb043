import type { History, Operation } from "../probes/history.ts";
import type { Outage } from "./report.ts";
import { unseenGaps, wasUnseen, type Gap } from "./unseen.ts";

/** So many good operations in a row end an outage (anchors/consistency-and-failover.md 3.2). */
const goodNeeded = 3;

/**
 * Outage windows of every client, from its operations: from the planned time of the first that was not ok to the
 * planned time of the first of three good ones in a row. Never recovered: an open interval. True edges lie within one
 * operation spacing. What missed while the way to the pods was down (`unseenGaps`) neither begins an outage nor goes on with one.
 */
export function findOutages(history: History): Outage[] {
  const gaps = unseenGaps(history);
  return history.header.clients.flatMap((client) =>
    outagesOf(
      client.id,
      client.kind,
      history.operations.filter((op) => op.client === client.id).toSorted((a, b) => a.plannedMs - b.plannedMs),
      gaps,
    ),
  );
}

function outagesOf(
  probe: string,
  kind: Outage["kind"],
  operations: readonly Operation[],
  gaps: readonly Gap[],
): Outage[] {
  const outages: Outage[] = [];
  let start: number | null = null;
  let goodFrom = 0;
  let good = 0;
  let errors: Record<string, number> = {};
  const close = (endMs: number | null): void => {
    if (start === null) return;
    outages.push({
      probe,
      kind,
      startMs: start,
      endMs,
      lengthMs: endMs === null ? null : endMs - start,
      errors: ranked(errors),
    });
    start = null;
    errors = {};
  };
  for (const operation of operations) {
    if (operation.outcome === "ok") {
      if (good === 0) goodFrom = operation.plannedMs;
      good += 1;
      if (good === goodNeeded) close(goodFrom);
      continue;
    }
    if (wasUnseen(gaps, operation)) continue;
    good = 0;
    start ??= operation.plannedMs;
    const name = operation.error ?? operation.outcome;
    errors[name] = (errors[name] ?? 0) + 1;
  }
  close(good >= goodNeeded ? goodFrom : null);
  return outages;
}

function ranked(errors: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(errors).toSorted(([, a], [, b]) => b - a));
}
