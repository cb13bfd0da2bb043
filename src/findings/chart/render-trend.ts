import { spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { TrendJob } from "./trend-job.ts";

/** It takes two seconds; a machine under a fault may take many times that, and nobody waits for it but the channel. */
const deadlineMs = 120_000;

/**
 * Draws the chart of a history as PNG, in a process of its own: it takes a second of CPU, for which the bot should not
 * stop listening. Rejects when it was not drawn.
 */
export function renderTrend(job: TrendJob): Promise<Buffer> {
  const extension = extname(import.meta.url);
  const main = fileURLToPath(new URL(`./render-trend-main${extension}`, import.meta.url));
  const args = [...(extension === ".ts" ? ["--import", "tsx"] : []), main];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"], timeout: deadlineMs });
    const png: Buffer[] = [];
    let complaint = "";
    child.stdout.on("data", (chunk: Buffer) => png.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString("utf8")));
    child.stdin.on("error", () => undefined);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(png));
      else reject(new Error(`the chart was not drawn (${signal ?? code}): ${complaint.trim()}`));
    });
    child.stdin.end(JSON.stringify(job));
  });
}
