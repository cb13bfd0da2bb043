/**
 * The file operations that IOChaos names (FUSE's own, anchors/chaos-platforms.md 3.4), and the system calls that reach
 * them. There is no `fdatasync` among them: it arrives as `fsync`.
 */
const callsOfMethod: Readonly<Record<string, readonly string[]>> = {
  lookup: ["newfstatat", "statx"],
  getattr: ["newfstatat", "statx", "fstat"],
  setattr: ["ftruncate", "truncate", "fchmod", "fchmodat", "fchown", "fchownat", "utimensat"],
  readlink: ["readlinkat"],
  mkdir: ["mkdirat"],
  unlink: ["unlinkat"],
  rename: ["renameat", "renameat2"],
  link: ["linkat"],
  open: ["openat"],
  create: ["openat"],
  read: ["read", "pread64", "readv", "preadv", "preadv2"],
  write: ["write", "pwrite64", "writev", "pwritev", "pwritev2"],
  fsync: ["fsync", "fdatasync"],
  readdir: ["getdents64"],
  statfs: ["statfs", "fstatfs"],
  fallocate: ["fallocate"],
};

/** Calls of x86-64 that later architectures lack; glibc uses them there for the same methods. */
const olderCalls: Readonly<Record<string, readonly string[]>> = {
  getattr: ["stat", "lstat"],
  lookup: ["stat", "lstat"],
  readlink: ["readlink"],
  mkdir: ["mkdir"],
  unlink: ["unlink", "rmdir"],
  rename: ["rename"],
  link: ["link"],
  open: ["open"],
  create: ["open", "creat"],
};

/**
 * System calls of the methods; all of them when none is named. As in Chaos Mesh, a name that does not exist is dropped
 * without a word, and when none is left nothing is injected (an empty list).
 */
export function systemCallsOf(methods: readonly string[], architecture: string): string[] {
  const names = methods.length === 0 ? Object.keys(callsOfMethod) : methods;
  const calls = names.flatMap((name) => [
    ...(callsOfMethod[name] ?? []),
    ...(architecture === "x64" ? (olderCalls[name] ?? []) : []),
  ]);
  return [...new Set(calls)];
}
