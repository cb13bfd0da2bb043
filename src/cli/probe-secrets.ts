import { readProbeSecrets, type Environment } from "../config/secret.ts";

/**
 * Puts the probes' secrets where libpq and the S3 client look for them, the process's environment: also those that came as
 * files. Resolves to them by name, for the log to leave out. Throws AftershockError `bad_config`.
 */
export function provideProbeSecrets(environment: Environment): Record<string, string> {
  const secrets = readProbeSecrets(environment);
  Object.assign(process.env, secrets);
  return secrets;
}
