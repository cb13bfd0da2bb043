import { z } from "zod";
import { durationText, identifier } from "./texts.ts";
import { alertConditionSchema, prometheusConditionSchema } from "./watch-condition.ts";

/** A group of the system's topology, or a choice parameter that names one: `primary`, `${member}`. */
const group = z.string().regex(/^([a-z][a-z0-9-]{1,61}|\$\{[a-z][A-Za-z0-9]*\})$/, "a group, or ${parameter}");

/** Chaos Mesh's kinds, and the bot's own actions: cordon the pods' nodes, delete the pods, restore elsewhere. */
export const faultKinds = ["NetworkChaos", "PodChaos", "IOChaos", "Cordon", "PodDelete", "ScratchPostgres"] as const;

const parameterDescription = z
  .string()
  .describe("What the parameter does, in one sentence. Shown by /chaos show and in the form");

export const parameterSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z
      .literal("duration")
      .describe("A time with its unit, such as 500ms, 15s, 2m or 1m30s. A bare number is refused"),
    description: parameterDescription,
    default: durationText.describe("Used when nothing is typed; within min and max"),
    min: durationText.describe("The shortest that may be typed"),
    max: durationText.describe("The longest that may be typed. At most 24h for duration, baseline and recovery"),
  }),
  z.strictObject({
    type: z.literal("integer").describe("A whole number"),
    description: parameterDescription,
    unit: z.string().optional().describe("Shown after the number, e.g. per second"),
    default: z.int().describe("Used when nothing is typed; within min and max"),
    min: z.int().describe("The least that may be typed"),
    max: z.int().describe("The most that may be typed"),
  }),
  z.strictObject({
    type: z.literal("choice").describe("One of a list of texts"),
    description: parameterDescription,
    default: z.string().describe("Used when nothing is typed; one of choices"),
    choices: z.array(z.string()).min(1).describe("What may be typed. Quote on, off, yes and no"),
    values: z
      .record(z.string(), z.string())
      .default({})
      .describe("What ${name} inserts for a choice; the choice itself where it is not listed"),
  }),
  z.strictObject({
    type: z.literal("text").describe("A text that matches pattern"),
    description: parameterDescription,
    default: z.string().describe("Used when nothing is typed; must match pattern"),
    pattern: z
      .string()
      .default("^[A-Za-z0-9._-]{1,63}$")
      .describe("Regular expression for the whole text: it begins with ^ and ends with $"),
  }),
]);

const profileSchema = z
  .record(z.string(), z.union([z.string(), z.number()]))
  .describe("Values of parameters, by name, within the bounds of each");

const guardSchema = z.strictObject({
  id: identifier.describe(
    "Which check: one of the system's adapter, or of any system: target-free, no-leftovers, io-architecture, io-volume, io-files",
  ),
  title: z.string().describe("What must hold, for people"),
  bounds: z
    .record(z.string(), z.number())
    .default({})
    .describe("Figures that the check compares with, e.g. maxBytes: 1048576. Each check knows its own"),
});

const faultSchema = z.strictObject({
  id: identifier.describe("Name of the fault within the experiment; part of the name of the object on the cluster"),
  title: z.string().describe("What is done to whom, for the approver"),
  kind: z
    .enum(faultKinds)
    .describe("A kind of Chaos Mesh, or one of the bot's own actions: Cordon, PodDelete, ScratchPostgres"),
  subject: z
    .array(group)
    .min(1)
    .describe(
      "Groups of the system's topology that are hit, e.g. [master]; resolved to pods and pinned before injection",
    ),
  target: z.array(group).default([]).describe("The other side of a partition, e.g. [replicas, sentinels]"),
  spec: z
    .record(z.string(), z.unknown())
    .describe(
      "The object's spec without whom and for how long: those come from subject, target and the run. In its texts ${name} stands for a parameter; alone it keeps the parameter's type",
    ),
});

const probeConditionSchema = z.strictObject({
  id: identifier.describe("Name of the condition"),
  title: z.string().describe("Why it stops the run, for the thread"),
  client: z.string().describe("Id of the probe client that is watched, e.g. follower"),
  okRatioBelow: z
    .number()
    .min(0)
    .max(1)
    .describe("Share of its operations that are ok over the window; below it the run is stopped and healed"),
  forMs: z.int().min(1000).describe("Length of the window in milliseconds, at least 1000"),
});

/**
 * An experiment file: data, no code. A file in `jobs/` is parsed by this schema; `jobs/experiment.schema.json` for editors
 * is generated from it (`npm run schema`), so each key has a description that a person sees while writing.
 */
export const experimentSchema = z.strictObject({
  name: identifier.describe(
    "What people type: /chaos run NAME. Lower-case letters, digits and dashes; unique in the catalogue",
  ),
  title: z.string().max(100).describe("A short title for lists and cards"),
  hypothesis: z.string().max(400).describe("One sentence that a run can hold or refute"),
  description: z.string().max(2000).describe("What happens, and why it is worth trying. Shown by /chaos show"),
  system: identifier.describe(
    "Which adapter probes and judges it: redis-sentinel, patroni, postgres-io, postgres-reschedule, postgres-backup, postgres-backup-check, etcd, rabbitmq or kafka",
  ),
  risk: z.enum(["low", "medium", "high"]).describe("How much it may hurt. The policy can ask for more approvals by it"),
  parameters: z
    .record(z.string().regex(/^[a-z][A-Za-z0-9]*$/), parameterSchema)
    .describe("What may be typed as name=value. The durations duration, baseline and recovery are required"),
  profiles: z
    .record(identifier, profileSchema)
    .default({})
    .describe("Named sets of parameter values, asked for by profile=NAME, e.g. demo"),
  guards: z.array(guardSchema).describe("What must hold before anything is injected; one that does not ends the run"),
  probes: z.array(z.string()).describe("What the probe clients do, one sentence each, for the approver"),
  faults: z
    .array(faultSchema)
    .describe("What is injected. May be empty: then the run is what the system's own exercise does, e.g. a restore"),
  stopConditions: z
    .array(z.union([probeConditionSchema, prometheusConditionSchema, alertConditionSchema]))
    .default([])
    .describe("What ends the run early and heals it"),
});

export type Experiment = z.infer<typeof experimentSchema>;
export type ParameterDefinition = z.infer<typeof parameterSchema>;
/** A parameter's value after defaults and checks. Durations stay text, e.g. `15s`. */
export type ParameterValue = string | number | boolean;
