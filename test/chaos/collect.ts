import { runLabel } from "../../src/cluster/kinds.ts";
import type { Cluster } from "../../src/cluster/port.ts";
import { cordonedBy } from "../../src/probes/placement.ts";
import { threadOf } from "../../src/embedded/run-drive.ts";
import { workspace, type LocalMessage } from "../../src/embedded/local-slack.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import type { RunState } from "../../src/run/lifecycle.ts";
import { narrate } from "../../src/slack/narrate.ts";
import { eventsToTell } from "../../src/slack/store/run-events.ts";
import type { Database } from "../../src/store/database.ts";
import { eventsAfter } from "../../src/store/events.ts";
import { findRun } from "../../src/store/runs.ts";
import { kubectlOk } from "../support/kubectl.ts";
import type { Facts, ShownMessage, ThreadFacts } from "./facts.ts";

export interface Place {
  stack: Stack;
  database: Database;
  cluster: Cluster;
}

/** Reads back from PostgreSQL and the cluster what a run left. */
export async function collectFacts(
  { stack, database, cluster }: Place,
  runId: string,
  known: { mayEnd: readonly RunState[]; broken: readonly string[] },
): Promise<Facts> {
  const run = await findRun(database, runId);
  if (run === null) throw new Error(`${runId} is not in the database`);
  const { rows: numbers } = await database.query<{ last_seq: number }>("select last_seq from runs where id = $1", [
    runId,
  ]);
  const { rows: decisions } = await database.query<{ user_id: string; decision: string; plan_digest: string }>(
    "select user_id, decision, plan_digest from run_decisions where run_id = $1",
    [runId],
  );
  return {
    run: {
      id: run.id,
      state: run.state,
      requestedBy: run.requestedBy,
      digest: run.digest,
      approvalsNeeded: run.plan.approvalsNeeded,
      lastSeq: numbers[0]?.last_seq ?? 0,
    },
    ...known,
    events: await eventsAfter(database, runId, 0),
    decisions: decisions.map((row) => ({ userId: row.user_id, decision: row.decision, digest: row.plan_digest })),
    approvers: workspace.people.map(({ id }) => id),
    left: await leftOnCluster(cluster),
    injections: await injectionsOf(stack, run.plan.namespace, runId),
  };
}

/** Chaos objects and cordons that carry a run's label. */
export async function leftOnCluster(cluster: Cluster): Promise<string[]> {
  const objects = await cluster.listChaos(runLabel, undefined, AbortSignal.timeout(10_000));
  const nodes = await cluster.placement(AbortSignal.timeout(10_000)).nodes();
  return [
    ...objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    ...nodes.flatMap(({ name, annotations, unschedulable }) =>
      unschedulable || annotations[cordonedBy] !== undefined ? [`cordon of node ${name}`] : [],
    ),
  ];
}

/** What the cluster's own events say was injected: different objects (UIDs) by name. */
async function injectionsOf(stack: Stack, namespace: string, runId: string): Promise<Record<string, number>> {
  const said = await kubectlOk(stack.lab.kubeconfigPath, ["get", "events", "-n", namespace, "-o", "json"]);
  const { items } = JSON.parse(said) as {
    items: Array<{ reason?: string; involvedObject?: { name?: string; uid?: string } }>;
  };
  const objects = new Map<string, Set<string>>();
  for (const { reason, involvedObject } of items) {
    const { name = "", uid = "" } = involvedObject ?? {};
    if (reason !== "Applied" || !name.startsWith(`${runId}-`)) continue;
    objects.set(name, (objects.get(name) ?? new Set()).add(uid));
  }
  return Object.fromEntries([...objects].map(([name, uids]) => [name, uids.size]));
}

/** What the run's thread shall say, and what stands in local-slack. */
export async function collectThread({ stack, database }: Place, runId: string): Promise<ThreadFacts> {
  const run = await findRun(database, runId);
  if (run === null) throw new Error(`${runId} is not in the database`);
  const wanted = narrate(run, await eventsToTell(database, runId));
  const messages = await stack.slack.messages();
  // Bolt's answer to whom asked is ephemeral; a second card would begin with the same words.
  const cards = messages.filter(
    (message) =>
      message.ephemeral_to === undefined &&
      (message.thread_ts === undefined || message.thread_ts === message.ts) &&
      message.text?.startsWith(`${runId} `) === true,
  );
  const asked = (key: string) => wanted.find((message) => message.key === key)?.payload;
  const card = asked("card");
  return {
    events: await eventsAfter(database, runId, 0),
    wanted: {
      card: card?.kind === "message" ? { text: named(card.text), blocks: canonical(card.blocks), files: [] } : nothing,
      thread: wanted
        .filter(({ inThread }) => inThread)
        .map(({ payload }) =>
          payload.kind === "message"
            ? { text: named(payload.text), blocks: canonical(payload.blocks), files: [] }
            : { ...nothing, files: payload.files.map(({ name }) => name) },
        ),
    },
    shown: {
      cards: cards.map(asShown),
      thread: cards.flatMap((shownCard) => threadOf(messages, shownCard)).map(asShown),
    },
  };
}

const nothing: ShownMessage = { text: "", blocks: "", files: [] };

function asShown(message: LocalMessage): ShownMessage {
  return {
    text: named(message.text ?? ""),
    blocks: canonical(message.blocks ?? []),
    files: (message.files ?? []).map(({ name }) => name),
  };
}

/** A first posting names those whom it does not call, and an edit mentions them (src/slack/calls.ts): here it is one. */
function named(text: string): string {
  return workspace.people.reduce((said, { id, name }) => said.replaceAll(`<@${id}>`, name), text);
}

/** Keys in order, so that JSON that took another way compares equal; Slack's own ids of blocks are not ours. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (key === "block_id") return undefined;
    if (key === "text" && typeof inner === "string") return named(inner);
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
