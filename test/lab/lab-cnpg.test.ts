import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCluster } from "../../src/cluster/kubernetes.ts";
import type { Cluster } from "../../src/cluster/port.ts";
import { isAftershockError } from "../../src/errors.ts";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { cloudnativePg } from "../../src/probes/cloudnative-pg.ts";
import { patroni } from "../../src/probes/patroni.ts";
import { createRecorder } from "../../src/probes/recorder.ts";
import type { SystemContext } from "../../src/probes/system.ts";
import { systemContext } from "../../src/run/systems.ts";
import { openAccess } from "../../src/targets/open-access.ts";
import { cloudnativePg as preset } from "../../src/targets/presets/cloudnative-pg.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { waitFor } from "../support/stack.ts";

const names = ["orders-0", "orders-1", "orders-2"];

describe.skipIf(process.getuid?.() !== 0)("a PostgreSQL as CloudNativePG has it, in the lab", () => {
  let lab: LaunchedLab;
  let cluster: Cluster;
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  const { signal } = new AbortController();
  beforeAll(async () => {
    lab = await launchLab({ directory });
    cluster = openCluster({ name: "lab", kubeconfig: lab.kubeconfigPath });
    await cluster.pods("cnpg");
  });
  afterAll(async () => {
    await cluster?.close();
    await lab?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const kubectl = (...args: string[]): Promise<string> => kubectlOk(lab.kubeconfigPath, args);
  const psql = async (pod: string, sql: string): Promise<string> =>
    (await kubectl("exec", pod, "-n", "cnpg", "--", "psql", "-U", "postgres", "-XAtqc", sql)).trim();
  const labelled = async (role: string): Promise<string> => {
    const selector = `cnpg.io/cluster=orders,cnpg.io/instanceRole=${role}`;
    return (
      await kubectl("get", "pods", "-n", "cnpg", "-l", selector, "-o", "jsonpath={.items[*].metadata.name}")
    ).trim();
  };
  const contextAs = (user: string | undefined, change: { password?: string } = {}): SystemContext => {
    const values = preset.of({ instance: "orders", transport: "tls", user });
    const target = { name: "orders", namespace: "cnpg", systems: preset.systems, ...values };
    return systemContext({
      cluster,
      access: openAccess(target, {
        reach: async ({ host }, port) => ({ host, port }),
        learn: () => undefined,
        readSecret: async (ref) => {
          if (!("secret" in ref)) throw new Error("a preset names Secrets alone");
          const read = (await cluster.getSecret("cnpg", ref.secret, signal))?.[ref.key] ?? "";
          return ref.key === "password" ? (change.password ?? read) : read;
        },
      }),
      namespace: "cnpg",
      parameters: { rate: 20, timeout: "2s", ...values.parameters },
      runId: "run-88",
      signal,
      log: () => undefined,
    });
  };
  const refusal = async (opened: Promise<unknown>): Promise<string> => {
    const error = await opened.catch((cause: unknown) => cause);
    if (!isAftershockError(error)) throw error;
    return `${error.code}: ${error.message} ${error.hint}`;
  };

  it("has one primary, two replicas that stream by their pods' names, and the operator's labels", async () => {
    expect(
      await psql(
        "orders-0",
        "select string_agg(application_name, ' ' order by application_name) from pg_stat_replication",
      ),
    ).toBe("orders-1 orders-2");
    expect(await labelled("primary")).toBe("orders-0");
    expect(await labelled("replica")).toBe("orders-1 orders-2");
    expect(await psql("orders-1", "select sender_host from pg_stat_wal_receiver")).toBe("orders-rw.cnpg.svc");
    // Without it one that reaches for a killed primary follows it as a replica, later: nobody could take over after that.
    expect(await psql("orders-1", "show primary_conninfo")).toContain("tcp_user_timeout=5000");
  });

  it("is refused in words that name what is missing", async () => {
    expect(await refusal(cloudnativePg.open(contextAs(undefined, { password: "wrong" })))).toMatch(
      /^system_unreachable: orders-0 \(postgres\) does not let the bot in: password authentication failed .*Mend user and password in access\.postgres/,
    );
    expect(await refusal(cloudnativePg.open(contextAs("app")))).toMatch(
      /^system_unreachable: .*may not see who replicates.*GRANT pg_monitor TO that user/,
    );
    await psql("orders-0", "grant pg_monitor to app");
    const elsewhere = contextAs("app");
    const inPostgres = { ...elsewhere, parameters: { ...elsewhere.parameters, database: "postgres" } };
    // The grant comes to the replicas a moment later.
    const said = await waitFor(
      () => refusal(cloudnativePg.open(inPostgres)),
      (text) => !text.includes("pg_monitor"),
      10_000,
    );
    expect(said).toMatch(
      /may make no table in the schema public of the database postgres.*GRANT CREATE ON SCHEMA public/,
    );
    expect(await refusal(patroni.open(contextAs(undefined)))).toMatch(
      /^not_supported_here: orders-0 belongs to CloudNativePG.*cnpg-failover/,
    );
  });

  it("is guarded and written to as the application's owner, and a lost primary is told step by step", async () => {
    const context = contextAs("app");
    const session = await cloudnativePg.open(context);
    const { groups, summary } = await session.topology();
    expect(groups).toMatchObject({ primary: ["orders-0"], replicas: ["orders-1", "orders-2"], dcs: [] });
    expect(summary).toBe("primary orders-0, replicas orders-1 orders-2, timeline 1, by CloudNativePG");
    for (const id of ["one-primary", "replica-online", "replication-lag", "not-paused"]) {
      expect(await session.guard(id, {}), id).toMatchObject({ ok: true });
    }
    const settings = await session.settings();
    expect(settings).toContainEqual({ type: "setting", member: "orders-2", name: "manager", value: "cloudnative-pg" });
    expect(settings).toContainEqual(expect.objectContaining({ name: "restart_after_crash", value: "off" }));
    expect(JSON.stringify([summary, settings, await session.describe()])).not.toMatch(/patroni/i);
    const recorder = createRecorder({
      type: "header",
      schemaVersion: 1,
      run: context.runId,
      experiment: "cnpg-failover",
      system: "cloudnative-pg",
      zeroAt: new Date().toISOString(),
      ...(await session.describe()),
    });
    const probes = await session.start(recorder);
    const okOf = (id: string): number => probes.status().clients.find(({ client }) => client === id)?.ok ?? 0;
    await waitFor(async () => ["follower", "pinned", "replica-reads"].every((id) => okOf(id) > 10), Boolean, 20_000);
    const killedMs = recorder.now();
    await kubectlOk(
      lab.kubeconfigPath,
      ["create", "-f", "-"],
      JSON.stringify({
        apiVersion: "chaos-mesh.org/v1alpha1",
        kind: "PodChaos",
        metadata: { name: "kill", namespace: "cnpg" },
        spec: { action: "pod-kill", mode: "one", gracePeriod: 0, selector: { pods: { cnpg: ["orders-0"] } } },
      }),
    );
    const event = (source: string, name: string, detail: object) =>
      recorder
        .history()
        .events.find(
          (one) =>
            one.atMs > killedMs &&
            one.source === source &&
            one.event === name &&
            Object.entries(detail).every(([key, value]) => one.detail[key] === value),
        );
    const promoted = await waitFor(
      async () => ["orders-1", "orders-2"].find((name) => event(name, "role", { role: "primary" }) !== undefined),
      (name) => name !== undefined,
      40_000,
    );
    const other = names.find((name) => name !== "orders-0" && name !== promoted) ?? "";
    await waitFor(async () => event("orders-0", "role", { role: "replica", timeline: 2 }), Boolean, 60_000);
    expect(event("orders-0", "unreachable", {})).toBeDefined();
    expect(event(other, "wal-receiver", { streaming: false })).toBeDefined();
    expect(event("cluster", "endpoint", { pods: promoted })).toBeDefined();
    expect(await session.awaitConvergence(recorder, 30_000, signal)).toMatchObject({ converged: true });
    await probes.stop();
    const reads = await session.finalReads(recorder);
    expect(reads.map(({ error }) => error)).toEqual(reads.map(() => undefined));
    // What the servers and the operator's labels say.
    expect(await psql(promoted ?? "", "select pg_is_in_recovery()")).toBe("f");
    await waitFor(
      () =>
        psql(
          promoted ?? "",
          "select string_agg(application_name, ' ' order by application_name) from pg_stat_replication",
        ),
      (replicas) => replicas === ["orders-0", other].join(" "),
      30_000,
    );
    expect(await labelled("primary")).toBe(promoted);
    await session.cleanUp();
    expect(await psql(promoted ?? "", "select count(*) from pg_tables where tablename like 'aftershock%'")).toBe("0");
  });
});
