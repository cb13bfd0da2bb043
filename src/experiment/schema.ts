import { z } from "zod";

/**
 * An experiment file: data, no code. A file in `jobs/` is parsed by this schema; `experiment.schema.json` for editors
 * is generated from it.
 */
const identifier = z.string().regex(/^[a-z][a-z0-9-]{1,61}$/, "lower-case letters, digits and dashes");

/** A group of the system's topology, or a choice parameter that names one: `primary`, `${member}`. */
const group = z.string().regex(/^([a-z][a-z0-9-]{1,61}|\$\{[a-z][A-Za-z0-9]*\})$/, "a group, or ${parameter}");

/** Durations are text such as `500ms`, `15s`, `2m`, `1m30s`. */
const durationText = z.string().regex(/^(\d+(ms|s|m|h))+$/, "a duration such as 500ms, 15s or 1m30s");

/** Chaos Mesh's kinds, and the bot's own actions: cordon the pods' nodes, delete the pods, restore elsewhere. */
export const faultKinds = ["NetworkChaos", "PodChaos", "IOChaos", "Cordon", "PodDelete", "ScratchPostgres"] as const;

export const parameterSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("duration"),
    description: z.string(),
    default: durationText,
    min: durationText,
    max: durationText,
  }),
  z.strictObject({
    type: z.literal("integer"),
    description: z.string(),
    unit: z.string().optional(),
    default: z.int(),
    min: z.int(),
    max: z.int(),
  }),
  z.strictObject({
    type: z.literal("choice"),
    description: z.string(),
    default: z.string(),
    choices: z.array(z.string()).min(1),
    /** What `${name}` inserts for a choice; the choice itself where it is not listed. */
    values: z.record(z.string(), z.string()).default({}),
  }),
  z.strictObject({
    type: z.literal("text"),
    description: z.string(),
    default: z.string(),
    pattern: z.string().default("^[A-Za-z0-9._-]{1,63}$"),
  }),
]);

export const experimentSchema = z.strictObject({
  name: identifier,
  title: z.string().max(100),
  /** One sentence that the run can hold or refute. */
  hypothesis: z.string().max(400),
  description: z.string().max(2000),
  system: identifier,
  risk: z.enum(["low", "medium", "high"]),
  /** `duration` and `baseline` are required names; the conductor reads them. */
  parameters: z.record(z.string().regex(/^[a-z][A-Za-z0-9]*$/), parameterSchema),
  /** Named sets of parameter values, e.g. `demo`. */
  profiles: z.record(identifier, z.record(z.string(), z.union([z.string(), z.number()]))).default({}),
  guards: z.array(
    z.strictObject({
      id: identifier,
      title: z.string(),
      bounds: z.record(z.string(), z.number()).default({}),
    }),
  ),
  probes: z.array(z.string()).describe("What the probe clients do, one sentence each, for the approver"),
  /** May be empty: then the run is what the system's own exercise does, e.g. a restore. */
  faults: z.array(
    z.strictObject({
      id: identifier,
      title: z.string(),
      kind: z.enum(faultKinds),
      /** Groups of the system's topology, resolved to pods and pinned at injection. */
      subject: z.array(group).min(1),
      target: z.array(group).default([]),
      /** In its texts `${name}` stands for a parameter's value; alone it keeps the value's type. */
      spec: z.record(z.string(), z.unknown()),
    }),
  ),
  stopConditions: z
    .array(
      z.strictObject({
        id: identifier,
        title: z.string(),
        /** Share of operations of a client that are ok over the window; below it the run is stopped and healed. */
        client: z.string(),
        okRatioBelow: z.number().min(0).max(1),
        forMs: z.int().min(1000),
      }),
    )
    .default([]),
});

export type Experiment = z.infer<typeof experimentSchema>;
export type ParameterDefinition = z.infer<typeof parameterSchema>;
/** A parameter's value after defaults and checks. Durations stay text, e.g. `15s`. */
export type ParameterValue = string | number | boolean;
