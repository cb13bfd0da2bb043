import { readFileSync, readdirSync, readlinkSync } from "node:fs";

export interface PodProcess {
  /** Its number as the pod sees it. */
  pid: number;
  /** Working directory, as the pod sees it. */
  directory: string;
  /** Whether a tracer is attached to it. */
  traced: boolean;
}

/** A process and all that it started, itself first; `root` is where the pod's root is for the lab. See proc(5). */
export function processTree(pid: number, root: string): PodProcess[] {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
    const directory = readlinkSync(`/proc/${pid}/cwd`);
    const own: PodProcess = {
      pid: Number(field("NSpid").split(/\s+/).at(-1)),
      directory: directory.startsWith(root) ? directory.slice(root.length) || "/" : directory,
      traced: field("TracerPid") !== "0",
    };
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(/\s+/).filter(Boolean).map(Number),
    );
    // A dead child that nobody has reaped can be attached to by nobody.
    if (field("State").startsWith("Z")) return [];
    return [own, ...children.flatMap((child) => processTree(child, root))];
  } catch {
    // It has ended meanwhile.
    return [];
  }
}
