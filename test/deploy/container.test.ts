import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { startChild, untilReady, type Child } from "../../src/embedded/child.ts";
import { makeServiceUser } from "../../src/embedded/database.ts";
import { onFreePort } from "../../src/embedded/free-port.ts";
import { startLocalSlack, workspace, type LocalSlack } from "../../src/embedded/local-slack.ts";
import { startPostgres, type EmbeddedPostgres } from "../../src/embedded/postgres.ts";
import { startRedis, type EmbeddedRedis } from "../../src/embedded/redis.ts";
import { ask } from "../../src/embedded/run-drive.ts";
import { containerUser, makeContainerRoot, type ContainerRoot } from "../support/container.ts";
import { insecurities } from "../support/pod-security.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
/** A build and several starts of Node, on a machine that others use as well. */
const slowMs = 120_000;
const read = (file: string): string => readFileSync(join(project, file), "utf8");

describe("the Containerfile", () => {
  const instructions = read("deploy/Containerfile")
    .replaceAll(/^#.*\n/gm, "")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => ({ word: line.split(" ")[0] ?? "", rest: line.slice(line.indexOf(" ") + 1) }));
  const of = (word: string): string[] => instructions.filter((one) => one.word === word).map(({ rest }) => rest);
  it("runs as a user by number, other than root, from an exact version of its base", () => {
    expect(of("USER")).toEqual([`${containerUser}:${containerUser}`]);
    expect(of("ARG")).toEqual([expect.stringMatching(/^NODE_IMAGE=\S+:\d+\.\d+\.\d+-\S+$/)]);
    expect(of("FROM").every((from) => from.startsWith("${NODE_IMAGE}"))).toBe(true);
  });
  it("needs no shell: every command is a list", () => {
    const commands = [
      ...of("RUN"),
      ...of("ENTRYPOINT"),
      ...of("CMD"),
      ...of("HEALTHCHECK").map((check) => check.replace(/^.*CMD /, "")),
    ];
    expect(commands.length).toBeGreaterThan(4);
    for (const command of commands) expect(JSON.parse(command)).toEqual(expect.arrayContaining([expect.any(String)]));
  });
  it("copies what is there", () => {
    const sources = of("COPY")
      .filter((copy) => !copy.startsWith("--from"))
      .flatMap((copy) => copy.split(" ").slice(0, -1));
    expect(sources).toContain("src");
    expect(sources.filter((source) => !existsSync(join(project, source)))).toEqual([]);
  });
});

describe("the Kubernetes manifests", () => {
  /** Those that run something. */
  const workloads = (text: string): unknown[] =>
    parseAllDocuments(text)
      .map((document) => document.toJS() as { kind?: string } | null)
      .filter((object) => ["Deployment", "StatefulSet", "Job"].includes(object?.kind ?? ""));
  const documents = workloads(read("deploy/kubernetes.yaml"));
  it("let no pod run as root, write its root file system, or keep a capability", () => {
    expect(documents).toHaveLength(3);
    expect(documents.flatMap(insecurities)).toEqual([]);
  });
  it("hold no secret, but files of a Secret", () => {
    expect(read("deploy/kubernetes.yaml")).not.toMatch(/value: (xoxb|xapp|postgres:|redis:)/);
  });
  it.each([
    ["as root", "runAsNonRoot: true", "runAsNonRoot: false"],
    ["with a file system that it can write", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"],
    ["with capabilities", "drop: [ALL]", "drop: [NET_RAW]"],
    ["without seccomp", "seccompProfile: { type: RuntimeDefault }", "seccompProfile: { type: Unconfined }"],
    ["with privileges to gain", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"],
  ])("that ran a pod %s would be found by this check", (_what, safe, unsafe) => {
    const changed = workloads(read("deploy/kubernetes.yaml").replaceAll(safe, unsafe));
    expect(changed.flatMap(insecurities).length).toBeGreaterThan(2);
  });
});

describe.skipIf(process.getuid?.() !== 0)(
  "the built program as an ordinary user, with a root that nobody can write",
  () => {
    const directory = mkdtempSync(join(tmpdir(), "aftershock-container-"));
    chmodSync(directory, 0o755);
    let postgres: EmbeddedPostgres;
    let redis: EmbeddedRedis;
    let slack: LocalSlack;
    let root: ContainerRoot;
    let service: Child | undefined;
    let port = 0;

    const run = (...args: string[]): Promise<{ code: number; out: string }> =>
      new Promise((resolve) => {
        const [program = "", ...rest] = root.node(...args);
        execFile(program, rest, (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code), out: `${stdout}${stderr}` }),
        );
      });
    const evaluate = async (program: string): Promise<string> =>
      (
        await run(
          "--input-type=module",
          "-e",
          `import fs from "node:fs"; import { spawnSync } from "node:child_process"; ${program}`,
        )
      ).out.trim();

    beforeAll(async () => {
      [postgres, redis, slack] = await Promise.all([
        startPostgres(directory),
        startRedis(directory),
        startLocalSlack(directory),
      ]);
      port = await onFreePort(async (free) => free);
      root = makeContainerRoot(directory, {
        config: stringify({
          slack: { mode: "socket", apiUrl: slack.apiUrl },
          clusters: { none: { kubeconfig: "/etc/aftershock/kubeconfig" } },
          defaultCluster: "none",
          approvals: { approvers: [workspace.people[1].id] },
          health: { port },
        }),
        secrets: {
          "slack-bot-token": workspace.bot.token,
          "slack-app-token": workspace.bot.appToken,
          "redis-url": redis.url,
          "migration-database-url": postgres.url,
        },
      });
    }, slowMs);
    afterAll(async () => {
      await service?.stop();
      await Promise.allSettled([postgres?.stop(), redis?.stop(), slack?.stop()]);
      rmSync(directory, { recursive: true, force: true });
    });

    it("is really shut in: no root, no capability, no shell, nothing to write", async () => {
      const status = await evaluate(`console.log(fs.readFileSync("/proc/self/status", "utf8"))`);
      expect(status).toMatch(/Uid:\s+10001\s+10001\s+10001\s+10001/);
      expect(status).toMatch(/CapEff:\s+0{16}/);
      expect(status).toMatch(/CapPrm:\s+0{16}/);
      expect(status).toMatch(/NoNewPrivs:\s+1/);
      for (const file of ["/app/dist/x", "/app/x", "/tmp/x", "/x", "/etc/aftershock/x", "/run/secrets/aftershock/x"]) {
        const wrote = `try { fs.writeFileSync("${file}", ""); console.log("written"); } catch (error) { console.log(error.code); }`;
        expect(await evaluate(wrote)).toMatch(/^(EROFS|EACCES)$/);
      }
      expect(await evaluate(`console.log(spawnSync("/bin/sh").error.code)`)).toBe("ENOENT");
    });

    it(
      "migrates, serves, answers Slack, tells its health, verifies its trail, and leaves when told",
      async () => {
        expect(await run("dist/src/main.js", "migrate")).toMatchObject({
          code: 0,
          out: expect.stringContaining("up to date"),
        });
        writeFileSync(join(directory, "secrets/database-url"), await makeServiceUser(postgres.url));
        writeFileSync(join(directory, "config/kubeconfig"), kubeconfig);
        const logFile = join(directory, "service.log");
        const main = ["dist/src/main.js", "start", "--config", "/etc/aftershock/aftershock.yaml"];
        service = startChild({ name: "service", command: root.node(...main), logFile });
        await untilReady(service, {
          name: "the service",
          logFile,
          deadlineMs: 60_000,
          ready: async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok,
        });
        expect((await run("deploy/health-check.mjs", String(port))).code).toBe(0);
        expect((await run("deploy/health-check.mjs", "1")).code).toBe(1);
        const answer = await ask(slack, workspace.people[0].id, "list");
        expect(JSON.stringify(answer)).toContain("redis-split-brain");
        expect(await run("dist/src/main.js", "audit", "verify")).toMatchObject({
          code: 0,
          out: expect.stringContaining("holds"),
        });
        expect(readFileSync(logFile, "utf8")).not.toMatch(/EROFS|EACCES|could rewrite/);
        await service.stop(20_000);
        expect(readFileSync(logFile, "utf8")).toContain('"stopping"');
      },
      slowMs,
    );
  },
);

/** A cluster that does not answer: nothing here asks it. */
const kubeconfig = stringify({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "none", cluster: { server: "https://127.0.0.1:1" } }],
  users: [{ name: "none", user: { token: "none" } }],
  contexts: [{ name: "none", context: { cluster: "none", user: "none" } }],
  "current-context": "none",
});
