import { isAftershockError } from "../../errors.ts";
import { errorOf, notAdmitted, type Refusal } from "../admission.ts";
import type { SystemContext } from "../system.ts";
import { tlsFailure } from "../tls-failure.ts";
import { prefixOf } from "./clients.ts";
import { base64, EtcdNotSent, EtcdRefusal } from "./http.ts";
import { etcdPart, type EtcdPods } from "./members.ts";

const timeoutMs = 3000;

/**
 * Asks every member whether the bot may write what the run will write, and throws AftershockError `system_unreachable`
 * when one says no: by TLS, by login, or by right. What does not answer is for the guards.
 */
export async function requireAdmission(context: SystemContext, members: EtcdPods): Promise<void> {
  const answers = await Promise.all(
    members.pods.map(async ({ name }) => ({ name, error: await tryToWrite(members, name, context.runId) })),
  );
  // One that hangs up may be on its way down. All of them do where one side speaks TLS and the other does not.
  const allHangUp = answers.every(({ error }) => hungUp(error));
  for (const { name, error } of answers) {
    if (error === null) continue;
    if (error instanceof EtcdNotSent && isAftershockError(error.cause) && error.cause.code === "secret_unreadable") {
      throw error.cause;
    }
    const endpoint = await members.endpoint(name).catch(() => null);
    if (endpoint === null) continue;
    const { dial, to } = endpoint;
    const { user } = dial;
    const refusal = refusalOf(error, user) ?? refusalOf(to.alert(), user) ?? (allHangUp ? hangsUp : null);
    if (refusal !== null) throw notAdmitted(context, { part: etcdPart, pod: name, dial }, refusal);
  }
}

/**
 * A transaction whose condition never holds: etcd judges the rights of both branches before it looks at the condition
 * (etcd, apply/auth.go: CheckTxnAuth), so that the right to write is known, and nothing is written.
 */
async function tryToWrite(members: EtcdPods, pod: string, runId: string): Promise<unknown> {
  const key = base64(`${prefixOf(runId)}may-write`);
  const body = {
    compare: [{ key, target: "VERSION", result: "LESS", version: "0" }],
    success: [{ request_put: { key, value: base64("x") } }],
  };
  // Without a leader it is refused at once, and not kept waiting.
  const headers = { "grpc-metadata-hasleader": "true" };
  return errorOf(members.call(pod, "kv/txn", body, { timeoutMs, headers }));
}

const wantsLogin: Refusal = { what: "it wants a login", mend: { keys: "user and password" } };

const words: ReadonlyArray<[said: string, refusal: Refusal]> = [
  ["authentication failed", { what: "it refused the login", mend: { keys: "user and password" } }],
  ["user name is empty", wantsLogin],
  ["invalid auth token", { what: "it refused the token that it had given", mend: { keys: "user and password" } }],
  [
    "permission denied",
    {
      what: "the user may not read and write keys under aftershock/",
      mend: { act: "Allow it: etcdctl role grant-permission ROLE --prefix=true readwrite aftershock/" },
    },
  ],
  [
    "CommonName of client",
    {
      what: "with authentication on, its JSON gateway takes no client certificate that has a CommonName",
      mend: { act: "Give a client certificate without CN in tls.cert of access.etcd, and a user with a password." },
    },
  ],
];

const hangsUp: Refusal = { what: "like every other member, it hangs up on a request", mend: { keys: "port and tls" } };

/** Codes of undici for a connection that was made, and ended without an answer. */
function hungUp(error: unknown): boolean {
  const reason = error instanceof EtcdNotSent ? error.cause : error;
  return reason instanceof Error && "code" in reason && ["UND_ERR_SOCKET", "ECONNRESET"].includes(String(reason.code));
}

function refusalOf(error: unknown, user: string | undefined): Refusal | null {
  const failure = tlsFailure(error);
  if (failure !== null) return { what: failure.what, mend: { keys: failure.keys } };
  const reason = error instanceof EtcdNotSent ? error.cause : error;
  if (!(reason instanceof EtcdRefusal)) return null;
  // etcd 3.4 says "permission denied" of a transaction to whom later versions say that the user name is empty.
  if (user === undefined && reason.message.includes("permission denied")) return wantsLogin;
  return words.find(([said]) => reason.message.includes(said))?.[1] ?? null;
}
