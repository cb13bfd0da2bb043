import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseJson, readBody, readCall, type ApiCall, type RawCall } from "./call.ts";
import { createInteractions, type Screens } from "./interactions.ts";
import { withTexts } from "./draw-dates.ts";
import { createMemory } from "./memory.ts";
import { createMisbehaviours, type Misbehaviour, type Verdict } from "./misbehaviour.ts";
import { createPeople, type Answer, type People } from "./people.ts";
import { createRates, documentedRates, type RateLimits } from "./rates.ts";
import { createResponses } from "./responses.ts";
import { faultsOfCall, refuseCall, type Refusal } from "./rules.ts";
import { manifestScopes, missingScopes } from "./scopes.ts";
import { createSockets, type Envelope, type Sockets } from "./sockets.ts";
import { createTriggers, triggerLivesMs } from "./triggers.ts";
import { createViews } from "./views.ts";

/** A limit of Slack's that was met (refused with its error), or a text that nobody wants (`fault_…`, passed on). */
export interface Violation extends Refusal {
  method: string;
}

export interface SlackGate {
  /** What the bot takes for Slack's. */
  apiUrl: string;
  /** Calls in the order they came, whatever became of them. */
  calls: readonly ApiCall[];
  /** Refused by a limit so far, but for 429s. */
  violations: readonly Violation[];
  /** Answered 429 by the gate's own count. */
  limited: readonly ApiCall[];
  people: People;
  /** Modals and App Home, as each person sees them. */
  screens: Screens;
  sockets: Sockets;
  /** The next call of the method goes wrong. */
  misbehave(rule: Misbehaviour): void;
  /** Misbehaviours that have not happened yet. */
  misbehavioursLeft(): number;
  behave(): void;
  stop(): Promise<void>;
}

export interface GateOptions {
  /** local-slack's, ending in `/api/`. */
  apiUrl: string;
  teamId?: string;
  /** Default: as documented. */
  rates?: Partial<RateLimits>;
  /** The bot scopes of every token; default: those of the manifest. */
  scopes?: readonly string[];
  /** How texts are changed on their way to local-slack's page, after every check; default: not at all. */
  draw?: (text: string) => string;
  /** How long a trigger is good; default: as documented. */
  triggerLivesMs?: number;
}

/**
 * A strict gate before local-slack: what Slack limits, keeps and does and local-slack does not. It is a test double of
 * those parts of Slack only; everything else is local-slack's answer.
 */
export async function startSlackGate(options: GateOptions): Promise<SlackGate> {
  const { apiUrl, scopes = manifestScopes() } = options;
  const calls: ApiCall[] = [];
  const violations: Violation[] = [];
  const teamId = options.teamId ?? "T0LOCAL";
  const people = createPeople(teamId);
  const memory = createMemory();
  const misbehaviours = createMisbehaviours();
  const rates = createRates({ ...documentedRates, ...options.rates });
  const limited: ApiCall[] = [];
  const late = new Set<NodeJS.Timeout>();
  const note = (method: string, found: readonly Refusal[]): void =>
    void violations.push(...found.map((each) => ({ method, ...each })));
  const responses = createResponses(note);
  let origin = "";
  const triggers = createTriggers(options.triggerLivesMs ?? triggerLivesMs, Date.now);
  const views = createViews({
    teamId,
    triggers,
    mirror: (method, form) => {
      const body = new URLSearchParams(form);
      for (const [name, value] of body) body.set(name, options.draw?.(value) ?? value);
      return ask(`${apiUrl}${method}`, { body });
    },
  });
  const sockets = createSockets({
    receive: (envelope) => {
      const found = interactions.receive(envelope);
      return found === null ? null : withOurResponseUrl(found, (url) => responses.ours(url, origin));
    },
    answered: (id, payload) => interactions.answered(id, payload),
  });
  const interactions = createInteractions({ teamId, views, triggers, send: sockets.send, note });

  const { draw } = options;
  const forward = (call: RawCall): Promise<Answer> => {
    const { method, headers, body } = draw === undefined ? call : withTexts(call, draw);
    return ask(`${apiUrl}${method}`, { headers, body });
  };
  const answerTo = async (call: RawCall): Promise<Answer> => {
    const own = people.answer(call, () => forward(call)) ?? views.answer(call) ?? memory.answer(call);
    if (own !== null) return own;
    const answer = memory.complete(call, await forward(call));
    if (call.method !== "apps.connections.open" || typeof answer["url"] !== "string") return answer;
    return { ...answer, url: `${origin.replace("http", "ws")}${sockets.path(answer["url"])}` };
  };
  const handleCall = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const call = await readCall(request);
    calls.push(call);
    const verdict = misbehaviours.judge(call);
    if (verdict === "lose-call") {
      response.destroy();
      return;
    }
    if (typeof verdict === "object" && "appliesAfterMs" in verdict) {
      response.destroy();
      late.add(setTimeout(() => void answerTo(call).catch(() => undefined), verdict.appliesAfterMs));
      return;
    }
    if (await refuse(verdict, response)) return;
    const waitS = rates.refuse(call.method, call.form.get("channel"), call.atMs);
    if (waitS !== null) {
      limited.push(call);
      return tooMany(response, waitS);
    }
    response.setHeader("x-oauth-scopes", scopes.join(","));
    const lacking = missingScopes(call, scopes);
    if (lacking) {
      note(call.method, [{ error: "missing_scope", detail: lacking.join(" or ") }]);
      return send(response, {
        ok: false,
        error: "missing_scope",
        needed: lacking.join(","),
        provided: scopes.join(","),
      });
    }
    const [refusal, ...more] = refuseCall(call.method, call.form);
    if (refusal !== undefined) {
      note(call.method, [refusal, ...more]);
      return send(response, {
        ok: false,
        error: refusal.error,
        response_metadata: { messages: [refusal, ...more].map(({ detail }) => `[ERROR] ${detail}`) },
      });
    }
    note(call.method, faultsOfCall(call.method, call.form));
    const answer = await answerTo(call);
    if (answer["error"] === "unknown_method") {
      note(call.method, [{ error: "unknown_method", detail: "neither local-slack nor the gate has it" }]);
    }
    if (verdict === "lose-answer") response.destroy();
    else send(response, answer);
  };
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const work = path.startsWith("/response/")
      ? readBody(request).then((body) => responses.handle(path, body, response))
      : handleCall(request, response);
    work.catch(() => response.destroy());
  });
  server.on("upgrade", (request, socket, head) => sockets.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    apiUrl: `${origin}/api/`,
    calls,
    violations,
    limited,
    people,
    screens: interactions,
    sockets,
    misbehave: misbehaviours.add,
    misbehavioursLeft: misbehaviours.left,
    behave: misbehaviours.clear,
    stop: () =>
      new Promise((resolve) => {
        sockets.stop();
        interactions.stop();
        late.forEach(clearTimeout);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Asks local-slack. */
async function ask(
  url: string,
  { headers = {}, body }: { headers?: Record<string, string>; body: Buffer | URLSearchParams },
): Promise<Answer> {
  const answer = await fetch(url, { method: "POST", headers, body });
  const value = parseJson(await answer.text());
  return typeof value === "object" && value !== null ? (value as Answer) : { ok: false, error: "fatal_error" };
}

/** Answers without passing on; true when it did. A delay only waits. */
async function refuse(
  verdict: Exclude<Verdict, { appliesAfterMs: number }>,
  response: ServerResponse,
): Promise<boolean> {
  if (typeof verdict !== "object") return false;
  if ("delayMs" in verdict) {
    await new Promise((resolve) => setTimeout(resolve, verdict.delayMs));
    return false;
  }
  if ("retryAfterS" in verdict) tooMany(response, verdict.retryAfterS);
  else if ("status" in verdict) response.writeHead(verdict.status).end();
  else send(response, { ok: false, error: verdict.error });
  return true;
}

function tooMany(response: ServerResponse, retryAfterS: number): void {
  response.writeHead(429, { "retry-after": String(retryAfterS), "content-type": "application/json" });
  response.end('{"ok":false,"error":"ratelimited"}');
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(answer));
}

function withOurResponseUrl(envelope: Envelope, ours: (url: string) => string): Envelope {
  const payload = envelope["payload"];
  if (typeof payload !== "object" || payload === null || !("response_url" in payload)) return envelope;
  return { ...envelope, payload: { ...payload, response_url: ours(String(payload.response_url)) } };
}
