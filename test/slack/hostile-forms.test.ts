import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Actor } from "../../src/run/service.ts";
import { slackModal, type ModalAnswer, type ModalView, type OpenModal } from "../../src/slack/modal.ts";
import type { OpenForm, Surfaces } from "../../src/slack/surfaces.ts";
import { halves, refusalOf, storesAllOrNothing, withinLimits } from "../support/all-or-nothing.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";
import { dispatchRig, rowCounts, type DispatchRig } from "../support/dispatch-rig.ts";
import { hostileText, tries } from "../support/fuzz.ts";
import { refuseView } from "../support/slack-gate/rules.ts";

const alice: Actor = { userId: "U0ALICE", teamId: "T1", channelId: "C1" };
const mallory: Actor = { userId: "U0MALLORY", teamId: "T0EVIL", channelId: "C1" };
const atHome: Actor = { ...alice, channelId: "" };

let db: TestDatabase;
let rig: DispatchRig;
beforeAll(async () => {
  db = await startTestDatabase();
  rig = await dispatchRig(db.database);
});
afterAll(() => db?.stop());

/** Nobody's screen: whatever is drawn on it must be a form that Slack takes. */
function screen(): Surfaces & { drawn: ModalView[] } {
  const drawn: ModalView[] = [];
  const draw = async (view: ModalView): Promise<OpenForm> => {
    expect(refuseView(slackModal(view, { channelId: "C1" }))).toEqual([]);
    drawn.push(view);
    return { redraw: draw };
  };
  return { drawn, openModal: draw, updateModal: draw };
}

const redis = "redis-split-brain";
const typed = fc.oneof(hostileText, fc.constantFrom(null, "20s", "7", "cache", "=constructor", "*"));

/** What Slack could tell of the form, and what it never would: any text anywhere, kinds mixed up, names of others. */
function values(names: readonly string[]): fc.Arbitrary<OpenModal["values"]> {
  const ours = ["run-system", "run-experiment", "run-cluster", "run-profile", "run-channel"];
  const key = fc.oneof(
    fc.constantFrom(...ours, ...names.map((name) => `run-param:${redis}:${name}`), `run-profile:${redis}`),
    fc.constantFrom(`run-everything:${redis}`, "__proto__", "constructor", `run-param:${redis}:constructor`),
    hostileText,
  );
  const value = fc.oneof(typed, fc.array(hostileText, { maxLength: 3 }));
  const sound = fc.constantFrom<OpenModal["values"]>(
    {},
    { "run-experiment": redis },
    { "run-experiment": redis, "run-cluster": "lab", [`run-param:${redis}:duration`]: "20s" },
    { "run-experiment": "etcd-quorum-loss", "run-system": "etcd", "run-channel": "C0CHAOS" },
    { "run-experiment": "constructor" },
    { "run-experiment": redis, "run-cluster": "toString" },
    { "run-experiment": redis, [`run-param:${redis}:namespace`]: "kube-system" },
  );
  return fc
    .tuple(sound, fc.array(fc.tuple(key, value), { maxLength: 6 }))
    .map(([given, more]) => ({ ...given, ...Object.fromEntries(more) }));
}

/** Judges an answer as Slack would: no form that it refuses, no error but at an input of ours. */
function soundAnswer(answer: ModalAnswer): void {
  if (answer.kind === "close" && answer.reply !== undefined) withinLimits(answer.reply);
  if (answer.kind === "update") expect(refuseView(slackModal(answer.view, { channelId: "C1" }))).toEqual([]);
  if (answer.kind === "errors") {
    expect(Object.keys(answer.errors).length).toBeGreaterThan(0);
    for (const [block, text] of Object.entries(answer.errors)) {
      expect(block).toMatch(/^run-param:/);
      expect(text).not.toBe("");
    }
  }
}

const submit = (modal: OpenModal, who: Actor): Promise<ModalAnswer> =>
  rig.dispatcher.submit("run-form", modal, who, screen());

describe("the form for a run, with any values in it", () => {
  const names = ["duration", "rate", "timeout", "namespace", "appLabel"];
  const state = fc.oneof(
    hostileText,
    fc.constantFrom("", "null", "{}", '{"request":"a","digest":"b"}', `{"request":"","digest":"${"a".repeat(64)}"}`),
  );

  it("is answered or refused with its code, sentence and hint, and stores nothing of a plan that was not shown", async () => {
    // No state that anybody could make up is that of a plan that was shown.
    const before = await rowCounts(db.database);
    await fc.assert(
      fc.asyncProperty(values(names), state, fc.constantFrom(alice, mallory, atHome), async (given, carried, who) => {
        await refusalOf(async () => soundAnswer(await submit({ values: given, state: carried }, who)));
      }),
      tries(200),
    );
    expect(await rowCounts(db.database)).toEqual(before);
  });

  it("is drawn anew as a form that Slack takes, and stores nothing", async () => {
    const before = await rowCounts(db.database);
    await fc.assert(
      fc.asyncProperty(values(names), hostileText, fc.constantFrom(alice, atHome), async (given, value, who) => {
        await refusalOf(() =>
          rig.dispatcher.change("run-experiment:*", value, { values: given, state: "" }, who, screen()),
        );
      }),
      tries(100),
    );
    expect(await rowCounts(db.database)).toEqual(before);
  });

  it("asks for a run at most once its plan was shown, and then for a whole one", async () => {
    await fc.assert(
      fc.asyncProperty(values(names), async (given) => {
        const modal = { values: given, state: "" };
        await storesAllOrNothing(db.database, async () => {
          const first = await submit(modal, alice);
          if (first.kind !== "update") return;
          const second = await submit({ values: given, state: first.view.state ?? "" }, alice);
          soundAnswer(second);
          if (second.kind === "close") {
            const [run] = await rig.service.open("C1");
            await rig.service.deny(alice, run?.id ?? "");
          }
        });
      }),
      tries(40),
    );
    expect(await halves(db.database)).toEqual([]);
    // The positive control: some of them were asked for.
    const { rowCount } = await db.database.query("select 1 from runs");
    expect(rowCount).toBeGreaterThan(0);
  });

  it("is opened by a button with any value, or refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(hostileText, fc.constantFrom("*", redis, "constructor")), async (value) => {
        await refusalOf(() => rig.dispatcher.click("run-form:0", value, alice, screen()));
      }),
      tries(50),
    );
  });
});
