import { AftershockError } from "../errors.ts";
import type { Dial } from "./access.ts";
import type { SystemContext } from "./system.ts";

/** Why a server does not let the bot in; certain, unlike one that does not answer. */
export interface Refusal {
  /** What happened, as the end of a sentence about the server: in its own words, or in ours. No secret. */
  what: string;
  /** The keys of `access.PART` that can mend it, e.g. `tls.ca`; or what else to do, as a sentence. */
  mend: { keys: string } | { act: string };
}

/**
 * What a client shows of itself, without a secret. A user is not named: the name may come from a Secret, and the sentence
 * goes to a channel.
 */
function presented({ user, password, mechanism, tls }: Omit<Dial, "host" | "port">): string {
  const certificate = tls?.cert === undefined ? "no client certificate" : "a client certificate";
  const word = password === undefined ? "without" : "with";
  const login =
    user !== undefined ? `a user ${word} a password` : password === undefined ? "no user" : "no user, but a password";
  return [
    tls === undefined ? "no TLS" : `TLS with ${certificate}`,
    mechanism === undefined ? login : `${login} by ${mechanism}`,
  ].join(", ");
}

/** PostgreSQL says `user "NAME"`, Redis `User NAME has`. */
function withoutUser(said: string, user: string | undefined): string {
  if (user === undefined) return said;
  return ["user", "User"].reduce(
    (text, word) => text.replaceAll(`${word} "${user}"`, `${word} …`).replaceAll(`${word} ${user} `, `${word} … `),
    said,
  );
}

/**
 * The error with which no system is opened, the same for all: which server, what it said, what it was shown, and the key of
 * the target that mends it. `dial`: what the server was presented.
 */
export function notAdmitted(
  { parameters }: Pick<SystemContext, "parameters">,
  where: { part: string; pod: string; dial: Omit<Dial, "host" | "port"> },
  { what, mend }: Refusal,
): AftershockError {
  const { part, pod, dial } = where;
  const target = parameters["target"];
  const whose = target === undefined || target === "none" ? "a target" : `the target ${String(target)}`;
  const hint =
    "act" in mend
      ? mend.act
      : `Mend ${mend.keys} in access.${part} of ${whose} (clusters.NAME.targets in the configuration).`;
  return new AftershockError(
    "system_unreachable",
    `${pod} (${part}) does not let the bot in: ${withoutUser(what, dial.user).replace(/[.\s]+$/, "")}. It was presented: ${presented(dial)}.`,
    hint,
  );
}

/** What a question was answered with when it failed; null when it did not. Never rejects. */
export function errorOf(asked: Promise<unknown>): Promise<unknown> {
  return asked.then(
    () => null,
    (error: unknown) => error,
  );
}
