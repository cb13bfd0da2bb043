import { overlapToleranceMs } from "../double-acceptance.ts";
import { foldRanges } from "../sets.ts";
import { counted, number, percent, seconds } from "../words.ts";
import { divergentMembers, totalWrites } from "../write-counts.ts";
import { nothingLost, unknownOutcomes } from "../write-rules.ts";
import { lossWithoutRefusal, predictedLoss } from "./predicted-loss.ts";
import type { Rule, RuleInput } from "./rule.ts";
import { settingNumber, settingOf, settingValue } from "./settings.ts";
import { between } from "../observed.ts";

const totalOf = ({ context }: RuleInput) => totalWrites(context.writes.map(({ counts }) => counts));

export const lostWrites: Rule = (input) => {
  const { history, context, timings } = input;
  const total = totalOf(input);
  if (total.lost === null || total.lost === 0) return null;
  const predicted = predictedLoss(history, timings);
  const { setting, advice } = againstLoss(input);
  return {
    id: "redis.lost-acknowledged-writes",
    severity: "critical",
    title: `${number(total.lost)} of ${number(total.acknowledged)} acknowledged writes were lost (${percent(total.lost, total.acknowledged)})`,
    evidence: [
      ...context.writes.map(({ client, counts, lost }) => {
        const ranges = foldRanges(lost);
        const shown = ranges.slice(0, 3).map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
        const rest = ranges.length > 3 ? ` and ${counted(ranges.length - 3, "more range")}` : "";
        return `${client}: ${number(counts.lost ?? 0)} of ${number(counts.acknowledged)} lost${shown.length === 0 ? "" : `, numbers ${shown.join(", ")}${rest}`}`;
      }),
      ...(timings.oldMaster === null || timings.killed !== null
        ? []
        : [
            `${timings.oldMaster} acknowledged them, was overruled by ${timings.newMaster}, and dropped them when it became a replica`,
          ]),
      ...(predicted === null
        ? []
        : [
            `predicted from the timings: ${number(predicted)}; observed: ${number(total.lost)} (deviation ${percent(Math.abs(total.lost - predicted), predicted)})`,
          ]),
    ],
    advice,
    setting: settingOf(history, setting, timings.oldMaster ?? undefined),
  };
};

/** Which setting would have prevented or lessened the loss, by what the live servers have. */
function againstLoss({ history, timings }: RuleInput): { setting: string; advice: string } {
  const member = timings.oldMaster ?? undefined;
  if (timings.killed !== null) {
    return {
      setting: "min-replicas-to-write",
      advice:
        "The findings below say where they went. WAIT 1 with its answer checked protects a single write from the death of the master; min-replicas-to-write 1 keeps a returned master from taking writes alone; appendonly keeps what one member had.",
    };
  }
  const needed = settingNumber(history, "min-replicas-to-write", member);
  const lag = settingValue(history, "min-replicas-max-lag", member);
  if (needed === null || needed === 0) {
    return {
      setting: "min-replicas-to-write",
      advice:
        "Set min-replicas-to-write 1 and min-replicas-max-lag 3 on every member: a master without a replica then refuses writes after about 3 s. The price: it also refuses them when its replicas are merely down. Writes that must never be lost need WAIT 1 with the answer checked.",
    };
  }
  if (timings.refusedFromMs === null) {
    return {
      setting: "min-replicas-max-lag",
      advice: `min-replicas-to-write is ${needed}, but the old master was not seen to refuse a write: the fault was over before min-replicas-max-lag (${lag} s) had passed, or enough replicas were on its side. Set min-replicas-max-lag 3, and min-replicas-to-write above the number of replicas that can sit with a cut-off master. The price: more refusals when replicas are merely slow. For no loss, use WAIT 1 and check its answer.`,
    };
  }
  return {
    setting: "min-replicas-max-lag",
    advice: `min-replicas-to-write is on and limited the loss to what was accepted within min-replicas-max-lag (${lag} s). ${Number(lag) > 3 ? "Lower it to 3 for less; the price: a replica that is silent for 3 s stops writes." : "It cannot usefully be lower, since replicas acknowledge once a second."} For none, use WAIT 1 and check its answer: each write then waits for a replica.`,
  };
}

export const splitBrain: Rule = ({ history, timings }) => {
  const { overlap } = timings;
  // After a kill the old master does not go on, it comes back: that is a finding of its own.
  if (timings.killed !== null || overlap === null || overlap.toMs - overlap.fromMs <= overlapToleranceMs) return null;
  const after = (atMs: number): string => {
    const sinceMs = between(timings.injectedMs, atMs);
    return sinceMs === null ? `at ${seconds(atMs)}` : `${seconds(sinceMs)} after injection`;
  };
  return {
    id: "redis.two-masters-accepted-writes",
    severity: "critical",
    title: `Two masters accepted writes at once for ${seconds(overlap.toMs - overlap.fromMs)}`,
    evidence: [
      `${overlap.newer} acknowledged its first write ${after(overlap.fromMs)}`,
      `${overlap.older} went on acknowledging until ${after(overlap.toMs)}: ${counted(overlap.byOlder, "write")} in that time`,
    ],
    advice:
      "Sentinel cannot fence the old master; only the master itself can stop. min-replicas-to-write 1 makes it stop when its replicas have been silent for min-replicas-max-lag seconds. The price: it stops as well when they are merely down.",
    setting: settingOf(history, "min-replicas-to-write", overlap.older),
  };
};

export const oldMasterRefused: Rule = (input) => {
  const { history, timings } = input;
  const afterMs = between(timings.injectedMs, timings.refusedFromMs);
  if (afterMs === null) return null;
  const member = timings.oldMaster ?? undefined;
  const without = lossWithoutRefusal(history, timings);
  const { lost } = totalOf(input);
  return {
    id: "redis.old-master-stopped-accepting",
    severity: "info",
    title: `The cut-off master refused writes from ${seconds(afterMs)} after injection`,
    evidence: [
      `first NOREPLICAS ${seconds(afterMs)} after injection`,
      `min-replicas-to-write ${settingValue(history, "min-replicas-to-write", member)}, min-replicas-max-lag ${settingValue(history, "min-replicas-max-lag", member)} s on ${timings.oldMaster ?? "the master"}`,
      ...(without === null || lost === null
        ? []
        : [`lost: ${number(lost)}; predicted without this protection: ${number(without)}`]),
    ],
    advice:
      "This is the protection at work. The loss window is min-replicas-max-lag: keep it as low as the replicas' acknowledgements, one a second, allow.",
    setting: settingOf(history, "min-replicas-max-lag", member),
  };
};

export const divergence: Rule = ({ history }) => {
  const divergent = divergentMembers(history);
  if (divergent.length === 0) return null;
  return {
    id: "redis.members-diverge",
    severity: "critical",
    title: "Members still hold different data after recovery",
    evidence: divergent.map(
      (entry) => `${entry.member}: ${counted(entry.differing, "value")} of ${entry.client} not as on the master`,
    ),
    advice:
      "Do not trust offsets or link state here. Resynchronise the member from scratch (stop it, remove its data, start it) before it may be promoted.",
  };
};

export const unexpected: Rule = (input) => {
  const { duplicated, unexpected } = totalOf(input);
  const odd = (duplicated ?? 0) + (unexpected ?? 0);
  if (odd === 0) return null;
  return {
    id: "redis.unexpected-values",
    severity: "high",
    title: `${counted(odd, "value")} stored twice, or though refused or never sent`,
    evidence: [
      `stored more than once: ${number(duplicated ?? 0)}; stored though certainly failed or never sent: ${number(unexpected ?? 0)}`,
    ],
    advice:
      "A write was applied that its client was told had failed, or was applied twice. Look for retries between the client and Redis (proxies that retry).",
  };
};

export const recovered: Rule = ({ context }) =>
  unknownOutcomes(context, {
    id: "redis.unknown-outcomes",
    evidence: context.writes
      .filter(({ counts }) => counts.unknown > 0)
      .map(
        ({ client, counts }) =>
          `${client}: ${number(counts.unknown)} timed out or lost the connection before the answer; ${counts.recovered === null ? "unknown how many" : number(counts.recovered)} found in the final state`,
      ),
    advice:
      "Make writes idempotent (a unique id each) before retrying: a retry after a time-out may apply the same write twice.",
  });

export const kept: Rule = ({ context }) =>
  nothingLost(context, {
    id: "redis.nothing-lost",
    advice: "One run is one sample: repeat it before quoting it.",
  });
