import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { moduleShell, titleOf, type ModuleCommand } from "../support/module-commands.ts";

/** The training module's commands about the databases; those about the application are in the file beside this one. */
const exec = "kubectl exec -it postgresql-0 -n database -- \\\n";
const commands: readonly ModuleCommand[] = [
  // Redis
  {
    command: "kubectl exec -it redis-sentinel-0 -n cache -- \\\nredis-cli -p 26379 SENTINEL masters",
    answers: /mymaster[\s\S]*quorum/,
  },
  {
    command:
      "kubectl exec -it redis-sentinel-0 -n cache -- \\\nredis-cli -p 26379 SUBSCRIBE +sdown +odown +switch-master",
    answers: /subscribe[\s\S]*\+switch-master/,
    stopAfterMs: 3000,
  },
  {
    command: 'kubectl exec -it redis-0 -n cache -- redis-cli SET test-key "written-during-partition"',
    answers: /OK/,
  },
  { command: "kubectl exec -it redis-1 -n cache -- redis-cli GET test-key", answers: /written-during-partition/ },
  { command: "kubectl exec -it redis-0 -n cache -- redis-cli GET test-key", answers: /written-during-partition/ },
  // etcd
  {
    command: "kubectl exec -it etcd-0 -n etcd -- \\\netcdctl endpoint health --cluster",
    answers: /(is healthy[\s\S]*){3}/,
  },
  { command: 'kubectl exec -it etcd-0 -n etcd -- \\\netcdctl put /test/key "value" 2>&1', answers: /OK/ },
  // PostgreSQL
  {
    command: "kubectl exec -it postgresql-0 -n database -- patronictl list",
    answers: /postgresql-0 .* Leader[\s\S]*Replica[\s\S]*Replica/,
  },
  // Its hands-on exercise is in lab-module-io.test.ts.
  // Backup and restore
  {
    command: `${exec}psql -U postgres -c "
CREATE TABLE IF NOT EXISTS chaos_test (
id SERIAL PRIMARY KEY,
data TEXT,
created_at TIMESTAMP DEFAULT NOW()
);
INSERT INTO chaos_test (data)
SELECT 'record-' || generate_series(1, 1000);
SELECT count(*) FROM chaos_test;"`,
    answers: /1000/,
  },
  { command: `${exec}pg_dump -U postgres -F c -f /tmp/chaos_backup.dump postgres`, answers: /^/ },
  { command: `${exec}psql -U postgres -c "DELETE FROM chaos_test WHERE id % 3 = 0;"`, answers: /DELETE 333/ },
  { command: `${exec}pg_restore -U postgres -d postgres --clean --if-exists /tmp/chaos_backup.dump`, answers: /^/ },
  { command: `${exec}psql -U postgres -c "SELECT count(*) FROM chaos_test;"`, answers: /1000/ },
  { command: `${exec}psql -U postgres -c "DROP TABLE IF EXISTS chaos_test;"`, answers: /DROP TABLE/ },
  // Nodes and volumes
  { command: "kubectl get pods -n database -w", answers: /postgresql-0 +1\/1 +Running/, stopAfterMs: 2000 },
  { command: "kubectl get pv -w", answers: /database/, stopAfterMs: 2000 },
  {
    // The first line is ours: it ends the two watches, which never end by themselves.
    command: `kubectl() { case "$2" in pv) s=2 ;; *) s=15 ;; esac; timeout $s kubectl "$@"; }
# Find which node runs the database pod
NODE=$(kubectl get pod postgresql-0 -n database -o jsonpath='{.spec.nodeName}')
# Cordon the node (prevent new pods)
kubectl cordon $NODE
# Delete the pod (simulating node failure)
kubectl delete pod postgresql-0 -n database --grace-period=0 --force
# Watch the pod reschedule to another node
kubectl get pods -n database -w
# Monitor PV attachment
kubectl get pv -w
# Uncordon after the test
kubectl uncordon $NODE`,
    answers:
      / cordoned[\s\S]*"postgresql-0" force deleted[\s\S]*postgresql-0 +0\/1 +(Pending|ContainerCreating)[\s\S]*postgresql-0 +1\/1 +Running[\s\S]*Bound +database\/data-postgresql-0[\s\S]* uncordoned/,
    differs: "`kubectl get pv -w` shows no attachment: that is in `kubectl get volumeattachments`; the PV stays Bound",
  },
  {
    command:
      "kubectl get volumeattachments -o custom-columns=PV:.spec.source.persistentVolumeName,ATTACHED:.status.attached",
    answers: /pv-database-data-postgresql-0 +true/,
    differs: "not in the module: where the move of the volume is seen",
  },
  // RabbitMQ
  {
    command: `kubectl apply -f - <<'YAML'
apiVersion: chaos-mesh.org/v1alpha1
kind: PodChaos
metadata:
  name: rabbitmq-node-failure
  namespace: messaging
spec:
  action: pod-kill
  mode: one
  selector:
    namespaces:
      - messaging
    labelSelectors:
      app: rabbitmq
  gracePeriod: 0
  duration: "120s"
YAML
kubectl wait --for=condition=AllInjected podchaos/rabbitmq-node-failure -n messaging --timeout=20s
kubectl get pods -n messaging -l app=rabbitmq --no-headers | grep -c 1/1
kubectl delete podchaos rabbitmq-node-failure -n messaging`,
    answers: /rabbitmq-node-failure created[\s\S]*condition met\s+2\s[\s\S]*deleted/,
    differs:
      "the file stands on standard input, with the indentation that the module's pages lost; the last three are ours",
  },
];

describe.skipIf(process.getuid?.() !== 0)("the module's commands, verbatim, against the lab", () => {
  let lab: LaunchedLab;
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  beforeAll(async () => {
    lab = await launchLab({ directory });
  });
  afterAll(async () => {
    await lab?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it.each(commands.map((entry) => [titleOf(entry), entry] as const))(
    "%s",
    async (_title, { command, answers, stopAfterMs }) => {
      expect(await moduleShell(lab.kubeconfigPath, command, stopAfterMs)).toMatch(answers);
    },
  );
});
