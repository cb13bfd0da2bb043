import { AftershockError } from "../../errors.ts";
import { parseDurationMs } from "../../experiment/duration.ts";
import { openHttp } from "../dial-http.ts";
import type { PodAddress, SystemContext } from "../system.ts";
import { callApplication, type Answer } from "./http.ts";

/** The application that uses the system under test: its pods, and what the run's parameters say of it. */
export interface Application {
  /** Value of the label `app`. */
  name: string;
  namespace: string;
  /** Table that `/api/test-write` fills, with columns `run`, `client` and `seq`; safe in SQL. */
  table: string;
  ratePerSecond: number;
  timeoutMs: number;
  readonly pods: readonly PodAddress[];
  /** One request to a pod, JSON both ways. Any status is an answer; rejects with undici's error without one. */
  call(pod: PodAddress, path: string, options: { timeoutMs: number; body?: unknown }): Promise<Answer>;
  refresh(): Promise<void>;
}

/** Of a target (src/targets/parts.ts). */
const part = "application";

const tableName = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/;

/**
 * Finds the application's pods by the parameters `appNamespace` and `appService`; null when the parameter `application`
 * is not `on`. Throws AftershockError `system_unreachable` without pods, `bad_parameter` for a table that is none.
 */
export async function findApplication(context: SystemContext): Promise<Application | null> {
  const { parameters, access } = context;
  if (parameters["application"] !== "on") return null;
  const text = (name: string, fallback: string): string => String(parameters[name] ?? fallback);
  const name = text("appService", "api-server");
  const namespace = text("appNamespace", "app");
  const table = text("appTable", "app.test_writes");
  if (!tableName.test(table)) {
    throw new AftershockError(
      "bad_parameter",
      `appTable=${table} is not the name of a table.`,
      "Write it in lower case, with its schema if it has one: appTable=app.test_writes",
    );
  }
  const look = async (): Promise<PodAddress[]> =>
    (await context.podsIn(namespace, access.selector(part) ?? undefined))
      .filter((pod) => (access.selector(part) !== null || pod.labels["app"] === name) && pod.host !== "")
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  let pods = await look();
  if (pods.length === 0) {
    throw new AftershockError(
      "system_unreachable",
      `There are no pods with the label app=${name} in namespace ${namespace}.`,
      `Look: kubectl get pods -n ${namespace} --show-labels. Other names go in appNamespace= and appService=, and application=off leaves it out.`,
    );
  }
  const port = Number(parameters["appPort"] ?? 8080);
  const http = openHttp();
  return {
    name,
    namespace,
    table,
    call: async (pod, path, options) =>
      callApplication(http, { pod: pod.name, dial: await access.dial(part, pod, port) }, path, options),
    ratePerSecond: Number(parameters["appRate"] ?? 20),
    timeoutMs: parseDurationMs(text("appTimeout", "5s")),
    get pods() {
      return pods;
    },
    refresh: async () => {
      pods = await look();
    },
  };
}
