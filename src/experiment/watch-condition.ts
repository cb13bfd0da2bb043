import { z } from "zod";
import { durationText, identifier } from "./texts.ts";

const common = {
  id: identifier.describe("Name of the condition"),
  title: z.string().max(200).describe("Why it stops the run, for the thread"),
  onUnknown: z
    .enum(["stop", "continue"])
    .default("stop")
    .describe("What happens after unknownAfter without an answer: stop, or continue unwatched"),
  unknownAfter: durationText.default("15s").describe("How long it may be unknown: no data, an error, no answer"),
};

export const prometheusConditionSchema = z.strictObject({
  ...common,
  prometheus: z
    .strictObject({
      query: z
        .string()
        .min(1)
        .max(2000)
        .describe(
          "PromQL whose value is compared, without a comparison of its own; of several series the worst counts",
        ),
      above: z.number().optional().describe("It holds while the value is greater than this. Either this or below"),
      below: z.number().optional().describe("It holds while the value is less than this. Either this or above"),
      for: durationText.default("0s").describe("It must hold at every look for so long"),
    })
    .refine(
      ({ above, below }) => (above === undefined) !== (below === undefined),
      "needs above or below, one of the two",
    )
    .describe("Asked of the cluster's Prometheus"),
});

export const alertConditionSchema = z.strictObject({
  ...common,
  alert: z
    .strictObject({
      matchers: z
        .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "must be a label's name"), z.string().max(500))
        .refine((matchers) => Object.keys(matchers).length > 0, "needs at least one label")
        .describe("Labels that a firing alert has, exactly; a silence does not hide it"),
      for: durationText.default("0s").describe("It must fire at every look for so long"),
    })
    .describe("Asked of the cluster's Alertmanager"),
});

/**
 * Stop conditions that somebody else measures. An experiment may have them, and so may a cluster's configuration, where
 * they hold for every run.
 */
export const watchConditionSchema = z.union([prometheusConditionSchema, alertConditionSchema]);

export type WatchCondition = z.infer<typeof watchConditionSchema>;
