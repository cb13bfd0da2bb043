import { z } from "zod";
import { parseDurationMs } from "../experiment/duration.ts";
import { globProblem } from "./faults/io-files.ts";

/** What IOChaos calls file operations (anchors: Chaos Mesh 3.4); one that is not among them is dropped without a word. */
const ioMethods = (
  "lookup forget getattr setattr readlink mknod mkdir unlink rmdir symlink rename link open read write flush release " +
  "fsync opendir readdir releasedir fsyncdir statfs setxattr getxattr listxattr removexattr access create getlk setlk bmap"
).split(" ");

/** A fault that delays every call by more looks like one that hangs. */
const longestDelayMs = 5 * 60_000;

/** Names of containers and namespaces (RFC 1123 label). */
export const dnsLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const containers = z.array(z.string().regex(dnsLabel, "a container's name")).min(1);

const volumePath = z
  .string()
  .regex(/^\/[^*?[\]{}]+$/, "the path of a mounted volume, and not /")
  .refine((path) => !path.split("/").includes(".."), "a path without ..")
  // It is compared with the mount's own path, character by character.
  .refine((path) => !/\/$|\/\//.test(path), "a path without doubled slashes, and without one at its end");

/** A glob that cannot be read hits every file; so does none at all, and whoever wants that says `**`. */
const filesGlob = z.string().superRefine((path, context) => {
  const problem = /^(\/|\*\*)/.test(path) ? globProblem(path) : "it must begin with / (or be ** for all files)";
  if (problem !== null) context.addIssue({ code: "custom", message: `a glob that can be read: ${problem}` });
});

const delay = z
  .string()
  .regex(/^(\d+(ms|s|m|h))+$/, { error: "a duration such as 100ms", abort: true })
  .refine((text) => parseDurationMs(text) > 0 && parseDurationMs(text) <= longestDelayMs, "more than 0ms, at most 5m");

const io = {
  volumePath,
  path: filesGlob,
  /** One that is unknown is dropped without a word, and alone makes a fault that does nothing. */
  methods: z
    .array(z.string().refine((name) => ioMethods.includes(name.toLowerCase()), "a file operation that IOChaos knows"))
    .min(1)
    .optional(),
  percent: z.int().min(0).max(100).optional(),
  containerNames: containers,
};

/** Chaos Mesh counts it in whole seconds; longer than an hour nobody waits for. */
const graceSeconds = z.int().min(0).max(3600).optional();

/**
 * What the bot can inject and prove healed, and no more: other actions of Chaos Mesh are refused here. (`container-kill`
 * is recorded by container, which src/run/faults/pod-chaos.ts does not await.)
 *
 * What `spec` of a fault may hold, by kind, once parameters are inserted. Whom a fault hits and for how long is not in
 * it: that comes from `subject`, `target` and the run's duration, and a spec that says it too is refused. So is what
 * Chaos Mesh would drop or take for everything.
 */
const specs: Readonly<Record<string, z.ZodType>> = {
  NetworkChaos: z.strictObject({
    action: z.literal("partition"),
    direction: z.enum(["to", "from", "both"]).optional(),
  }),
  PodChaos: z.discriminatedUnion("action", [
    z.strictObject({ action: z.literal("pod-kill"), gracePeriod: graceSeconds }),
    z.strictObject({ action: z.literal("pod-failure") }),
  ]),
  IOChaos: z.discriminatedUnion("action", [
    z.strictObject({ action: z.literal("latency"), delay, ...io }),
    z.strictObject({ action: z.literal("fault"), errno: z.int().min(1).max(133), ...io }),
  ]),
  Cordon: z.strictObject({}),
  PodDelete: z.strictObject({ gracePeriodSeconds: graceSeconds }),
  ScratchPostgres: z.strictObject({
    image: z.string().min(1),
    sizeLimit: z.string().regex(/^[1-9]\d{0,4}(Mi|Gi|Ti)$/),
  }),
};

/** What is wrong with a fault's spec, as `spec.percent: …`; null when nothing is. */
export function specProblem(kind: string, spec: Readonly<Record<string, unknown>>): string | null {
  const schema = Object.hasOwn(specs, kind) ? specs[kind] : undefined;
  const parsed = schema?.safeParse(spec);
  if (parsed === undefined || parsed.success) return null;
  const [issue] = parsed.error.issues;
  return `${["spec", ...(issue?.path ?? [])].join(".")}: ${issue?.message ?? "invalid"}`;
}
