import { describe, expect, it } from "vitest";
import { readIoFault } from "../../src/lab/chaos/io-fault.ts";

const volumePath = "/var/lib/postgresql/data";
const eio = { action: "fault", errno: 5, volumePath };
const wal = `${volumePath}/pg_wal/000000010000000000000001`;

describe("an IOChaos in the lab", () => {
  it.each<[string, unknown, string, boolean]>([
    ["no path", undefined, wal, true],
    ["everything", "**", wal, true],
    ["a folder", `${volumePath}/pg_wal/**`, wal, true],
    ["a folder, not another", `${volumePath}/pg_wal/**`, `${volumePath}/base/5/1259`, false],
    ["a star, which stops at a slash", `${volumePath}/base/*`, `${volumePath}/base/5/1259`, false],
    ["a file's ending", "**/*_fsm", `${volumePath}/base/5/1259_fsm`, true],
    ["a hidden file", `${volumePath}/*`, `${volumePath}/.hidden`, true],
    ["a glob that cannot be read, which matches all", "**.x", wal, true],
  ])("by %s", (_what, path, file, hit) => {
    const { pattern } = readIoFault({ ...eio, path });
    expect(pattern === null || new RegExp(pattern).test(file)).toBe(hit);
  });
  it("fails or delays the share of calls that was asked for", () => {
    expect(readIoFault({ ...eio, percent: 70 })).toMatchObject({ percent: 70, errno: 5, delayMs: 0 });
    expect(readIoFault({ action: "latency", delay: "100ms", volumePath: `${volumePath}/` })).toMatchObject({
      volumePath,
      percent: 100,
      errno: null,
      delayMs: 100,
    });
  });
  it.each<[string, object, RegExp]>([
    ["an action it has no way to do", { ...eio, action: "attrOverride" }, /cannot do the action attrOverride/],
    ["a delay that is none", { action: "latency", delay: "soon", volumePath }, /soon is no duration/],
  ])("refuses %s", (_what, spec, reason) => {
    expect(() => readIoFault({ ...spec })).toThrow(reason);
  });
  it("knows FUSE's operations by their system calls, in capitals too", () => {
    expect(readIoFault({ ...eio, methods: ["fsync"] }).calls).toEqual(["fsync", "fdatasync"]);
    expect(readIoFault({ ...eio, methods: ["WRITE", "FSYNC"] }).calls).toContain("pwrite64");
    expect(readIoFault(eio).calls).toEqual(expect.arrayContaining(["read", "openat", "fallocate"]));
  });
  it("injects nothing when no operation is known, as Chaos Mesh", () => {
    expect(readIoFault({ ...eio, methods: ["fdatasync"] }).calls).toEqual([]);
  });
});
