import { tryLogins, type LoginTried } from "../../../run/try-logins.ts";
import type { Target } from "../../../targets/target.ts";
import type { ClusterCheck } from "../asked.ts";
import { unknown, warning, well, wrong, type Line } from "../line.ts";

/** Opening a system that the lab has to start first takes most of it. */
const tryWithinMs = 20_000;

/** With `--logins`: whether the servers of each described target let the bot in, as planning a run finds out. */
export const logins: ClusterCheck = async ({ registry }, { name, settings }) => {
  if (registry === null || settings.targets.length === 0) return [];
  const learnt = await registry();
  if (!learnt.ok) return [unknown(`No login was tried: ${learnt.why}`)];
  const tried = await Promise.all(
    settings.targets.map(async (target) => {
      const signal = AbortSignal.timeout(tryWithinMs);
      return judgeLogins(target, await tryLogins(learnt.value, name, target, signal));
    }),
  );
  return tried.flat();
};

/** Pure. */
export function judgeLogins(
  { name, namespace, systems }: Pick<Target, "name" | "namespace" | "systems">,
  tried: readonly LoginTried[] | null,
): Line[] {
  if (tried === null) {
    return [
      unknown(
        `Target ${name}: no login was tried, since no enabled experiment is about ${systems.join(", ")}.`,
        "experiments.enabled in the configuration",
      ),
    ];
  }
  const look = `kubectl get pods -n ${namespace}`;
  return tried.map((one) => {
    const what = `Target ${name} (${one.system})`;
    switch (one.outcome) {
      case "refused":
        return wrong(`${what}: ${one.why}`, one.hint);
      case "not tried":
        return unknown(`${what}: no login was tried: ${one.why}`);
      case "in": {
        const { members, silent, summary, trouble } = one;
        if (members.every((member) => silent.includes(member))) {
          return wrong(
            `${what}: none of its servers answers: ${members.join(", ") || "it has none"}.`,
            `${look}\nIf they listen elsewhere: access.PART.port of the target`,
          );
        }
        if (silent.length > 0) {
          return warning(`${what}: no answer from ${silent.join(", ")}; no other server refused the login.`, look);
        }
        return trouble === null
          ? well(`${what}: no server refuses the bot: ${summary ?? ""}`)
          : warning(`${what}: no server refuses the bot, and ${trouble}`, look);
      }
    }
  });
}
