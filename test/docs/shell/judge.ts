import { parseAllDocuments } from "yaml";
import { parseConfig } from "../../../src/config/load.ts";
import { isAftershockError } from "../../../src/errors.ts";
import type { Rendered } from "../../support/helm.ts";
import { schemaProblems } from "../../support/kubernetes-schema.ts";
import { insecurities } from "../../support/pod-security.ts";
import { answers } from "./expected.ts";
import { forLab } from "./lab-part.ts";
import type { Reader } from "./reader.ts";

/** What is wrong with a line of a page, typed by a reader; null when nothing is. `apply` gives manifests to the lab. */
export async function wrongLine(
  reader: Reader,
  line: string,
  apply: (manifests: string) => Promise<unknown>,
): Promise<string | null> {
  let ran = await reader.type(line);
  // A kind that a cluster has and the lab does not: what would have been made is judged by Kubernetes' schema.
  const withoutServer = line.startsWith("kubectl create ") && / could not find the requested resource/.test(ran.stderr);
  if (withoutServer) ran = await reader.type(`${line} --dry-run=client -o yaml`);
  if (ran.exitCode !== 0) return `ends with ${ran.exitCode}: ${(ran.stderr || ran.stdout).trim().slice(0, 400)}`;
  const answer = answers.find(([pattern]) => pattern.test(line))?.[1];
  if (answer?.test(ran.stdout) === false) return `says ${JSON.stringify(ran.stdout.slice(0, 400))}, not ${answer}`;
  const rendered = /^helm (?:install|upgrade) /.test(line);
  if (!rendered && !withoutServer) return null;
  const objects = objectsIn(ran.stdout);
  const problems = [
    ...objects.filter(({ kind }) => kind !== "ServiceMonitor").flatMap(schemaProblems),
    ...objects.filter(({ kind }) => ["Deployment", "StatefulSet", "Job"].includes(kind)).flatMap(insecurities),
    ...objects.flatMap(configProblems),
    ...(objects.length === 0 ? ["it makes nothing"] : []),
  ];
  // So that the lines behind it find what it has made.
  if (rendered && problems.length === 0) await apply(forLab(objects));
  return problems.length === 0 ? null : problems.join("; ");
}

/** What the Secret of the pages holds. */
const surroundings = {
  SLACK_BOT_TOKEN: "xoxb-reader",
  SLACK_APP_TOKEN: "xapp-reader",
  DATABASE_URL: "postgres://reader@db/aftershock",
  REDIS_URL: "redis://redis:6379",
};

/** What the service would not take of a configuration that the chart hands to it. */
function configProblems({ kind, data }: Rendered): string[] {
  const text = kind === "ConfigMap" ? data?.["aftershock.yaml"] : undefined;
  if (text === undefined) return [];
  try {
    parseConfig(text, "aftershock.yaml", surroundings);
    return [];
  } catch (error) {
    if (!isAftershockError(error)) throw error;
    return [`${error.message} ${error.hint}`];
  }
}

function objectsIn(text: string): Rendered[] {
  return parseAllDocuments(text).flatMap((document) => (document.toJS() as Rendered | null) ?? []);
}
