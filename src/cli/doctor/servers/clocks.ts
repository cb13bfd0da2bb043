import type { Asked, Check } from "../asked.ts";
import { unknown, well, wrong, type Line } from "../line.ts";

/** One answer with the time in it, by the two clocks. Milliseconds since the epoch. */
export interface ClockReading {
  /** Null: it told none. */
  theirsMs: number | null;
  askedAtMs: number;
  answeredAtMs: number;
}

/**
 * Leases, expiries and approvals go by PostgreSQL's clock alone, so that no clock can harm a run. This bound is for people: a
 * report sets moments of this machine beside the API server's, which count whole seconds, and HTTP requests of Slack's are
 * refused when they are five minutes old.
 */
export const clockBoundMs = 5000;

/** How far a clock is from this machine's, and how exactly that is known. `resolutionMs`: what it counts in. Pure. */
export function offsetOf(
  { theirsMs, askedAtMs, answeredAtMs }: ClockReading & { theirsMs: number },
  resolutionMs: number,
): { offsetMs: number; uncertainMs: number } {
  // It was read somewhere between question and answer, and says the beginning of what it counts in.
  const offsetMs = theirsMs + resolutionMs / 2 - (askedAtMs + answeredAtMs) / 2;
  return { offsetMs, uncertainMs: (answeredAtMs - askedAtMs) / 2 + resolutionMs / 2 };
}

/** Pure. */
export function judgeClock(whose: string, reading: ClockReading, resolutionMs: number): Line {
  const { theirsMs } = reading;
  if (theirsMs === null) return unknown(`${whose} clock: its answer names no time.`);
  const { offsetMs, uncertainMs } = offsetOf({ ...reading, theirsMs }, resolutionMs);
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  const apart = `${seconds(Math.abs(offsetMs))} s ${offsetMs < 0 ? "behind" : "ahead of"} this machine's, ± ${seconds(uncertainMs)} s`;
  // Wrong only what is certainly wrong.
  return Math.abs(offsetMs) - uncertainMs > clockBoundMs
    ? wrong(
        `${whose} clock is ${apart}; the bound is ${clockBoundMs / 1000} s.`,
        "timedatectl status\nOn whichever of the two is not synchronised: timedatectl set-ntp true",
      )
    : well(`${whose} clock is ${apart}`);
}

const dateHeaderMs = 1000;

/** What did not answer is said in its own group. */
async function readings(asked: Asked): Promise<Line[]> {
  const [database, redis, slack] = await Promise.all([asked.postgres(), asked.redis(), asked.botToken()]);
  const clusters = await Promise.all(
    asked.clusters.map(async ({ name, version }) => ({ name, learnt: await version() })),
  );
  return [
    ...(database.ok ? [judgeClock("PostgreSQL's", database.value.clock, 0)] : []),
    ...(redis.ok ? [judgeClock("Redis's", redis.value.clock, 0)] : []),
    ...(slack.ok && slack.value?.ok === true ? [judgeClock("Slack's", slack.value.value.clock, dateHeaderMs)] : []),
    ...clusters.flatMap(({ name, learnt }) =>
      learnt.ok ? [judgeClock(`Cluster ${name}'s`, learnt.value.clock, dateHeaderMs)] : [],
    ),
  ];
}

export const clocks: Check = async (asked) => {
  const lines = await readings(asked);
  return lines.length > 0 ? lines : [unknown("Nothing answered whose clock could be compared.")];
};
