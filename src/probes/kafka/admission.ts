import { createTopicsV7, describeQuorumV2, metadataV12, NetworkError, ResponseError } from "@platformatic/kafka";
import { isAftershockError } from "../../errors.ts";
import type { Dial } from "../access.ts";
import { errorOf, notAdmitted, type Refusal } from "../admission.ts";
import type { SystemContext } from "../system.ts";
import { tlsFailure } from "../tls-failure.ts";
import { NotSent, type BrokerLink } from "./broker-link.ts";
import type { KafkaPart, KafkaPods } from "./brokers.ts";
import type { Links } from "./links.ts";
import { brokerError } from "./outcome.ts";
import { topicOf } from "./topic.ts";
import { quorumQuestion } from "./views.ts";

const timeoutMs = 3000;

/**
 * Asks every broker, and every controller that a login or TLS is configured for, whether it lets the bot in, and one
 * broker whether the bot may do what a run does. Throws AftershockError `system_unreachable` when one says no: by TLS, by
 * login, or by right. What does not answer is for the guards.
 */
export async function requireAdmission(
  context: SystemContext,
  pods: KafkaPods,
  links: { brokers: Links; controllers: Links },
): Promise<void> {
  const names = pods.pods.map((pod) => pod.name);
  const answers = await Promise.all(
    names.map(async (pod) => ({
      pod,
      error: await errorOf(links.brokers(pod).ask(metadataV12.api, [[], false, false], timeoutMs)),
    })),
  );
  // One that hangs up may be on its way down. All of them do where one side speaks TLS, or logs in, and the other does not.
  const allHangUp = answers.every(({ error }) => hungUp(error));
  for (const { pod, error } of answers) {
    const refusal = refusalOf(error) ?? (allHangUp ? hangsUp : null);
    if (refusal !== null) await refuse(context, pods, { part: "kafka", pod }, refusal);
  }
  const answering = answers.find(({ error }) => error === null)?.pod;
  if (answering === undefined) return;
  const denied = await deniedBy(links.brokers(answering), topicOf(context.runId));
  if (denied !== null) await refuse(context, pods, { part: "kafka", pod: answering }, denied);
  await Promise.all(
    pods.controllers.map(async ({ name }) => {
      const dial = await pods.dial("controller", name).catch(() => null);
      if (dial === null || (dial.user === undefined && dial.tls === undefined)) return;
      const refusal = refusalOf(await errorOf(askQuorum(links.controllers(name))));
      if (refusal !== null) throw notAdmitted(context, { part: "controller", pod: name, dial }, refusal);
    }),
  );
}

async function refuse(
  context: SystemContext,
  pods: KafkaPods,
  { part, pod }: { part: KafkaPart; pod: string },
  refusal: Refusal,
): Promise<void> {
  const dial: Dial = await pods.dial(part, pod);
  throw notAdmitted(context, { part, pod, dial }, refusal);
}

/** What the bot may not do: see the controllers' quorum, or make its topic, which is asked for and not done (validateOnly). */
async function deniedBy(link: BrokerLink, topic: string): Promise<Refusal | null> {
  const wanted = { name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const [quorum, creating] = await Promise.all([
    errorOf(askQuorum(link)),
    errorOf(link.ask(createTopicsV7.api, [[wanted], timeoutMs, true], timeoutMs)),
  ]);
  return refusedRight(quorum, "see the controllers' quorum") ?? refusedRight(creating, "make its topic");
}

function refusedRight(error: unknown, act: string): Refusal | null {
  const name = brokerError(error);
  if (name === null || !name.endsWith("_AUTHORIZATION_FAILED")) return null;
  return {
    what: `the user may not ${act} (${name})`,
    mend: {
      act:
        "Allow it: kafka-acls.sh --add --allow-principal User:NAME --operation All --topic aftershock- " +
        "--resource-pattern-type prefixed, and --operation Describe --operation DescribeConfigs --cluster",
    },
  };
}

const askQuorum = (link: BrokerLink) => link.ask(describeQuorumV2.api, [quorumQuestion], timeoutMs);

const hangsUp: Refusal = {
  what: "like every other broker, it hangs up on a request",
  mend: { keys: "port, tls and user" },
};

/** A connection that was made, and ended without an answer: to a request, or while it logged in. */
function hungUp(error: unknown): boolean {
  const reason = error instanceof NotSent ? error.cause : error;
  if (!(reason instanceof NetworkError)) return false;
  const { cause } = reason;
  return !(cause instanceof Error) || ("code" in cause && cause.code === "ECONNRESET");
}

/** Throws AftershockError `secret_unreadable` where that was the reason. */
function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof NotSent)) return null;
  if (isAftershockError(error.cause) && error.cause.code === "secret_unreadable") throw error.cause;
  const failure = tlsFailure(error.cause);
  if (failure !== null) return { what: failure.what, mend: { keys: failure.keys } };
  if (error.reason !== "login-refused") return null;
  const answer = responseIn(error.cause);
  const name = brokerError(answer);
  if (name === "UNSUPPORTED_SASL_MECHANISM") {
    return { what: `it offers other ways to log in: ${offeredBy(answer)}`, mend: { keys: "mechanism" } };
  }
  if (name === "ILLEGAL_SASL_STATE") return { what: "nobody logs in on that port", mend: { keys: "port and user" } };
  return { what: `it refused the login (${name ?? "by SCRAM"})`, mend: { keys: "user and password" } };
}

function responseIn(error: unknown): ResponseError | null {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof ResponseError) return at;
  return null;
}

function offeredBy(answer: ResponseError | null): string {
  const response: unknown = answer?.["response"];
  const offered =
    typeof response === "object" && response !== null && "mechanisms" in response ? response.mechanisms : [];
  return Array.isArray(offered) && offered.length > 0 ? offered.map(String).join(", ").slice(0, 100) : "unknown";
}
