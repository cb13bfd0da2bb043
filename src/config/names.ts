import { z } from "zod";

/** DNS label, as Kubernetes names namespaces (kubernetes.io, Object Names and IDs). */
export const namespaceName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be a namespace's name");

export const variable = z.string().regex(/^[A-Z_][A-Z0-9_]*$/, "must be the name of an environment variable");
