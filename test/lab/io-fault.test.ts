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
    ["a star that matches slashes", `${volumePath}/base/*`, `${volumePath}/base/5/1259`, true],
    ["a file's ending", "**/*_fsm", `${volumePath}/base/5/1259_fsm`, true],
    ["a hidden file", `${volumePath}/*`, `${volumePath}/.hidden`, true],
    ["a glob that cannot be read, which matches all", "**.x", wal, true],
  ])("by %s", (_what, path, file, hit) => {
    expect(readIoFault({ ...eio, path }).matches(file)).toBe(hit);
  });
  it("fails or delays one call in n", () => {
    expect(readIoFault({ ...eio, percent: 25 }).tampering).toBe("error=5:when=1+4");
    expect(readIoFault({ action: "latency", delay: "100ms", volumePath }).tampering).toBe(
      "delay_enter=100000:when=1+1",
    );
  });
  it.each<[string, object, RegExp]>([
    ["a share that is not one in n", { ...eio, percent: 70 }, /not 70 %/],
    ["no share at all", { ...eio, percent: 0 }, /not 0 %/],
    ["an action it has no way to do", { ...eio, action: "attrOverride" }, /cannot do the action attrOverride/],
    ["a delay that is none", { action: "latency", delay: "soon", volumePath }, /soon is no duration/],
  ])("refuses %s", (_what, spec, reason) => {
    expect(() => readIoFault({ ...spec })).toThrow(reason);
  });
  it("knows FUSE's operations by their system calls", () => {
    expect(readIoFault({ ...eio, methods: ["fsync"] }).systemCalls).toEqual(["fsync", "fdatasync"]);
    expect(readIoFault({ ...eio, methods: ["write", "fsync"] }, "arm64").systemCalls).toContain("pwrite64");
    expect(readIoFault(eio).systemCalls).toEqual(expect.arrayContaining(["read", "openat", "fallocate"]));
    expect(readIoFault({ ...eio, methods: ["open"] }, "arm64").systemCalls).toEqual(["openat"]);
  });
  it("injects nothing when no operation is known, as Chaos Mesh", () => {
    expect(readIoFault({ ...eio, methods: ["fdatasync"] }).systemCalls).toEqual([]);
  });
});
