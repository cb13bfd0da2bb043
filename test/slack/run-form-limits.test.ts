import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadExperiments } from "../../src/experiment/load.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import { slackModal, type ModalView } from "../../src/slack/modal.ts";
import { firstPick } from "../../src/slack/run-form/picked.ts";
import { renderRunForm } from "../../src/slack/views/run-form/form.ts";
import { refuseView } from "../support/slack-gate/rules.ts";

const [sample] = await loadExperiments(fileURLToPath(new URL("../../jobs", import.meta.url)));

/** An experiment with so many texts to enter, each with a description, a default and a typed value of that text. */
function formOf(count: number, text: string): ModalView {
  if (sample === undefined) throw new Error("no experiment in jobs/");
  const parameters: Experiment["parameters"] = Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `p${at}`,
      { type: "text" as const, default: text, description: text, pattern: ".*" },
    ]),
  );
  const experiment = { ...sample, parameters, profiles: {} };
  const catalogue = { experiments: [experiment], clusters: ["lab"], defaultCluster: "lab", defaultProfile: null };
  const typed = Object.fromEntries(Object.keys(parameters).map((name) => [name, text]));
  return renderRunForm({
    catalogue,
    picked: { ...firstPick(catalogue, experiment.name), parameters: typed, showsEverything: true },
    outcome: { kind: "resolving" },
    notice: null,
    place: "in a channel",
  });
}

const asked = ({ blocks }: ModalView): number =>
  blocks.filter(({ block_id: id }) => id?.startsWith("run-param:") === true).length;
const said = ({ blocks }: ModalView): string => JSON.stringify(blocks);
const refusals = (view: ModalView): string[] =>
  refuseView(slackModal(view, { channelId: "C1" })).map(({ error }) => error);

describe("the form of an experiment with many parameters", () => {
  it("asks for all of them while Slack takes it", () => {
    const view = formOf(60, "usual");
    expect(asked(view)).toBe(60);
    expect(said(view)).not.toContain("no room here");
    expect(refusals(view)).toEqual([]);
  });

  it("says how many have no room when there are more than blocks", () => {
    const view = formOf(61, "usual");
    expect(asked(view)).toBe(60);
    expect(said(view)).toContain("1 more parameter has no room here; type a command for them.");
    expect(refusals(view)).toEqual([]);
  });

  it("says how many have no room when there is more text than Slack takes of a view", () => {
    const view = formOf(40, "ﷺ".repeat(15_000));
    expect(asked(view)).toBeGreaterThan(5);
    expect(asked(view)).toBeLessThan(40);
    expect(said(view)).toContain(`${40 - asked(view)} more parameters have no room here`);
    expect(refusals(view)).toEqual([]);
  });

  it("would be refused by Slack's own rule with all of that text", () => {
    const one = formOf(1, "ﷺ".repeat(15_000));
    const [input] = one.blocks.filter(({ block_id: id }) => id?.startsWith("run-param:") === true);
    if (input === undefined) throw new Error("no input is shown");
    const blocks = Array.from({ length: 40 }, (_, at) => ({ ...input, block_id: `b${at}` }));
    expect(refusals({ ...one, blocks })).toEqual(["view_too_large"]);
  });
});
