import { describe, expect, it } from "vitest";
import {
  etcdConsensus,
  judgeConsensus,
  patroniConsensus,
  sentinelConsensus,
  type Consensus,
} from "../../src/probes/consensus-guard.ts";
import type { Setting } from "../../src/probes/history.ts";

const settingsOf = (members: readonly string[], values: Readonly<Record<string, string>>): Setting[] =>
  members.flatMap((member) =>
    Object.entries(values).map(([name, value]) => ({ type: "setting" as const, member, name, value })),
  );
const sentinel = {
  quorum: "2",
  "num-other-sentinels": "2",
  "down-after-milliseconds": "2000",
  "failover-timeout": "10000",
  "min-replicas-to-write": "0",
  "min-replicas-max-lag": "10",
};
const patroni = {
  ttl: "20",
  loop_wait: "2",
  retry_timeout: "3",
  synchronous_mode: "off (not set)",
  failsafe_mode: "off (not set)",
  maximum_lag_on_failover: "1048576",
};
const etcd = { "voting-members": "3", version: "3.4.23" };

describe("the consensus that a split is tested against", () => {
  it.each<[string, Consensus, Readonly<Record<string, string>>, RegExp]>([
    ["Sentinel", sentinelConsensus, sentinel, /^quorum 2, num-other-sentinels 2, down-after-milliseconds 2000/],
    ["Patroni", patroniConsensus, patroni, /^ttl 20, loop_wait 2, retry_timeout 3/],
    ["etcd", etcdConsensus, etcd, /^voting-members 3, version 3\.4\.23$/],
  ])("is shown with its settings: %s", (_name, consensus, values, shown) => {
    const result = judgeConsensus(settingsOf(["a", "b"], values), consensus);
    expect(result.measured).toMatch(shown);
    expect(result.ok).toBe(true);
  });
  it.each<[string, Consensus, Setting[], RegExp]>([
    [
      "a setting cannot be read",
      sentinelConsensus,
      settingsOf(["a"], { ...sentinel, quorum: "unknown" }),
      /not readable: quorum/,
    ],
    ["nothing can be read", etcdConsensus, [], /not readable: voting-members, version/],
    [
      "no majority reaches the quorum",
      sentinelConsensus,
      settingsOf(["a"], { ...sentinel, quorum: "4" }),
      /quorum of 4 of 3/,
    ],
    [
      "the lock is shorter than its renewal",
      patroniConsensus,
      settingsOf(["a"], { ...patroni, ttl: "20", loop_wait: "10", retry_timeout: "10" }),
      /is 30 s, longer than ttl/,
    ],
    [
      "members differ",
      patroniConsensus,
      [...settingsOf(["a"], patroni), ...settingsOf(["b"], { ...patroni, ttl: "30" })],
      /members differ in ttl/,
    ],
  ])("stops the run when %s", (_what, consensus, settings, why) => {
    const result = judgeConsensus(settings, consensus);
    expect(result.measured).toMatch(why);
    expect(result.ok).toBe(false);
  });
});
