import { spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { History } from "../../probes/history.ts";
import type { Report } from "../report.ts";
import type { DrawnChart } from "./picture.ts";
import type { DrawnLine } from "./render-main.ts";

/** It takes 2 s of CPU; a machine that is busy with other work may need a minute for those. */
const deadlineMs = 120_000;

/**
 * Draws the charts of a run in a process of its own: it takes seconds of CPU that a worker's probes cannot spare. Empty
 * where the history has nothing to draw.
 */
export function renderCharts(history: History, report: Report): Promise<DrawnChart[]> {
  const extension = extname(import.meta.url);
  const main = fileURLToPath(new URL(`./render-main${extension}`, import.meta.url));
  const args = [...(extension === ".ts" ? ["--import", "tsx"] : []), main];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"], timeout: deadlineMs });
    const answer: Buffer[] = [];
    let complaint = "";
    child.stdout.on("data", (chunk: Buffer) => answer.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString("utf8")));
    child.stdin.on("error", () => undefined);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(read(Buffer.concat(answer).toString("utf8")));
      else reject(new Error(`the chart was not drawn (${signal ?? code}): ${complaint.trim()}`));
    });
    child.stdin.end(JSON.stringify({ history, report }));
  });
}

function read(json: string): DrawnChart[] {
  const drawn = JSON.parse(json) as DrawnLine[];
  return drawn.map(({ pngBase64, ...rest }) => ({ ...rest, png: Buffer.from(pngBase64, "base64") }));
}
