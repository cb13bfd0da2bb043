/** The machine of a person who follows a page: a folder with the files that they were told to write, and a shell. */
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cliCommands } from "../../../src/cli/table.ts";
import type { Ran } from "../../support/kubectl.ts";
import { helmProgram } from "../../support/helm.ts";
import { typed } from "../../support/typed.ts";
import { filesIn } from "../blocks.ts";
import { labPartOf } from "./lab-part.ts";
import { typedBy } from "./words.ts";

const project = fileURLToPath(new URL("../../..", import.meta.url));
/** Of the project's folder what a reader finds in their copy of it; the plain manifests are cut to what the lab serves. */
const own = ["jobs", "package.json"];

export interface Reader {
  directory: string;
  /** Begins a page: the files are again those that every reader has, and those that the page gives. */
  readPage(markdown: string): void;
  /** Types a line into the shell, with the reader's own words put in; a plain `aftershock …` is run in this process. */
  type(line: string): Promise<Ran>;
  leave(): void;
}

/** What the reader's shell has in its environment beside the programs. */
export type Surroundings = Readonly<
  Record<"KUBECONFIG" | "DATABASE_URL" | "MIGRATION_DATABASE_URL" | "REDIS_URL", string>
>;

/**
 * A shell in a fresh folder. Its kubectl is the real one; its helm renders what it would install; its npx and aftershock
 * run this project's sources.
 */
export function openReader(surroundings: Surroundings): Reader {
  const directory = mkdtempSync(join(tmpdir(), "aftershock-reader-"));
  const programs = join(directory, ".programs");
  mkdirSync(programs);
  for (const [name, script] of Object.entries(programTexts())) {
    writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(programs, name), 0o755);
  }
  for (const name of own) symlinkSync(join(project, name), join(directory, name));
  mkdirSync(join(directory, "deploy"));
  for (const name of readdirSync(join(project, "deploy"))) {
    if (name !== "kubernetes.yaml") symlinkSync(join(project, "deploy", name), join(directory, "deploy", name));
  }
  writeFileSync(join(directory, "deploy/kubernetes.yaml"), labPartOf(join(project, "deploy/kubernetes.yaml")));
  const env = {
    ...surroundings,
    PATH: `${programs}:${process.env["PATH"]}`,
    HOME: directory,
    TMPDIR: directory,
  };
  return {
    directory,
    readPage: (markdown) => {
      for (const [name, text] of Object.entries(ownFiles)) writeFileSync(join(directory, name), text);
      for (const { name, text } of filesIn(markdown)) writeFileSync(join(directory, name), text);
    },
    type: (line) => {
      const words = typedBy(line).split(" ");
      return words[0] === "aftershock" && !/[|>]/.test(line)
        ? ourOwn(words.slice(1), directory, surroundings)
        : shell(typedBy(line), { cwd: directory, env });
    },
    leave: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function shell(line: string, where: { cwd: string; env: NodeJS.ProcessEnv }): Promise<Ran> {
  return new Promise((resolve) => {
    const limits = { timeout: 60_000, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile("sh", ["-c", line], { ...where, ...limits }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ exitCode: code, stdout, stderr });
    });
    child.stdin?.end();
  });
}

/** The same as in a process of its own, and three times as fast. Files of the folder are named in full, as it has no folder. */
async function ourOwn(words: readonly string[], directory: string, env: Surroundings): Promise<Ran> {
  const args = words.map((word) =>
    word === '"$KUBECONFIG"' ? env.KUBECONFIG : /^[\w-]+\.(?:yaml|jsonl)$/.test(word) ? join(directory, word) : word,
  );
  const { code, out, err } = await typed(cliCommands, args, env);
  return { exitCode: code, stdout: out, stderr: err };
}

/** Files that a page speaks of and does not give: secrets, a configuration, a run's history. */
const ownFiles: Readonly<Record<string, string>> = {
  "slack-bot-token": "xoxb-reader",
  "slack-app-token": "xapp-reader",
  "database-url": "postgres://reader@db/aftershock",
  "migration-database-url": "postgres://owner@db/aftershock",
  "redis-url": "redis://redis:6379",
  "aftershock.yaml": `slack: { mode: socket }
clusters:
  here: { namespaces: [cache] }
  staging: { kubeconfig: kubeconfig-of-staging }
defaultCluster: here
experiments: { enabled: [redis-split-brain, redis-failover] }
approvals: { approvers: [U0123ABCD] }
`,
  "history.jsonl": [
    { type: "run", clients: [{ id: "pinned", kind: "write" }] },
    { type: "op", client: "pinned", seq: 1, outcome: "ok" },
    { type: "op", client: "pinned", seq: 2, outcome: "unknown" },
  ]
    .map((row) => `${JSON.stringify(row)}\n`)
    .join(""),
};

function programTexts(): Readonly<Record<string, string>> {
  const aftershock = `exec "${process.execPath}" --import "${import.meta.resolve("tsx")}" "${project}src/main.ts" "$@"`;
  const kubectl = execFileSync("sh", [join(project, "deploy/fetch-kubectl.sh")], { encoding: "utf8" }).trim();
  return {
    aftershock,
    npx: `[ "$1" = aftershock ] || { echo "npx $1: not of this project" >&2; exit 1; }\nshift\n${aftershock}`,
    kubectl: `exec "${kubectl}" "$@"`,
    // No release can be made in the lab: the same line renders what it would have made. template knows no --install.
    helm: `helm="${helmProgram()}"
case "$1" in install|upgrade) shift ;; *) exec "$helm" "$@" ;; esac
for word in "$@"; do shift; [ "$word" = --install ] || set -- "$@" "$word"; done
exec "$helm" template "$@" --kube-version 1.32`,
  };
}
