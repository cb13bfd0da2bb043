import { managedByCnpg } from "../cloudnative-pg/manager.ts";
import { between } from "../observed.ts";
import { settingOf } from "../patroni/rules.ts";
import { counted, seconds, secondsOrUnseen } from "../words.ts";
import type { IoRule, IoRuleInput } from "./rule.ts";

const after = ({ timings }: IoRuleInput, atMs: number | null): string =>
  secondsOrUnseen(between(timings.patroni.injectedMs, atMs));

/** The beginning of a sentence about the lock; nothing where there is none. */
function lockLine(input: IoRuleInput): string {
  const { lockExpiredMs, lockTakenMs, oldPrimary } = input.timings.patroni;
  if (managedByCnpg(input.history)) return "";
  if (lockTakenMs !== null) return `the lock was taken by another after ${after(input, lockTakenMs)}; `;
  return lockExpiredMs === null
    ? `${oldPrimary ?? "the primary"} held the lock throughout; `
    : `the lock was free after ${after(input, lockExpiredMs)}, and nobody else took it; `;
}

/** Evidence that only Patroni gives. */
function ofPatroni({ history }: IoRuleInput, line: string): string[] {
  return managedByCnpg(history) ? [] : [line];
}

/** The server answered all the time, only slowly, and nobody took over. */
const noFailoverForDelay: IoRule = (input) => {
  const { timings, history } = input;
  const { promotedMs, injectedMs, removedMs, oldPrimary, timelineBefore } = timings.patroni;
  const latency = history.events.some(
    ({ event, detail }) => event === "fault-injected" && detail["action"] === "latency",
  );
  if (!latency || injectedMs === null || promotedMs !== null || timings.downMs !== null) return null;
  return {
    id: "postgres-io.no-failover-for-delay",
    severity: "medium",
    title: "Patroni did not fail over for I/O delay alone",
    evidence: [
      `${lockLine(input)}timeline ${timelineBefore ?? "unknown"} before, ${timings.timelineNow ?? timelineBefore ?? "unknown"} after`,
      `${oldPrimary ?? "the primary"} was slow for ${secondsOrUnseen(between(injectedMs, removedMs))} and never down`,
      ...ofPatroni(
        input,
        `ttl ${settingOf(input, "ttl").value} s, loop_wait ${settingOf(input, "loop_wait").value} s, retry_timeout ${settingOf(input, "retry_timeout").value} s`,
      ),
    ],
    advice:
      "Patroni asks whether the server answers, not how fast it writes: a disk that makes the database unusable is no reason to fail over. No setting changes that. Alert on commit latency from outside, and have a person, or a check of yours, run patronictl switchover.",
  };
};

/** It crashed, and was started again where it was. */
const restartedInPlace: IoRule = (input) => {
  const { timings } = input;
  const { promotedMs, oldPrimary, timelineBefore, removedMs, injectedMs } = timings.patroni;
  if (timings.downMs === null || promotedMs !== null) return null;
  const stayedDown = timings.upMs === null;
  const setting = settingOf(input, "primary_start_timeout");
  return {
    id: "postgres-io.restarted-in-place",
    severity: "high",
    title: `${oldPrimary ?? "The primary"} crashed${timings.crashes > 1 ? ` ${counted(timings.crashes, "time")}` : ""} and nobody took over`,
    evidence: [
      `it was down ${after(input, timings.downMs)} after the fault${timings.downError === null ? "" : `: ${timings.downError}`}`,
      ...ofPatroni(
        input,
        `${lockLine(input)}primary_start_timeout is ${setting.value}, in seconds: so long Patroni starts it again before it lets another take over`,
      ),
      stayedDown
        ? "it did not come up again while it was watched"
        : `it was up for good ${after(input, timings.upMs)} after the fault; the fault lasted ${secondsOrUnseen(between(injectedMs, removedMs))}`,
      timings.timelineNow === timelineBefore
        ? `timeline ${timelineBefore ?? "unknown"} throughout: the postmaster itself restarted its processes`
        : `timeline ${timelineBefore ?? "unknown"} → ${timings.timelineNow ?? "unknown"} on the same member: ${managedByCnpg(input.history) ? "it" : "Patroni promotes it anew after crash recovery, so a new timeline alone"} is no failover`,
    ],
    advice:
      "While the log cannot be written, starting again cannot help: the server replays, writes, and panics again. primary_start_timeout: 0 fails over at once after a crash, 60 after a minute. The price of 0: a failover for a crash that a restart would have mended in seconds.",
    setting,
  };
};

const failedOver: IoRule = (input) => {
  const { timings } = input;
  const { promotedMs, newPrimary, oldPrimary, firstNewWriteMs } = timings.patroni;
  if (promotedMs === null) return null;
  return {
    id: "postgres-io.failed-over",
    severity: "info",
    title: `${newPrimary ?? "Another"} took over; writes were accepted again after ${after(input, firstNewWriteMs)}`,
    evidence: [
      timings.downMs === null
        ? `${oldPrimary ?? "the old primary"} was never seen down`
        : `${oldPrimary ?? "the old primary"} was down ${after(input, timings.downMs)} after the fault${timings.downError === null ? "" : `: ${timings.downError}`}`,
      `${lockLine(input)}${newPrimary ?? "it"} said it was primary after ${after(input, promotedMs)}, timeline ${timings.patroni.timelineBefore ?? "unknown"} → ${timings.patroni.timelineAfter ?? "unknown"}`,
      ...ofPatroni(
        input,
        `ttl is ${settingOf(input, "ttl").value} s: a server that cannot even be started makes Patroni give up the lock at once, without waiting for it`,
      ),
    ],
    advice:
      "One run is one sample: a volume that fails only now and then leaves the server startable, and Patroni then tries again in place for primary_start_timeout.",
  };
};

const recovered: IoRule = (input) => {
  const { timings } = input;
  const { removedMs, oldPrimary } = timings.patroni;
  if (timings.downMs === null || removedMs === null) return null;
  if (timings.recoveredMs === null) {
    return {
      id: "postgres-io.not-recovered",
      severity: "high",
      title: `${oldPrimary ?? "The primary"} did not recover by itself`,
      evidence: [`it was not seen running after the fault was removed ${after(input, removedMs)} after it began`],
      advice: `Look at it: patronictl list, and the pod's log. patronictl reinit copies it anew from the primary.`,
    };
  }
  const tookMs = timings.recoveredMs - removedMs;
  return {
    id: "postgres-io.recovered",
    severity: "info",
    title: `${oldPrimary ?? "The primary"} recovered by itself as a ${timings.recoveredAs ?? "member"}`,
    evidence: [
      tookMs >= 0
        ? `it ran ${seconds(tookMs)} after the volume was sound again`
        : `it ran again ${seconds(-tookMs)} before the fault was removed`,
    ],
    advice: "Nobody had to act. What it needed for that (rewind, replay) is in its log.",
  };
};

const servedFromCache: IoRule = (input) => {
  const { timings } = input;
  const { injectedMs } = timings.patroni;
  const failing = input.history.events.some(
    ({ event, detail }) => event === "fault-injected" && detail["action"] === "fault",
  );
  if (!failing || injectedMs === null) return null;
  const servedMs = between(injectedMs, timings.lastCachedReadMs);
  const never = timings.downMs === null;
  const crash = never
    ? `${timings.patroni.oldPrimary ?? "the primary"} was never seen down`
    : `it was down ${after(input, timings.downMs)} after the fault`;
  return {
    id: "postgres-io.served-until-crash",
    severity: "info",
    title: never
      ? "The server went on answering from memory, and was never down"
      : `The server crashed ${after(input, timings.downMs)} after the fault`,
    evidence: [
      servedMs === null
        ? "no read of cached rows was answered under the fault"
        : `a read of cached rows was still answered ${seconds(servedMs)} after the fault; ${crash}`,
      timings.firstFailedWriteMs === null
        ? "no write to it was seen to fail"
        : `the first write to it failed ${after(input, timings.firstFailedWriteMs)} after the fault`,
    ],
    advice:
      "PostgreSQL does not go on with a log that it cannot write: it panics, so that nothing is acknowledged that is not stored. Only rows in memory can be read until then.",
  };
};

const endedByItself: IoRule = (input) => {
  const { timings } = input;
  if (timings.endedByItselfMs === null) return null;
  return {
    id: "postgres-io.fault-ended-by-itself",
    severity: "medium",
    title: `The fault ended by itself ${after(input, timings.endedByItselfMs)} after it began`,
    evidence: [`${timings.endedBecause ?? "its target restarted"}; the cluster goes on saying Injected`],
    advice:
      "From then on the run watched a sound volume: its times are of a short fault. For a longer one, look why the container restarts (its liveness probe?), and ask for the run again.",
  };
};

export const failoverRules: readonly IoRule[] = [
  restartedInPlace,
  noFailoverForDelay,
  endedByItself,
  failedOver,
  servedFromCache,
  recovered,
];
