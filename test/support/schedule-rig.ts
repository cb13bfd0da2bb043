import type { Cluster } from "../../src/cluster/port.ts";
import { AftershockError } from "../../src/errors.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import type { SystemAdapter, SystemSession } from "../../src/probes/system.ts";
import { createScheduleService } from "../../src/run/schedules/create-service.ts";
import type { DueDeps } from "../../src/run/schedules/due.ts";
import type { ScheduleEvent } from "../../src/run/schedules/schedule.ts";
import type { ScheduleRequest, ScheduleService } from "../../src/run/schedules/service.ts";
import { makePlan } from "../../src/run/planner.ts";
import type { Actor } from "../../src/run/service.ts";
import { createRegistry, type Registry } from "../../src/run/systems.ts";
import { scheduleEvents } from "../../src/store/schedule-events.ts";
import type { Standing } from "../../src/approvals/people.ts";
import type { Policy } from "../../src/approvals/policy.ts";
import type { TestDatabase } from "./database.ts";
import { doubleExperiment } from "./double-experiment.ts";
import { everybody, testAuthoriser, testPolicy } from "./policy.ts";

export const alice: Actor = { userId: "U0ALICE", teamId: "T1", channelId: "C1" };
export const bob: Actor = { userId: "U0BOB", teamId: "T1", channelId: "C1" };
export const carol: Actor = { userId: "U0CAROL", teamId: "T1", channelId: "C1" };

export interface ScheduleRig {
  service: ScheduleService;
  deps: DueDeps;
  /** What may be changed to see what becomes of it. */
  world: {
    now: Date;
    experiments: Experiment[];
    reachable: boolean;
    /** Planning waits for it. */
    answered: Promise<void>;
    required: number;
    approvers: string[];
    /** Instead of the simple one. */
    policy: Policy | null;
    /** Everybody's. */
    standing: Standing;
  };
  woken: string[];
  calls: Map<string, string>;
  /** Asks as Alice and approves as Bob. */
  active(change?: Partial<ScheduleRequest>, experiment?: string): Promise<string>;
  events(id: string): Promise<ScheduleEvent[]>;
}

let namespaces = 0;

/**
 * Schedules on a real PostgreSQL, with a clock that the test sets. The system to plan for is a double: it has one pod,
 * and is or is not reachable. Planning for real systems is in test/e2e/schedule.test.ts.
 */
export function scheduleRig(db: TestDatabase): ScheduleRig {
  const world = {
    now: new Date("2026-11-24T10:00:00Z"),
    experiments: [doubleExperiment("check", "low"), doubleExperiment("break", "high")],
    reachable: true,
    answered: Promise.resolve(),
    required: 1,
    approvers: [alice.userId, bob.userId, carol.userId],
    policy: null as Policy | null,
    standing: { kind: "member" } as Standing,
  };
  const registry: Registry = createRegistry({
    experiments: world.experiments,
    clusters: [{ name: "lab", placement: () => ({}) } as unknown as Cluster],
    systems: [system(world)],
  });
  const woken: string[] = [];
  const calls = new Map<string, string>();
  const now = (): Date => world.now;
  const log = (): void => undefined;
  const authoriser = testAuthoriser({
    policy: () => world.policy ?? testPolicy({ required: world.required, approvers: world.approvers }),
    directory: { ...everybody, person: async () => world.standing },
    now,
  });
  const deps: DueDeps = {
    database: db.database,
    get registry() {
      return { ...registry, experiments: world.experiments };
    },
    authoriser,
    wake: async (runId) => void woken.push(runId),
    now,
    log,
  };
  const service = createScheduleService({
    database: db.database,
    authoriser,
    plan: (request) => {
      const found = world.experiments.find(({ name }) => name === request.experiment);
      if (found === undefined) throw new Error("no such experiment");
      const { parameters: typed } = request;
      return makePlan(registry, { experiment: found, typed, cluster: "lab", approvalsNeeded: world.required });
    },
    wakeUpCalls: {
      set: async (id, { pattern }) => void calls.set(id, pattern),
      remove: async (id) => void calls.delete(id),
    },
    now,
    log,
  });
  return {
    service,
    deps,
    world,
    woken,
    calls,
    active: async (change = {}, name = "check") => {
      // A target of its own for each schedule.
      namespaces += 1;
      const schedule = await service.request(alice, {
        run: { experiment: name, parameters: { namespace: `n${namespaces}` } },
        pattern: "0 * * * *",
        timeZone: "UTC",
        validForDays: 90,
        runsAllowed: 13,
        ...change,
      });
      return (await service.approve(bob, schedule.id)).id;
    },
    events: (id) => scheduleEvents(db.database, id),
  };
}

function system(world: Pick<ScheduleRig["world"], "reachable" | "answered">): SystemAdapter {
  const session = {
    topology: async () => ({ groups: { primary: ["pod-0"] }, summary: "primary pod-0" }),
    close: async () => undefined,
  } as unknown as SystemSession;
  return {
    name: "double",
    open: async () => {
      await world.answered;
      if (world.reachable) return session;
      throw new AftershockError("system_unreachable", "Nothing answers in the namespace.", "See kubectl get pods.");
    },
  };
}
