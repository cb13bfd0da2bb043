import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { moduleShell, titleOf, type ModuleCommand } from "../support/module-commands.ts";
import { ioManifests } from "../support/module/io-manifests.ts";
import { waitFor } from "../support/stack.ts";

const exec = "kubectl exec -it postgresql-0 -n database -- \\\n";
const oneOrTheOther = "psql -c takes either one backslash command or SQL, never both; the module is wrong here";
const timingFails = /timing|syntax error/;
const lag = `${exec}psql -U postgres -c "SELECT client_addr, state,
pg_wal_lsn_diff(sent_lsn, replay_lsn) AS lag_bytes
FROM pg_stat_replication;"`;

/** The hands-on exercise, in its own order; each step needs the one before. */
const exercise: readonly ModuleCommand[] = [
  {
    command: "kubectl exec -it postgresql-0 -n database -- patronictl list",
    answers: /postgresql-0 .* Leader[\s\S]*Replica[\s\S]*Replica/,
  },
  {
    command: `${exec}psql -U postgres -c "SELECT client_addr, state, sent_lsn, replay_lsn,
pg_wal_lsn_diff(sent_lsn, replay_lsn) AS lag_bytes
FROM pg_stat_replication;"`,
    answers: /streaming[\s\S]*streaming[\s\S]*\(2 rows\)/,
  },
  {
    command: `${exec}psql -U postgres -c "
CREATE TABLE IF NOT EXISTS chaos_perf_test (
id SERIAL PRIMARY KEY,
payload TEXT DEFAULT repeat('x', 1024),
created_at TIMESTAMP DEFAULT now()
);
INSERT INTO chaos_perf_test (payload)
SELECT repeat('x', 1024) FROM generate_series(1, 5000);
SELECT count(*) FROM chaos_perf_test;"`,
    answers: /5000/,
  },
  {
    command: `${exec}psql -U postgres -c "
\\timing on
SELECT count(*) FROM chaos_perf_test WHERE id BETWEEN 100 AND 4900;
SELECT * FROM chaos_perf_test ORDER BY id DESC LIMIT 10;
INSERT INTO chaos_perf_test (payload) VALUES ('baseline-write-test');
SELECT pg_current_wal_lsn();"`,
    answers: timingFails,
    differs: oneOrTheOther,
  },
  {
    command: `kubectl apply -f postgres-io-delay.yaml
echo "IO delay started at $(date +%H:%M:%S)"`,
    answers: /postgres-primary-io-delay created\nIO delay started at \d\d:\d\d:\d\d/,
  },
  {
    command: `kubectl wait iochaos postgres-primary-io-delay -n database --for=condition=AllInjected --timeout=20s
${exec}psql -U postgres -c '\\timing on' -c "INSERT INTO chaos_perf_test (payload) VALUES ('during-io-chaos-write');"`,
    answers: /condition met[\s\S]*Time: [2-9]\d\d\.\d+ ms/,
    differs: "two -c, as psql wants it; a write and a sync of the log of 100 ms each",
  },
  {
    command: `${exec}psql -U postgres -c "
\\timing on
SELECT count(*) FROM chaos_perf_test WHERE id BETWEEN 100 AND 4900;
SELECT * FROM chaos_perf_test ORDER BY id DESC LIMIT 10;
INSERT INTO chaos_perf_test (payload) VALUES ('during-io-chaos-write');"`,
    answers: timingFails,
    differs: oneOrTheOther,
  },
  {
    command: "kubectl exec -it postgresql-0 -n database -- patronictl list",
    answers: /postgresql-0 .* Leader .* running/,
  },
  { command: lag, answers: /streaming[\s\S]*streaming[\s\S]*\(2 rows\)/ },
  { command: `${exec}psql -U postgres -c "SELECT * FROM pg_stat_bgwriter;"`, answers: /buffers_/ },
  {
    command: `${exec}psql -U postgres -c "SELECT * FROM pg_stat_io WHERE backend_type = 'client backend';"`,
    answers: /client backend|relation "pg_stat_io" does not exist/,
    differs: "pg_stat_io came with PostgreSQL 16; Debian 12 has 15",
  },
  {
    command: `kubectl delete iochaos postgres-primary-io-delay -n database
# Wait for IO to normalize
sleep 15`,
    answers: /"postgres-primary-io-delay" deleted/,
  },
  {
    command: `${exec}psql -U postgres -c "
\\timing on
SELECT count(*) FROM chaos_perf_test WHERE id BETWEEN 100 AND 4900;
INSERT INTO chaos_perf_test (payload) VALUES ('post-recovery-write');"`,
    answers: timingFails,
    differs: oneOrTheOther,
  },
  {
    command: `${exec}psql -U postgres -c '\\timing on' -c "INSERT INTO chaos_perf_test (payload) VALUES ('post-recovery-write');"`,
    answers: /Time: \d\d?\.\d+ ms/,
    differs: "two -c, as psql wants it; below 100 ms again",
  },
  { command: lag, answers: /streaming[\s\S]*streaming[\s\S]*\(2 rows\)/ },
  { command: `${exec}psql -U postgres -c "DROP TABLE IF EXISTS chaos_perf_test;"`, answers: /DROP TABLE/ },
];

describe.skipIf(process.getuid?.() !== 0)("the module's disk faults, verbatim, against the lab", () => {
  let lab: LaunchedLab;
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  beforeAll(async () => {
    lab = await launchLab({ directory });
    for (const [name, text] of Object.entries(ioManifests)) writeFileSync(join(directory, name), text);
  });
  afterAll(async () => {
    await lab?.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const shell = (command: string, stopAfterMs?: number): Promise<string> =>
    moduleShell(lab.kubeconfigPath, command, stopAfterMs, directory);
  const k = (...args: string[]): Promise<string> => kubectlOk(lab.kubeconfigPath, args);

  it.each(exercise.map((entry) => [titleOf(entry), entry] as const))(
    "%s",
    async (_title, { command, answers, stopAfterMs }) => {
      expect(await shell(command, stopAfterMs)).toMatch(answers);
    },
  );

  // Patroni labels the primary `role: master` (from version 4 on `primary`), and the module's own exercise does as well.
  it.each([
    ["io-delay-experiment.yaml", "postgres-io-delay"],
    ["io-error-experiment.yaml", "postgres-io-errors"],
  ])("%s selects no pod, since none is labelled role: primary, and says so", async (file, name) => {
    expect(await shell(`kubectl apply -f ${file}`)).toMatch(/created/);
    await waitFor(
      () => k("describe", "iochaos", name, "-n", "database"),
      (text) => /Failed +\S+ +chaos-mesh +Failed to select targets|no pod is selected/.test(text),
      20_000,
    );
    expect(await shell(`kubectl delete iochaos ${name} -n database`)).toMatch(/deleted/);
  });

  it("pv-unavailable-simulation.yaml takes one member down, whichever it is, and all recover when it is deleted", async () => {
    expect(await shell("kubectl apply -f pv-unavailable-simulation.yaml")).toMatch(/created/);
    const members = async (): Promise<string> => {
      for (const pod of ["postgresql-0", "postgresql-1", "postgresql-2"]) {
        const list = await shell(`kubectl exec ${pod} -n database -- patronictl list`);
        if (list.includes("Leader")) return list;
      }
      return "";
    };
    const running = (list: string): number => (list.match(/\| (running|streaming) /g) ?? []).length;
    await waitFor(members, (list) => list !== "" && running(list) < 3, 60_000);
    expect(await shell("kubectl delete iochaos pv-detachment-simulation -n database")).toMatch(/deleted/);
    await waitFor(members, (list) => running(list) === 3, 60_000);
  });
});
