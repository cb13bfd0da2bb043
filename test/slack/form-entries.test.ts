import type { ModalView } from "@slack/types";
import { describe, expect, it } from "vitest";
import { withEntries } from "../../src/slack/form-entries.ts";
import { flattenValues } from "../../src/slack/modal.ts";

const words = (text: string) => ({ type: "plain_text" as const, text });
const options = ["a", "b"].map((value) => ({ value, text: words(`the option ${value}`) }));
const view: ModalView = {
  type: "modal",
  title: words("T"),
  blocks: [
    { type: "section", text: words("said") },
    {
      type: "input",
      block_id: "text",
      label: words("Text"),
      element: { type: "plain_text_input", action_id: "aftershock:text", initial_value: "before" },
    },
    {
      type: "input",
      block_id: "one",
      label: words("One"),
      element: { type: "static_select", action_id: "aftershock:one", options },
    },
    {
      type: "input",
      block_id: "many",
      label: words("Many"),
      element: { type: "checkboxes", action_id: "aftershock:many", options, initial_options: [...options] },
    },
  ],
};

describe("a form that is drawn again after an answer that came late", () => {
  it("shows what was entered, choices as they were offered", () => {
    const drawn = withEntries(view, {
      text: { "aftershock:text": { value: "typed" } },
      one: { "aftershock:one": { selected_option: { value: "b" } } },
      many: { "aftershock:many": { selected_options: [{ value: "a" }] } },
    });
    expect(drawn.blocks).toMatchObject([
      { type: "section" },
      { element: { initial_value: "typed" } },
      { element: { initial_option: options[1] } },
      { element: { initial_options: [options[0]] } },
    ]);
  });
  it("shows nothing where something was cleared, or is not offered", () => {
    const drawn = JSON.stringify(
      withEntries(view, {
        text: { "aftershock:text": { value: null } },
        one: { "aftershock:one": { selected_option: { value: "gone" } } },
        many: { "aftershock:many": { selected_options: [] } },
      }),
    );
    expect(drawn).not.toContain("initial_");
  });
  it("is left as it is where nothing is told of an input", () => expect(withEntries(view, {})).toEqual(view));
});

describe("what was entered", () => {
  it("is told by the action, and of several of one name by each one's own", () => {
    expect(
      flattenValues({
        a: { "aftershock:part:x:1": { value: "one" } },
        b: { "aftershock:part:x:2": { value: "two" }, "aftershock:other": { value: null } },
      }),
    ).toEqual({ part: "two", "part:x:1": "one", "part:x:2": "two", other: null });
  });
});
