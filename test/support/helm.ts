import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

const project = fileURLToPath(new URL("../..", import.meta.url));
export const chart = `${project}/deploy/helm/aftershock`;

/** An object as it is rendered. */
export interface Rendered {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string>; labels?: Record<string, string> };
  spec?: Record<string, unknown>;
  data?: Record<string, string>;
  rules?: unknown[];
  subjects?: unknown;
}

let program: string | undefined;
/** The real helm of this machine, or the one that deploy/fetch-helm.sh fetches. */
export const helmProgram = (): string =>
  (program ??= execFileSync("sh", ["deploy/fetch-helm.sh"], { cwd: project, encoding: "utf8" }).trim());

/** Runs helm; its output, whatever its exit code. */
export function helm(...args: string[]): { exitCode: number; out: string } {
  const ran = spawnSync(helmProgram(), args, { cwd: project, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  return { exitCode: ran.status ?? 1, out: `${ran.stdout}${ran.stderr}` };
}

/** The chart's objects with options such as `--set`; throws what helm says when it cannot be rendered. */
export function render(...options: string[]): Rendered[] {
  const fixed = ["--namespace", "aftershock", "--kube-version", "1.32"];
  const { exitCode, out } = helm("template", "aftershock", chart, ...fixed, ...options);
  if (exitCode !== 0) throw new Error(out);
  return parseAllDocuments(out).flatMap((document) => (document.toJS() as Rendered | null) ?? []);
}
