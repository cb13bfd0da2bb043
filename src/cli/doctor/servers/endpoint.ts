import type { Config } from "../../../config/schema.ts";
import { wrong, type Line } from "../line.ts";

/** One server that is asked by HTTP, as the configuration names it. */
export interface NamedEndpoint {
  /** `Prometheus`. */
  name: string;
  /** `clusters.lab.prometheus`. */
  key: string;
  settings: Pick<NonNullable<Config["clusters"][string]["prometheus"]>, "url" | "bearerTokenFrom" | "basic">;
  /** What is asked, below its address. */
  path: string;
}

const curl = ({ settings: { url }, path }: NamedEndpoint): string => `curl -sS '${url.replace(/\/+$/, "")}${path}'`;

/** It answered with another status than was asked for, or with something that it would not say. Pure. */
export function judgeRefusal(endpoint: NamedEndpoint, status: number): Line {
  const { name, key, settings } = endpoint;
  if (status !== 401 && status !== 403) {
    return wrong(
      `${name} answers HTTP ${status} to ${endpoint.path}, and not as ${name} does.`,
      `${curl(endpoint)}\nIf it is elsewhere: ${key}.url`,
    );
  }
  const shown = settings.bearerTokenFrom ?? settings.basic?.passwordFrom;
  return wrong(
    `${name} does not let the bot in: HTTP ${status}.`,
    shown === undefined
      ? `Give it a login: ${key}.bearerTokenFrom or ${key}.basic`
      : `Set ${shown}, or ${shown}_FILE, to what ${name} knows (${key})`,
  );
}

/** Nothing answered. Pure. */
export function judgeSilence(endpoint: NamedEndpoint, why: string): Line {
  const { name, key } = endpoint;
  return wrong(
    `${name} does not answer at ${endpoint.settings.url}: ${why}.`,
    `${curl(endpoint)}\nIf it is elsewhere: ${key}.url; if its certificate is of your own authority: ${key}.tls.caFile`,
  );
}
