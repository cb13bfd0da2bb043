import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { kubectl, kubectlOk } from "../support/kubectl.ts";
import { alive, familyOf } from "../support/processes.ts";
import { waitFor } from "../support/stack.ts";

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)("the lab, by the ordinary kubectl", () => {
  let lab: LaunchedLab;
  beforeAll(async () => {
    lab = await launchLab();
  });
  afterAll(() => lab?.stop());

  const k = (...args: string[]) => kubectlOk(lab.kubeconfigPath, args);
  const redis = (pod: string, ...args: string[]) => k("exec", pod, "-n", "cache", "--", "redis-cli", ...args);
  const ipOf = (pod: string) => k("get", "pod", pod, "-n", "cache", "-o", "jsonpath={.status.podIP}");
  const ping = async (from: string, to: string, port = 6379) => {
    const args = [
      "exec",
      from,
      "-n",
      "cache",
      "--",
      "timeout",
      "2",
      "redis-cli",
      "-h",
      await ipOf(to),
      "-p",
      String(port),
      "PING",
    ];
    return (await kubectl(lab.kubeconfigPath, args)).stdout.includes("PONG");
  };
  const apply = (name: string, kind: string, spec: object) =>
    kubectlOk(
      lab.kubeconfigPath,
      ["apply", "-f", "-"],
      JSON.stringify({ apiVersion: "chaos-mesh.org/v1alpha1", kind, metadata: { name, namespace: "cache" }, spec }),
    );
  const master = () => k("get", "pods", "-n", "cache", "-l", "role=master", "-o", "jsonpath={.items[*].metadata.name}");
  const settle = () =>
    waitFor(
      async () => [await master(), await k("get", "pods", "-n", "cache", "-l", "role=replica", "-o", "name")],
      ([one = "", two = ""]) => /^redis-\d$/.test(one) && two.trim().split("\n").length === 2,
      30_000,
    );
  const levelWith = (name: string) =>
    waitFor(
      async () =>
        (await kubectl(lab.kubeconfigPath, ["exec", name, "-n", "cache", "--", "redis-cli", "INFO", "replication"]))
          .stdout,
      (info) => info.includes("role:slave") && info.includes("master_link_status:up"),
      60_000,
    );

  it("shows the module's pods, ready, with true roles", async () => {
    const wide = await k("get", "pods", "-n", "cache", "-o", "wide");
    expect(wide.split("\n").filter((line) => /^redis(-sentinel)?-\d\s+1\/1\s+Running/.test(line))).toHaveLength(6);
    expect(await master()).toBe("redis-0");
    expect(await redis("redis-0", "ROLE")).toMatch(/^master/);
  });

  it("has each pod see itself only: own host name, processes, address and /data", async () => {
    expect((await k("exec", "redis-1", "-n", "cache", "--", "hostname")).trim()).toBe("redis-1");
    const seen = await k("exec", "redis-1", "-n", "cache", "--", "ps", "ax");
    expect(seen).toContain("redis-server");
    expect(seen).not.toContain("node");
    await k("exec", "redis-1", "-n", "cache", "--", "sh", "-c", "echo mine > /data/mark");
    expect(
      (await kubectl(lab.kubeconfigPath, ["exec", "redis-2", "-n", "cache", "--", "cat", "/data/mark"])).exitCode,
    ).toBe(1);
    expect(existsSync("/data/mark")).toBe(false);
  });

  it("passes standard input and exit codes through exec", async () => {
    const echo = await kubectl(
      lab.kubeconfigPath,
      ["exec", "-i", "redis-0", "-n", "cache", "--", "sh", "-c", "cat; exit 3"],
      "hello",
    );
    expect(echo).toMatchObject({ stdout: "hello", exitCode: 3 });
  });

  it("knows members and services by their cluster names", async () => {
    const named = await k(
      "exec",
      "redis-1",
      "-n",
      "cache",
      "--",
      "redis-cli",
      "-h",
      "redis-sentinel.cache.svc.cluster.local",
      "-p",
      "26379",
      "PING",
    );
    expect(named.trim()).toBe("PONG");
    expect(
      (
        await k(
          "exec",
          "redis-1",
          "-n",
          "cache",
          "--",
          "redis-cli",
          "-h",
          "redis-0.redis.cache.svc.cluster.local",
          "PING",
        )
      ).trim(),
    ).toBe("PONG");
  });

  it("refuses unknown fields and bad enum values in the API server's own words", async () => {
    const bad = await kubectl(
      lab.kubeconfigPath,
      ["apply", "-f", "-"],
      JSON.stringify({
        apiVersion: "chaos-mesh.org/v1alpha1",
        kind: "NetworkChaos",
        metadata: { name: "bad", namespace: "cache" },
        spec: { action: "partitoin", mode: "all", selector: {}, colour: "red" },
      }),
    );
    expect(bad.exitCode).not.toBe(0);
    expect(bad.stderr).toMatch(/unknown field "spec\.colour"|Unsupported value: "partitoin"/);
  });

  it("partitions a master by packet filters: two masters accept writes, and deleting heals", async () => {
    const old = await master();
    const others = ["redis-0", "redis-1", "redis-2", "redis-sentinel-0", "redis-sentinel-1", "redis-sentinel-2"].filter(
      (pod) => pod !== old,
    );
    const replica = others[0] ?? "";
    await redis(old, "SET", "before", "1");
    await apply("cut", "NetworkChaos", {
      action: "partition",
      mode: "all",
      selector: { pods: { cache: [old] } },
      direction: "both",
      target: { mode: "all", selector: { pods: { cache: others } } },
      duration: "5m",
    });
    await waitFor(
      () =>
        k("get", "networkchaos", "cut", "-n", "cache", "-o", "jsonpath={.status.experiment.containerRecords[*].phase}"),
      (phases) => phases === Array(6).fill("Injected").join(" "),
      10_000,
    );
    expect(await ping(replica, old)).toBe(false);
    expect(await ping(old, replica)).toBe(false);
    expect(await ping(old, "redis-sentinel-0", 26379)).toBe(false);
    // The other side is whole, and clients outside reach both.
    expect(await ping(replica, others[1] ?? "")).toBe(true);
    await waitFor(master, (name) => name !== old && name !== "", 20_000);
    expect((await redis(old, "SET", "test-key", "written-during-partition")).trim()).toBe("OK");
    expect((await redis(await master(), "SET", "test-key", "written-by-the-new-master")).trim()).toBe("OK");

    await k("delete", "networkchaos", "cut", "-n", "cache");
    expect(await ping(replica, old)).toBe(true);
    expect(await ping(old, replica)).toBe(true);
    await levelWith(old);
    expect((await redis(old, "GET", "test-key")).trim()).toBe("written-by-the-new-master");
    expect(await k("get", "podnetworkchaos", old, "-n", "cache", "-o", "jsonpath={.spec.iptables}")).toBe("[]");
  });

  it("ends a fault by its own duration, with nobody there to delete it", async () => {
    await settle();
    const sentinel = "redis-sentinel-2";
    await apply("short", "NetworkChaos", {
      action: "partition",
      mode: "all",
      selector: { pods: { cache: [sentinel] } },
      direction: "both",
      target: { mode: "all", selector: { pods: { cache: ["redis-1"] } } },
      duration: "3s",
    });
    await waitFor(
      () =>
        k(
          "get",
          "networkchaos",
          "short",
          "-n",
          "cache",
          "-o",
          "jsonpath={.status.experiment.desiredPhase} {.status.experiment.containerRecords[*].phase}",
        ),
      (phases) => phases === "Stop Not Injected Not Injected",
      15_000,
    );
    expect(await ping(sentinel, "redis-1")).toBe(true);
    await k("delete", "networkchaos", "short", "-n", "cache");
  });

  it("says so when it cannot do a fault, and never calls it injected", async () => {
    await apply("slow", "NetworkChaos", {
      action: "delay",
      mode: "all",
      selector: { pods: { cache: ["redis-1"] } },
      delay: { latency: "10ms" },
    });
    const record =
      "jsonpath={.status.experiment.containerRecords[0].phase} {.status.experiment.containerRecords[0].events[0].message}";
    await waitFor(
      () => k("get", "networkchaos", "slow", "-n", "cache", "-o", record),
      (text) => text.startsWith("Not Injected/Wait") && text.includes("cannot do the action delay"),
      10_000,
    );
    await k("delete", "networkchaos", "slow", "-n", "cache");
  });

  it("does not select what is not there", async () => {
    await apply("nobody", "PodChaos", {
      action: "pod-kill",
      mode: "all",
      selector: { pods: { cache: ["no-such-pod"] } },
    });
    await waitFor(
      () =>
        k(
          "get",
          "podchaos",
          "nobody",
          "-n",
          "cache",
          "-o",
          'jsonpath={.status.conditions[?(@.type=="Selected")].status}',
        ),
      (status) => status === "False",
      10_000,
    );
    await k("delete", "podchaos", "nobody", "-n", "cache");
  });

  it("kills a master: another is promoted, and the pod comes back with its address and data as a replica", async () => {
    await settle();
    const old = await master();
    const uid = await k("get", "pod", old, "-n", "cache", "-o", "jsonpath={.metadata.uid}");
    const ip = await ipOf(old);
    await k("exec", old, "-n", "cache", "--", "sh", "-c", "echo kept > /data/kept");
    // Longer than down-after-milliseconds, or Sentinel sees only a restart.
    await apply("down", "PodChaos", {
      action: "pod-failure",
      mode: "all",
      selector: { pods: { cache: [old] } },
      duration: "5m",
    });
    await waitFor(master, (name) => name !== old && name !== "", 20_000);
    await k("delete", "podchaos", "down", "-n", "cache");
    await apply("kill", "PodChaos", { action: "pod-kill", mode: "all", selector: { pods: { cache: [old] } } });
    await waitFor(
      async () =>
        (await kubectl(lab.kubeconfigPath, ["get", "pod", old, "-n", "cache", "-o", "jsonpath={.metadata.uid}"]))
          .stdout,
      (now) => now !== "" && now !== uid,
      10_000,
    );
    await levelWith(old);
    expect(await ipOf(old)).toBe(ip);
    expect((await k("exec", old, "-n", "cache", "--", "cat", "/data/kept")).trim()).toBe("kept");
    await k("delete", "podchaos", "kill", "-n", "cache");
  });

  it("restarts a killed container and counts it", async () => {
    await apply("ck", "PodChaos", {
      action: "container-kill",
      mode: "all",
      containerNames: ["sentinel"],
      selector: { pods: { cache: ["redis-sentinel-0"] } },
    });
    await waitFor(
      () =>
        k(
          "get",
          "pod",
          "redis-sentinel-0",
          "-n",
          "cache",
          "-o",
          "jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready}",
        ),
      (text) => text === "1 true",
      10_000,
    );
    await k("delete", "podchaos", "ck", "-n", "cache");
  });

  it("brings a deleted pod back", async () => {
    await k("delete", "pod", "redis-sentinel-1", "-n", "cache");
    await waitFor(
      async () =>
        (
          await kubectl(lab.kubeconfigPath, [
            "get",
            "pod",
            "redis-sentinel-1",
            "-n",
            "cache",
            "-o",
            "jsonpath={.status.containerStatuses[0].ready}",
          ])
        ).stdout,
      (ready) => ready === "true",
      15_000,
    );
  });
});

describe.skipIf(!isRoot)("when the lab is gone, nothing of it is left", () => {
  const traces = (lab: LaunchedLab, family: readonly number[]) => {
    const directory = dirname(lab.kubeconfigPath);
    const links = spawnSync("ip", ["-br", "link"], { encoding: "utf8" }).stdout;
    return {
      processes: alive(family),
      mounts: readFileSync("/proc/self/mounts", "utf8")
        .split("\n")
        .filter((line) => line.includes(directory)),
      namespaces: spawnSync("ip", ["netns"], { encoding: "utf8" }).stdout,
      rules: spawnSync("nft", ["list", "ruleset"], { encoding: "utf8" }).stdout.includes("table inet chaos"),
      links,
    };
  };
  const hostLink = (lab: LaunchedLab): string => {
    const address = /server: https:\/\/[^\s]+/.exec(readFileSync(lab.kubeconfigPath, "utf8"))?.[0] ?? "";
    expect(address).not.toBe("");
    return spawnSync("ip", ["-br", "link"], { encoding: "utf8" })
      .stdout.split("\n")
      .filter((line) => /^as\d+x\d+/.test(line))
      .map((line) => line.split("@")[0] ?? "")
      .join(" ");
  };
  const cut = async (lab: LaunchedLab) => {
    const spec = {
      action: "partition",
      mode: "all",
      selector: { pods: { cache: ["redis-0"] } },
      direction: "both",
      target: { mode: "all", selector: { pods: { cache: ["redis-1"] } } },
    };
    const object = {
      apiVersion: "chaos-mesh.org/v1alpha1",
      kind: "NetworkChaos",
      metadata: { name: "cut", namespace: "cache" },
      spec,
    };
    await kubectlOk(lab.kubeconfigPath, ["apply", "-f", "-"], JSON.stringify(object));
  };

  it.each([
    ["stopped", (lab: LaunchedLab) => lab.stop()],
    ["killed at its launcher", async (lab: LaunchedLab) => void process.kill(lab.pid, "SIGKILL")],
    [
      "killed inside",
      async (lab: LaunchedLab) => {
        const inner = familyOf(lab.pid).find(
          (pid) =>
            readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--inner\0") &&
            !readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("unshare"),
        );
        process.kill(inner ?? 0, "SIGKILL");
      },
    ],
  ])("%s, with a fault active", async (_how, end) => {
    const lab = await launchLab();
    await cut(lab);
    const family = familyOf(lab.pid);
    expect(family.length).toBeGreaterThan(20);
    const link = hostLink(lab);
    await end(lab);
    const after = await waitFor(
      async () => traces(lab, family),
      (seen) => seen.processes.length === 0 && !seen.links.includes(link),
      15_000,
    );
    expect(after).toMatchObject({ processes: [], mounts: [], namespaces: "", rules: false });
    await lab.stop();
    // A killed launcher leaves a folder; the next start sweeps it.
    const next = await launchLab();
    await next.stop();
    expect(readdirSync(tmpdir()).filter((name) => dirname(lab.kubeconfigPath).endsWith(name))).toEqual([]);
  });
});
