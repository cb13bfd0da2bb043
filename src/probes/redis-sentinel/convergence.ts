import type { Recorder } from "../recorder.ts";
import type { Convergence } from "../system.ts";
import type { RedisPods } from "./pods.ts";
import { agreedMaster, viewMembers, viewSentinels, type MemberView, type SentinelView } from "./views.ts";

const everyMs = 250;
const timeoutMs = 500;
/** Replicas of a written-to master are never exactly level with it. */
const levelBytes = 65_536;
/** As many agreeing looks in a row as it takes not to be fooled by a moment. */
const looksNeeded = 2;

/**
 * What still differs; empty when all agree: every Sentinel names one master, that member says so itself, and all
 * others replicate from it with the link up and level offsets.
 */
export function disagreements(members: readonly MemberView[], sentinels: readonly SentinelView[]): string[] {
  const problems: string[] = [];
  const agreed = agreedMaster(sentinels);
  for (const sentinel of sentinels) {
    if (!sentinel.reachable) problems.push(`${sentinel.pod} does not answer`);
    else if (sentinel.master !== agreed) problems.push(`${sentinel.pod} names ${sentinel.master ?? "no master"}`);
  }
  if (agreed === null) return [...problems, "the Sentinels have no majority for a master"];
  const master = members.find((member) => member.pod === agreed);
  if (master?.role !== "master") problems.push(`${agreed} is ${master?.role ?? "silent"}, not master`);
  for (const member of members) {
    if (member.pod === agreed) continue;
    if (!member.reachable) problems.push(`${member.pod} does not answer`);
    else if (member.role !== "replica") problems.push(`${member.pod} still says master`);
    else if (member.master !== agreed) problems.push(`${member.pod} replicates from ${member.master ?? "nobody"}`);
    else if (!member.linkUp) problems.push(`${member.pod} has no link to ${agreed}`);
    else if ((master?.offset ?? 0) - (member.offset ?? 0) > levelBytes) problems.push(`${member.pod} lags behind`);
  }
  return problems;
}

/** Looks until all agree twice in a row, or the time is over. Tells `converged` on the timeline. */
export async function awaitConvergence(
  pods: RedisPods,
  recorder: Recorder,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Convergence> {
  const end = recorder.now() + deadlineMs;
  let inARow = 0;
  for (;;) {
    const [members, sentinels] = await Promise.all([viewMembers(pods, timeoutMs), viewSentinels(pods, timeoutMs)]);
    signal.throwIfAborted();
    const problems = disagreements(members, sentinels);
    inARow = problems.length === 0 ? inARow + 1 : 0;
    if (inARow >= looksNeeded) {
      const master = agreedMaster(sentinels) ?? "";
      recorder.event({ atMs: recorder.now(), source: "run", event: "converged", detail: { master } });
      const replicas = members.filter((member) => member.pod !== master).map((member) => member.pod);
      return { converged: true, summary: `master ${master}; ${replicas.join(" and ")} replicate from it` };
    }
    if (recorder.now() >= end) return { converged: false, summary: problems.join("; ") };
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
