import { messageOf } from "../../errors.ts";
import { withMember } from "../patroni/connect.ts";
import type { PatroniPods } from "../patroni/members.ts";
import type { ExerciseStage, Proof, SystemContext } from "../system.ts";
import type { IoTables } from "./workload.ts";

/** pg_amcheck ends with 0: clean, 1: it could not check, 2: it found corruption (its manual page). */
export const amcheckClean = 0;

/**
 * Checks every member after an I/O fault, and tells what each check found: pages and indexes by pg_amcheck (`amcheck`),
 * checksum failures counted since `before` (`checksums`), and whether the exercise's table is the same everywhere
 * (`content`).
 */
export async function checkConsistency(options: {
  context: SystemContext;
  members: PatroniPods;
  primary: string;
  tables: IoTables;
  /** Container that pg_amcheck is run in. */
  container: string;
  /** For each member's pg_amcheck. */
  limitMs: number;
  failuresBefore: ReadonlyMap<string, number | null>;
  stage: ExerciseStage;
}): Promise<Proof[]> {
  const { members, primary, stage } = options;
  const { recorder } = stage;
  const names = [primary, ...members.pods.map(({ name }) => name).filter((name) => name !== primary)];
  const proofs: Proof[] = [];
  // The primary first: it is where a missing extension is installed.
  for (const pod of names) {
    const found = await runAmcheck(options, pod);
    recorder.event({ atMs: recorder.now(), source: pod, event: "amcheck", detail: found });
    proofs.push({
      what: `pg_amcheck finds nothing on ${pod}`,
      ok: found.exitCode === amcheckClean,
      detail: found.exitCode === amcheckClean ? `clean, in ${(found.tookMs / 1000).toFixed(1)} s` : found.problem,
    });
  }
  const failures = await checksumFailures(members);
  for (const pod of names) {
    const before = options.failuresBefore.get(pod) ?? null;
    const now = failures.get(pod) ?? null;
    recorder.event({ atMs: recorder.now(), source: pod, event: "checksums", detail: { before, now } });
    if (now !== null && before !== null && now > before) {
      proofs.push({ what: `no page of ${pod} failed its checksum`, ok: false, detail: `${now - before} reads did` });
    }
  }
  proofs.push(await sameContent(options, names));
  return proofs;
}

interface AmcheckResult extends Record<string, string | number | null> {
  /** Null when it did not end. */
  exitCode: number | null;
  tookMs: number;
  problem: string;
}

/** A standby can neither get an extension nor give the lock that a check of parent keys needs. */
export function amcheckCommand(user: string, database: string, role: "primary" | "replica"): string[] {
  const more = role === "primary" ? ["--install-missing", "--parent-check"] : [];
  return ["pg_amcheck", "-U", user, "--heapallindexed", ...more, "-d", database];
}

async function runAmcheck(
  { context, members, container, limitMs, primary }: Parameters<typeof checkConsistency>[0],
  pod: string,
): Promise<AmcheckResult> {
  const role = pod === primary ? "primary" : "replica";
  const startMs = performance.now();
  try {
    const { user = members.user, password } = await members.dial("postgres", pod);
    const command = amcheckCommand(user, members.database, role);
    // By the pod's own socket, which asks for a password in some clusters; it never stands in a command line.
    const ran =
      password === undefined || context.execStream === undefined
        ? await context.exec(pod, command, limitMs, { container })
        : await context.execStream(
            { pod, container },
            ["sh", "-c", 'IFS= read -r PGPASSWORD; export PGPASSWORD; exec "$@"', "sh", ...command],
            { timeoutMs: limitMs, stdin: `${password}\n` },
          );
    const problem = (ran.stdout.trim() || ran.stderr.trim()).split("\n").slice(0, 3).join(" ").slice(0, 300);
    return { exitCode: ran.exitCode, tookMs: performance.now() - startMs, problem };
  } catch (error) {
    return { exitCode: null, tookMs: performance.now() - startMs, problem: messageOf(error) };
  }
}

/** Reads that failed a page's checksum, over all databases; null where it cannot be read or checksums are off. */
export async function checksumFailures(members: PatroniPods): Promise<Map<string, number | null>> {
  const text = "select sum(checksum_failures)::float8 as failures from pg_stat_database";
  const entries = await Promise.all(
    members.pods.map(async ({ name }): Promise<[string, number | null]> => {
      try {
        const { rows } = await withMember(members, name, (client) => client.query<{ failures: number | null }>(text));
        return [name, rows[0]?.failures ?? null];
      } catch {
        return [name, null];
      }
    }),
  );
  return new Map(entries);
}

/** The exercise's rows on every member, as a count and a sum of hashes, which no order changes. */
async function sameContent(
  { members, tables, stage: { recorder } }: Parameters<typeof checkConsistency>[0],
  names: readonly string[],
): Promise<Proof> {
  const text = `
    select count(*)::int as rows, coalesce(sum(hashtextextended(id || payload || created_at, 0)), 0)::text as hash
    from ${tables.perf}`;
  const found = await Promise.all(
    names.map(async (pod) => {
      try {
        const { rows } = await withMember(members, pod, (client) => client.query<{ rows: number; hash: string }>(text));
        return { rows: rows[0]?.rows ?? null, hash: rows[0]?.hash ?? null, error: null };
      } catch (error) {
        return { rows: null, hash: null, error: messageOf(error) };
      }
    }),
  );
  found.forEach((detail, at) =>
    recorder.event({ atMs: recorder.now(), source: names[at] ?? "", event: "content", detail }),
  );
  const equal = found.every(
    ({ rows, hash, error }) => error === null && rows === found[0]?.rows && hash === found[0].hash,
  );
  const shown = found.map(({ rows, error }, at) => `${names[at]}: ${error ?? `${rows} rows`}`).join(", ");
  return { what: `${tables.perf} is the same on every member`, ok: equal, detail: shown };
}
