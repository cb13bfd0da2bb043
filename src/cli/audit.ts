import { AftershockError } from "../errors.ts";
import { exportTrail } from "./audit/export.ts";
import { showTrail } from "./audit/show.ts";
import { verify } from "./audit/verify.ts";
import type { CliCommand, Terminal } from "./cli-command.ts";

const usage = `Usage: aftershock audit verify [--from FILE] [--expect HASH]… [--config FILE]
       aftershock audit export [--run RUN] [--since WHEN] [--out FILE] [--config FILE]
       aftershock audit show RUN [--config FILE]

The audit trail holds every request, approval, stop, intent, event and file digest, chained by SHA-256.

  verify   recomputes the chain and compares it with the tables it tells of, both ways
    --from FILE     an export instead of the database: the chain alone
    --expect HASH   must be in the trail: from a report, a thread's last message or a log; shows a cut end
  export   JSON lines: a header, then one entry a line; docs/audit.md says how to recompute them
    --run RUN       what is about one run or schedule only
    --since WHEN    from there on: 2026-11-24, 2026-11-24T12:00Z, or an age such as 24h
    --out FILE      default: standard output
  show     what happened in a run or schedule, and who did it

The database is DATABASE_URL, or what --config says.
Exit codes: 0 the trail holds (or: done), 1 it is broken, 2 wrong usage or configuration, or nothing could be read.
`;

const actions: Readonly<Record<string, (args: readonly string[], terminal: Terminal) => Promise<number>>> = {
  verify,
  export: exportTrail,
  show: showTrail,
};

/** `aftershock audit verify|export|show` */
export const audit: CliCommand = {
  name: "audit",
  summary: "verifies, exports and shows the audit trail",
  usage,
  run: async ([word, ...args], terminal) => {
    const action = word !== undefined && Object.hasOwn(actions, word) ? actions[word] : undefined;
    if (action !== undefined) return action(args, terminal);
    const what = word === undefined ? "What of the audit trail?" : `There is no "aftershock audit ${word}".`;
    throw new AftershockError("bad_command", what, usage);
  },
};
