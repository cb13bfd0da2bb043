import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { kubectl, kubectlOk } from "../support/kubectl.ts";
import { waitFor } from "../support/stack.ts";

/** Appends to /data/early, and to /data/later once it is there, ten times a second, and says how it went. */
const writer = `
while :; do
  for f in early later; do
    [ $f = early ] || [ -e /tmp/go ] || continue
    if echo x >> /data/$f; then echo $f ok; else echo $f failed; fi
  done 2>/dev/null
  sleep 0.1
done`;

describe.skipIf(process.getuid?.() !== 0)("disk faults in the lab, by the ordinary kubectl", () => {
  let lab: LaunchedLab;
  beforeAll(async () => {
    lab = await launchLab();
    await apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "writer", namespace: "default" },
      spec: {
        containers: [
          {
            name: "writer",
            image: "none",
            command: ["sh", "-c", writer],
            volumeMounts: [{ name: "data", mountPath: "/data" }],
          },
        ],
        volumes: [{ name: "data", emptyDir: {} }],
      },
    });
    await untilSaid(["early ok"], []);
  });
  afterAll(() => lab?.stop());

  const k = (...args: string[]) => kubectlOk(lab.kubeconfigPath, args);
  const apply = (object: object) => kubectlOk(lab.kubeconfigPath, ["apply", "-f", "-"], JSON.stringify(object));
  /** Waits until the writer's last lines hold all of some words and none of others. */
  const untilSaid = (all: string[], none: string[]) =>
    waitFor(
      async () => (await kubectl(lab.kubeconfigPath, ["logs", "writer", "--tail", "6"])).stdout,
      (lines) => all.every((words) => lines.includes(words)) && !none.some((words) => lines.includes(words)),
      20_000,
    );
  const ioChaos = async (name: string, namespace: string, spec: object): Promise<void> => {
    const apiVersion = "chaos-mesh.org/v1alpha1";
    await apply({ apiVersion, kind: "IOChaos", metadata: { name, namespace }, spec: { mode: "all", ...spec } });
  };
  const condition = (name: string, namespace: string, type: string) =>
    k("get", "iochaos", name, "-n", namespace, "-o", `jsonpath={.status.conditions[?(@.type=="${type}")].status}`);
  const injected = (name: string, namespace: string) =>
    waitFor(
      () => condition(name, namespace, "AllInjected"),
      (status) => status === "True",
      20_000,
    );
  const selector = { namespaces: ["default"], pods: { default: ["writer"] } };
  const fault = { action: "fault", errno: 5, volumePath: "/data", selector, methods: ["write"] };

  it("fail writes to the files of a glob, also to one that appears later, and to no other, until deleted", async () => {
    await ioChaos("later", "default", { ...fault, path: "/data/later*" });
    await injected("later", "default");
    await k("exec", "writer", "--", "touch", "/tmp/go");
    await untilSaid(["early ok", "later failed"], ["early failed", "later ok"]);
    await k("delete", "iochaos", "later");
    await untilSaid(["early ok", "later ok"], ["failed"]);
  });
  it("hit what kubectl exec runs in the container as well, a file's very first operation included", async () => {
    await ioChaos("exec", "default", { ...fault, path: "/data/by-*", methods: ["create", "write"] });
    await injected("exec", "default");
    const run = (file: string) => kubectl(lab.kubeconfigPath, ["exec", "writer", "--", "sh", "-c", `echo x > ${file}`]);
    expect(await run("/data/by-exec")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("Input/output error"),
    });
    expect(await run("/data/other")).toMatchObject({ exitCode: 0 });
    expect(await run("/tmp/by-exec")).toMatchObject({ exitCode: 0 });
    await k("delete", "iochaos", "exec");
    expect(await run("/data/by-exec")).toMatchObject({ exitCode: 0 });
  });
  it.each([10, 30, 70])("hit the share of calls that was asked for: %i percent", async (percent) => {
    const name = `share-${percent}`;
    await ioChaos(name, "default", { ...fault, path: "/data/share", percent });
    await injected(name, "default");
    const tries = 300;
    const loop = `for i in $(seq ${tries}); do echo x >> /data/share || echo failed; done 2>/dev/null`;
    const failed = ((await k("exec", "writer", "--", "sh", "-c", loop)).match(/failed/g) ?? []).length;
    // Within four standard deviations of a binomial share.
    const spread = 4 * Math.sqrt(tries * (percent / 100) * (1 - percent / 100));
    expect(Math.abs(failed - (tries * percent) / 100)).toBeLessThan(spread);
    await k("delete", "iochaos", name);
  });
  it("act together on one volume, and each ends by itself", async () => {
    await ioChaos("one", "default", { ...fault, path: "/data/early" });
    await ioChaos("two", "default", { ...fault, path: "/data/later" });
    await injected("one", "default");
    await injected("two", "default");
    await untilSaid(["early failed", "later failed"], ["ok"]);
    await k("delete", "iochaos", "one");
    await untilSaid(["early ok", "later failed"], ["early failed"]);
    await k("delete", "iochaos", "two");
    await untilSaid(["early ok", "later ok"], ["failed"]);
  });
  it("end with their own duration", async () => {
    await ioChaos("short", "default", { ...fault, path: "**", duration: "4s" });
    await untilSaid(["early failed"], ["early ok"]);
    await untilSaid(["early ok"], ["failed"]);
    expect(await condition("short", "default", "AllRecovered")).toBe("True");
    await k("delete", "iochaos", "short");
  });
  it("are refused for a path that is no mount point, with the reason, and can be deleted all the same", async () => {
    await ioChaos("wrong", "default", { ...fault, volumePath: "/tmp" });
    const events = await waitFor(
      () => k("describe", "iochaos", "wrong"),
      (text) => text.includes("/tmp is not a mount point of container writer"),
      20_000,
    );
    expect(events).toContain("Failed to apply chaos");
    await k("delete", "iochaos", "wrong", "--timeout=20s");
  });

  it("slow PostgreSQL down by the module's own experiment, and leave nothing behind", async () => {
    const primary = "postgresql-0";
    const psql = (...commands: string[]) =>
      k("exec", primary, "-n", "database", "--", "psql", "-U", "postgres", ...commands.flatMap((c) => ["-c", c]));
    const insertMs = async (): Promise<number> => {
      const output = await psql("\\timing on", "insert into slow select 1");
      return Number(/Time: ([\d.]+) ms/.exec(output)?.[1]);
    };
    await psql("drop table if exists slow", "create table slow (n int)");
    expect(await insertMs()).toBeLessThan(100);
    await ioChaos("postgres-io-delay", "database", {
      action: "latency",
      mode: "one",
      selector: { namespaces: ["database"], labelSelectors: { app: "postgresql", role: "master" } },
      volumePath: "/var/lib/postgresql/data",
      path: "**",
      delay: "100ms",
      percent: 100,
      containerNames: ["postgresql"],
      duration: "180s",
    });
    await injected("postgres-io-delay", "database");
    // A commit writes the log and syncs it: two calls at least.
    expect(await insertMs()).toBeGreaterThan(200);
    await k("delete", "iochaos", "postgres-io-delay", "-n", "database");
    await waitFor(insertMs, (ms) => ms < 100, 20_000);
    // A process that the shell's list names may have ended before it is read, and cat then ends with 1.
    const readAll = "cat /proc/[0-9]*/status 2>/dev/null || true";
    const traced = await k("exec", primary, "-n", "database", "--", "sh", "-c", readAll);
    expect(traced).toMatch(/TracerPid:\s+0/);
    expect(traced).not.toMatch(/TracerPid:\s+[1-9]/);
  });
});
