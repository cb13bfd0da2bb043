import { pino, type Logger } from "pino";
import type { Secrets } from "../config/load.ts";
import { redactDeep } from "../redact.ts";

/**
 * The service's log: JSON lines through `write`, each without what looks like a secret and without those in `known`.
 * Whole lines, so that a stack, a cause or a library's own object is covered as well.
 */
export function createLog(
  options: { level: string; base: Record<string, string>; known: readonly string[] },
  write: (line: string) => void,
): Logger {
  const known = options.known.filter((secret) => secret !== "");
  return pino(
    { level: options.level, base: options.base },
    { write: (line) => write(`${JSON.stringify(redactDeep(JSON.parse(line), known))}\n`) },
  );
}

/** Every secret that the service or a pipeline knows, and the passwords inside its addresses. */
export function knownSecrets(secrets: Partial<Secrets>, probeSecrets: Readonly<Record<string, string>>): string[] {
  const { databaseUrl, redisUrl, slackBotToken, slackAppToken, slackSigningSecret } = secrets;
  const own = [databaseUrl, redisUrl, slackBotToken, slackAppToken, slackSigningSecret];
  const values = [...own, ...Object.values(probeSecrets)].filter((value) => value !== undefined);
  const passwords = [databaseUrl, redisUrl].flatMap((url) =>
    url !== undefined && URL.canParse(url) ? [decodeURIComponent(new URL(url).password)] : [],
  );
  return [...values, ...passwords, ...watchingSecrets(secrets)];
}

/** What Prometheus and Alertmanager are asked with: the whole header, and what is secret of it. */
function watchingSecrets({ watching = {} }: Pick<Secrets, "watching">): string[] {
  return Object.values(watching).flatMap(({ prometheus, alertmanager }) =>
    [prometheus, alertmanager].flatMap((endpoint) =>
      endpoint?.authorization === undefined
        ? []
        : [endpoint.authorization, endpoint.authorization.replace(/^\S+ /, "")],
    ),
  );
}
