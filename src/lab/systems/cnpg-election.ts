/** What one instance says of itself. */
export interface InstanceState {
  name: string;
  /** Null: it does not answer. */
  answer: {
    primary: boolean;
    receivedBytes: number;
    replayedBytes: number;
    receiving: boolean;
    replicas: number;
  } | null;
}

/**
 * The replica that has most of the log: received first, then replayed, then by name, as the operator sorts them
 * (cloudnative-pg/cloudnative-pg v1.30.0, PostgresqlStatusList.Less in pkg/postgres/status.go). Null while one still
 * receives from the old primary (AreWalReceiversDown there), and without a replica. Pure.
 */
export function mostAdvanced(states: readonly InstanceState[], oldPrimary: string): string | null {
  const replicas = states.flatMap(({ name, answer }) =>
    answer === null || answer.primary || name === oldPrimary ? [] : [{ name, ...answer }],
  );
  if (replicas.some(({ receiving }) => receiving)) return null;
  const [best] = replicas.toSorted(
    (a, b) => b.receivedBytes - a.receivedBytes || b.replayedBytes - a.replayedBytes || (a.name < b.name ? -1 : 1),
  );
  return best?.name ?? null;
}
