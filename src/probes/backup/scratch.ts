import type { Readable } from "node:stream";
import { AftershockError } from "../../errors.ts";
import type { PodAddress, SystemContext } from "../system.ts";
import { withoutSecrets } from "./plain-error.ts";

/**
 * The throw-away PostgreSQL that a run restores into: a pod of the run's own, whose server listens on a Unix socket in
 * the pod's own empty directory and on no address at all. So nobody can take it for another, and it goes with its pod.
 */
export const scratch = {
  path: "/scratch",
  data: "/scratch/data",
  socket: "/scratch/socket",
  files: "/scratch/files",
  socketFile: "/scratch/socket/.s.PGSQL.5432",
  container: "postgresql",
  /** Label of the pod; its value is why it is there. */
  purposeLabel: "aftershock.dev/purpose",
  purpose: "restore",
} as const;

/** The run that a pod belongs to; the same label as on every object of a run. */
const runLabel = "aftershock.dev/run";

/** PostgreSQL's programs are not on PATH in every image; those of the newest version come first. */
const programs = `for d in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V); do PATH="$d:$PATH"; done; export PATH
`;

/** What the pod's container runs. PostgreSQL refuses to run as root, which some images start as. */
export const scratchServerScript = `set -eu
${programs}mkdir -p ${scratch.data} ${scratch.socket} ${scratch.files}
serve='chmod 700 ${scratch.data} ${scratch.socket}
initdb -D ${scratch.data} -U postgres -A trust -E UTF8 >/dev/null
exec nice -n 10 postgres -D ${scratch.data} -c listen_addresses= -c unix_socket_directories=${scratch.socket}'
if [ "$(id -u)" = 0 ]; then
  chown -R postgres ${scratch.path}
  exec setpriv --reuid postgres --regid postgres --init-groups sh -euc "$serve"
fi
exec sh -euc "$serve"
`;

/** A PostgreSQL to talk to from inside the pod. The password never stands in a command line: it goes by standard input. */
export interface ServerAddress {
  host: string;
  /** Default: libpq's, 5432. */
  port?: number;
  user: string;
  password: string;
  tls?: ServerTls;
}

/** What libpq checks of a server, and shows it (PostgreSQL manual, SSL support); PEM texts. */
export interface ServerTls {
  mode: "require" | "verify-ca" | "verify-full";
  /** The name in the server's certificate; left out: its address. */
  name?: string;
  ca?: string;
  cert?: string;
  key?: string;
}

export interface Answer {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface ShellOptions {
  timeoutMs: number;
  signal: AbortSignal;
  /** Where libpq's programs connect to; the throw-away instance by default. Takes the place of `stdin`. */
  server?: ServerAddress;
  stdin?: Readable;
}

/** A shell somewhere in the cluster, in which PostgreSQL's programs can be run. */
export interface Shell {
  /** Arguments are `$1`, `$2`, …, never part of the script's text. Rejects only without an exit code. */
  run(script: string, args: readonly string[], options: ShellOptions): Promise<Answer>;
}

const queryTimeoutMs = 10 * 60_000;

/** A shell in one pod. */
export function shellIn(context: SystemContext, pod: { pod: string; namespace: string; container?: string }): Shell {
  return {
    run: async (script, args, { server, stdin, ...options }) => {
      if (context.execStream === undefined) throw new Error("commands cannot be run in pods here");
      const host = server?.tls?.name ?? server?.host ?? scratch.socket;
      const first = server === undefined ? "" : readLogin(server);
      const text = `${programs}export PGHOST="$1" PGUSER="$2" PGCONNECT_TIMEOUT=5; shift 2\n${first}${script}`;
      const input = server === undefined ? stdin : loginLines(server);
      return context.execStream(
        pod,
        ["sh", "-c", text, "sh", host, server?.user ?? "postgres", ...args],
        input === undefined ? options : { ...options, stdin: input },
      );
    },
  };
}

const pemFiles = ["root.crt", "client.crt", "client.key"] as const;

/** What reads a server's login, and where it listens, in the shell: secrets come in lines of standard input. */
function readLogin({ host, port, tls }: ServerAddress): string {
  const lines = ['IFS= read -r PGPASSWORD; [ -z "$PGPASSWORD" ] || export PGPASSWORD'];
  if (port !== undefined) lines.push(`export PGPORT=${port}`);
  if (tls !== undefined) {
    lines.push(
      // Only the run's user may read them, and they go with the shell.
      `umask 077; pem=$(mktemp -d); trap 'rm -rf "$pem"' EXIT`,
      `for file in ${pemFiles.join(" ")}; do IFS= read -r line; [ -z "$line" ] || printf %s "$line" | base64 -d > "$pem/$file"; done`,
      `export PGSSLMODE=${tls.mode}`,
    );
    // With an authority at hand, `require` would check it too; `system` is the host's own authorities, since libpq 16.
    if (tls.mode !== "require")
      lines.push(`export PGSSLROOTCERT=${tls.ca === undefined ? "system" : '"$pem/root.crt"'}`);
    if (tls.cert !== undefined) lines.push('export PGSSLCERT="$pem/client.crt" PGSSLKEY="$pem/client.key"');
    // The name is checked, the address is dialled.
    if (tls.name !== undefined) lines.push(`export PGHOSTADDR=${host}`);
  }
  return `${lines.join("\n")}\n`;
}

function loginLines({ password, tls }: ServerAddress): string {
  const texts = tls === undefined ? [] : [tls.ca, tls.cert, tls.key];
  return [password, ...texts.map((text) => Buffer.from(text ?? "").toString("base64")), ""].join("\n");
}

/** The first column of a query's rows. Rejects with AftershockError `unavailable` when psql does not succeed. */
export async function queryBy(
  shell: Shell,
  database: string,
  sql: string,
  options: Omit<ShellOptions, "timeoutMs" | "stdin">,
): Promise<string> {
  const answer = await shell.run('psql -XAtq -v ON_ERROR_STOP=1 -d "$1" -c "$2"', [database, sql], {
    ...options,
    timeoutMs: queryTimeoutMs,
  });
  if (answer.exitCode === 0) return answer.stdout.trim();
  throw programFailed("A query on the server to restore into failed", answer);
}

/** Finds the run's pod by its labels. Throws AftershockError `unavailable` when there is none, or more than one. */
export async function findScratch(context: SystemContext): Promise<{ pod: PodAddress; shell: Shell }> {
  const own = (await context.pods(`${runLabel}=${context.runId}`)).filter(
    ({ labels }) => labels[runLabel] === context.runId && labels[scratch.purposeLabel] === scratch.purpose,
  );
  const [pod] = own;
  if (pod !== undefined && own.length === 1) {
    const { name, namespace } = pod;
    return { pod, shell: shellIn(context, { pod: name, namespace, container: scratch.container }) };
  }
  throw new AftershockError(
    "unavailable",
    `The run has ${own.length} pods to restore into, not one.`,
    `Look: kubectl get pods -n ${context.namespace} -l ${runLabel}=${context.runId}`,
  );
}

/** What a program said, as an error for people. */
export function programFailed(what: string, { stderr, exitCode }: Answer): AftershockError {
  return new AftershockError(
    "unavailable",
    `${what}: ${withoutSecrets(stderr) || `exit code ${exitCode}`}`,
    "The worker's log and the servers' logs have the details.",
  );
}
