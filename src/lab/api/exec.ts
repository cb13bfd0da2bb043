/**
 * pods/exec over WebSocket, subprotocols v5.channel.k8s.io and v4.channel.k8s.io: every message begins with a byte
 * that names its channel. v5 adds CLOSE: [255, channel], the half-close of stdin.
 * Source: k8s.io/apimachinery/pkg/util/remotecommand/constants.go and KEP-4006.
 */
import type { IncomingMessage } from "node:http";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { StoreError } from "../objects.ts";
import type { ExecProcess, ExecRequest, LabObject } from "../objects.ts";
import type { ApiContext, ResourceRequest, UpgradeServer } from "./context.ts";
import { channels, closeWithinMs, connect } from "./exec-channels.ts";
import { child, children, text } from "./json.ts";
import { ApiError, badRequest, internalError } from "./status.ts";
import { containerOf } from "./verbs/container.ts";
import { existing } from "./verbs/read.ts";

const protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/**
 * Answers upgrade requests for exec. Throws ApiError while the answer can still be plain HTTP: unknown pod (404),
 * unknown container or no usable protocol (400), container that does not run (500).
 */
export function createExecServer(context: ApiContext): UpgradeServer {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => protocols.find((protocol) => offered.has(protocol)) ?? false,
  });

  return async (asked, request, socket, head) => {
    const execRequest = execRequestOf(context, asked);
    refuseUnusable(request);
    const process = await start(context, execRequest);
    if (socket.destroyed || context.closing.aborted) {
      process.kill();
      socket.destroy();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => serve(context, client, process));
  };
}

function execRequestOf(context: ApiContext, asked: ResourceRequest): ExecRequest {
  const { query } = asked;
  const name = asked.name ?? "";
  const pod = existing(context, asked, name);
  const container = containerOf(pod, query.get("container"));
  refuseStopped(pod, container);
  const command = query.getAll("command");
  if (command.length === 0) throw badRequest("you must specify at least 1 command for the container");
  const flags = { stdin: query.get("stdin") === "true", tty: query.get("tty") === "true" };
  return { namespace: asked.namespace ?? "", pod: name, container, command, ...flags };
}

/**
 * Told from the status, so that it also reaches a client that was refused over WebSocket and tries SPDY next, as
 * kubectl does.
 */
function refuseStopped(pod: LabObject, container: string): void {
  const status = children(pod.status, "containerStatuses").find((candidate) => text(candidate, "name") === container);
  if (status === undefined || child(status, "state")["running"] !== undefined) return;
  throw notRunning(container);
}

// What a kubelet says when the container does not run.
function notRunning(container: string): ApiError {
  return internalError(`unable to upgrade connection: container not found ("${container}")`);
}

function refuseUnusable(request: IncomingMessage): void {
  if ((request.headers.upgrade ?? "").toLowerCase() !== "websocket") {
    throw badRequest("the command could not be executed over WebSocket, and the lab does not speak SPDY");
  }
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((protocol) => protocol.trim());
  if (!protocols.some((protocol) => offered.includes(protocol))) {
    const lists = `client supports ${JSON.stringify(offered)}, server accepts ${JSON.stringify(protocols)}`;
    throw badRequest(`unable to upgrade: unable to negotiate protocol: ${lists}`);
  }
}

async function start(context: ApiContext, request: ExecRequest): Promise<ExecProcess> {
  try {
    return await context.runtime.exec(request);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw notRunning(request.container ?? "");
  }
}

function serve(context: ApiContext, client: WebSocket, process: ExecProcess): void {
  const hangUp = () => client.terminate();
  context.closing.addEventListener("abort", hangUp);
  let ended = false;
  const finished = connect(client, process);
  client.once("close", () => {
    context.closing.removeEventListener("abort", hangUp);
    if (!ended) process.kill();
  });
  client.on("error", hangUp);
  void finished.then((status) => {
    ended = true;
    if (client.readyState !== client.OPEN) return;
    client.send(Buffer.concat([Buffer.of(channels.error), Buffer.from(JSON.stringify(status))]), () => {
      client.close(1000);
      setTimeout(hangUp, closeWithinMs).unref();
    });
  });
}

/** Whether an error can be answered as a status; everything else is a bug. */
export function statusOfError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return internalError(error instanceof Error ? error.message : String(error));
}
