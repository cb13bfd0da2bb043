import { fc, test as property } from "@fast-check/vitest";
import { afterAll, beforeAll, describe, expect } from "vitest";
import type { Actor } from "../../src/run/service.ts";
import { findRun } from "../../src/store/runs.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";
import { alice, bob, carol, person, policyWith, runRig, type RunRig } from "../support/run-rig.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db?.stop());

/** Two of Bob, Carol and the group's members must approve; all the others would like to. */
const dave = person("U0DAVE");
const group = "S1";
const rigOfTwo = (): RunRig => {
  const rig = runRig(db);
  rig.world.policy = policyWith({
    required: 2,
    approvers: { anyone: false, users: ["U0ALICE", "U0BOB", "U0CAROL", "U0GUEST", "U0GONE"], groups: [group, "S2"] },
  });
  rig.world.groups = { [group]: { known: true, members: ["U0DAVE", "U0ALICE", "U0STRANGER"] } };
  rig.world.people = {
    U0GUEST: { kind: "refused", why: "guest" },
    U0GONE: { kind: "refused", why: "deactivated" },
    U0STRANGER: { kind: "refused", why: "outsider" },
    U0UNKNOWN: { kind: "unknown", why: "no answer from Slack" },
  };
  return rig;
};

const nobodies: readonly Actor[] = [
  alice,
  person("U0EVE"),
  person("U0MALLORY", "T2"),
  person("U0BOB", "T2"),
  person("U0CAROL", ""),
  person("U0GUEST"),
  person("U0GONE"),
  person("U0STRANGER"),
  person("U0UNKNOWN"),
  person("u0bob"),
  person("U0BOB "),
  person("__proto__"),
  { ...carol, via: "command line" },
];
const verbs = ["approve", "approve with the digest", "approve another digest", "approve by number", "revoke"] as const;
interface Click {
  who: Actor;
  verb: (typeof verbs)[number];
  /** Begins together with the one before it. */
  together: boolean;
}
const click = (people: readonly Actor[]): fc.Arbitrary<Click> =>
  fc.record({ who: fc.constantFrom(...people), verb: fc.constantFrom(...verbs), together: fc.boolean() });

/** Clicks as told, some of them at the same time; refusals are as good as answers. */
async function clickAll(rig: RunRig, run: { id: string; digest: string }, clicks: readonly Click[]): Promise<void> {
  const act = ({ who, verb }: Click): Promise<unknown> => {
    switch (verb) {
      case "approve":
        return rig.service.approve(who, run.id);
      case "approve with the digest":
        return rig.service.approve(who, run.id, "please", run.digest.slice(0, 12));
      case "approve another digest":
        return rig.service.approve(who, run.id, undefined, "deadbeefdead");
      case "approve by number":
        return rig.service.approve(who, ` ${run.id.replace("run-", "")} `);
      case "revoke":
        return rig.service.revoke(who, run.id);
    }
  };
  let batch: Array<Promise<unknown>> = [];
  for (const one of clicks) {
    if (!one.together) {
      await Promise.allSettled(batch);
      batch = [];
    }
    batch.push(act(one));
  }
  await Promise.allSettled(batch);
}

describe("clicks", () => {
  property.prop([fc.array(click([...nobodies, bob]), { maxLength: 30 })], { numRuns: 60 })(
    "by the requester, by outsiders and by one approver as often as they like start nothing",
    async (clicks) => {
      const rig = rigOfTwo();
      const run = await rig.ask();
      await clickAll(rig, run, clicks);
      const after = await findRun(db.database, run.id);
      expect(after?.state).toBe("requested");
      expect(after?.approvedBy.filter((user) => user !== "U0BOB")).toEqual([]);
      expect(rig.woken).toEqual([]);
    },
  );
  property.prop(
    [fc.array(click(nobodies), { maxLength: 12 }), fc.uniqueArray(fc.constantFrom(bob, carol, dave), { minLength: 2 })],
    { numRuns: 40 },
  )("by two approvers start it once, whatever others click at the same time", async (noise, approvers) => {
    const rig = rigOfTwo();
    const run = await rig.ask();
    const real = approvers.map((who): Click => ({ who, verb: "approve", together: true }));
    await clickAll(rig, run, [...noise, ...real, ...real]);
    const after = await findRun(db.database, run.id);
    expect(after?.state).toBe("approved");
    expect(after?.approvedBy).toHaveLength(2);
    expect(new Set(after?.approvedBy)).toEqual(
      new Set(after?.approvedBy.filter((user) => real.some(({ who }) => who.userId === user))),
    );
    expect(rig.woken).toEqual([run.id]);
    const events = await rig.events(run.id);
    expect(events.filter(({ type }) => type === "approved")).toHaveLength(2);
    expect(events.filter((event) => event.type === "state" && event.to === "approved")).toHaveLength(1);
  });
});
