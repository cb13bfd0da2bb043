import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { workspace } from "../../src/embedded/local-slack.ts";
import { AftershockError } from "../../src/errors.ts";
import type { RunRow, RunService } from "../../src/run/service.ts";
import { startHomeRig, type HomeRig } from "../support/home-rig.ts";
import { wordsOf, type Person } from "../support/modals.ts";
import type { ShownView } from "../support/slack-gate/interactions.ts";
import { waitFor } from "../support/stack.ts";

/** Stands between the bot and the real service: what the next plans do first, e.g. wait as a slow cluster does. */
let beforePlan: () => Promise<void> = async () => undefined;
let afterPlan: (planned: Awaited<ReturnType<RunService["plan"]>>) => Awaited<ReturnType<RunService["plan"]>> = (p) => p;
const through = (service: RunService): RunService => ({
  ...service,
  plan: async (request) => {
    await beforePlan();
    return afterPlan(await service.plan(request));
  },
});

let rig: HomeRig;
beforeAll(async () => {
  rig = await startHomeRig(through);
  await rig.begin();
});
afterAll(async () => {
  await rig?.stop();
  expect(rig?.gate.gate.violations).toEqual([]);
  expect(rig?.lines).toEqual([]);
});
beforeEach(async () => {
  beforePlan = async () => undefined;
  afterPlan = (planned) => planned;
  // One run may be on a target at a time.
  for (const run of await open()) await rig.dispatch.service.deny(alice(run.channelId), run.id);
});

const alice = (channelId: string) => ({ userId: "U0ALICE", teamId: workspace.teamId, channelId });
const open = (): Promise<RunRow[]> => rig.dispatch.service.open(workspace.channel.id);
const says =
  (pattern: RegExp) =>
  (view: ShownView): boolean =>
    pattern.test(wordsOf(view));
const gate = (): { wait: () => Promise<void>; open: () => void } => {
  let openIt: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (openIt = resolve));
  return { wait: () => opened, open: openIt };
};
const answers = async (pattern: RegExp): Promise<string> => {
  const all = await waitFor(
    async () => (await rig.gate.slack.messages()).filter((message) => message.ephemeral_to === "U0ALICE"),
    (messages) => messages.some(({ text }) => pattern.test(text ?? "")),
    10_000,
  );
  return all.findLast(({ text }) => pattern.test(text ?? ""))?.text ?? "";
};
const runForm = async (person: Person, experiment: string | null = "redis-split-brain"): Promise<ShownView> => {
  await person.type("run");
  await person.untilModal(says(/When an experiment is picked/));
  if (experiment === null) return person.untilModal();
  await person.enter("Experiment", experiment);
  return person.untilModal(says(/Blast radius/));
};
const select = (value: string) => ({
  type: "static_select",
  selected_option: { value, text: { type: "plain_text", text: value } },
});
const labels = (view: ShownView): string[] => view.fields.map(({ label }) => label);

describe("the form for a run", () => {
  it("lets a person pick, shows parameters with their bounds and the plan, and asks for exactly that", async () => {
    const { alice: person } = rig;
    const empty = await runForm(person, null);
    expect(labels(empty)).toEqual(["System", "Experiment", "Cluster"]);
    expect(empty.submit).toBe("Show the plan");
    await person.enter("System", "redis-sentinel");
    await person.untilModal(({ blocks }) => blocks.some(({ block_id: id }) => id === "run-experiment:redis-sentinel"));
    await expect(person.enter("Experiment", "etcd-quorum-loss")).rejects.toThrow(/not among/);
    await person.enter("Experiment", "redis-split-brain");
    const planned = await person.untilModal(says(/Blast radius/));
    expect(labels(planned)).toEqual(expect.arrayContaining(["Profile", "duration", "rate"]));
    expect(labels(planned)).not.toContain("namespace");
    const words = wordsOf(planned);
    expect(words).toMatch(/How long the partition lasts: 5s to 15m\. If left empty: 120s/);
    expect(words).toMatch(/1 to 2000 per second\. If left empty: 100/);
    expect(words).toMatch(/You may ask for it/);
    expect(words).toMatch(/Approvals needed\*\n1 of <@U0BOB>, within 15m/);
    expect(words).toMatch(
      /1 pod in lab\/cache gets a fault: pod-0[\s\S]*takes the writes now[\s\S]*cut off from what is hit/,
    );
    expect(words).toMatch(/Guards before anything is touched[\s\S]*plan `[0-9a-f]{12}`/);
    expect(planned.submit).toBe("Ask for it");
    expect(await person.submit()).toBe("closed");
    expect(await answers(/Asked for/)).toMatch(/It starts when somebody else approves it/);
    const [run] = await open();
    expect(run).toMatchObject({
      experiment: "redis-split-brain",
      requestedBy: "U0ALICE",
      plan: { parameters: { duration: "120s" } },
    });
    expect(words).toContain(`plan \`${run?.digest.slice(0, 12)}\``);
  });

  it("shows another plan before it asks for what was changed after the plan was drawn", async () => {
    const { alice: person } = rig;
    await runForm(person);
    await person.enter("duration", "33s");
    expect(await person.submit()).toBe("updated");
    const again = await person.untilModal(says(/another plan than you saw/));
    expect(wordsOf(again)).toMatch(/duration=33s/);
    expect(wordsOf(again)).toMatch(/\[33s\]/);
    expect(await open()).toEqual([]);
    expect(await person.submit()).toBe("closed");
    expect((await open())[0]?.plan.parameters).toMatchObject({ duration: "33s" });
  });

  it("shows at the input what a value may be, keeps all that was typed, and asks for nothing", async () => {
    const { alice: person } = rig;
    await runForm(person);
    await person.enter("duration", "forever");
    await person.enter("rate", "7");
    expect(await person.submit()).toBe("errors");
    const wrong = await person.untilModal();
    expect(wrong.errors).toEqual({
      "run-param:redis-split-brain:duration": expect.stringMatching(/must be 5s to 15m.*duration=120s/),
    });
    expect(wordsOf(wrong)).toMatch(/\[forever\][\s\S]*\[7\]/);
    expect(await open()).toEqual([]);
    await person.close();
  });

  it("resets the parameters with the experiment, and keeps what was typed over a change of profile", async () => {
    const { alice: person } = rig;
    await runForm(person);
    await person.enter("rate", "7");
    await person.enter("Profile", "demo");
    const profiled = await person.untilModal(says(/duration=15s[\s\S]*rate=7/));
    expect(wordsOf(profiled)).toMatch(/\[7\]/);
    expect(wordsOf(profiled)).toMatch(/5s to 15m\. If left empty: 15s/);
    await person.enter("Experiment", "redis-failover");
    const other = await person.untilModal(says(/\*Redis master killed\*[\s\S]*Blast radius/));
    await person.enter("Experiment", "redis-split-brain");
    const back = await person.untilModal(says(/\*Redis Sentinel split brain\*[\s\S]*Blast radius/));
    for (const view of [other, back]) expect(wordsOf(view)).not.toMatch(/\[7\]/);
    await person.close();
  });

  it("shows where the system is when that is asked for", async () => {
    const { alice: person } = rig;
    await runForm(person);
    await person.enter("Where the system is", ["all"]);
    const all = await person.untilModal((view) => labels(view).includes("namespace"));
    expect(labels(all)).toEqual(expect.arrayContaining(["namespace", "masterName", "appLabel", "sentinelLabel"]));
    await person.enter("namespace", "kube-system");
    expect(await person.submit()).toBe("updated");
    expect(wordsOf(await person.untilModal(says(/There is no plan yet/)))).toMatch(/kube-system[\s\S]*tries it again/);
    expect(person.modal()?.submit).toBe("Show the plan");
    await person.close();
  });

  it("opens before the targets are resolved, and draws the plan in when they are", async () => {
    const { alice: person } = rig;
    const slow = gate();
    beforePlan = slow.wait;
    await person.type("run");
    await person.untilModal();
    await person.enter("Experiment", "redis-split-brain");
    const waiting = await person.untilModal(says(/Resolving targets…/));
    expect(labels(waiting)).toContain("duration");
    await person.enter("duration", "44s");
    slow.open();
    const planned = await person.untilModal(says(/Blast radius/));
    // What was typed meanwhile is still there, and it is not what the plan is of.
    expect(wordsOf(planned)).toMatch(/\[44s\]/);
    expect(await person.submit()).toBe("updated");
    expect(await open()).toEqual([]);
    await person.close();
  });

  it("draws the plan of what was picked last, however long the first one takes", async () => {
    const { alice: person } = rig;
    const slow = gate();
    let isPlanning = false;
    beforePlan = async () => {
      isPlanning = true;
      await slow.wait();
    };
    await person.type("run");
    await person.untilModal();
    await person.enter("Experiment", "redis-split-brain");
    await waitFor(
      async () => isPlanning,
      (is) => is,
      10_000,
    );
    beforePlan = async () => undefined;
    await person.enter("Experiment", "etcd-quorum-loss");
    const planned = await person.untilModal(says(/\*etcd without a quorum\*[\s\S]*Blast radius/));
    slow.open();
    await person.enter("Cluster", "lab");
    await person.untilModal(({ hash }) => hash !== planned.hash);
    expect(wordsOf(await person.untilModal(says(/Blast radius/)))).toMatch(/etcd/);
    await person.close();
  });

  it("draws what a person picked although a plan was drawn in while they picked it", async () => {
    const { alice: person } = rig;
    const before = await runForm(person);
    const slow = gate();
    let isPlanning = false;
    beforePlan = async () => {
      isPlanning = true;
      await slow.wait();
    };
    // Told with the hash of a view that is two drawings old by then.
    const stale = rig.gate.gate.screens.tell({
      type: "block_actions",
      team: { id: workspace.teamId },
      user: { id: person.id, team_id: workspace.teamId },
      trigger_id: "stale",
      container: { type: "view", view_id: before.id },
      view: {
        id: before.id,
        hash: "1.stale",
        type: "modal",
        callback_id: before.callbackId,
        private_metadata: before.privateMetadata,
        state: { values: { a: { "aftershock:run-experiment:*": select("etcd-quorum-loss") } } },
      },
      actions: [
        {
          ...select("etcd-quorum-loss"),
          action_id: "aftershock:run-experiment:*",
          block_id: "a",
          action_ts: "1.000001",
        },
      ],
    });
    await stale;
    await waitFor(
      async () => isPlanning,
      (is) => is,
      10_000,
    );
    expect(wordsOf(await person.untilModal(says(/Resolving/)))).toMatch(/\*etcd without a quorum\*/);
    slow.open();
    await person.untilModal(says(/\*etcd without a quorum\*[\s\S]*Blast radius/));
    await person.close();
  });

  it("keeps what was typed when a slow answer comes after Slack's time, and asks for it then", async () => {
    const { alice: person } = rig;
    await runForm(person);
    await person.enter("duration", "22s");
    const slow = gate();
    beforePlan = slow.wait;
    expect(await person.submit()).toBe("updated");
    await person.untilModal(says(/Working…/));
    slow.open();
    const late = await person.untilModal(says(/another plan than you saw/));
    expect(wordsOf(late)).toMatch(/\[22s\]/);
    expect(await person.submit()).toBe("closed");
    expect((await open())[0]?.plan.parameters).toMatchObject({ duration: "22s" });
  }, 20_000);

  it("says what is wrong when the system cannot be reached, keeps what was typed, and tries again", async () => {
    const { alice: person } = rig;
    beforePlan = async () => {
      throw new AftershockError(
        "cluster_unreachable",
        "The cluster lab does not answer.",
        "Look at it: kubectl get pods",
      );
    };
    await person.type("run");
    await person.untilModal();
    await person.enter("Experiment", "redis-split-brain");
    const problem = await person.untilModal(says(/There is no plan yet/));
    expect(wordsOf(problem)).toMatch(/does not answer[\s\S]*kubectl get pods[\s\S]*You may ask for it/);
    await person.enter("duration", "21s");
    beforePlan = async () => undefined;
    expect(await person.submit()).toBe("updated");
    expect(wordsOf(await person.untilModal(says(/This is what would be done/)))).toMatch(/duration=21s[\s\S]*\[21s\]/);
    await person.close();
  });

  it("asks for nothing when the system has changed since its plan was seen, and shows the plan of now", async () => {
    const { alice: person } = rig;
    afterPlan = ({ plan }) => ({ plan: { ...plan, topology: "before the failover" }, digest: "a".repeat(64) });
    expect(wordsOf(await runForm(person))).toContain("before the failover");
    afterPlan = (planned) => planned;
    expect(await person.submit()).toBe("updated");
    expect(wordsOf(await person.untilModal(says(/The system has changed/)))).toContain("as the double says");
    expect(await open()).toEqual([]);
    expect(await person.submit()).toBe("closed");
    expect(await open()).toHaveLength(1);
  });

  it("refuses as the typed command does, in the form", async () => {
    const { alice: person } = rig;
    await rig.dispatch.service.request(alice(workspace.channel.id), {
      experiment: "redis-split-brain",
      parameters: {},
    });
    const [busy] = await open();
    if (busy === undefined) throw new Error("no run");
    await rig.dispatch.service.approve({ ...alice(workspace.channel.id), userId: "U0BOB" }, busy.id);
    await runForm(person);
    expect(await person.submit()).toBe("updated");
    const typed = await rig.dispatch.dispatcher
      .command("run redis-split-brain", alice(workspace.channel.id))
      .catch((error: unknown) => error);
    if (!(typed instanceof AftershockError)) throw new Error("not refused");
    expect(wordsOf(await person.untilModal(says(/is active on/)))).toContain(typed.message);
    expect(person.modal()?.submit).toBe("Ask for it");
    await person.close();
    await rig.dispatch.service.abort(alice(workspace.channel.id), busy.id);
  });

  it("is opened by the buttons on what `show` says, with that experiment picked", async () => {
    const { alice: person } = rig;
    await rig.gate.slack.command("U0ALICE", "/chaos", "show etcd-quorum-loss");
    const message = await waitFor(
      async () =>
        (await rig.gate.slack.messages()).findLast(
          ({ ephemeral_to: whom, blocks }) =>
            whom === "U0ALICE" && JSON.stringify(blocks).includes("aftershock:run-form"),
        ),
      (found) => found !== undefined,
      10_000,
    );
    await rig.gate.slack.click("U0ALICE", message?.ts ?? "", {
      type: "button",
      action_id: "aftershock:run-form:0",
      value: "etcd-quorum-loss",
    });
    const view = await person.untilModal(says(/Blast radius/));
    expect(view.values["run-experiment:etcd"]?.["aftershock:run-experiment:etcd"]).toMatchObject({
      selected_option: { value: "etcd-quorum-loss" },
    });
    await person.close();
  });

  it("is opened from the Home tab, asks for the channel, and shows the answer in its place", async () => {
    const { alice: person } = rig;
    await person.openHome();
    await person.click("Run…");
    const view = await person.untilModal();
    expect(labels(view)).toContain("Channel");
    await person.enter("Experiment", "redis-split-brain");
    await person.untilModal(says(/Blast radius/));
    await expect(person.submit()).rejects.toThrow(/empty/);
    await person.enter("run-channel", workspace.channel.id);
    expect(await person.submit()).toBe("updated");
    const [run] = await open();
    expect(wordsOf(await person.untilModal(says(/Asked for/)))).toContain(run?.id);
    expect(run).toMatchObject({ channelId: workspace.channel.id });
    await person.close();
  });
});
