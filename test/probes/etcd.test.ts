import { createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { disagreements, topologyOf } from "../../src/probes/etcd.ts";
import { judgeEtcdGuard, type EtcdEvidence } from "../../src/probes/etcd/guards.ts";
import { openEndpoint } from "../../src/probes/etcd/endpoint.ts";
import { classifyEtcdError, clientPort, EtcdRefusal, prefixEnd } from "../../src/probes/etcd/http.ts";
import type { EtcdView } from "../../src/probes/etcd/members.ts";

const view = (pod: string, change: Partial<EtcdView> = {}): EtcdView => ({
  pod,
  reachable: true,
  memberId: pod,
  leader: "etcd-1",
  term: 4,
  appliedIndex: 10,
  dbSizeBytes: 1,
  version: "3.4.23",
  ...change,
});
const three = [view("etcd-0"), view("etcd-1"), view("etcd-2")];
const mute = { reachable: false, leader: null, term: null };
const pod = { name: "etcd-0", namespace: "etcd", uid: "u", host: "10.0.0.1", labels: { app: "etcd" }, ready: true };
const evidence: EtcdEvidence = { views: three, pods: [pod], namespace: "etcd", alarms: [] };

describe("etcd's guards", () => {
  it.each(["one-leader", "enough-members", "no-alarms", "not-control-plane"])("%s holds on a sound cluster", (id) => {
    expect(judgeEtcdGuard(id, evidence, {}).ok).toBe(true);
  });
  it.each<[string, string, Partial<EtcdEvidence>]>([
    ["one-leader", "a member is silent", { views: [...three.slice(1), view("etcd-0", mute)] }],
    ["one-leader", "two are named", { views: [view("etcd-0", { leader: "etcd-0" }), ...three.slice(1)] }],
    ["one-leader", "terms differ", { views: [view("etcd-0", { term: 5 }), ...three.slice(1)] }],
    ["enough-members", "there are two", { views: three.slice(1) }],
    ["no-alarms", "one is raised", { alarms: ["NOSPACE of member 1"] }],
    ["no-alarms", "they cannot be read", { alarms: null }],
    ["not-control-plane", "it is in kube-system", { namespace: "kube-system" }],
    ["not-control-plane", "its pods are marked", { pods: [{ ...pod, labels: { tier: "control-plane" } }] }],
  ])("%s stops when %s", (id, _what, change) => {
    expect(judgeEtcdGuard(id, { ...evidence, ...change }, {}).ok).toBe(false);
  });
  it("knows no other", () => {
    expect(() => judgeEtcdGuard("hope", evidence, {})).toThrow(/no guard "hope"/);
  });
});

describe("etcd's groups", () => {
  it("take the leader into the majority, and leave one survivor of three", () => {
    expect(topologyOf(three).groups).toMatchObject({ majority: ["etcd-1", "etcd-0"], survivors: ["etcd-2"] });
  });
  it("are empty without a leader, so that no plan can be made", () => {
    const views = three.map((entry) => ({ ...entry, leader: null }));
    expect(topologyOf(views).groups).toMatchObject({ leader: [], majority: [] });
    expect(disagreements(views)).toHaveLength(3);
  });
});

describe("the outcome of a failed write", () => {
  it.each([
    ["etcdserver: no leader", "fail", "no-leader"],
    ["etcdserver: mvcc: database space exceeded", "fail", "no-space"],
    ["etcdserver: permission denied", "fail", "permission-denied"],
    ["etcdserver: invalid auth token", "fail", "not-logged-in"],
    ["etcdserver: request timed out", "unknown", "server-timeout"],
    ["etcdserver: leader changed", "unknown", "leader changed"],
  ])("%s is %s", (message, outcome, name) => {
    expect(classifyEtcdError(new EtcdRefusal(message, 14))).toEqual({ outcome, error: name });
  });
  it("is certain only for a connection that never was", () => {
    const failed = (code: string) => Object.assign(new Error(code), { code });
    expect(classifyEtcdError(failed("ECONNREFUSED")).outcome).toBe("fail");
    expect(classifyEtcdError(failed("CERT_HAS_EXPIRED"))).toEqual({ outcome: "fail", error: "tls-refused" });
    expect(classifyEtcdError(failed("ECONNRESET")).outcome).toBe("unknown");
    expect(classifyEtcdError(new DOMException("late", "TimeoutError"))).toEqual({
      outcome: "unknown",
      error: "timeout",
    });
  });
  it("is read off what the connection itself came to", async () => {
    const put = (host: string) =>
      openEndpoint({ host, port: clientPort })
        .call("kv/put", {}, { timeoutMs: 300 })
        .catch((error: unknown) => error);
    // Nobody listens at that address of the loopback network.
    expect(classifyEtcdError(await put("127.99.99.98"))).toEqual({ outcome: "fail", error: "refused" });
    const behaviours = [
      [(socket: Socket) => socket.resume(), "timeout"],
      [(socket: Socket) => socket.once("data", () => socket.destroy()), "connection-lost"],
    ] as const;
    for (const [behave, error] of behaviours) {
      const silent = createServer((socket) => void behave(socket.on("error", () => undefined)));
      await new Promise<void>((resolve) => silent.listen(clientPort, "127.99.99.99", resolve));
      expect(classifyEtcdError(await put("127.99.99.99"))).toEqual({ outcome: "unknown", error });
      await new Promise((resolve) => silent.close(resolve));
    }
  });
});

it("ends a prefix's range at the next possible key", () => expect(prefixEnd("a/")).toBe("a0"));
