import { z } from "zod";
import { AftershockError } from "../errors.ts";
import { watchConditionSchema } from "../experiment/watch-condition.ts";
import { duration } from "./duration.ts";
import { variable } from "./names.ts";
import { readMounted, readSecret, type Environment } from "./secret.ts";

/** An HTTP address without a password, and where its secret is: in the variable NAME, or the file that NAME_FILE names. */
const endpointKeys = {
  url: z
    .url({ protocol: /^https?$/, error: "must be an address that begins with http:// or https://" })
    .refine(
      (url) => !URL.canParse(url) || new URL(url).username + new URL(url).password === "",
      "must hold no user or password: use basic",
    ),
  bearerTokenFrom: variable.optional(),
  basic: z.strictObject({ user: z.string().min(1), passwordFrom: variable }).optional(),
  /** A file with the PEM of the authority that signed its certificate. */
  tls: z.strictObject({ caFile: z.string() }).optional(),
};

const asOne = ({ bearerTokenFrom, basic }: { bearerTokenFrom?: unknown; basic?: unknown }): boolean =>
  bearerTokenFrom === undefined || basic === undefined;
const asOneText = "takes bearerTokenFrom or basic, not both";

const endpointSchema = z.strictObject(endpointKeys).refine(asOne, asOneText);

/** Where phases and faults of runs are shown as annotations. Without a dashboard they are the organisation's. */
export const grafanaSchema = z
  .strictObject({ ...endpointKeys, dashboardUid: z.string().min(1).max(40).optional() })
  .refine(asOne, asOneText);

/** Keys of a cluster that say what watches its runs. */
export const clusterWatchingKeys = {
  prometheus: endpointSchema.optional(),
  alertmanager: endpointSchema.optional(),
  /** For every run on the cluster; no requester can leave one out. They take no parameters. */
  stopConditions: z
    .array(watchConditionSchema)
    .default([])
    .refine((all) => !JSON.stringify(all).includes("${"), "take no parameters here")
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, "need ids of their own"),
  watch: z
    .strictObject({
      /** Between two looks at a condition. */
      every: duration("1s"),
      /** How long one question may take; longer is not knowing. */
      answerWithin: duration("2s"),
    })
    .prefault({}),
};

type Endpoint = z.output<typeof endpointSchema>;

/** Where something is asked by HTTP, and as whom: with its secrets read. */
export interface OpenEndpoint {
  url: string;
  /** PEM of the authority that signed its certificate, where the system does not know it. */
  ca?: string;
  /** A whole `Authorization` header; a secret. */
  authorization?: string;
}

export interface WatchingEndpoints {
  prometheus?: OpenEndpoint;
  alertmanager?: OpenEndpoint;
}

interface Watched {
  prometheus?: Endpoint | undefined;
  alertmanager?: Endpoint | undefined;
}

/** Every cluster's endpoints with their secrets; nothing when none has any. Throws AftershockError `bad_config`. */
export function readWatching(
  clusters: Readonly<Record<string, Watched>>,
  environment: Environment,
): { watching?: Readonly<Record<string, WatchingEndpoints>> } {
  const found = Object.entries(clusters).flatMap(([name, { prometheus, alertmanager }]) => {
    if (prometheus === undefined && alertmanager === undefined) return [];
    const endpoints: WatchingEndpoints = {
      ...(prometheus === undefined ? {} : { prometheus: withSecrets(prometheus, environment) }),
      ...(alertmanager === undefined ? {} : { alertmanager: withSecrets(alertmanager, environment) }),
    };
    return [[name, endpoints] as const];
  });
  return found.length === 0 ? {} : { watching: Object.fromEntries(found) };
}

/** Grafana's endpoint with its secret; nothing where there is none. Throws AftershockError `bad_config`. */
export function readGrafana(
  grafana: z.output<typeof grafanaSchema> | undefined,
  environment: Environment,
): { grafana?: OpenEndpoint } {
  return grafana === undefined ? {} : { grafana: withSecrets(grafana, environment) };
}

function withSecrets({ url, bearerTokenFrom, basic, tls }: Endpoint, environment: Environment): OpenEndpoint {
  const need = (name: string): string => {
    const value = readSecret(environment, name);
    if (value !== undefined) return value;
    throw new AftershockError(
      "bad_config",
      `${name} is not set (the secret of ${url}).`,
      `Set ${name}, or ${name}_FILE=/run/secrets/…`,
    );
  };
  const authorization =
    bearerTokenFrom !== undefined
      ? `Bearer ${need(bearerTokenFrom)}`
      : basic === undefined
        ? undefined
        : `Basic ${Buffer.from(`${basic.user}:${need(basic.passwordFrom)}`).toString("base64")}`;
  return {
    url,
    ...(authorization === undefined ? {} : { authorization }),
    ...(tls === undefined
      ? {}
      : { ca: readMounted("tls.caFile", tls.caFile, "Name a PEM file that this user may read.") }),
  };
}
