import { divergentMembers, totalWrites } from "../write-counts.ts";
import { between, numberOrNull, textOrNull } from "../observed.ts";
import type { Finding } from "../report.ts";
import { counted, listed, number, secondsOrUnseen } from "../words.ts";
import type { PatroniRuleInput } from "./rules.ts";

/** The release that mends it: "Fix a problem with etcd3.update_leader()". */
const mendedIn = "3.0.3";
const source = "Patroni pull request 2693, release notes of 3.0.3 (P14)";

/**
 * The old primary took the leader lock after the heal though another had been promoted: what the new one had accepted
 * until then is gone. Patroni's `etcd3` driver does that before 3.0.3.
 */
export function tookLockBack(input: PatroniRuleInput): Finding | null {
  const { history, context, timings } = input;
  if (timings.lockBackMs === null) return null;
  const setting = (name: string) => history.settings.find((entry) => entry.name === name);
  const version = setting("patroni-version");
  const driver = setting("patroni-dcs-driver")?.value ?? null;
  const synchronous = setting("synchronous_mode")?.value ?? "not known";
  const known = driver === "etcd3" && version !== undefined && olderThan(version.value, mendedIn);
  const { lost, acknowledged } = totalWrites(context.writes.map(({ counts }) => counts));
  return {
    id: "patroni.old-primary-took-lock-back",
    severity: "critical",
    title: `${timings.oldPrimary ?? "The old primary"} took the lock back ${secondsOrUnseen(between(timings.removedMs, timings.lockBackMs))} after the partition was over`,
    evidence: [
      `${timings.newPrimary ?? "another"} had held the lock since ${secondsOrUnseen(between(timings.injectedMs, timings.lockTakenMs))} after the fault, and was the primary: ${counted(writesOn(input), "write")} acknowledged by it until then`,
      ...(lost === null ? [] : [`${number(lost)} of ${counted(acknowledged, "acknowledged write")} are lost in all`]),
      `synchronous_mode is ${synchronous}; it does not prevent this`,
      `Patroni's driver for its lock: ${driver ?? "not known"}`,
    ],
    advice: known
      ? `This is a known bug of Patroni's etcd3 driver before ${mendedIn}: having lost its lease, it writes the leader key without comparing who holds it now. Install Patroni ${mendedIn} or newer, or use the driver etcd with etcd's API v2 until then.`
      : `A member that lost its lock must not take it from the one that holds it.${driver === "kubernetes" ? "" : " This is not the known bug of the etcd3 driver before 3.0.3."} Keep the members' logs and report it to Patroni.`,
    // That release mends nothing of the driver for the Kubernetes API.
    ...(version === undefined || driver === "kubernetes"
      ? {}
      : {
          setting: {
            name: version.name,
            value: version.value,
            member: version.member,
            recommended: `${mendedIn} or newer`,
            source,
          },
        }),
  };
}

/** Writes that the new primary acknowledged before the old one took the lock back. */
function writesOn({ history, timings }: PatroniRuleInput): number {
  return history.operations.filter(
    (op) =>
      op.kind === "write" &&
      op.outcome === "ok" &&
      op.member === timings.newPrimary &&
      op.startMs >= (timings.injectedMs ?? Number.POSITIVE_INFINITY) &&
      op.endMs <= (timings.lockBackMs ?? Number.NEGATIVE_INFINITY),
  ).length;
}

/** Members whose rows differ while Patroni shows them without lag: what an operator looks at says that all is well. */
export function divergedWithoutLag({ history }: PatroniRuleInput): Finding | null {
  const differing = [...new Set(divergentMembers(history).map(({ member }) => member))];
  const shown = differing.flatMap((member) => {
    const view = history.events.findLast((event) => event.event === "cluster-view" && event.source === member);
    const lag = numberOrNull(view?.detail["lag"]);
    return lag === 0
      ? [
          `${member}: lag 0, ${textOrNull(view?.detail["state"]) ?? "state not known"}, timeline ${String(view?.detail["timeline"] ?? "not known")}`,
        ]
      : [];
  });
  if (shown.length === 0) return null;
  return {
    id: "patroni.divergence-with-lag-zero",
    severity: "critical",
    title: `${listed(differing)} hold other rows than the primary, and Patroni shows no lag`,
    evidence: shown,
    advice:
      "Lag compares positions in the log, not what is in it: two histories can reach one position. Compare content after every failover, and reinitialise what differs: patronictl reinit.",
  };
}

/** Whether a version such as `3.0.2` comes before another. Parts that are no numbers count as 0. */
export function olderThan(version: string, other: string): boolean {
  const parts = (text: string): number[] => text.split(".").map((part) => Number.parseInt(part, 10) || 0);
  const [mine, theirs] = [parts(version), parts(other)];
  for (let at = 0; at < Math.max(mine.length, theirs.length); at += 1) {
    const difference = (mine[at] ?? 0) - (theirs[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
