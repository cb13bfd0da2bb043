import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../../src/embedded/run-drive.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import type { Report } from "../../src/findings/report.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { readAccessLog } from "../support/lab-access.ts";
import { usernameOf } from "../support/least-rights.ts";
import { alice, approve, askForRun, calm, eventsOf, reportOf, startTestStack, untilState } from "../support/stack.ts";

/** As Zalando's operator has it since v2, and as Crunchy Data's. */
const places = [
  { dcs: "configmap", resource: "configmaps", name: "postgresql-leader", object: "ConfigMap postgresql-leader" },
  { dcs: "endpoints", resource: "endpoints", name: "postgresql", object: "Endpoints postgresql" },
] as const;

describe.skipIf(process.getuid?.() !== 0).each(places)(
  "Patroni with its lock in $object of the Kubernetes API, through Slack's protocol",
  ({ dcs, resource, name, object }) => {
    let stack: Stack;
    const target = { name: "orders", systems: ["patroni"], namespace: "database", parameters: { lock: dcs } };
    const directory = mkdtempSync(join(tmpdir(), "aftershock-lock-"));

    beforeAll(async () => {
      const config = join(directory, "aftershock.yaml");
      const clusters = { lab: { targets: [target] } };
      const approvals = { approvers: ["U0BOB"] };
      writeFileSync(config, stringify({ slack: { mode: "none" }, clusters, defaultCluster: "lab", approvals }));
      stack = await startTestStack({
        patroniDcs: dcs,
        // What is printed for this configuration, and no more: one that is refused fails this file.
        rights: ["--config", config],
        configure: (own) => {
          const { lab } = own["clusters"] as { lab: object };
          return { ...own, clusters: { lab: { ...lab, targets: [target] } } };
        },
      });
    });
    afterAll(async () => {
      await stack?.stop();
      rmSync(directory, { recursive: true, force: true });
    });
    const kubectl = (...args: string[]) => kubectlOk(stack.lab.kubeconfigPath, args);
    const lock = async (): Promise<Record<string, string>> => {
      const found = await kubectl("get", resource, name, "-n", "database", "-o", "json");
      return (JSON.parse(found) as { metadata: { annotations: Record<string, string> } }).metadata.annotations;
    };

    it("fails over from a killed primary: who holds the lock, when it is free, and when it is taken", async () => {
      const before = await lock();
      const { runId, card } = await askForRun(
        stack,
        `run patroni-failover target=orders duration=26s baseline=4s recovery=90s maxOutage=60s ${calm}`,
      );
      await approve(stack, card);
      expect(await untilState(stack, runId, ["completed"], 200_000)).toBe("completed");
      const report: Report = await reportOf(stack, runId);
      expect(report.verdicts, JSON.stringify(report.cleanup)).toMatchObject({ run: "completed", cleanup: "verified" });
      // The guard, and the plan.
      const told = JSON.stringify(await eventsOf(stack, runId));
      expect(told).toContain(`primary ${before["leader"]}; the lock (${object}) is held by ${before["leader"]}`);
      expect(told).toContain(`the lock is in ${object}`);
      // Both moments, by what the report says and by what Patroni itself wrote.
      const measures = new Map(report.measures.map(({ id, value }) => [id, value]));
      const [freeMs, takenMs] = [measures.get("lock-expired") ?? 0, measures.get("lock-taken") ?? 0];
      const ttlMs = Number(before["ttl"]) * 1000;
      // Renewed every 2 s, so that at the kill the record was at most so old and a little.
      expect(freeMs).toBeGreaterThan(ttlMs - 4000);
      expect(takenMs).toBeGreaterThanOrEqual(freeMs);
      expect(measures.get("promoted")).toBeGreaterThan(0);
      const after = await lock();
      const locks = report.timeline.filter(({ event }) => event === "lock");
      expect(locks.map(({ source }) => source)).toEqual(["kubernetes", "kubernetes", "kubernetes"]);
      expect(locks.map(({ detail }) => detail["holder"])).toEqual([before["leader"], null, after["leader"]]);
      expect(after["leader"]).not.toBe(before["leader"]);
      expect(Number(after["transitions"])).toBe(Number(before["transitions"]) + 1);
      const injected = report.timeline.find(({ event }) => event === "fault-injected")?.atMs ?? 0;
      const acquiredMs = Date.parse(after["acquireTime"] ?? "") - Date.parse(report.run.zeroAt ?? "");
      expect(Math.abs(injected + takenMs - acquiredMs)).toBeLessThan(3000);
      expect(report.settings.filter(({ name: key }) => key === "patroni-dcs-driver")[0]?.value).toBe("kubernetes");
      expect(JSON.stringify(report.findings)).not.toMatch(/etcd/);
      expect(report.findings.map(({ id }) => id)).toContain("patroni.failover-time");
    });

    it.each(["patroni-partition", "patroni-zone-partition"])(
      "refuses %s, run and dry run, and says what to run",
      async (experiment) => {
        for (const text of [
          `run ${experiment} target=orders`,
          `run ${experiment} target=orders --dry-run`,
          `run ${experiment} target=none lock=${dcs}`,
        ]) {
          const answer = (await ask(stack.slack, alice, text)).text ?? "";
          expect(answer, text).toMatch(
            /is not possible here: the lock is in the Kubernetes API, from which a partition between pods does not cut a primary off\./,
          );
          expect(answer, text).toContain("/chaos run patroni-failover");
        }
      },
    );

    it("has been read by the worker with the one right that is printed, and with no other", async () => {
      const entries = (await readAccessLog(stack.lab.kubeconfigPath)).filter(({ user }) =>
        ["bot", "worker"].some((role) => user === usernameOf(role)),
      );
      expect(entries.filter(({ allowed }) => !allowed)).toEqual([]);
      const looked = entries.flatMap(({ user, attributes }) =>
        attributes.about === "resource" &&
        attributes.namespace === "database" &&
        /^(endpoints|configmaps)$/.test(attributes.resource)
          ? [{ user, verb: attributes.verb, resource: attributes.resource, name: attributes.name }]
          : [],
      );
      expect(looked).toEqual([{ user: usernameOf("worker"), verb: "get", resource, name }]);
    });
  },
);
