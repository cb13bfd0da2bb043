import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { moduleShell, titleOf, type ModuleCommand } from "../support/module-commands.ts";
import { manifests } from "../support/module/manifests.ts";
import { waitFor } from "../support/stack.ts";

const inApplication = "kubectl exec -it deployment/api-server -n app -- \\\n";

/** Those about the application; the databases' are in the files beside this one. */
const commands: readonly ModuleCommand[] = [
  {
    command: `${inApplication}sh -c 'for i in $(seq 1 10); do
START=$(date +%s%N)
curl -s http://localhost:8080/api/products/1 > /dev/null
END=$(date +%s%N)
echo "Query $i: $(( (END - START) / 1000000 ))ms"
sleep 1
done'`,
    answers: /Query 1: \d+ms\nQuery 2: \d+ms\nQuery 3: \d+ms/,
    // It would end by itself after ten.
    stopAfterMs: 4000,
  },
  {
    command: `${inApplication}sh -c 'while true; do
RESULT=$(curl -s -o /dev/null -w "%{http_code}" --max-time 5 http://localhost:8080/api/health)
echo "$(date +%H:%M:%S) Health: $RESULT"
sleep 1
done'`,
    answers: /^\d\d:\d\d:\d\d Health: 200\n\d\d:\d\d:\d\d Health: 200$/m,
    stopAfterMs: 4000,
  },
  {
    command: `${inApplication}sh -c 'while true; do
RESULT=$(curl -s -w "\\n%{http_code}" --max-time 5 \\
-X POST http://localhost:8080/api/test-write \\
-H "Content-Type: application/json" \\
-d "{\\"timestamp\\": \\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\\"}")
echo "$(date +%H:%M:%S) Write: $RESULT"
sleep 2
done'`,
    answers: /^\d\d:\d\d:\d\d Write: \{"id":\d+,.*\}\s+201\n\d\d:\d\d:\d\d Write: /m,
    stopAfterMs: 5000,
  },
  {
    command: `${inApplication}sh -c 'while true; do
RESULT=$(redis-cli -h redis-sentinel.cache.svc.cluster.local -p 26379 \\
SENTINEL get-master-addr-by-name mymaster 2>/dev/null)
echo "$(date +%H:%M:%S) Master: $RESULT"
sleep 1
done'`,
    answers: /^\d\d:\d\d:\d\d Master: 10\.[\d.]+\n6379\n\d\d:\d\d:\d\d Master: /m,
    stopAfterMs: 4000,
  },
];

describe.skipIf(process.getuid?.() !== 0)("the sample application in the lab", () => {
  let lab: LaunchedLab;
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  beforeAll(async () => {
    lab = await launchLab({ directory });
    for (const [name, text] of Object.entries(manifests)) writeFileSync(join(directory, name), text);
  });
  afterAll(async () => {
    await lab?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const shell = (command: string, stopAfterMs?: number): Promise<string> =>
    moduleShell(lab.kubeconfigPath, command, stopAfterMs, directory);
  const kubectl = (...args: string[]): Promise<string> => kubectlOk(lab.kubeconfigPath, args);
  const podNames = async (): Promise<string[]> => {
    const names = await kubectl("get", "pods", "-n", "app", "-o", "jsonpath={.items[*].metadata.name}");
    return names.split(" ").filter((name) => name !== "");
  };
  const serves = async (): Promise<boolean> =>
    (await shell("kubectl exec deployment/api-server -n app -- curl -s localhost:8080/api/health")).includes('"ok"');

  it("is there with its database when it is first asked for", async () => {
    expect(await kubectl("get", "deployment", "api-server", "-n", "app")).toMatch(/api-server +1\/1 +1 +1/);
    expect(await podNames()).toEqual([expect.stringMatching(/^api-server-[0-9a-f]{10}-[a-z0-9]{5}$/)]);
    expect(await kubectl("rollout", "status", "deployment/api-server", "-n", "app")).toMatch(/successfully rolled out/);
    expect(await kubectl("describe", "deployment", "api-server", "-n", "app")).toMatch(/1 desired \| 1 updated/);
    expect(await kubectl("logs", "deployment/api-server", "-n", "app")).toMatch(/tables are ready/);
  });

  it.each(commands.map((entry) => [titleOf(entry), entry] as const))(
    "%s",
    async (_title, { command, answers, stopAfterMs }) => {
      expect(await shell(command, stopAfterMs)).toMatch(answers);
    },
  );

  it("has stored what it said it had, in the database that the service's name leads to", async () => {
    const count = "select count(*) > 1 as stored from app.test_writes where run is null";
    expect(await kubectl("exec", "postgresql-0", "-n", "database", "--", "psql", "-U", "postgres", "-Atc", count)).toBe(
      "t\n",
    );
    const own = await kubectl("get", "pod", "postgresql-0", "-n", "database", "-o", "jsonpath={.status.podIP}");
    const pool = await kubectl(
      "exec",
      "deployment/api-server",
      "-n",
      "app",
      "--",
      "curl",
      "-s",
      "localhost:8080/api/pool",
    );
    expect(JSON.parse(pool)).toMatchObject({ figures: { servers: { [own]: expect.any(Number) } } });
  });

  it("cannot change the folders of this machine that stand for its image", async () => {
    expect(await shell("kubectl exec deployment/api-server -n app -- touch /app/bin/x")).toMatch(
      /Read-only file system/,
    );
  });

  it("is replaced under another name when its pod is gone", async () => {
    const [before = ""] = await podNames();
    await kubectl("delete", "pod", before, "-n", "app", "--grace-period=0", "--force");
    await waitFor(serves, Boolean, 20_000);
    const [after] = await podNames();
    expect(after).not.toBe(before);
    expect(after?.slice(0, -5)).toBe(before.slice(0, -5));
  });

  it("is scaled, and rolled out anew when its template changes", async () => {
    const ready = async (): Promise<string> =>
      kubectl(
        "get",
        "deployment",
        "api-server",
        "-n",
        "app",
        "-o",
        "jsonpath={.status.readyReplicas} {.status.replicas}",
      );
    const [before = ""] = await podNames();
    await kubectl("patch", "deployment", "api-server", "-n", "app", "-p", '{"spec":{"replicas":2}}');
    await waitFor(ready, (text) => text === "2 2", 20_000);
    expect(await podNames()).toContain(before);
    await kubectl("patch", "deployment", "api-server", "-n", "app", "-p", '{"spec":{"replicas":1}}');
    await waitFor(ready, (text) => text === "1 1", 20_000);
    await kubectl("set", "env", "deployment/api-server", "-n", "app", "DB_POOL_MAX=3");
    expect(await kubectl("rollout", "status", "deployment/api-server", "-n", "app")).toMatch(/successfully rolled out/);
    await waitFor(serves, Boolean, 20_000);
    const pool = await kubectl(
      "exec",
      "deployment/api-server",
      "-n",
      "app",
      "--",
      "curl",
      "-s",
      "localhost:8080/api/pool",
    );
    expect(JSON.parse(pool)).toMatchObject({ settings: { max: 3 } });
    expect((await kubectl("get", "rs", "-n", "app")).match(/api-server-/g)).toHaveLength(2);
  });

  it.each([
    ["split-brain-simulation.yaml", "networkchaos", "redis-network-partition", "cache"],
    ["redis-sentinel-failover.yaml", "podchaos", "redis-primary-kill", "cache"],
    ["quorum-loss-test.yaml", "podchaos", "etcd-quorum-loss", "etcd"],
    ["patroni-failover-test.yaml", "podchaos", "patroni-primary-kill", "database"],
  ])("kubectl apply -f %s", async (file, kind, name, namespace) => {
    expect(await shell(`kubectl apply -f ${file}`)).toMatch(new RegExp(`${name} created`));
    const waited = `kubectl wait --for=condition=AllInjected=True ${kind}/${name} -n ${namespace} --timeout=20s`;
    expect(await shell(waited)).toMatch(/condition met/);
    expect(await shell(`kubectl delete ${kind} ${name} -n ${namespace}`)).toMatch(/deleted/);
  });

  it("loses its database with the last of these, and says so", async () => {
    const health = (): Promise<string> =>
      shell("kubectl exec deployment/api-server -n app -- curl -s -w ' %{http_code}' localhost:8080/api/health");
    expect(await waitFor(health, (text) => text.includes(" 503"), 20_000)).toMatch(/no-database/);
  });
});
