import { durationBoundMs } from "../duration-bound.ts";
import { between } from "../observed.ts";
import { patroniRules } from "../patroni/rules.ts";
import type { Finding } from "../report.ts";
import { counted, number, percent, seconds, secondsOrUnseen } from "../words.ts";
import { dataRules } from "./data-rules.ts";
import { settingOf, type RescheduleRule, type RescheduleRuleInput } from "./rule.ts";
import { changedNode, sinceDeletion } from "./timings.ts";

/** What the training module says of a node's failure, in milliseconds. */
const claimed = { fromMs: 5 * 60_000, toMs: 10 * 60_000 };

const notBack: RescheduleRule = (input) => {
  const { timings } = input;
  if (timings.deletedMs === null || timings.readyMs !== null) return null;
  const reached = [
    ["a new pod object", timings.createdMs],
    ["a node", timings.scheduledMs],
    ["its volume", timings.attachedMs],
    ["running containers", timings.startedMs],
  ] as const;
  const missing = reached.find(([, atMs]) => atMs === null);
  return {
    id: "reschedule.not-back",
    severity: "critical",
    title: `${timings.member ?? "The pod"} was not ready again before the run ended`,
    evidence: [
      missing === undefined ? "its containers ran, and it was not ready" : `it never got ${missing[0]}`,
      ...(timings.unschedulable === null ? [] : [`the scheduler: ${timings.unschedulable}`]),
    ],
    advice:
      "Look at the pod's events: kubectl describe pod. No node with room, a volume that may not leave its node, or a node that never unmounts it are the usual reasons.",
    setting: settingOf(input, "accessModes"),
  };
};

const sameNode: RescheduleRule = ({ timings }) =>
  changedNode(timings) !== false
    ? null
    : {
        id: "reschedule.same-node",
        severity: "high",
        title: `${timings.member} came back on the node that was cordoned`,
        evidence: [`${timings.fromNode} before and after`],
        advice:
          "The cordon did not keep it away: look at the pod's tolerations, and who uncordoned the node meanwhile.",
      };

const time: RescheduleRule = (input) => {
  const { timings, context } = input;
  const tookMs = sinceDeletion(timings, timings.readyMs);
  if (tookMs === null) return null;
  const boundMs = durationBoundMs(context, "maxReschedule");
  const at = (atMs: number | null): string => secondsOrUnseen(sinceDeletion(timings, atMs));
  const place = tookMs < claimed.fromMs ? "below" : tookMs > claimed.toMs ? "above" : "inside";
  return {
    id: "reschedule.time",
    severity: boundMs !== null && tookMs > boundMs ? "medium" : "info",
    title: `${timings.member} was ready on ${timings.toNode ?? "an unknown node"} ${seconds(tookMs)} after it was deleted`,
    evidence: [
      `old pod gone ${at(timings.goneMs)}, new pod ${at(timings.createdMs)}, node ${at(timings.scheduledMs)}, volume attached ${at(timings.attachedMs)}, containers ${at(timings.startedMs)}, database running ${at(timings.answersMs)} after the deletion`,
      `commonly expected when a node fails: 5 to 10 minutes, depending on the provider; measured for a forced deletion: ${seconds(tookMs)}, ${place} that`,
      `looked at five times a second, so each time may be up to 0.2 s late`,
    ],
    advice:
      "A forced deletion skips what a lost node adds. There the control plane first waits node-monitor-grace-period (50 s by default since Kubernetes 1.32, 40 s before; a flag of kube-controller-manager that the API does not show), then tolerationSeconds, and with the node silent it detaches a volume only after 6 minutes, unless the node is given the taint node.kubernetes.io/out-of-service. Add these to this time for the outage that a lost node makes.",
    setting: settingOf(input, "tolerationSeconds (node unreachable)"),
  };
};

const volumeMove: RescheduleRule = (input) => {
  const { timings } = input;
  const detachMs = between(timings.detachingMs, timings.detachedMs);
  const attachMs = between(timings.attachingMs, timings.attachedMs);
  const totalMs = sinceDeletion(timings, timings.readyMs);
  if (detachMs === null || attachMs === null) return null;
  const boundMs = durationBoundMs(input.context, "maxReschedule");
  const decisive = boundMs !== null && totalMs !== null && totalMs > boundMs && detachMs + attachMs > totalMs / 2;
  return {
    id: "reschedule.volume-move",
    severity: decisive ? "medium" : "info",
    title: `The volume was detached in ${seconds(detachMs)} and attached in ${seconds(attachMs)}`,
    evidence: [
      `from ${timings.fromNode} to ${timings.toNode}`,
      ...(totalMs === null
        ? []
        : [`${percent(detachMs + attachMs, totalMs)} of the ${seconds(totalMs)} until it was ready`]),
    ],
    advice:
      "A ReadWriteOnce volume is attached to one node at a time: the new pod waits until the old node has unmounted and the storage has detached it (FailedAttachVolume, Multi-Attach error, until then). Only the storage can make this faster; a replica that takes over does not wait for it.",
    setting: settingOf(input, "accessModes"),
  };
};

const failover: RescheduleRule = (input) => {
  const { timings } = input;
  if (timings.role !== "primary" || timings.deletedMs === null) return null;
  const { promotedMs, newPrimary, lockExpiredMs } = timings.patroni;
  const ttl = input.history.settings.find(({ name }) => name === "ttl");
  const outage = input.context.outages.find(({ probe }) => probe === "follower");
  const writes =
    outage === undefined
      ? "no outage of writes was seen"
      : `writes were not accepted for ${outage.lengthMs === null ? "the rest of the run" : seconds(outage.lengthMs)}`;
  const setting: Pick<Finding, "setting"> =
    ttl === undefined
      ? {}
      : {
          setting: {
            name: "ttl",
            value: ttl.value,
            member: ttl.member,
            recommended: "20 to 30, with loop_wait + 2 × retry_timeout ≤ ttl",
            source: "Patroni documentation, dynamic configuration (default 30)",
          },
        };
  if (promotedMs === null) {
    const back = sinceDeletion(timings, timings.answersMs);
    return {
      id: "reschedule.no-failover",
      severity: "medium",
      title: "Nobody took over while the primary was moved",
      evidence: [
        writes,
        `${timings.member} ran again ${secondsOrUnseen(back)} after its deletion; the lock was ${lockExpiredMs === null ? "never seen free" : `free after ${secondsOrUnseen(sinceDeletion(timings, lockExpiredMs))}`}`,
      ],
      advice:
        "A primary that is back before its lock expires goes on as primary: the outage is the whole reschedule, and two good replicas only watched. Where storage moves slower than ttl, one of them takes over instead. For planned work, switch over first (patronictl switchover): then no write waits for a volume.",
      ...setting,
    };
  }
  return {
    id: "reschedule.failover",
    severity: "info",
    title: `${newPrimary} took over ${secondsOrUnseen(sinceDeletion(timings, promotedMs))} after the primary was deleted`,
    evidence: [
      writes,
      `${timings.member} was ready again after ${secondsOrUnseen(sinceDeletion(timings, timings.readyMs))}`,
    ],
    advice:
      "The database did not wait for the volume: its outage is the lock's ttl and a promotion, whatever the storage takes.",
    ...setting,
  };
};

const nodeLeft: RescheduleRule = ({ timings }) =>
  timings.nodeSchedulable !== false
    ? null
    : {
        id: "reschedule.node-still-cordoned",
        severity: "critical",
        title: `${timings.fromNode ?? "The node"} still takes no pods`,
        evidence: ["read back after the uncordon: spec.unschedulable is true"],
        advice: `Somebody else cordoned it meanwhile, or the uncordon failed: kubectl uncordon ${timings.fromNode ?? "NODE"}`,
      };

const budget: RescheduleRule = (input) => {
  const found = settingOf(input, "PodDisruptionBudget");
  if (found.value === "none" || found.value === "not read" || found.value === "could not be read") return null;
  return {
    id: "reschedule.budget-not-asked",
    severity: "low",
    title: "The deletion did not ask the PodDisruptionBudget",
    evidence: [found.value],
    advice:
      "Only evictions ask it (kubectl drain, the cluster autoscaler). A pod that is deleted, by a person or because its node is lost, goes whatever the budget says.",
    setting: found,
  };
};

const replicaReads: RescheduleRule = ({ history, timings }) => {
  if (timings.role !== "replica") return null;
  const failed = history.operations.filter(
    (op) => op.client === "replica-reads" && op.outcome !== "ok" && op.startMs >= (timings.deletedMs ?? Infinity),
  );
  if (failed.length === 0) return null;
  return {
    id: "reschedule.reads-failed",
    severity: "low",
    title: `${counted(failed.length, "read")} from replicas failed when the replica was deleted`,
    evidence: [`${number(failed.length)} until the client had turned to another replica`],
    advice: "Read pools need another replica to turn to, and retries.",
  };
};

/** Rules of Patroni that are said otherwise here: nobody was promoted, and reads failed though no replica was touched. */
function fromPatroni(input: RescheduleRuleInput): Finding[] {
  const { history, context, timings } = input;
  const found = patroniRules.flatMap(
    (rule) => rule({ history, context, timings: timings.patroni, application: null }) ?? [],
  );
  return found.filter(
    ({ id }) => id !== "patroni.no-failover" && !(id === "patroni.replica-reads-failed" && timings.role === "replica"),
  );
}

const rules: readonly RescheduleRule[] = [
  notBack,
  nodeLeft,
  ...dataRules,
  sameNode,
  time,
  failover,
  volumeMove,
  budget,
  replicaReads,
];

/** All findings of a rescheduled member; the report orders them by severity, then as here. */
export function rescheduleFindings(input: RescheduleRuleInput): Finding[] {
  return [...rules.flatMap((rule) => rule(input) ?? []), ...fromPatroni(input)];
}
