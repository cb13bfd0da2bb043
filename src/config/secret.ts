import { readFileSync } from "node:fs";
import { AftershockError } from "../errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A secret: the variable NAME, or what is in the file that NAME_FILE names, without a line end at its end, as mounted
 * secrets come. Undefined: neither is set. Throws AftershockError `bad_config` when both are, or the file cannot be read.
 */
export function readSecret(environment: Environment, name: string): string | undefined {
  const value = nonEmpty(environment[name]);
  const file = nonEmpty(environment[`${name}_FILE`]);
  if (file === undefined) return value;
  if (value !== undefined) {
    throw bad(`${name} and ${name}_FILE are both set.`, "Unset one of them.");
  }
  return nonEmpty(readMounted(`${name}_FILE`, file, "Name a file that this user may read.").replace(/\r?\n$/, ""));
}

/** The text of a file that `key` names. Throws AftershockError `bad_config` that says which and why. */
export function readMounted(key: string, file: string, hint: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw bad(`${key}: ${file} cannot be read (${code}).`, hint);
  }
}

/** What the probes read from the environment themselves, as the programs do that they use. */
const probeSecrets = [
  "PGPASSWORD",
  "AFTERSHOCK_RESTORE_PASSWORD",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
];

/** The probes' secrets that are set, by name, those from files included. */
export function readProbeSecrets(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    probeSecrets.flatMap((name) => {
      const value = readSecret(environment, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function bad(message: string, hint: string): AftershockError {
  return new AftershockError("bad_config", message, hint);
}
