import { spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

/** It takes 2 s of CPU; a machine that is busy with other work may need a minute for those. */
const deadlineMs = 120_000;

/**
 * Has a process of its own draw (`main`: a file of this folder, without its extension, that calls `answerJob`): it takes
 * seconds of CPU that a worker's probes and a bot's listening cannot spare. Resolves to what it wrote; rejects when
 * nothing was drawn.
 */
export function drawApart(main: "render-main" | "render-trend-main", job: unknown): Promise<Buffer> {
  const extension = extname(import.meta.url);
  const file = fileURLToPath(new URL(`./${main}${extension}`, import.meta.url));
  const args = [...(extension === ".ts" ? ["--import", "tsx"] : []), file];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"], timeout: deadlineMs });
    const answer: Buffer[] = [];
    let complaint = "";
    child.stdout.on("data", (chunk: Buffer) => answer.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString("utf8")));
    child.stdin.on("error", () => undefined);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(answer));
      else reject(new Error(`the chart was not drawn (${signal ?? code}): ${complaint.trim()}`));
    });
    child.stdin.end(JSON.stringify(job));
  });
}
