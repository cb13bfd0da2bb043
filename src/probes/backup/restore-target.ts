import { AftershockError } from "../../errors.ts";
import type { PatroniPods } from "../patroni/members.ts";
import type { Recorder } from "../recorder.ts";
import type { GuardResult, SystemContext } from "../system.ts";
import { describeIdentity, identityQuery, readIdentity, restoreTargetProblems, type Identity } from "./identity.ts";
import { memberIdentities } from "./primary.ts";
import { queryBy, shellIn, type ServerAddress, type Shell } from "./scratch.ts";

/** The word for the throw-away instance in the run's own pod. */
export const ownInstance = "scratch";

/** Where a run restores into: its own instance, or a server that the parameter `restoreHost` names. */
export interface RestoreTarget {
  name: string;
  /** Undefined: the throw-away instance, by its socket. */
  server?: ServerAddress;
}

export function restoreTargetOf(context: SystemContext, password: string): RestoreTarget {
  const host = String(context.parameters["restoreHost"] ?? ownInstance);
  if (host === ownInstance) return { name: "the run's own instance" };
  return { name: host, server: { host, user: String(context.parameters["user"] ?? "postgres"), password } };
}

/** Asks the server itself who it is, on the very path that pg_restore will take, whatever its name resolves to. */
async function targetIdentity(
  context: SystemContext,
  target: RestoreTarget,
  shell: Shell,
  signal: AbortSignal,
  ownVolumes: readonly string[],
): Promise<Identity> {
  const { name, server } = target;
  try {
    const read = readIdentity(
      await queryBy(shell, "postgres", identityQuery, { signal, ...(server === undefined ? {} : { server }) }),
    );
    if (server === undefined) return { name, ...read, volumes: ownVolumes };
    const pod = (await context.pods()).find(({ host }) => host === read.address);
    return { name, ...read, volumes: pod?.claims?.map((claim) => `${pod.namespace}/${claim}`) };
  } catch {
    signal.throwIfAborted();
    return { name, systemIdentifier: null, address: undefined, volumes: undefined };
  }
}

/**
 * The guard before anything is touched. The run's own instance does not exist yet: it is asked right before the
 * restore. A named server is asked from inside a member's pod, where its name means what it will mean then.
 */
export async function guardRestoreTarget(
  context: SystemContext,
  members: PatroniPods,
  target: RestoreTarget,
): Promise<GuardResult> {
  const bound = "another system identifier, address and volume than any member";
  const hint = "Leave restoreHost= out: the run then restores into an instance of its own, in a pod that goes with it.";
  const identities = await memberIdentities(members);
  if (target.server === undefined) {
    const unread = identities.filter(({ systemIdentifier }) => systemIdentifier === null).map(({ name }) => name);
    return {
      ok: unread.length === 0 && identities.length > 0,
      measured:
        unread.length === 0
          ? `a new instance in a pod of the run's own, without a persistent volume; compared again before the restore with ${identities[0]?.systemIdentifier ?? "nothing"}`
          : `the system identifier of ${unread.join(", ")} could not be read`,
      bound,
      hint: "The members must answer SQL: the restore target is compared with them.",
    };
  }
  const { name: pod, namespace } = members.pods[0] ?? { name: "", namespace: "" };
  const found = await targetIdentity(context, target, shellIn(context, { pod, namespace }), context.signal, []);
  const problems = restoreTargetProblems(found, identities);
  return {
    ok: problems.length === 0,
    measured: problems.length === 0 ? describeIdentity(found) : problems.join("; "),
    bound,
    hint,
  };
}

/**
 * The guard in its last and shortest form, in the very shell that restores: `$1` are the system identifiers of all
 * members, `$2` the database, `$3` the number of jobs, `$4` the file. Exit code 97: refused.
 */
export const guardedRestore = `
id=$(psql -XAtq -d "$2" -c 'select system_identifier from pg_control_system()') || exit 96
case " $1 " in *" $id "*) echo "refused: $PGHOST has the system identifier of a member, $id" >&2; exit 97;; esac
[ -n "$1" ] && [ -n "$id" ] || { echo "refused: a system identifier is unknown" >&2; exit 97; }
pg_restore --no-owner --no-acl -j "$3" -d "$2" "$4"`;

/**
 * The same guard again, from the shell that restores, before it makes its database: names and addresses may have moved
 * since. Records what was compared (`restore-target`), and resolves to the members' system identifiers, which
 * `guardedRestore` compares once more. Throws AftershockError `guard_failed`.
 */
export async function requireSafeTarget(input: {
  context: SystemContext;
  members: PatroniPods;
  target: RestoreTarget;
  scratch: { pod: { namespace: string; claims?: readonly string[] }; shell: Shell };
  recorder: Recorder;
  signal: AbortSignal;
}): Promise<string[]> {
  const { context, members, target, scratch, recorder, signal } = input;
  const volumes = (scratch.pod.claims ?? []).map((claim) => `${scratch.pod.namespace}/${claim}`);
  const [found, identities] = await Promise.all([
    targetIdentity(context, target, scratch.shell, signal, volumes),
    memberIdentities(members),
  ]);
  const problems = restoreTargetProblems(found, identities);
  recorder.event({
    atMs: recorder.now(),
    source: "backup",
    event: "restore-target",
    detail: {
      ok: problems.length === 0,
      target: describeIdentity(found),
      members: identities.map(describeIdentity).join(" · "),
      text: problems.length === 0 ? `is none of the members · ${describeIdentity(found)}` : problems.join("; "),
    },
  });
  if (problems.length === 0) return [...new Set(identities.flatMap((member) => member.systemIdentifier ?? []))];
  throw new AftershockError(
    "guard_failed",
    `The restore was refused: ${problems[0] ?? ""}.`,
    "Leave restoreHost= out: the run then restores into an instance of its own.",
  );
}
