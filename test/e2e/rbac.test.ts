import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogueDirectory } from "../../src/compose/catalogue.ts";
import { ask } from "../../src/embedded/run-drive.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import { loadExperiments } from "../../src/experiment/load.ts";
import type { AccessEntry } from "../../src/lab/api/access/access-log.ts";
import { accounts, type Right, type Verb } from "../../src/rbac/right.ts";
import { rightsFor, rightsOf } from "../../src/rbac/rights.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { readAccessLog } from "../support/lab-access.ts";
import { refusalsOf, usernameOf, withLeastRights } from "../support/least-rights.ts";
import {
  alice,
  approve,
  askForRun,
  bob,
  eventsOf,
  quick,
  reportOf,
  startTestStack,
  untilState,
  waitFor,
} from "../support/stack.ts";

/** One of each kind of fault, and of each system that asks for more than pods. */
const runs: Readonly<Record<string, string>> = {
  "redis-split-brain": quick,
  "redis-failover": "duration=8s baseline=4s recovery=45s maxOutage=10s",
  "postgres-io-delay": "duration=8s baseline=4s recovery=60s",
  "statefulset-reschedule": "duration=10s baseline=4s recovery=60s maxReschedule=60s",
  "backup-restore": "rows=20000 baseline=4s",
};
const namespaces = ["cache", "database", "app"];

describe.skipIf(process.getuid?.() !== 0)("bot and worker with no more rights than aftershock rbac prints", () => {
  let stack: Stack;
  let rights: Right[];
  const enabled = Object.keys(runs);
  const options = [
    ...enabled.flatMap((name) => ["--experiment", name]),
    ...namespaces.flatMap((name) => ["--namespace", name]),
  ];
  const admin = (args: string, input = "") => kubectlOk(stack.lab.kubeconfigPath, args.split(" "), input);

  beforeAll(async () => {
    rights = rightsFor(rightsOf(await loadExperiments(catalogueDirectory())), enabled);
    stack = await startTestStack({
      lease: "15s",
      // Fewer than the whole catalogue's; and a right is taken away below.
      rights: "own",
      interpose: async (real) => ({
        ...(await withLeastRights(real.kubeconfigPath, real, options)),
        stop: async () => undefined,
      }),
      configure: (config) => {
        const { lab } = config["clusters"] as { lab: object };
        const worker = { ...(config["worker"] as object), janitorEvery: "2s" };
        return { ...config, worker, clusters: { lab: { ...lab, namespaces } }, experiments: { enabled } };
      },
    });
  });
  afterAll(() => stack?.stop());

  const logOf = async (role: string): Promise<AccessEntry[]> =>
    readAccessLog(stack.lab.kubeconfigPath, usernameOf(role));

  it.each(Object.entries(runs))(
    "%s runs to its end, and its cleanup is proven",
    async (name, parameters) => {
      const { runId, card } = await waitFor(
        () =>
          askForRun(stack, `run ${name} ${parameters}`).catch((error: unknown) => ({
            runId: String(error),
            card: null!,
          })),
        ({ card: found }) => found !== null,
        60_000,
      );
      await approve(stack, card);
      await untilState(stack, runId, ["completed"], 200_000);
      const { verdicts, cleanup } = await reportOf(stack, runId);
      expect(verdicts, JSON.stringify(cleanup)).toMatchObject({ run: "completed", cleanup: "verified" });
    },
    240_000,
  );

  it("halts and resumes", async () => {
    await ask(stack.slack, alice, "halt");
    await waitFor(
      () => admin("get configmaps -n aftershock -o name"),
      (names) => names.includes("halt"),
      20_000,
    );
    await ask(stack.slack, bob, "resume");
    await waitFor(
      () => admin("get configmaps -n aftershock -o name"),
      (names) => !names.includes("halt"),
      20_000,
    );
  });

  it("has met no refusal, and has used every right but those that say when", async () => {
    expect(await refusalsOf(stack.lab.kubeconfigPath)).toEqual([]);
    for (const role of accounts) {
      const entries = await logOf(role);
      expect(entries.length).toBeGreaterThan(2);
      const unused = rights.filter(({ account }) => account === role).flatMap((right) => unusedOf(right, entries));
      expect(unused).toEqual([]);
      // One that nobody needs would be found.
      const idle: Right = { ...rights[0]!, id: "idle", resources: ["secrets"], verbs: ["get"] };
      expect(unusedOf(idle, entries)).toEqual(["idle: get secrets"]);
    }
    // Either sets and lifts the halt, whichever is told sooner; one of them must have.
    const together = (await Promise.all(accounts.map(logOf))).flat();
    for (const { onlyThen: _, ...right } of rights.filter(({ where }) => where === "latch")) {
      expect(unusedOf(right, together)).toEqual([]);
    }
  });

  it("is told which right is missing, when one is taken away", async () => {
    await admin("delete rolebinding aftershock-worker -n cache");
    const { runId, card } = await askForRun(stack);
    await approve(stack, card);
    await untilState(stack, runId, ["failed"], 60_000);
    const told = JSON.stringify(await eventsOf(stack, runId));
    expect(told).toContain("lacks the right to list networkchaos.chaos-mesh.org in namespace cache");
    // What fails every other file that starts a stack.
    expect(await refusalsOf(stack.lab.kubeconfigPath)).toContain(
      "aftershock-worker: list networkchaos.chaos-mesh.org in cache",
    );
    expect(told).toContain("aftershock rbac --config aftershock.yaml --cluster lab | kubectl apply -f -");
  });

  it("is refused, before anything is asked of the cluster, what is not configured", async () => {
    const text = async (typed: string) => (await ask(stack.slack, alice, typed)).text ?? "";
    expect(await text("run etcd-quorum-loss")).toContain("etcd-quorum-loss is not enabled here");
    expect(await text("run redis-split-brain namespace=etcd")).toContain("may not be used in the namespace etcd");
  });
});

/** Verbs and resources of a right that no request has needed, and that no reason excuses. */
function unusedOf(
  { id, apiGroup, resources, verbs, where, onlyThen }: Right,
  entries: readonly AccessEntry[],
): string[] {
  const wanted = verbs.filter((verb: Verb) => onlyThen?.verbs.includes(verb) !== true);
  return resources.flatMap((resource) =>
    wanted.flatMap((verb) => {
      const used = entries.some(
        ({ attributes: asked }) =>
          asked.about === "resource" &&
          asked.group === apiGroup &&
          [asked.resource, asked.subresource].filter(Boolean).join("/") === resource &&
          asked.verb === verb &&
          (asked.namespace === "") === (where === "cluster"),
      );
      return used ? [] : [`${id}: ${verb} ${resource}`];
    }),
  );
}
