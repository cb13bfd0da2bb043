import { isAftershockError } from "../../../errors.ts";
import type { RedisFacts } from "../../../queue/inspect.ts";
import type { Check } from "../asked.ts";
import { unknown, warning, well, wrong, type Line } from "../line.ts";
import { atLeast } from "../version-number.ts";

/** Below it BullMQ does not start; below the second it warns (bullmq 6.7, RedisConnection). */
export const redisVersions = { least: "5.0.0", recommended: "6.2.0" } as const;

export function judgeRedis({ version, policy, role }: RedisFacts): Line[] {
  return [judgeVersion(version), ...judgeRole(role), judgePolicy(policy)];
}

function judgeVersion(version: string): Line {
  const upgrade = "https://redis.io/docs/latest/operate/oss_and_stack/install/upgrade/";
  if (atLeast(version, redisVersions.least) === null) return unknown("Redis answers, and does not say its version.");
  if (atLeast(version, redisVersions.least) === false) {
    return wrong(`Redis is ${version}; the queue needs ${redisVersions.least} or newer.`, upgrade);
  }
  return atLeast(version, redisVersions.recommended) === false
    ? warning(`Redis is ${version}; BullMQ asks for ${redisVersions.recommended} or newer.`, upgrade)
    : well(`Redis ${version} answers`);
}

function judgeRole(role: string | null): Line[] {
  return role === "slave"
    ? [
        wrong(
          "This is a replica: it takes no writes.",
          "Put the master's address into REDIS_URL, or a name that follows it.",
        ),
      ]
    : [];
}

/** docs.bullmq.io, Going to production: keys that are evicted are jobs that are lost. */
function judgePolicy(policy: string | null): Line {
  const mend =
    'redis-cli -u "$REDIS_URL" config set maxmemory-policy noeviction\nAnd for its next start, in redis.conf: maxmemory-policy noeviction';
  if (policy === null) return unknown("Redis does not say its maxmemory-policy; it must be noeviction.", mend);
  return policy === "noeviction"
    ? well("maxmemory-policy is noeviction")
    : wrong(`maxmemory-policy is ${policy}: Redis may throw the queue's keys away.`, mend);
}

export const redis: Check = async ({ redis: ask }) => {
  const learnt = await ask();
  if (learnt.ok) return judgeRedis(learnt.value);
  if (isAftershockError(learnt.error)) return [wrong(learnt.why, learnt.error.hint)];
  return [
    wrong(`Redis does not let us in: ${learnt.why}.`, 'Try what the service would: redis-cli -u "$REDIS_URL" ping'),
  ];
};
