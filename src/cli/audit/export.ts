import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import { auditLine } from "../../audit/lines.ts";
import { AftershockError } from "../../errors.ts";
import { parseDurationMs } from "../../experiment/duration.ts";
import { auditHead, inAuditSnapshot, readAudit } from "../../store/audit.ts";
import type { Terminal } from "../cli-command.ts";
import { withDatabase } from "../open-database.ts";
import { normaliseRunId } from "../../run/create-service.ts";

interface Sink {
  write(text: string): Promise<void>;
  close(): Promise<void>;
}

/** `aftershock audit export`: the trail as JSON lines. */
export async function exportTrail(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      run: { type: "string" },
      since: { type: "string" },
      out: { type: "string" },
      config: { type: "string" },
    },
  });
  const run = values.run === undefined ? null : normaliseRunId(values.run);
  const since = values.since === undefined ? null : readMoment(values.since, new Date());
  await withDatabase(terminal, values.config, (database) =>
    inAuditSnapshot(database, async (client) => {
      const sink = values.out === undefined ? toTerminal(terminal) : toFile(values.out);
      try {
        const head = await auditHead(client);
        const exportedAt = new Date().toISOString();
        const header = {
          format: "aftershock-audit/1",
          exportedAt,
          run,
          since: since?.toISOString() ?? null,
          head,
        } as const;
        await sink.write(auditLine(header));
        let entries = 0;
        const selection = { ...(run === null ? {} : { subject: run }), ...(since === null ? {} : { since }) };
        for await (const entry of readAudit(client, selection)) {
          await sink.write(auditLine(entry));
          entries += 1;
        }
        if (values.out !== undefined) terminal.out(`${entries} entries in ${values.out}\n`);
      } finally {
        await sink.close();
      }
    }),
  );
  return 0;
}

/** A date, a moment, or an age. Throws AftershockError `bad_command`. */
export function readMoment(typed: string, now: Date): Date {
  if (/^(\d+(ms|s|m|h))+$/.test(typed)) return new Date(now.getTime() - parseDurationMs(typed));
  const moment = /^\d{4}-\d{2}-\d{2}/.test(typed) ? new Date(typed) : new Date(Number.NaN);
  if (!Number.isNaN(moment.getTime())) return moment;
  throw new AftershockError(
    "bad_command",
    `--since ${typed}: it must be a date or an age.`,
    "For example: --since 2026-11-24, --since 2026-11-24T12:00:00Z or --since 24h",
  );
}

function toTerminal(terminal: Terminal): Sink {
  return { write: async (text) => terminal.out(text), close: async () => undefined };
}

/** Only its owner may read it: who did what is nobody else's business. */
function toFile(path: string): Sink {
  const stream = createWriteStream(path, { mode: 0o600 });
  const refused = (error: unknown): never => {
    throw new AftershockError("bad_command", `--out ${path}: ${String(error)}.`, "Name a file that can be written.");
  };
  const over = finished(stream).catch(refused);
  over.catch(() => undefined);
  return {
    write: async (text) => {
      if (!stream.write(text)) await Promise.race([once(stream, "drain").catch(refused), over]);
    },
    close: async () => {
      stream.end();
      await over;
    },
  };
}
