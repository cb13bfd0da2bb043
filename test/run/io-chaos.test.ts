import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Cluster } from "../../src/cluster/port.ts";
import type { PodAddress, SystemSession } from "../../src/probes/system.ts";
import { fileMatcher, globProblem } from "../../src/run/faults/io-files.ts";
import { ioChaos, proveVolume } from "../../src/run/faults/io-chaos.ts";
import { isMountPoint, leftLayers, targetVolumes } from "../../src/run/faults/io-volume.ts";
import { ioGuards } from "../../src/run/io-guards.ts";
import type { PlannedFault } from "../../src/run/plan.ts";
import type { StoredFault } from "../../src/store/faults.ts";

const volume = mkdtempSync(join(tmpdir(), "aftershock-test-"));
const slowPrograms = mkdtempSync(join(tmpdir(), "aftershock-test-"));
mkdirSync(join(volume, "pg_wal"));
writeFileSync(join(volume, "PG_VERSION"), "15\n");
writeFileSync(join(volume, "pg_wal", "000000010000000000000001"), "x");
afterAll(() => {
  rmSync(volume, { recursive: true });
  rmSync(slowPrograms, { recursive: true });
});
const signal = new AbortController().signal;

/**
 * Test double: a cluster whose one pod is this machine, so that the commands run for real on real files. `path` goes
 * before PATH: a program there stands for one that meets a fault. `mounts` replaces what /proc/self/mounts says.
 */
function here(options: { path?: string; mounts?: string; containerIds?: Record<string, string> } = {}): Cluster {
  const pod: PodAddress = {
    name: "pg-0",
    namespace: "database",
    uid: "1",
    host: "10.0.0.1",
    labels: {},
    ready: true,
    containerIds: options.containerIds ?? { postgresql: "first" },
  };
  return {
    pods: async () => [pod],
    exec: async (_target: unknown, command: readonly string[]) => {
      if (options.mounts !== undefined && command.join(" ").includes("/proc/self/mounts")) {
        return { exitCode: 0, stdout: options.mounts, stderr: "" };
      }
      const [program = "", ...args] = command;
      const env = { PATH: `${options.path ?? ""}:/usr/bin:/bin` };
      const ran = spawnSync(program, args, { encoding: "utf8", env });
      return { exitCode: ran.status ?? 1, stdout: ran.stdout, stderr: ran.stderr };
    },
  } as unknown as Cluster;
}

/** A program that stands before the real one: it fails as a bad disk does, or takes its time. */
function standIn(name: string, script: string): string {
  const folder = mkdtempSync(join(slowPrograms, "bin-"));
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
  return folder;
}

const spec = { action: "fault", errno: 5, percent: 100, volumePath: volume, containerNames: ["postgresql"] };
const fault = (change: object = {}, before: { volumeMs?: number; file?: string } = {}): StoredFault => ({
  faultId: "errors",
  cluster: "lab",
  kind: "IOChaos",
  namespace: "database",
  name: "run-1-errors",
  manifest: {
    apiVersion: "chaos-mesh.org/v1alpha1",
    kind: "IOChaos",
    metadata: { name: "run-1-errors" },
    spec: { ...spec, path: "**/pg_wal/**", ...change },
  },
  targets: {
    subject: [{ pod: "pg-0", uid: "1", host: "10.0.0.1", containerIds: { postgresql: "first" }, ...before }],
    target: [],
  },
  state: "injected",
});
const prepared = async (change: object = {}) => {
  const ready = await ioChaos.prepare?.(fault(change), { cluster: here(), signal, now: new Date() });
  return { ...fault(change), ...ready };
};
const effect = (of: StoredFault, cluster: Cluster) =>
  ioChaos.effect(of, { cluster, signal, session: {} as SystemSession });
const slowDd = 'sleep 0.2; exec /usr/bin/dd "$@"';

describe("before an IOChaos", () => {
  it("the volume is timed, and a file that will be hit is chosen, which nothing else is", async () => {
    const [target] = (await prepared()).targets.subject;
    expect(target?.volumeMs).toBeGreaterThan(0);
    expect(target?.file).toBe(join(volume, "pg_wal", "000000010000000000000001"));
    expect(readdirSync(volume).toSorted()).toEqual(["PG_VERSION", "pg_wal"]);
  });
});

describe("the effect of an IOChaos", () => {
  it("is missing where a file is read and synced as ever", async () => {
    const found = await effect(await prepared(), here());
    expect(found).toMatchObject({ effective: false });
    expect(found?.detail["reason"]).toMatch(/pg_wal.* was read and synced as if there were no fault: 0 of 1 failed/);
  });
  it("is felt where a read fails", async () => {
    const path = standIn("head", 'echo "head: error reading: Input/output error" >&2; exit 1');
    expect(await effect(await prepared(), here({ path }))).toMatchObject({ effective: true });
  });
  it("is felt where it takes as long as was asked for, and not where it takes less", async () => {
    const path = standIn("sync", "sleep 0.15");
    const delayed = (delay: string) => prepared({ action: "latency", delay, errno: undefined });
    expect(await effect(await delayed("100ms"), here({ path }))).toMatchObject({ effective: true });
    expect(await effect(await delayed("5s"), here({ path }))).toMatchObject({ effective: false });
  });
  it.each<[string, StoredFault]>([
    ["a file that has gone", fault({}, { file: join(volume, "gone") })],
    ["no file", fault()],
    ["methods that are not felt by reading and syncing", fault({ methods: ["write"] }, { file: "/etc/hostname" })],
    ["a share of nothing", fault({ percent: 0 }, { file: "/etc/hostname" })],
  ])("is not claimed either way for %s", async (_what, of) => {
    expect(await effect(of, here())).toBeNull();
  });
});

describe("the proof that an IOChaos is gone", () => {
  const toda = `toda ${volume} fuse rw 0 0\n/dev/sda ${volume.replace(/([^/]*)$/, "__chaosfs__$1__")} ext4 rw 0 0`;
  const prove = async (of: StoredFault, cluster: Cluster) =>
    (await Promise.all(targetVolumes(of).map((volume) => proveVolume(of, volume, { cluster, signal }, 1000)))).flat();
  it("holds on a volume that is as quick as before", async () => {
    expect((await prove(await prepared(), here())).map(({ ok }) => ok)).toEqual([true, true]);
  });
  it("says when there is nothing to compare with", async () => {
    expect((await prove(fault(), here()))[1]?.detail).toMatch(/before the fault it was not measured/);
  });
  it("fails, with the command that restarts the pod, on a volume that stayed slow", async () => {
    const path = standIn("dd", slowDd);
    const [, speed] = await prove(fault({}, { volumeMs: 1 }), here({ path }));
    expect(speed).toMatchObject({ ok: false });
    expect(speed?.detail).toMatch(/at most 26\.0 ms.*kubectl delete pod pg-0 -n database/);
  });
  it("fails while a layer is left in the mounts", async () => {
    const [layers] = await prove(await prepared(), here({ mounts: toda }));
    expect(layers).toMatchObject({ ok: false });
    expect(layers?.detail).toMatch(/toda on .*kubectl delete pod pg-0/);
  });
});

describe("a container that restarts under an IOChaos", () => {
  it("ends the fault, which is noted and no failure", async () => {
    const change = await ioChaos.look(fault(), { cluster: here({ containerIds: { postgresql: "second" } }), signal });
    expect(change).toEqual({
      what: "container postgresql of pg-0 restarted, and the fault ended with it",
      run: "noted",
    });
  });
});

describe("the guards of an IOChaos", () => {
  const planned = (change: object = {}): PlannedFault => ({
    id: "errors",
    title: "x",
    kind: "IOChaos",
    subject: ["pg-0"],
    target: [],
    durationMs: 1000,
    spec: { ...spec, path: "**/pg_wal/**", ...change },
  });
  const guard = (id: string, cluster: Cluster, change: object = {}) =>
    ioGuards[id]!({ cluster, plan: { namespace: "database", faults: [planned(change)] } });
  const mounts = `proc /proc proc rw 0 0\n/dev/sda ${volume} ext4 rw 0 0`;

  it("io-volume holds for a mount point, and stops for a folder below one or a layer that is left", async () => {
    expect(await guard("io-volume", here({ mounts }))).toMatchObject({ ok: true });
    expect(await guard("io-volume", here({ mounts }), { volumePath: `${volume}/pg_wal` })).toMatchObject({ ok: false });
    const left = await guard("io-volume", here({ mounts: `${mounts}\ntoda ${volume} fuse rw 0 0` }));
    expect(left).toMatchObject({ ok: false, measured: `a fault layer is left: toda on ${volume}` });
  });
  it("io-files says how many files a glob names", async () => {
    const found = await guard("io-files", here());
    expect(found).toMatchObject({ ok: true, measured: "**/pg_wal/** names 1 of 2 files in pg-0" });
  });
  it("io-files stops for a glob that names none, and for one that would silently hit every file", async () => {
    expect(await guard("io-files", here(), { path: "**/*.idx" })).toMatchObject({ ok: false });
    const trap = await guard("io-files", here(), { path: `${volume}/pg_wal**` });
    expect(trap).toMatchObject({ ok: false, measured: expect.stringMatching(/every file would be hit/) as string });
  });
  it("io-architecture holds on x86-64 and stops on arm64, which the injector is not built for", async () => {
    const x86 = standIn("uname", "echo x86_64");
    const arm = standIn("uname", "echo aarch64");
    expect(await guard("io-architecture", here({ path: x86 }))).toMatchObject({ ok: true });
    expect(await guard("io-architecture", here({ path: arm }))).toMatchObject({
      ok: false,
      measured: "pg-0 runs on aarch64",
    });
  });
  it.each(["io-volume", "io-files", "io-architecture"])("%s stops when no container is named", async (id) => {
    expect(await guard(id, here(), { containerNames: [] })).toMatchObject({ ok: false });
  });
});

describe("globs", () => {
  it.each(["**", "**/pg_wal/**", "/data/*", "/data/**/*", "/data/[ab]", "/data/[]]"])("%s can be read", (glob) => {
    expect(globProblem(glob)).toBeNull();
  });
  it.each(["/data/pg_wal**", "**.x", "/data/***", "/data/[ab"])("%s cannot, and hits every file", (glob) => {
    expect(globProblem(glob)).not.toBeNull();
    expect(["/a", "/b/c"].filter(fileMatcher(glob))).toEqual(["/a", "/b/c"]);
  });
  it("name files by their whole path, wherever they stand in a list", () => {
    expect(["/a/PG_VERSION", "/a/pg_wal/1", "/a/base/1"].filter(fileMatcher("**/pg_wal/**"))).toEqual(["/a/pg_wal/1"]);
  });
});

it("mounts tell what is left of the injector, and what is a volume", () => {
  expect(leftLayers("/dev/sda /data ext4 rw 0 0")).toEqual([]);
  expect(leftLayers("/dev/sda /__chaosfs__data__ ext4 rw 0 0")).toEqual(["/dev/sda on /__chaosfs__data__"]);
  expect(isMountPoint("/dev/sda /data ext4 rw 0 0", "/data/base")).toBe(false);
});
