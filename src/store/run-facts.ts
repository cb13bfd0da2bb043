import type { RunFacts } from "../run/leftovers/judge-leftover.ts";
import type { RunState } from "../run/lifecycle.ts";
import type { Queryable } from "./database.ts";
import { installationOf } from "./installation.ts";

/** An object that was found on a cluster, by what its fault would be stored as. */
export interface FoundFault {
  run: string;
  kind: string;
  /** Of a cordon: the node. */
  name: string;
  namespace: string;
}

/** What the database says of each, in order; asked after they were found, so that what was created is known by then. */
export async function runFacts(client: Queryable, found: readonly FoundFault[]): Promise<RunFacts[]> {
  if (found.length === 0) return [];
  const installation = await installationOf(client);
  const { rows } = await client.query<{ state: RunState | null; intended: boolean }>(
    `select r.state, exists (
              select 1 from run_faults f
               where f.run_id = found.run and f.kind = found.kind
                 and case when f.kind = 'Cordon' then f.manifest->'spec'->>'node' = found.name
                          else f.name = found.name and f.namespace = found.namespace end) as intended
       from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality
              as found (run, kind, name, namespace, place)
       left join runs r on r.id = found.run order by found.place`,
    [found.map((f) => f.run), found.map((f) => f.kind), found.map((f) => f.name), found.map((f) => f.namespace)],
  );
  return rows.map((row) => ({ ...row, installation }));
}
