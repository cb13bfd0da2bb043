import type { KnownBlock, PlainTextOption } from "@slack/types";
import type { Experiment } from "../../../experiment/schema.ts";
import { actionPrefix } from "../../action-prefix.ts";
import { note, plain } from "../../limits.ts";
import type { ModalView } from "../../modal.ts";

/** Slack's limits of a select's option and of an input's label (docs.slack.dev, Option object and Input block). */
const optionText = 75;
const mostOptions = 100;

const reasonForms = {
  "not-ready": { title: "Not ready", submit: "Say it", label: "What is missing?" },
  "no-go": { title: "No-go", submit: "No-go", label: "Why not?" },
  skip: { title: "Skip", submit: "Skip it", label: "Why is it skipped?" },
} as const;

/** Asks for the reason that goes with a click. `value` comes back with it. */
export function formOfReason(what: keyof typeof reasonForms, value: string): ModalView {
  const { title, submit, label } = reasonForms[what];
  return {
    callback: `gameday-${what}`,
    title,
    submit,
    state: value,
    blocks: [input("reason", label, { lines: "many", maxLength: 900 }), note("Everybody sees it on the board.")],
  };
}

/** A note for the game day. */
export function formOfNote(id: string): ModalView {
  return {
    callback: "gameday-note",
    title: "Note",
    submit: "Note it",
    state: id,
    blocks: [
      input("text", "What did you see, do or wonder about?", { lines: "many", maxLength: 3000 }),
      note("It is on the board with your name and the time."),
    ],
  };
}

/** The form twin of `gameday plan`. `clusters`: where its runs can go. */
export function formOfPlan(experiments: readonly Experiment[], clusters: readonly string[]): ModalView {
  const options = experiments.slice(0, mostOptions).map(({ name, title }): PlainTextOption => ({
    text: { type: "plain_text", text: plain(title, optionText) },
    value: name,
  }));
  const places = clusters.slice(0, mostOptions).map((name): PlainTextOption => ({
    text: { type: "plain_text", text: plain(name, optionText) },
    value: name,
  }));
  const rules: PlainTextOption[] = [
    { text: { type: "plain_text", text: "Commander, operators and scribe must all say go" }, value: "roles" },
    { text: { type: "plain_text", text: "The commander alone decides" }, value: "commander" },
  ];
  return {
    callback: "gameday-plan",
    title: "Plan a game day",
    submit: "Plan it",
    blocks: [
      input("title", "Title", { maxLength: 150 }),
      {
        type: "input",
        block_id: "when",
        optional: true,
        label: { type: "plain_text", text: "When" },
        element: { type: "datetimepicker", action_id: `${actionPrefix}when` },
      },
      ...(options.length === 0
        ? []
        : [
            {
              type: "input",
              block_id: "experiments",
              optional: true,
              label: { type: "plain_text", text: "Experiments, in their order" },
              element: {
                type: "multi_static_select",
                action_id: `${actionPrefix}experiments`,
                options,
                placeholder: { type: "plain_text", text: "Choose experiments" },
              },
            } satisfies KnownBlock,
          ]),
      input("agenda", "Or with parameters, one a line", {
        lines: "many",
        optional: "yes",
        placeholder: 'redis-split-brain duration=30s expect="nothing is lost"',
      }),
      ...(places.length === 0
        ? []
        : [
            {
              type: "input",
              block_id: "environment",
              optional: true,
              label: { type: "plain_text", text: "Environment" },
              hint: {
                type: "plain_text",
                text: "The cluster that its runs go to; the default one, if none is chosen.",
              },
              element: {
                type: "static_select",
                action_id: `${actionPrefix}environment`,
                options: places,
                placeholder: { type: "plain_text", text: "Choose a cluster" },
              },
            } satisfies KnownBlock,
          ]),
      {
        type: "input",
        block_id: "rule",
        label: { type: "plain_text", text: "Who decides go or no-go" },
        element: {
          type: "static_select",
          action_id: `${actionPrefix}rule`,
          options: rules,
          initial_option: {
            text: { type: "plain_text", text: "Commander, operators and scribe must all say go" },
            value: "roles",
          },
        },
      },
      input("scope", "Scope", { optional: "yes", maxLength: 900 }),
      input("breaks", "What may break", { lines: "many", optional: "yes", maxLength: 900 }),
      input("abort", "When we stop", { lines: "many", optional: "yes", maxLength: 900 }),
    ],
  };
}

function input(
  name: string,
  label: string,
  more: { lines?: "many"; optional?: "yes"; maxLength?: number; placeholder?: string } = {},
): KnownBlock {
  return {
    type: "input",
    block_id: name,
    optional: more.optional === "yes",
    label: { type: "plain_text", text: label },
    element: {
      type: "plain_text_input",
      action_id: `${actionPrefix}${name}`,
      multiline: more.lines === "many",
      max_length: more.maxLength ?? 3000,
      ...(more.placeholder === undefined ? {} : { placeholder: { type: "plain_text", text: more.placeholder } }),
    },
  };
}
