import { z } from "zod";
import { saslMechanisms, type SaslMechanism } from "../probes/access.ts";
import { partsOf, targetSystems } from "../targets/parts.ts";
import type { Target } from "../targets/target.ts";
import { namespaceName, variable } from "./names.ts";
import { presetKeys, resolvePreset } from "./target-presets.ts";

/** Names of Kubernetes Secrets (kubernetes.io, Object Names and IDs: DNS subdomain), and of their keys. */
const secretName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "must be a Secret's name");
const secretKey = z.string().regex(/^[A-Za-z0-9._-]{1,253}$/, "must be a key of a Secret");

const secretRef = z.union(
  [
    z.strictObject({ secret: secretName, key: secretKey }),
    z.strictObject({ variable }),
    z.strictObject({ file: z.string().min(1) }),
  ],
  "must be { secret: NAME, key: KEY }, { variable: NAME } or { file: PATH }",
);

const tlsSchema = z
  .strictObject({
    /** PEM of the authority that signed the servers' certificates; left out: those that Node.js knows. */
    ca: secretRef.optional(),
    /** The client's own certificate and key, PEM. */
    cert: secretRef.optional(),
    key: secretRef.optional(),
    /** The name in the servers' certificates, e.g. `{pod}.redis-headless.{namespace}.svc`; left out: the pod's IP. */
    serverName: z
      .string()
      .regex(/^[A-Za-z0-9.*{}:_-]+$/, "must be a host's name; {pod} and {namespace} may stand in it")
      .optional(),
    verify: z.enum(["full", "ca", "none"]).default("full"),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), "takes cert and key together");

const partSchema = z.strictObject({
  port: z.int().min(1).max(65_535).optional(),
  user: z.union([z.string().min(1), secretRef]).optional(),
  password: secretRef.optional(),
  mechanism: z.enum(saslMechanisms).optional(),
  tls: tlsSchema.optional(),
});

/** What kubectl takes after -l. */
const selector = z.string().regex(/^[A-Za-z0-9._/=!,() -]+$/, "must be a label selector such as app=redis");

/** One system on a cluster: where it is, how its pods are found, and how it is spoken to. */
const targetSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,61}$/, "lower-case letters, digits and dashes"),
    ...presetKeys,
    /** May be left out where a preset says it. */
    systems: z.array(z.enum(targetSystems)).min(1).optional(),
    namespace: namespaceName,
    selectors: z.record(z.string(), selector).default({}),
    /** Values of experiments' parameters where nothing else is asked for, e.g. masterName: orders. */
    parameters: z.record(z.string().regex(/^[a-z][A-Za-z0-9]*$/), z.union([z.string(), z.int()])).default({}),
    access: z.record(z.string(), partSchema).default({}),
  })
  .transform((written, { issues }): Target => {
    const target = resolvePreset(written, (path, message) =>
      issues.push({ code: "custom", path: [...path], message, input: written }),
    );
    if (target === null) return z.NEVER;
    const parts = partsOf(target.systems);
    for (const [part, { mechanism, user, tls }] of Object.entries(target.access)) {
      const message = mechanismProblem(part, mechanism);
      if (message !== null) {
        issues.push({ code: "custom", path: ["access", part, "mechanism"], message, input: mechanism });
      } else if (mechanism === "EXTERNAL" && (user !== undefined || tls?.cert === undefined)) {
        const needs = "EXTERNAL takes its name from tls.cert, and no user";
        issues.push({ code: "custom", path: ["access", part, "mechanism"], message: needs, input: mechanism });
      }
    }
    for (const key of ["selectors", "access"] as const) {
      for (const part of Object.keys(written[key])) {
        if (parts.includes(part)) continue;
        const message = `is no part of ${target.systems.join(", ")}; there are: ${parts.join(", ")}`;
        issues.push({ code: "custom", path: [key, part], message, input: part });
      }
    }
    return target;
  });

/** Of the systems that are known, RabbitMQ and Kafka let one choose (RabbitMQ, access control; Kafka, security). */
const mechanismsOf: Readonly<Record<string, readonly SaslMechanism[]>> = {
  amqp: ["PLAIN", "EXTERNAL"],
  kafka: ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
  controller: ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
};

function mechanismProblem(part: string, mechanism: SaslMechanism | undefined): string | null {
  if (mechanism === undefined) return null;
  const possible = mechanismsOf[part] ?? [];
  if (possible.includes(mechanism)) return null;
  return possible.length === 0 ? `${part} has no mechanism to choose` : `${part} takes ${possible.join(", ")}`;
}

/** Key of a cluster. */
export const clusterTargetsKey = {
  targets: z
    .array(targetSchema)
    .default([])
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "need names of their own"),
};
