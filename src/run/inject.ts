import { installationLabel } from "../cluster/kinds.ts";
import { AftershockError } from "../errors.ts";
import type { PodAddress } from "../probes/system.ts";
import type { Queryable } from "../store/database.ts";
import { insertFault, type FaultTarget } from "../store/faults.ts";
import { faultObject } from "./fault-manifest.ts";
import type { Intent } from "./faults/fault-kind.ts";
import { refuseWhenHalted } from "./halt/gate.ts";
import type { Journal } from "./journal.ts";
import type { Plan, PlannedFault } from "./plan.ts";

/** What is stored before anything is created: enough for another process to heal and to prove it. */
export function intentOf(runId: string, plan: Plan, fault: PlannedFault, pods: readonly PodAddress[]): Intent {
  const object = faultObject(fault, plan.namespace, runId);
  const identify = (names: readonly string[]): FaultTarget[] =>
    names.map((name) => {
      const pod = pods.find((candidate) => candidate.name === name);
      if (pod === undefined) {
        throw new AftershockError("no_targets", `Pod ${name} is gone.`, "Look at the pods and ask for the run again.");
      }
      const { uid, host, containerIds } = pod;
      return { pod: name, uid, host, ...(containerIds === undefined ? {} : { containerIds }) };
    });
  return {
    faultId: fault.id,
    cluster: plan.cluster,
    kind: fault.kind,
    namespace: plan.namespace,
    name: object.metadata.name,
    manifest: object,
    targets: { subject: identify(fault.subject), target: identify(fault.target) },
  };
}

/** The same with the number of the database that knows the run, so that no other one takes it for a leftover. */
export function markedBy(installation: string, intent: Intent): Intent {
  const { metadata } = intent.manifest;
  const labels = { ...metadata.labels, [installationLabel]: installation };
  return { ...intent, manifest: { ...intent.manifest, metadata: { ...metadata, labels } } };
}

/**
 * Moves the run to `injecting` and stores all intents with it, in one transaction; not when `require` rejects, which is
 * asked last and holds its locks until then.
 */
export async function storeIntents(
  journal: Journal,
  runId: string,
  {
    intents,
    atMs,
    require,
  }: { intents: readonly Intent[]; atMs: number; require: (client: Queryable) => Promise<void> },
): Promise<void> {
  await journal.move("injecting", {
    atMs,
    events: intents.map((intent) => ({
      type: "fault-intended",
      fault: intent.faultId,
      kind: intent.kind,
      name: intent.name,
      namespace: intent.namespace,
      pods: [...intent.targets.subject, ...intent.targets.target].map((target) => target.pod),
    })),
    also: async (client) => {
      await refuseWhenHalted(client);
      for (const intent of intents) await insertFault(client, runId, intent);
      await require(client);
    },
  });
}

/** What a fault does, e.g. `partition` or `pod-kill`; empty for a kind that does only one thing. */
export function actionOf(intent: Pick<Intent, "manifest">): string {
  return String(intent.manifest.spec?.["action"] ?? "");
}
