import { connect } from "node:tls";
import { isAftershockError, messageOf } from "../../errors.ts";
import type { Dial } from "../access.ts";
import { errorOf, notAdmitted, type Refusal } from "../admission.ts";
import type { SystemContext } from "../system.ts";
import { tlsFailure } from "../tls-failure.ts";
import { dial, drop, reasonOf } from "./link.ts";
import { amqpPart, type RabbitNodes } from "./nodes.ts";
import { allowProbes } from "./queues.ts";

const timeoutMs = 3000;
const heartbeatSeconds = 10;

/** Whether the target says who the probes are, by a user or by a client certificate alone (EXTERNAL). */
export async function hasLogin(nodes: RabbitNodes): Promise<boolean> {
  return isLogin(await nodes.dial(nodes.pods[0]?.name ?? ""));
}

const isLogin = ({ user, mechanism }: Dial): boolean => user !== undefined || mechanism === "EXTERNAL";

/**
 * Asks every node that a login or TLS is configured for whether it lets the bot in, and throws AftershockError
 * `system_unreachable` when one says no. What does not answer is for the guards. Without a login the bot will make an
 * account of its own, later; then TLS alone is tried.
 */
export async function requireAdmission(context: SystemContext, nodes: RabbitNodes): Promise<void> {
  const vhost = String(context.parameters["vhost"] ?? "/");
  const answers = await Promise.all(
    nodes.pods.map(async ({ name }) => {
      try {
        const to = await nodes.dial(name);
        return { pod: name, to, error: await errorOf(tryTo(nodes, name, to, vhost)) };
      } catch (error) {
        if (isAftershockError(error) && error.code === "secret_unreadable") throw error;
        return { pod: name, to: null, error };
      }
    }),
  );
  // One that hangs up may be on its way down. All of them do where one side speaks TLS and the other does not.
  const allHangUp = answers.every(({ error }) => hungUp(error));
  for (const { pod, to, error } of answers) {
    if (to === null || error === null) continue;
    const refusal = refusalOf(error, to, vhost) ?? (allHangUp ? hangsUp : null);
    if (refusal !== null) throw notAdmitted(context, { part: amqpPart, pod, dial: to }, refusal);
  }
}

async function tryTo(nodes: RabbitNodes, pod: string, to: Dial, vhost: string): Promise<void> {
  if (!isLogin(to)) return to.tls === undefined ? undefined : await greet(to);
  const model = await dial(pod, { nodes, account: { vhost, own: null }, heartbeatSeconds, timeoutMs });
  await model.close().catch(() => drop(model));
}

/** AMQP 0-9-1, section 4.2.2. */
const protocolHeader = Buffer.from([..."AMQP"].map((letter) => letter.charCodeAt(0)).concat(0, 0, 9, 1));

/** Has a node answer over TLS: then it has taken the client's certificate, or wants none. */
function greet({ host, port, tls }: Dial): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...tls, host, port }, () => socket.write(protocolHeader));
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error("connect ETIMEDOUT")));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(closedEarly)));
    socket.once("data", () => {
      resolve();
      socket.destroy();
    });
  });
}

/** As the client library words it. */
const closedEarly = "Socket closed abruptly during opening handshake";

const hangsUp: Refusal = { what: "like every other node, it hangs up", mend: { keys: "port and tls" } };

function hungUp(error: unknown): boolean {
  return error instanceof Error && (error.message === closedEarly || ("code" in error && error.code === "ECONNRESET"));
}

/**
 * Null for what is no refusal. Texts are the client library's, and in them RabbitMQ's own (RabbitMQ documentation, access
 * control). The library keeps the reason for itself with which a virtual host is refused.
 */
function refusalOf(error: unknown, { user }: Dial, vhost: string): Refusal | null {
  const failure = tlsFailure(error);
  if (failure !== null) return { what: failure.what, mend: { keys: failure.keys } };
  const text = messageOf(error);
  if (text.includes("Expected ConnectionOpenOk; got <ConnectionClose")) {
    return {
      what: `it took the login, and refused the virtual host ${vhost}: it is not there, or not this user's`,
      mend: { act: `Name another by vhost=, or allow it: ${allowProbes}` },
    };
  }
  if (/SASL mechanism \S+ is not provided by the server/.test(text)) {
    return { what: "it does not offer that way to log in on that port", mend: { keys: "mechanism, port and tls" } };
  }
  if (!text.includes("Handshake terminated by server: ")) return null;
  const what = `it refused the login (${reasonOf(error)})`;
  if (user !== "guest") return { what, mend: { keys: "user and password" } };
  return {
    what,
    mend: { act: "guest may log in from localhost alone (loopback_users). Give another user in access.amqp." },
  };
}
