import { createHash, randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubectl, redisPod, startTestLab } from "./support/lab.ts";
import type { TestLab } from "./support/lab.ts";

let lab: TestLab;
beforeAll(async () => {
  lab = await startTestLab();
  lab.store.create(redisPod("redis-0", "10.77.0.10", {}));
  lab.store.create(redisPod("racing", "10.77.0.12", {}));
  const stopped = redisPod("stopped", "10.77.0.11", {});
  stopped["status"] = { phase: "Running", containerStatuses: [{ name: "redis", state: { waiting: {} } }] };
  lab.store.create(stopped);
  lab.runtime.stopped.add("racing");
});
afterAll(() => lab.close());

const exec = (...args: string[]) => kubectl(lab, ["exec", "-n", "cache", ...args]);
const sha256 = (data: Buffer) => createHash("sha256").update(data).digest("hex");

describe("kubectl exec", () => {
  it("keeps output and errors apart and passes the exit code on", async () => {
    const { code, stdout, stderr } = await exec("redis-0", "--", "sh", "-c", "echo out; echo err >&2; exit 3");
    expect({ code, stdout, stderr }).toEqual({
      code: 3,
      stdout: "out\n",
      stderr: "err\ncommand terminated with exit code 3\n",
    });
    expect((await exec("redis-0", "--", "sh", "-c", "kill -9 $$")).code).toBe(137);
    expect((await exec("redis-0", "--", "true")).code).toBe(0);
    expect(lab.runtime.requests.at(-1)).toEqual({
      namespace: "cache",
      pod: "redis-0",
      container: "redis",
      command: ["true"],
      stdin: false,
      tty: false,
    });
  });

  it("carries 1 MB through stdin unharmed and ends it, and back", async () => {
    const blob = randomBytes(1_000_000);
    const there = await kubectl(lab, ["exec", "-i", "-n", "cache", "redis-0", "--", "sha256sum"], { stdin: blob });
    expect(there.stdout).toBe(`${sha256(blob)}  -\n`);
    const text = blob.toString("base64");
    const back = await kubectl(lab, ["exec", "-i", "-n", "cache", "redis-0", "--", "cat"], { stdin: text });
    expect(sha256(Buffer.from(back.stdout))).toBe(sha256(Buffer.from(text)));
  });

  it("gives a terminal of the client's size", async () => {
    const command = process.env["KUBECTL"] ?? "kubectl";
    const flags = `--kubeconfig ${lab.server.kubeconfigPath} --cache-dir ${lab.directory}/kubectl-cache`;
    const line = `stty rows 41 cols 121; exec ${command} ${flags} exec -it -n cache redis-0 -- sh -c 'tty; exit 5'`;
    // script(1) gives kubectl a terminal, which it needs to ask for one.
    const child = spawn("script", ["-qec", line, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(output).toContain("/dev/pts/");
    expect(code).toBe(5);
    expect(lab.runtime.resizes).toContainEqual([121, 41]);
    expect(lab.runtime.requests.at(-1)?.tty).toBe(true);
  });

  it("fails on a missing pod, a missing container, and one that does not run", async () => {
    const missing = await exec("nope", "--", "ls");
    expect([missing.code, missing.stderr]).toEqual([1, 'Error from server (NotFound): pods "nope" not found\n']);
    const container = await exec("redis-0", "-c", "nope", "--", "ls");
    expect(container.stderr).toContain("container nope is not valid for pod redis-0");
    const stopped = await exec("stopped", "--", "ls");
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain('unable to upgrade connection: container not found ("redis")');
    // Stopped after its status was written: the runtime says no, and kubectl then tries SPDY in vain.
    const racing = await exec("racing", "--", "ls");
    expect(racing.code).toBe(1);
    expect(racing.stderr).toContain("could not be executed over WebSocket");
  });

  it("leaves no process behind when the client goes away", async () => {
    const child = spawn(
      process.env["KUBECTL"] ?? "kubectl",
      [
        "--kubeconfig",
        lab.server.kubeconfigPath,
        "exec",
        "-n",
        "cache",
        "redis-0",
        "--",
        "sh",
        "-c",
        "echo up; sleep 1000",
      ],
      { env: { ...process.env, HOME: lab.directory } },
    );
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const [running] = [...lab.runtime.running];
    const ended = new Promise((resolve) => running!.once("close", resolve));
    child.kill("SIGKILL");
    await ended;
    expect(lab.runtime.running.size).toBe(0);
  });
});
