import { connect, credentials, type ChannelModel, type ConfirmChannel } from "amqplib";
import { messageOf } from "../../errors.ts";
import type { Dial } from "../access.ts";
import { tlsFailure } from "../tls-failure.ts";
import type { RabbitNodes } from "./nodes.ts";
import type { Account } from "./queues.ts";

const retryMs = 100;

export interface LinkOptions {
  nodes: RabbitNodes;
  account: Account;
  /** Pods in the order in which they are tried. */
  order: readonly string[];
  /** AMQP heartbeat; after two missed ones the connection counts as dead. */
  heartbeatSeconds: number;
  timeoutMs: number;
  /** Makes a fresh channel ready; a rejection moves on to the next node, and so does `abandon` at any time later. */
  prepare?: (channel: ConfirmChannel, abandon: (reason: string) => void) => Promise<void>;
  onUp?: (pod: string) => void;
  /** Told once per reason, not at every vain attempt. */
  onDown?: (pod: string, reason: string) => void;
}

/** A connection with one confirm channel, made anew on the next node whenever it breaks. */
export interface Link {
  channel(): ConfirmChannel | null;
  /** Pod of the connection; without one, of the pod that was tried last. */
  member(): string;
  problem(): string;
  /** Resolves after the first attempt, whatever came of it. */
  tried: Promise<void>;
  close(): Promise<void>;
}

interface Current {
  model: ChannelModel;
  channel: ConfirmChannel;
}

/** Keeps a connection to one of the nodes: whoever fails is left for the next one, as an application's list of hosts. */
export function openLink(options: LinkOptions): Link {
  const { order } = options;
  let current: Current | null = null;
  let at = 0;
  let problem = "not-connected";
  const told = new Set<string>();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const member = (): string => order[at % order.length] ?? "";

  const attempt = async (): Promise<void> => {
    if (closed) return;
    const pod = member();
    let model: ChannelModel | undefined;
    try {
      model = await dial(pod, options);
      const { channel, broke, broken } = await openChannel(model, (reason) => lose(channel, pod, reason));
      await Promise.race([options.prepare?.(channel, broken), broke]);
      if (closed) return drop(model);
      current = { model, channel };
      told.clear();
      options.onUp?.(pod);
    } catch (error) {
      if (model !== undefined) drop(model);
      fail(pod, reasonOf(error));
    }
  };
  const fail = (pod: string, reason: string): void => {
    problem = reason;
    if (closed) return;
    if (!told.has(reason)) options.onDown?.(pod, reason);
    told.add(reason);
    at += 1;
    clearTimeout(timer);
    timer = setTimeout(() => void attempt(), retryMs);
  };
  const lose = (channel: ConfirmChannel, pod: string, reason: string): void => {
    if (current?.channel !== channel) return;
    drop(current.model);
    current = null;
    fail(pod, reason);
  };
  const tried = attempt();
  return {
    channel: () => current?.channel ?? null,
    member,
    problem: () => problem,
    tried,
    close: async () => {
      closed = true;
      clearTimeout(timer);
      const last = current;
      current = null;
      if (last === null) return;
      const goodbye = last.model.close().catch(() => undefined);
      await Promise.race([goodbye, new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
      drop(last.model);
    },
  };
}

/** Opens a connection to a node. Rejects when the server does not finish the handshake in time. */
export async function dial(
  pod: string,
  options: Pick<LinkOptions, "nodes" | "account" | "heartbeatSeconds" | "timeoutMs">,
): Promise<ChannelModel> {
  const to = await options.nodes.dial(pod);
  const { url, socketOptions } = connectionTo(to, options.account);
  const model = await connect(
    { ...url, heartbeat: options.heartbeatSeconds },
    { ...socketOptions, timeout: options.timeoutMs, noDelay: true },
  );
  // Without a listener an error of the connection would end the process; its end is told by `close`.
  model.on("error", () => undefined);
  return model;
}

/** What the client library is told of a Dial. */
function connectionTo({ host, port, tls, ...login }: Dial, { vhost, own }: Account) {
  const { user = own?.user, password = own?.password, mechanism } = login;
  return {
    url: {
      protocol: tls === undefined ? "amqp" : "amqps",
      hostname: host,
      port,
      username: user ?? "",
      password: password ?? "",
      vhost: encodeURIComponent(vhost),
    },
    socketOptions: { ...tls, ...(mechanism === "EXTERNAL" ? { credentials: credentials.external() } : {}) },
  };
}

/** `broke` rejects, and `onBroken` is told once, when the channel or its connection ends for whatever reason. */
async function openChannel(
  model: ChannelModel,
  onBroken: (reason: string) => void,
): Promise<{ channel: ConfirmChannel; broke: Promise<never>; broken: (reason: string) => void }> {
  let refuse: (error: Error) => void = () => undefined;
  const broke = new Promise<never>((_resolve, reject) => (refuse = reject));
  broke.catch(() => undefined);
  let known = false;
  const broken = (reason: string): void => {
    if (known) return;
    known = true;
    refuse(new Error(reason));
    onBroken(reason);
  };
  model.on("close", (error?: Error) => broken(error === undefined ? "connection-lost" : reasonOf(error)));
  const channel = await model.createConfirmChannel();
  channel.on("error", (error: Error) => broken(reasonOf(error)));
  channel.on("close", () => broken("channel-closed"));
  return { channel, broke, broken };
}

/** Ends a connection without a word; the other side may be gone. */
export function drop(model: ChannelModel): void {
  const { stream } = model.connection as unknown as { stream?: { destroy(): void } };
  stream?.destroy();
}

/** A short word for what went wrong: `refused`, `unreachable`, `NOT_FOUND: …` as the server said it. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ECONNREFUSED") return "refused";
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH") return "unreachable";
  const said = /with message "([A-Z_]+ - )?(.*?)"?$/s.exec(messageOf(error));
  if (said !== null) return `${(said[1] ?? "").replace(" - ", ": ")}${said[2] ?? ""}`.slice(0, 160);
  if (tlsFailure(error) !== null) return "tls-refused";
  if (messageOf(error).includes("ETIMEDOUT")) return "timeout";
  return code === "ECONNRESET" ? "connection-lost" : messageOf(error).slice(0, 160);
}
