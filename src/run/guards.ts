import type { Cluster } from "../cluster/port.ts";
import { runLabel } from "../cluster/kinds.ts";
import { isAftershockError } from "../errors.ts";
import { cordonedBy, cordonedUntil } from "../probes/placement.ts";
import type { GuardResult, SystemSession } from "../probes/system.ts";
import type { Database } from "../store/database.ts";
import { alarmOn } from "../store/alarms.ts";
import { occupant } from "../store/runs.ts";
import { unprovenText, wayOut } from "./alarms/alarm.ts";
import { measureContract } from "./chaos-mesh-guards.ts";
import type { RunEventBody } from "./events.ts";
import { ioGuards } from "./io-guards.ts";
import type { Plan } from "./plan.ts";

export type GuardEvent = Extract<RunEventBody, { type: "guard" }>;

interface GuardInput {
  runId: string;
  plan: Plan;
  session: SystemSession;
  cluster: Cluster;
  database: Database;
}

type Guard = (input: GuardInput, bounds: Readonly<Record<string, number>>) => Promise<GuardResult>;

/** Guards that hold for every system; all others are asked of the system's adapter by id. */
const commonGuards: Readonly<Record<string, Guard>> = {
  ...ioGuards,
  "target-free": async ({ database, plan, runId }) => {
    const other = await occupant(database, plan.targetKey, runId);
    return {
      ok: other === null,
      measured: other === null ? "no other run on this target" : `${other} is active on ${plan.targetKey}`,
      bound: "no other active run",
      hint: other === null ? "" : `Wait for ${other}, or stop it: /chaos abort ${other}`,
    };
  },
  "no-leftovers": async ({ cluster, plan, runId }) => {
    // Objects of others count as well: two faults at once explain nothing.
    const objects = (await cluster.listChaos("", plan.namespace)).filter(
      (object) => object.metadata.labels?.[runLabel] !== runId,
    );
    const names = objects.map((object) => `${object.kind.toLowerCase()}/${object.metadata.name}`);
    const nodes = await cordonsOfRuns(cluster, runId);
    const left = [...names, ...nodes.map(({ node, run }) => `node ${node}, cordoned by ${run}`)];
    const hints = [
      ...(names.length === 0 ? [] : [`kubectl delete ${names.join(" ")} -n ${plan.namespace}`]),
      ...nodes.map(
        ({ node }) => `kubectl uncordon ${node} && kubectl annotate node ${node} ${cordonedBy}- ${cordonedUntil}-`,
      ),
    ];
    return {
      ok: left.length === 0,
      measured:
        left.length === 0 ? `no chaos objects in ${plan.namespace}, no node cordoned by a run` : left.join(", "),
      bound: "no chaos objects, no node cordoned by a run",
      hint: hints.length === 0 ? "" : `Remove them when nobody needs them: ${hints.join("; ")}`,
    };
  },
};

/** Nodes that carry a run's cordon. A bot that may not read nodes has never cordoned one. */
async function cordonsOfRuns(cluster: Cluster, runId: string): Promise<Array<{ node: string; run: string }>> {
  if (cluster.scope?.nodes === false) return [];
  try {
    const nodes = await cluster.placement().nodes();
    return nodes.flatMap(({ name, annotations }) => {
      const run = annotations[cordonedBy];
      return run === undefined || run === runId ? [] : [{ node: name, run }];
    });
  } catch (error) {
    if (isAftershockError(error) && error.code === "cluster_refused") return [];
    throw error;
  }
}

/**
 * Measures every guard of the plan, also after one has failed: a person wants to see all that is wrong. Those that no plan
 * can leave out come first, and are said only when they do not hold: what an earlier run has left must be proven gone, and
 * Chaos Mesh must be able to do, and to undo, what the plan asks of it.
 */
export async function checkGuards(input: GuardInput): Promise<GuardEvent[]> {
  const events: GuardEvent[] = [...(await provenClean(input)), ...(await refusedByContract(input))];
  for (const { id, title, bounds } of input.plan.guards) {
    const result = await measure(input, id, bounds);
    events.push({ type: "guard", id, title, ...result });
  }
  return events;
}

async function provenClean({ database, plan }: GuardInput): Promise<GuardEvent[]> {
  const alarm = await alarmOn(database, plan.targetKey);
  if (alarm === null) return [];
  return [
    {
      type: "guard",
      id: "target-proven-clean",
      title: "What an earlier run left is proven gone",
      ok: false,
      measured: unprovenText(alarm),
      bound: "acknowledged, and proven clean",
      hint: `The way out: ${wayOut(alarm)}`,
    },
  ];
}

/** Longest that the cluster is asked what its Chaos Mesh can do. */
const contractWithinMs = 60_000;

async function refusedByContract({ cluster, plan, runId }: GuardInput): Promise<GuardEvent[]> {
  const results = await measureContract({ cluster, plan, runId, signal: AbortSignal.timeout(contractWithinMs) });
  return results.filter(({ ok }) => !ok).map((result) => ({ type: "guard", ...result }));
}

async function measure(input: GuardInput, id: string, bounds: Readonly<Record<string, number>>): Promise<GuardResult> {
  try {
    const common = commonGuards[id];
    return await (common === undefined ? input.session.guard(id, bounds) : common(input, bounds));
  } catch (error) {
    if (!isAftershockError(error)) throw error;
    // What could not be measured does not hold.
    return { ok: false, measured: `not measured: ${error.message}`, bound: "measurable", hint: error.hint };
  }
}
