import type { KubernetesObject } from "../cluster/port.ts";
import type { Queryable } from "./database.ts";

export type FaultState = "intended" | "injected" | "removed" | "verified" | "unverified";

/** A pod as it was when the fault was about to be injected. */
export interface FaultTarget {
  pod: string;
  uid: string;
  host: string;
  containerIds?: Readonly<Record<string, string>>;
  /** How long a write, its fsync and a read took in its volume before a disk fault. */
  volumeMs?: number;
  /** A file that a disk fault hits, by which its effect is looked at. */
  file?: string;
}

export interface StoredFault {
  faultId: string;
  cluster: string;
  kind: string;
  namespace: string;
  name: string;
  manifest: KubernetesObject;
  targets: { subject: FaultTarget[]; target: FaultTarget[] };
  state: FaultState;
}

/** Stores the intent to inject. Idempotent for the same fault of the same run. */
export async function insertFault(client: Queryable, runId: string, fault: Omit<StoredFault, "state">): Promise<void> {
  await client.query(
    `insert into run_faults (run_id, fault_id, cluster, kind, namespace, name, manifest, targets)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
    [
      runId,
      fault.faultId,
      fault.cluster,
      fault.kind,
      fault.namespace,
      fault.name,
      JSON.stringify(fault.manifest),
      JSON.stringify(fault.targets),
    ],
  );
}

export async function setFaultState(
  client: Queryable,
  runId: string,
  faultId: string,
  state: FaultState,
): Promise<void> {
  await client.query(
    `update run_faults set state = $3,
            injected_at = case when $3 = 'injected' then clock_timestamp() else injected_at end,
            removed_at = case when $3 = 'removed' then clock_timestamp() else removed_at end
      where run_id = $1 and fault_id = $2`,
    [runId, faultId, state],
  );
}

export async function faultsOf(client: Queryable, runId: string): Promise<StoredFault[]> {
  const { rows } = await client.query<{
    fault_id: string;
    cluster: string;
    kind: string;
    namespace: string;
    name: string;
    manifest: KubernetesObject;
    targets: StoredFault["targets"];
    state: FaultState;
  }>(
    `select fault_id, cluster, kind, namespace, name, manifest, targets, state
       from run_faults where run_id = $1 order by intended_at`,
    [runId],
  );
  return rows.map(({ fault_id, ...rest }) => ({ faultId: fault_id, ...rest }));
}
