import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { startChild, untilReady } from "../../src/embedded/child.ts";
import { alive, familyOf } from "../support/processes.ts";
import { waitFor } from "../support/stack.ts";
import { makeFolder } from "./support.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cleanups: Array<() => void> = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

function folderFor(): string {
  const { folder, remove } = makeFolder();
  cleanups.push(remove);
  return folder;
}

const gone = (pids: readonly number[]): Promise<number[]> =>
  waitFor(
    async () => alive(pids),
    (left) => left.length === 0,
    10_000,
  );
/** A shell that starts a sleep of its own and writes both process ids to a file. */
const family = (file: string, trap: string): string[] => [
  "sh",
  "-c",
  `${trap} sleep 300 & echo "$$ $!" > ${file}.new; mv ${file}.new ${file}; wait`,
];
const pidsIn = (file: string): number[] => readFileSync(file, "utf8").trim().split(" ").map(Number);

/** Where the kernel keeps the last process id that it gave; who may write it chooses the next one. */
const lastPid = "/proc/sys/kernel/ns_last_pid";
const mayChoosePids = ((): boolean => {
  try {
    writeFileSync(lastPid, readFileSync(lastPid));
    return true;
  } catch {
    return false;
  }
})();

describe("a child process", () => {
  it.skipIf(!mayChoosePids)(
    "that has ended is nobody any more: stopping it hits no one who has its number now",
    async () => {
      const log = join(folderFor(), "log");
      const command = ["/bin/sleep", "300"];
      let heir: ChildProcess | undefined;
      for (let tries = 0; heir === undefined && tries < 50; tries += 1) {
        const child = startChild({ name: "true", command: ["true"], logFile: log });
        await waitFor(
          async () => child.running(),
          (running) => !running,
          5000,
        );
        writeFileSync(lastPid, String(child.pid - 1));
        const next = spawn(command[0] ?? "", command.slice(1), { detached: true, stdio: "ignore" });
        cleanups.push(() => void next.kill("SIGKILL"));
        if (next.pid !== child.pid) continue;
        heir = next;
        await child.stop();
      }
      expect(heir?.pid, "no try got the number again").toBeDefined();
      // A signal that was sent has been handled when another one is.
      heir?.kill("SIGTERM");
      const [, signal] = (await once(heir as ChildProcess, "exit")) as [number | null, string];
      expect(signal).toBe("SIGTERM");
    },
  );

  it("ends when asked, and what it started ends with it", async () => {
    const folder = folderFor();
    const file = join(folder, "pids");
    const child = startChild({ name: "sh", command: family(file, ""), logFile: join(folder, "log") });
    await untilReady(child, {
      name: "sh",
      logFile: join(folder, "log"),
      deadlineMs: 5000,
      ready: async () => existsSync(file),
    });
    const pids = pidsIn(file);
    expect(alive(pids)).toEqual(pids);
    await child.stop();
    await gone(pids);
  });

  it("is killed when it does not listen", async () => {
    const folder = folderFor();
    const file = join(folder, "pids");
    const child = startChild({ name: "sh", command: family(file, "trap '' TERM;"), logFile: join(folder, "log") });
    await untilReady(child, {
      name: "sh",
      logFile: join(folder, "log"),
      deadlineMs: 5000,
      ready: async () => existsSync(file),
    });
    await child.stop(200);
    await gone(pidsIn(file));
  });

  it("that ends too early is reported with the end of its log", async () => {
    const folder = folderFor();
    const logFile = join(folder, "log");
    const child = startChild({ name: "sh", command: ["sh", "-c", "echo no such luck >&2; exit 3"], logFile });
    await expect(
      untilReady(child, { name: "the thing", logFile, deadlineMs: 5000, ready: async () => false }),
    ).rejects.toThrow(/the thing ended at once:\n.*no such luck/s);
    await child.stop();
  });

  it("that is never ready is reported as late", async () => {
    const folder = folderFor();
    const logFile = join(folder, "log");
    const child = startChild({ name: "sleep", command: ["sleep", "300"], logFile });
    await expect(
      untilReady(child, { name: "the thing", logFile, deadlineMs: 100, ready: async () => false }),
    ).rejects.toThrow("the thing was not ready after 0.1 s");
    await child.stop();
  });
});

describe("SIGKILL of the parent", () => {
  /** Runs a program that starts something and writes "ready"; kills it; returns what had been its family. */
  async function killParentOf(body: string): Promise<number[]> {
    const folder = folderFor();
    const script = join(folder, "parent.mts");
    writeFileSync(
      script,
      `${body.replaceAll("FOLDER", JSON.stringify(folder))}\nconsole.log("ready");\nsetInterval(() => undefined, 1000);\n`,
    );
    const parent = spawn(process.execPath, ["--import", "tsx", script], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    cleanups.push(() => void parent.kill("SIGKILL"));
    const exited = once(parent, "exit");
    let printed = "";
    parent.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString("utf8")));
    await waitFor(
      async () => printed,
      (text) => text.includes("ready") || parent.exitCode !== null,
      30_000,
    );
    expect(parent.exitCode).toBeNull();
    const children = familyOf(parent.pid ?? 0).slice(1);
    parent.kill("SIGKILL");
    await exited;
    return children;
  }
  const room = join(root, "src/embedded");

  it("ends PostgreSQL, Redis and local-slack", async () => {
    const children = await killParentOf(
      `import { startPostgres } from "${room}/postgres.ts";
       import { startRedis } from "${room}/redis.ts";
       import { startLocalSlack } from "${room}/local-slack.ts";
       await Promise.all([startPostgres(FOLDER), startRedis(FOLDER), startLocalSlack(FOLDER)]);`,
    );
    // PostgreSQL with its workers, Redis, local-slack.
    expect(children.length).toBeGreaterThan(5);
    await gone(children);
  });

  it("would leave a process that was started plainly", async () => {
    const children = await killParentOf(
      `import { spawn, type ChildProcess } from "node:child_process";
       spawn("sleep", ["300"], { stdio: "ignore", detached: true });`,
    );
    const sleepers = alive(children).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sleep"));
    expect(sleepers).toHaveLength(1);
    for (const pid of sleepers) process.kill(pid, "SIGKILL");
  });
});
