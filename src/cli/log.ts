import { pino, type Logger } from "pino";
import type { Secrets } from "../config/load.ts";
import { redactDeep, type Hiding } from "../redact.ts";

/**
 * The service's log: JSON lines through `write`, each without what looks like a secret and without those that `hiding` knows by then.
 * Whole lines, so that a stack, a cause or a library's own object is covered as well.
 */
export function createLog(
  options: { level: string; base: Record<string, string>; hiding: Pick<Hiding, "known"> },
  write: (line: string) => void,
): Logger {
  const { level, base, hiding } = options;
  return pino(
    { level, base },
    { write: (line) => write(`${JSON.stringify(redactDeep(JSON.parse(line), hiding.known()))}\n`) },
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

/** What Prometheus, Alertmanager and Grafana are asked with: the whole header, and what is secret of it. */
function watchingSecrets({ watching = {}, grafana }: Pick<Secrets, "watching" | "grafana">): string[] {
  const endpoints = Object.values(watching).flatMap(({ prometheus, alertmanager }) => [prometheus, alertmanager]);
  return [...endpoints, grafana].flatMap((endpoint) =>
    endpoint?.authorization === undefined ? [] : [endpoint.authorization, endpoint.authorization.replace(/^\S+ /, "")],
  );
}
