import type { Cluster } from "../../cluster/port.ts";
import { messageOf } from "../../errors.ts";
import { faultsOf, type StoredFault } from "../../store/faults.ts";
import { restartedPods } from "../../store/pod-restarts.ts";
import type { StoredRun } from "../../store/runs.ts";
import { bounded } from "../bounded.ts";
import type { HealingProof } from "../faults/fault-kind.ts";
import { provePodsBack } from "../faults/pods-back.ts";
import { removeFaults } from "../heal.ts";
import { childKinds } from "../ladder/stuck.ts";
import { proveAfresh } from "../prove-afresh.ts";
import type { ConductorDeps } from "../walk.ts";

const callMs = 10_000;

type HealAgainDeps = Pick<ConductorDeps, "database" | "registry" | "healDeadlines" | "log">;

/**
 * Heals an ended run once more and proves it by everything there is: its objects are gone, no rule of theirs stands in a
 * pod's own chaos object, its pods are back, and the data path works. Nobody is offered anything on the way. Rejects only
 * with what the database or the signal say.
 */
export async function healAgain(deps: HealAgainDeps, run: StoredRun, signal: AbortSignal): Promise<HealingProof[]> {
  const { database, registry } = deps;
  const faults = await faultsOf(database, run.id);
  const { cluster: name } = run.plan;
  if (!registry.clusterNames.includes(name)) {
    const detail = `the cluster ${name} is no longer in the configuration`;
    return [{ type: "healing-proof", what: `the faults of ${run.id} are gone`, ok: false, detail }];
  }
  const cluster = registry.cluster(name);
  const deadlines = { ...deps.healDeadlines, offerMs: 0 };
  const { proofs } = await removeFaults({
    runId: run.id,
    cluster,
    database,
    signal,
    deadlines,
    now: () => null,
    faults,
  });
  const children = await Promise.all(faults.map((fault) => proveChildrenEmpty(cluster, fault, signal)));
  const restarted = await restartedPods(database, run.id);
  const back = await Promise.all(
    restarted.map(({ namespace, pod }) => {
      const subject = faults.flatMap(({ targets }) => [...targets.subject, ...targets.target]);
      const target = subject.find((candidate) => candidate.pod === pod) ?? { pod, uid: "", host: "" };
      return provePodsBack(cluster, { namespace, targets: { subject: [target], target: [] } }, signal);
    }),
  );
  return [...proofs, ...children.flat(), ...back.flat(), ...(await proveAfresh(deps, run, faults, signal))];
}

/**
 * Chaos Mesh keeps the rules that stand in a pod in one object per pod, each with the fault that asked for it: none may
 * name ours (anchors/chaos-platforms.md 3.6, 5). What cannot be read is not proven.
 */
export async function proveChildrenEmpty(
  cluster: Cluster,
  fault: StoredFault,
  signal: AbortSignal,
): Promise<HealingProof[]> {
  const kind = childKinds[fault.kind];
  if (kind === undefined) return [];
  const source = `${fault.namespace}/${fault.name}`;
  const what = `no ${kind} holds a rule of ${fault.name}`;
  const pods = [...fault.targets.subject, ...fault.targets.target].map(({ pod }) => pod);
  try {
    const holding = await Promise.all(
      [...new Set(pods)].map(async (pod) => {
        const ref = { kind, name: pod, namespace: fault.namespace };
        const child = await bounded((inner) => cluster.getChaos(ref, inner), { deadlineMs: callMs, signal });
        return holdsRuleOf(child?.spec, source) ? [pod] : [];
      }),
    );
    const names = holding.flat().join(", ");
    return [
      { type: "healing-proof", what, ok: names === "", detail: names === "" ? "none does" : `that of ${names} does` },
    ];
  } catch (error) {
    signal.throwIfAborted();
    return [{ type: "healing-proof", what, ok: false, detail: messageOf(error) }];
  }
}

/** True when one of the lists (`iptables`, `ipsets`, `tcs`, `actions`) has an entry with this source. Pure. */
export function holdsRuleOf(spec: Readonly<Record<string, unknown>> | undefined, source: string): boolean {
  return Object.values(spec ?? {}).some(
    (list) =>
      Array.isArray(list) &&
      list.some(
        (entry: unknown) => typeof entry === "object" && entry !== null && "source" in entry && entry.source === source,
      ),
  );
}
