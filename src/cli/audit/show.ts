import { parseArgs } from "node:util";
import { describeEntry } from "../../audit/describe.ts";
import { AftershockError } from "../../errors.ts";
import { normaliseRunId } from "../../run/create-service.ts";
import { inAuditSnapshot, readAudit } from "../../store/audit.ts";
import type { Terminal } from "../cli-command.ts";
import { withDatabase } from "../open-database.ts";

/** `aftershock audit show RUN`: who did what, one line each. */
export async function showTrail(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { config: { type: "string" } },
  });
  const [typed, ...more] = positionals;
  if (typed === undefined || more.length > 0) {
    throw new AftershockError("bad_command", "Name one run or schedule.", "For example: aftershock audit show run-12");
  }
  const subject = normaliseRunId(typed);
  return withDatabase(terminal, values.config, (database) =>
    inAuditSnapshot(database, async (client) => {
      let [shown, quiet] = [0, 0];
      for await (const entry of readAudit(client, { subject })) {
        const line = describeEntry(entry);
        if (line === null) quiet += 1;
        else {
          shown += 1;
          // As it is stored: a terminal must not be steered by what somebody typed into a reason.
          terminal.out(
            `${printable(`${String(entry.seq).padStart(7)}  ${time(entry.at)}  ${line.who.padEnd(14)}  ${line.what}`)}\n`,
          );
        }
      }
      if (shown + quiet === 0) {
        throw new AftershockError("unknown_run", `The audit trail knows no ${subject}.`, "Is it the right database?");
      }
      terminal.out(
        `${shown} entries; ${quiet} more of what probes and systems said: aftershock audit export --run ${subject}\n`,
      );
      return 0;
    }),
  );
}

function time(at: string): string {
  return at.replace("T", " ").slice(0, 23);
}

function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, "·");
}
