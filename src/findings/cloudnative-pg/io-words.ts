import type { Finding } from "../report.ts";

const copyAnew = "have the operator copy it anew: kubectl cnpg destroy CLUSTER INSTANCE";

/** What findings of a faulty volume say where CloudNativePG acts, instead of Patroni; a setting of Patroni's is left out. */
const words: Readonly<Record<string, Partial<Pick<Finding, "title" | "advice">>>> = {
  "postgres-io.no-failover-for-delay": {
    title: "CloudNativePG did not fail over for I/O delay alone",
    advice:
      "The operator asks whether the server answers, not how fast it writes: a disk that makes the database unusable is no reason to fail over. Alert on commit latency from outside, and have a person, or a check of yours, run kubectl cnpg promote CLUSTER INSTANCE.",
  },
  "postgres-io.restarted-in-place": {
    advice:
      "While the log cannot be written, starting again cannot help: the server replays, writes, and stops again. Who takes over, and when, is decided by the instance's readiness and by .spec.failoverDelay; a person can do it at once: kubectl cnpg promote CLUSTER INSTANCE.",
  },
  "postgres-io.failed-over": {
    advice: "One run is one sample: a volume that fails only now and then leaves the server startable where it is.",
  },
  "postgres-io.not-recovered": {
    advice: `Look at it: kubectl cnpg status CLUSTER, and the pod's log. To begin with a new copy, ${copyAnew}.`,
  },
  "postgres-io.corruption": {
    advice: `Take the member out of service before it is read from or promoted. Of a damaged replica, ${copyAnew}; a damaged primary is restored from a backup that was verified. Do not run pg_resetwal.`,
  },
  "postgres-io.content-differs": { advice: `Lag 0 proves nothing here: ${copyAnew}.` },
};
const settingsOfPatroni: ReadonlySet<string> = new Set(["primary_start_timeout", "ttl", "maximum_lag_on_failover"]);

/** A finding of `judgePostgresIo` as it is told of CloudNativePG. Pure. */
export function inCnpgWords(finding: Finding): Finding {
  const { setting, ...rest } = { ...finding, ...words[finding.id] };
  return setting === undefined || settingsOfPatroni.has(setting.name) ? rest : { ...rest, setting };
}
