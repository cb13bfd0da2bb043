import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface TestApplication {
  port: number;
  url: string;
  /** What it has printed. */
  printed(): string;
  stop(): Promise<void>;
}

/** Starts the lab's sample application as a process of its own, on a free port, against a PostgreSQL. */
export async function startApplication(
  databaseUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<TestApplication> {
  const url = new URL(databaseUrl);
  const main = fileURLToPath(new URL("../../src/lab/application/main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", main], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      PORT: "0",
      LISTEN: "127.0.0.1",
      DB_HOST: url.hostname,
      DB_PORT: url.port,
      DB_USER: url.username,
      DB_NAME: url.pathname.slice(1),
      PGPASSWORD: url.password,
      ...env,
    },
  });
  let printed = "";
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    const look = (chunk: Buffer): void => {
      printed += chunk.toString("utf8");
      const found = /listening on port (\d+)/.exec(printed);
      if (found !== null) resolve(Number(found[1]));
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.once("exit", () => reject(new Error(`the application ended: ${printed}`)));
  });
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    printed: () => printed,
    stop: async () => {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 5000);
      await ended;
      clearTimeout(late);
    },
  };
}
