import type { Authoriser } from "../../src/approvals/authoriser.ts";
import type { GroupMembers, Standing } from "../../src/approvals/people.ts";
import type { Limits, Policy, Rule } from "../../src/approvals/policy.ts";
import type { Cluster } from "../../src/cluster/port.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import type { SystemAdapter, SystemSession } from "../../src/probes/system.ts";
import { createRunService } from "../../src/run/create-service.ts";
import type { RunEvent } from "../../src/run/events.ts";
import type { Actor, RunRow, RunService } from "../../src/run/service.ts";
import { createRegistry, type Registry } from "../../src/run/systems.ts";
import { eventsAfter } from "../../src/store/events.ts";
import type { TestDatabase } from "./database.ts";
import { doubleExperiment } from "./double-experiment.ts";
import { testAuthoriser, testPolicy } from "./policy.ts";

export const person = (userId: string, teamId = "T1"): Actor => ({ userId, teamId, channelId: "C1" });
export const alice = person("U0ALICE");
export const bob = person("U0BOB");
export const carol = person("U0CAROL");

export interface RunRig {
  service: RunService;
  authoriser: Authoriser;
  registry: Registry;
  session: SystemSession;
  cluster: Cluster;
  /** What may be changed to see what becomes of it. */
  world: {
    now: () => Date;
    policy: Policy;
    people: Record<string, Standing>;
    groups: Record<string, GroupMembers>;
    experiments: Experiment[];
    master: string;
  };
  woken: string[];
  /** Asks as Alice for a run on a target of its own. */
  ask(options?: Readonly<Record<string, string>>): Promise<RunRow>;
  events(runId: string): Promise<RunEvent[]>;
}

/** The one rule of the simple policy, changed. */
export function policyWith(change: Partial<Omit<Rule, "limits">> & { limits?: Partial<Limits> }): Policy {
  const simple = testPolicy();
  const [rule] = simple.rules;
  if (rule === undefined) throw new Error("the simple policy has no rule");
  return { ...simple, rules: [{ ...rule, ...change, limits: { ...rule.limits, ...change.limits } }] };
}

let namespaces = 0;

/**
 * Runs on a real PostgreSQL. The system to plan for is a double with a master and a replica, and so is the directory:
 * everybody is a member unless `world.people` says otherwise. Real ones are in test/e2e/policy.test.ts.
 */
export function runRig(db: TestDatabase): RunRig {
  const world: RunRig["world"] = {
    now: () => new Date(),
    policy: testPolicy(),
    people: {},
    groups: {},
    experiments: [
      doubleExperiment("break", "high", killing("master")),
      doubleExperiment("dent", "medium", killing("replicas")),
    ],
    master: "pod-0",
  };
  const session = {
    topology: async () => ({
      groups: { master: [world.master], replicas: [world.master === "pod-0" ? "pod-1" : "pod-0"] },
      summary: `master ${world.master}`,
    }),
    close: async () => undefined,
  } as unknown as SystemSession;
  const adapter: SystemAdapter = { name: "double", open: async () => session };
  const cluster = { name: "lab", placement: () => ({}) } as unknown as Cluster;
  const made = createRegistry({ experiments: world.experiments, clusters: [cluster], systems: [adapter] });
  const registry: Registry = {
    ...made,
    get experiments() {
      return world.experiments;
    },
  };
  const authoriser = testAuthoriser({
    policy: () => world.policy,
    directory: {
      person: async (id) => world.people[id] ?? { kind: "member" },
      groupMembers: async (id) => world.groups[id] ?? { known: false, why: "no_such_subteam" },
    },
    now: () => world.now(),
  });
  const woken: string[] = [];
  const service = createRunService({
    database: db.database,
    registry,
    authoriser,
    defaultCluster: "lab",
    wake: async (runId) => void woken.push(runId),
    log: () => undefined,
  });
  return {
    service,
    authoriser,
    registry,
    session,
    cluster,
    world,
    woken,
    ask: ({ experiment: name = "break", ...parameters } = {}) => {
      namespaces += 1;
      return service.request(alice, { experiment: name, parameters: { namespace: `n${namespaces}`, ...parameters } });
    },
    events: (runId) => eventsAfter(db.database, runId, 0),
  };
}

function killing(subject: string): Experiment["faults"] {
  return [
    { id: "kill", title: "Kill", kind: "PodChaos", subject: [subject], target: [], spec: { action: "pod-kill" } },
  ];
}
