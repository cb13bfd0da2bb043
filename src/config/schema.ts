import { z } from "zod";
import { duration } from "./duration.ts";
import { namespaceName } from "./names.ts";
import { policiesSchema } from "./policies.ts";
import { clusterTargetsKey } from "./targets.ts";
import { clusterWatchingKeys, grafanaSchema } from "./watching.ts";

const waits = (fallback: readonly string[]) =>
  z
    .array(duration("1m"))
    .min(1)
    .prefault([...fallback]);
/** Channel id for what belongs to no run: halts from a command line, leftovers that were removed. */
const opsChannel = z
  .string()
  .regex(/^[CG][A-Z0-9]+$/, "must be a channel's id, such as C0123ABCD")
  .optional();

/** How many times Slack's documented rates the bot may use (default 1, right for Slack itself); more only with a stand-in that allows it. */
const speed = z.number().min(1).optional();

const port = z.int().min(0).max(65_535);

const slackKeys = {
  /** Another API address than Slack's own, e.g. a local stand-in's. */
  apiUrl: z.url().optional(),
  command: z
    .string()
    .regex(/^\/[a-z][a-z0-9_-]*$/)
    .default("/chaos"),
  /** Least time between two edits of one card. */
  editEvery: duration("2s"),
  speed,
  opsChannel,
};

/**
 * The configuration file. Secrets are not in it: they come from the environment, or from files that it names (secret.ts). Unknown keys are
 * refused, so that a typo cannot silently fall back to a default.
 */
export const configSchema = z.strictObject({
  slack: z.discriminatedUnion("mode", [
    z.strictObject({ mode: z.literal("socket"), ...slackKeys }),
    z.strictObject({ mode: z.literal("http"), port, ...slackKeys }),
    /** Nothing but `aftershock run`: no bot, nobody to approve. */
    z.strictObject({ mode: z.literal("none"), ...slackKeys }),
  ]),
  /** Without a password; or DATABASE_URL in the environment. */
  postgres: z.strictObject({ url: z.string() }).optional(),
  /** Without a password; or REDIS_URL in the environment. */
  redis: z.strictObject({ url: z.string() }).optional(),
  clusters: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]*$/),
      z.strictObject({
        kubeconfig: z.string().optional(),
        context: z.string().optional(),
        /**
         * How pods are dialled: at their own addresses (direct), or through the API server (port-forward). auto: direct
         * where that works.
         */
        reach: z.enum(["auto", "direct", "port-forward"]).default("auto"),
        /** Where Chaos Mesh's own pods are; left out: the namespace chaos-mesh. No run may touch it. */
        chaosMesh: z.strictObject({ namespace: namespaceName }).optional(),
        /** Where runs may be; left out: in every namespace. The rights of the accounts are made from it (aftershock rbac). */
        namespaces: z.array(namespaceName).min(1).optional(),
        /** What rules of the policy call it, e.g. production; left out: its own name. */
        environment: z
          .string()
          .regex(/^[a-z][a-z0-9-]*$/)
          .optional(),
        ...clusterTargetsKey,
        ...clusterWatchingKeys,
      }),
    )
    .refine((clusters) => Object.keys(clusters).length > 0, "at least one cluster is needed"),
  /** Which of the catalogue may be run; left out: all. The rights of the accounts are made from it (aftershock rbac). */
  experiments: z.strictObject({ enabled: z.array(z.string()).min(1).optional() }).prefault({}),
  defaultCluster: z.string(),
  /** A profile of experiments that applies where it exists and the requester names none. */
  defaultProfile: z.string().optional(),
  /** The simple form of a policy: one rule for everything. Either this or `policies`. */
  approvals: z
    .strictObject({
      required: z.int().min(1).default(1),
      /** Slack user ids. Nobody else may approve, and never the requester. */
      approvers: z.array(z.string()).min(1),
      expiresAfter: duration("15m"),
    })
    .optional(),
  policies: policiesSchema.optional(),
  worker: z
    .strictObject({
      concurrency: z.int().min(1).max(32).default(4),
      /** A worker that does not renew for this long has lost its runs; another one heals them. */
      lease: duration("15s"),
      reconcileEvery: duration("3s"),
      /** How often clusters are searched for what runs left behind. */
      janitorEvery: duration("30s"),
    })
    .prefault({}),
  /** Deadlines of removing a fault, and of one that does not go (src/run/ladder/steps.ts). */
  healing: z
    .strictObject({
      /** From DELETE until the object must be gone. */
      deleteWithin: duration("30s"),
      /** One that stays: how long the thread offers to restart its target before its finalizers are dropped. */
      offerRestartFor: duration("60s"),
      /** From dropping the finalizers until the object must be gone. */
      forceWithin: duration("10s"),
      /** How long a cluster that answers nothing is asked again. */
      reachWithin: duration("2m"),
      /** Of one call to a cluster. */
      callWithin: duration("10s"),
    })
    .prefault({}),
  /** Cleanups that could not be proven are paged until somebody acknowledges them. */
  alarms: z
    .strictObject({
      /** Waits between pages; the last one again and again. */
      pageAgainAfter: waits(["1m", "2m", "5m", "10m"]),
      /** Waits between healing again and looking. */
      recheckAfter: waits(["10s", "30s", "1m", "5m"]),
      /** Slack user groups to mention, besides who asked for the run and who approved it. */
      groups: z
        .array(z.string().regex(/^S[A-Z0-9]+$/, "must be a Slack user group's id, such as S0123ABCD"))
        .default([]),
    })
    .prefault({}),
  grafana: grafanaSchema.optional(),
  health: z.strictObject({ port: port.default(8080), portFile: z.string().optional() }).prefault({}),
  jobs: z.string().optional(),
  logLevel: z.enum(["trace", "debug", "info", "warn", "error"]).default("info"),
});

export type Config = z.output<typeof configSchema>;
