import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Mount {
  /** Directory on the host. */
  source: string;
  /** Absolute path in the pod. */
  target: string;
  readOnly: boolean;
}

/**
 * The namespaces of one pod (network, mounts, host name, processes), held by its first process. That process reaps
 * orphans, and when it goes the kernel kills everything in the pod.
 */
export interface Sandbox {
  /** Process id of the pod's first process, as the lab sees it. */
  pid: number;
  /** The command line that runs a program inside. */
  enter(command: readonly string[]): string[];
  setHosts(text: string): void;
  /** Kills all that runs in it, and waits for the end. */
  destroy(): Promise<void>;
}

/**
 * The pod sees the host's programs read-only in effect (they are the host's own files) under a root of its own, so
 * that /data, /tmp, /run and /etc/hosts are the pod's and nothing is made on the host. Its first line is its own
 * process id, read from the /proc that is still the lab's.
 */
const firstProcess = `
set -e
read -r self rest < /proc/self/stat
mount -t tmpfs -o mode=755,size=64m pod "$ROOT"
cd "$ROOT"
mkdir proc sys dev etc usr tmp run root var var/lib var/tmp
chmod 1777 tmp var/tmp
for d in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$d" ]; then cp -P "/$d" .; elif [ -d "/$d" ]; then mkdir "$d"; mount --rbind "/$d" "$d"; fi
done
mount --rbind /usr usr
mount --rbind /etc etc
mount --rbind /dev dev
mount -t proc proc proc
mount --bind "$HOSTS" etc/hosts
printf '%s\\n' "$MOUNTS" | while IFS='|' read -r source target mode; do
  [ -n "$source" ] || continue
  mkdir -p ".$target"
  mount --bind "$source" ".$target"
  if [ "$mode" = ro ]; then mount -o remount,bind,ro ".$target"; fi
done
hostname "$NAME"
echo "$self"
exec chroot . /bin/sh -c 'trap "exit 0" TERM; while :; do sleep 86400 & wait; done'
`;

/**
 * Waits for the program and ends as it ends (128 + number for a signal), as a shell says it. nsenter could wait by
 * itself, but it stops itself whenever the program is stopped (`kill -STOP`) and then never learns of its end.
 * `exec` in a subshell, because the shell's own `kill`, `echo` and others must not stand in for the pod's programs.
 */
const waiter = 'exec 3>&2 2>/dev/null; (exec "$@" 2>&3 3>&-); exit $?';

/** Makes the namespaces of a pod. `directory` is the pod's own folder in the lab's state directory. */
export async function createSandbox(options: {
  name: string;
  directory: string;
  mounts: readonly Mount[];
  hosts: string;
}): Promise<Sandbox> {
  const root = join(options.directory, "root");
  const hostsFile = join(options.directory, "hosts");
  mkdirSync(root, { recursive: true });
  for (const mount of options.mounts) mkdirSync(mount.source, { recursive: true });
  writeFileSync(hostsFile, options.hosts);
  const holder = spawn(
    "unshare",
    ["--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child=KILL", "sh", "-c", firstProcess],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ROOT: root,
        HOSTS: hostsFile,
        NAME: options.name,
        MOUNTS: options.mounts
          .map((mount) => `${mount.source}|${mount.target}|${mount.readOnly ? "ro" : "rw"}`)
          .join("\n"),
      },
    },
  );
  const gone = once(holder, "exit");
  const pid = await firstPid(holder, gone);
  return {
    pid,
    enter: (command) =>
      ["nsenter", "-t", String(pid), "-n", "-m", "-u", "-i", "-p", "-r", "-w", "--no-fork", "--"].concat(
        ["/bin/sh", "-c", waiter, "sh"],
        command,
      ),
    // Written in place: the mount follows the file, not its name.
    setHosts: (text) => writeFileSync(hostsFile, text),
    destroy: async () => {
      // One that has gone already has given its number back, to whoever has it now.
      if (holder.exitCode === null && holder.signalCode === null) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It is just going.
        }
      }
      await gone;
    },
  };
}

async function firstPid(holder: ChildProcess, gone: Promise<unknown[]>): Promise<number> {
  let output = "";
  let complaint = "";
  holder.stderr?.on("data", (chunk: Buffer) => (complaint += chunk.toString("utf8")));
  const ready = new Promise<void>((resolve) => {
    holder.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
      if (output.includes("\n")) resolve();
    });
  });
  await Promise.race([ready, gone]);
  const pid = Number(output.trim());
  if (Number.isInteger(pid) && pid > 0) return pid;
  throw new Error(`a pod's namespaces could not be made: ${complaint.trim() || "unshare refused"}`);
}
