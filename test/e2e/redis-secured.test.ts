import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { ask } from "../../src/embedded/run-drive.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { withTargets } from "../support/lab-targets.ts";
import {
  alice,
  approve,
  artifact,
  askForRun,
  calm,
  eventsOf,
  quick,
  reportOf,
  startTestStack,
  untilState,
} from "../support/stack.ts";

const password = "a-password-of-the-lab-alone";
const secret = "orders-redis";

/**
 * The lab's Redis, which then asks for a password, and Sentinels that know it. The bot has it from a Secret, reaches pods
 * through the API server, and may do what is printed for that configuration and no more.
 */
describe.skipIf(process.getuid?.() !== 0)(
  "redis-split-brain on a Redis with a password, from outside the cluster",
  () => {
    let stack: Stack;
    const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
    const cli = (pod: string, ...args: string[]): Promise<string> =>
      kubectlOk(stack.lab.kubeconfigPath, ["exec", pod, "-n", "cache", "--", "redis-cli", ...args]);
    beforeAll(async () => {
      // Made for each: YAML would write one that is shared as an alias, which no configuration takes.
      const target = (name: string): object => ({ name, systems: ["redis-sentinel"], namespace: "cache" });
      const secured = { ...target("secured"), access: { redis: { password: { secret, key: "password" } } } };
      const lab = { reach: "port-forward", targets: [secured, target("forgotten")] };
      stack = await startTestStack(withTargets(directory, lab));
      await kubectlOk(
        stack.lab.kubeconfigPath,
        ["create", "-f", "-"],
        stringify({
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: secret, namespace: "cache" },
          stringData: { password },
        }),
      );
      const members = [0, 1, 2].map((n) => `redis-${n}`);
      for (const pod of members) await cli(pod, "CONFIG", "SET", "masterauth", password);
      for (const n of [0, 1, 2]) {
        await cli(`redis-sentinel-${n}`, "-p", "26379", "SENTINEL", "SET", "mymaster", "auth-pass", password);
      }
      for (const pod of members) await cli(pod, "CONFIG", "SET", "requirepass", password);
    });
    afterAll(async () => {
      await stack?.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    it("is refused without it, in words that name the key", async () => {
      const answer = (await ask(stack.slack, alice, `run redis-split-brain target=forgotten ${quick}`)).text ?? "";
      expect(answer).toMatch(/redis-0 \(redis\) does not let the bot in: NOAUTH/);
      expect(answer).toContain("Mend user and password in access.redis of the target forgotten");
    });
    it("runs to its end with it, counts what is lost, and tells the password to nobody", async () => {
      const { runId, card } = await askForRun(stack, `run redis-split-brain target=secured ${quick} ${calm}`);
      await approve(stack, card);
      expect(await untilState(stack, runId, ["completed", "failed", "aborted"], 200_000)).toBe("completed");
      const report = await reportOf(stack, runId);
      expect(report.verdicts).toEqual({ hypothesis: "refuted", run: "completed", cleanup: "verified" });
      expect(report.writes.total.lost).toBeGreaterThan(50);
      const history = (await artifact(stack, runId, "history.jsonl")).toString("utf8");
      expect(JSON.parse(history.split("\n")[0] ?? "")).toMatchObject({ type: "header", wayIn: "port-forward" });
      const told = [
        JSON.stringify(await eventsOf(stack, runId)),
        JSON.stringify(await stack.slack.messages()),
        history,
      ];
      for (const text of told) expect(text).not.toContain(password);
    }, 240_000);
  },
);
