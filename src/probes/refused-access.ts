import { isAftershockError, messageOf } from "../errors.ts";
import type { Dial } from "./access.ts";
import { notAdmitted, type Refusal } from "./admission.ts";
import type { SystemContext } from "./system.ts";
import { tlsFailure } from "./tls-failure.ts";

/**
 * `hung-up`: as one does that expects TLS, or a client certificate (whose alert may come after the reset), and as one does
 * that is on its way down. Null: it did not refuse.
 */
export type Refused = Refusal | "hung-up" | null;

/** One server that is asked once, when a system is opened. */
export interface AskedServer {
  part: string;
  pod: string;
  dial: () => Promise<Dial>;
  /** Rejects with what went wrong. */
  ask: (dial: Dial) => Promise<void>;
}

/**
 * Asks every server once, all at the same time, so that a wrong login is told when a run is asked for and not taken for
 * servers that are down. A server that does not answer is none of its business: guards say so. Throws AftershockError
 * `system_unreachable` for a refusal, and whatever `dial` throws that a person can mend (`secret_unreadable`).
 */
export async function requireAccess(
  context: Pick<SystemContext, "parameters">,
  servers: readonly AskedServer[],
  refusedBy: (error: unknown, part: string) => Refused,
): Promise<void> {
  const asked = await Promise.all(
    servers.map(async ({ part, pod, dial, ask }) => {
      let known: Dial | null = null;
      try {
        known = await dial();
        await ask(known);
        return null;
      } catch (error) {
        if (known === null && isAftershockError(error)) throw error;
        const refused = refusedByTls(error) ?? refusedBy(error, part);
        return refused === null || known === null ? null : { part, pod, dial: known, refused };
      }
    }),
  );
  const found = asked.filter((one) => one !== null);
  for (const { refused, ...where } of found) if (refused !== "hung-up") throw notAdmitted(context, where, refused);
  // One that hangs up may just be starting; all of a part do it for a reason.
  const allOf = (part: string): boolean =>
    found.filter((one) => one.part === part).length === servers.filter((one) => one.part === part).length;
  const closed = found.find(({ part, dial }) => dial.tls?.cert === undefined && allOf(part));
  if (closed !== undefined) throw notAdmitted(context, closed, hangsUp(closed.dial));
}

function refusedByTls(error: unknown): Refused {
  const failure = tlsFailure(error);
  if (failure === null) return null;
  return failure.hungUp === true ? "hung-up" : { what: failure.what, mend: { keys: failure.keys } };
}

const hangsUp = ({ tls }: Dial): Refusal => ({
  what: "like every other, it hangs up",
  mend: { keys: tls === undefined ? "port and tls" : "tls.cert and tls.key" },
});

/** What a server said, short enough for a sentence. */
export function saidBy(error: unknown): string {
  return messageOf(error).slice(0, 200);
}

/** A login that was refused in the server's words. */
export const badLogin = (what: string): Refusal => ({ what, mend: { keys: "user and password" } });

/** A user that may not do what the probes do, in the server's words. */
export const noRight = (what: string, part: string): Refusal => ({
  what,
  mend: { act: `Give that user the rights (docs/targets.md), or name another in access.${part}.user.` },
});
