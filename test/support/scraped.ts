import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "../../src/embedded/stack.ts";

/** The health ports of a stack's first bot and worker. */
export function healthPorts({ directory }: Stack): Record<"bot" | "worker", number> {
  const portOf = (role: string) => Number(readFileSync(join(directory, `${role}-1.port`), "utf8"));
  return { bot: portOf("bot"), worker: portOf("worker") };
}

/** The metrics page of a process. */
export async function scrape(port: number): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

/** What promtool finds wrong with our own metrics of a page; prom-client's own have names from before these rules. */
export function promtoolProblems(page: string): string {
  const own = page.split("\n").filter((line) => /^(# (HELP|TYPE) )?aftershock_/.test(line));
  const { stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
    input: `${own.join("\n")}\n`,
    encoding: "utf8",
  });
  return stdout + stderr;
}

/** What a Prometheus answers: the value of each series, by its labels as JSON. */
export async function askedOf(url: string, query: string): Promise<Record<string, number>> {
  const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query }).toString()}`);
  const { data } = (await answer.json()) as {
    data: { result: Array<{ metric: Record<string, string>; value: [number, string] }> };
  };
  return Object.fromEntries(data.result.map(({ metric, value }) => [JSON.stringify(metric), Number(value[1])]));
}
