import { spawn } from "node:child_process";
import { kubectl, type Ran } from "../support/kubectl.ts";
import { kindOf, Refused, type Client, type Forward, type Thing } from "./client.ts";
import { NotOffered } from "./suite.ts";

/** The real kubectl, as people type it. */
export function kubectlClient(program: string, kubeconfig: string): Client {
  const environment = { ...process.env, KUBECONFIG: kubeconfig };
  const run = (args: readonly string[], input = ""): Promise<Ran> => kubectl(kubeconfig, args, input, program);
  const ok = async (args: readonly string[], input = ""): Promise<string> => {
    const ran = await run(args, input);
    if (ran.exitCode === 0) return ran.stdout;
    throw new Refused(ran.stderr.trim(), ran.stderr.includes("(NotFound)"));
  };
  const object = async (args: readonly string[], input = ""): Promise<Thing> =>
    JSON.parse(await ok([...args, "-o", "json"], input)) as Thing;
  /** As kubectl takes it, with the group, since other groups may have the same word. */
  const resource = (kind: string): string => {
    const { apiVersion, plural } = kindOf(kind);
    const [group, version] = apiVersion.split("/");
    return version === undefined ? plural : `${plural}.${group}`;
  };
  return {
    name: "kubectl",
    version: async () => {
      const told = JSON.parse(await ok(["version", "--client", "-o", "json"])) as {
        clientVersion: { gitVersion: string };
      };
      return told.clientVersion.gitVersion;
    },
    create: (thing, validation = "strict") =>
      object(["create", `--validate=${validation}`, "-f", "-"], JSON.stringify(thing)),
    get: async ({ kind, namespace, name }) => {
      try {
        return await object(["get", resource(kind), name, "-n", namespace]);
      } catch (error) {
        if (error instanceof Refused && error.isNotFound) return null;
        throw error;
      }
    },
    list: async (kind, namespace) => {
      const list: unknown = JSON.parse(await ok(["get", resource(kind), "-n", namespace, "-o", "json"]));
      return (list as { items: Thing[] }).items;
    },
    remove: async ({ kind, namespace, name }) => {
      await ok(["delete", resource(kind), name, "-n", namespace, "--wait=false"]);
    },
    mergePatch: ({ kind, namespace, name }, patch) =>
      object(["patch", resource(kind), name, "-n", namespace, "--type=merge", "-p", JSON.stringify(patch)]),
    watch: async (kind, namespace, onChange) => {
      const args = ["get", resource(kind), "-n", namespace, "--watch", "--output-watch-events", "-o", "json"];
      const child = spawn(program, args, { env: environment, stdio: ["ignore", "pipe", "ignore"] });
      const ended = new Promise<void>((resolve) => void child.once("close", () => resolve()));
      const take = documentReader((text) => onChange(JSON.parse(text) as { type: string; object: Thing }));
      child.stdout.on("data", (chunk: Buffer) => take(chunk.toString("utf8")));
      return async () => {
        child.kill();
        await ended;
      };
    },
    exec: (namespace, pod, container, command) =>
      run(["exec", pod, "-n", namespace, "-c", container, "--", ...command]),
    forward: (namespace, pod, port) => forward(program, environment, ["-n", namespace, `pod/${pod}`, `:${port}`]),
  };
}

/** Resolves when kubectl says where it listens. It connects first, and says so if that is refused. */
async function forward(program: string, env: NodeJS.ProcessEnv, args: readonly string[]): Promise<Forward> {
  const child = spawn(program, ["port-forward", ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString("utf8")));
  const port = await new Promise<number>((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      const found = /127\.0\.0\.1:(\d+)/.exec(text)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    void ended.then(() => {
      const reason = errors.trim();
      reject(reason.includes("over WebSocket with v4") ? new NotOffered(reason) : new Refused(reason, false));
    });
  });
  return {
    host: "127.0.0.1",
    port,
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}

/** Cuts a stream of JSON documents apart, however they are laid out: by depth, with an eye for texts. */
export function documentReader(onDocument: (text: string) => void): (chunk: string) => void {
  let text = "";
  let depth = 0;
  let inText = false;
  let escaped = false;
  return (chunk) => {
    for (const character of chunk) {
      if (depth === 0 && character !== "{") continue;
      text += character;
      if (inText) {
        if (!escaped && character === '"') inText = false;
        escaped = !escaped && character === "\\";
        continue;
      }
      if (character === '"') inText = true;
      else if (character === "{") depth += 1;
      else if (character === "}") depth -= 1;
      if (depth > 0) continue;
      onDocument(text);
      text = "";
    }
  };
}
