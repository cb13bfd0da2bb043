/**
 * The file operations that IOChaos names (FUSE's own, anchors/chaos-platforms.md 3.4), and the system calls of x86-64
 * that reach them. There is no `fdatasync` among them: it arrives as `fsync`.
 */
const callsOfMethod: Readonly<Record<string, readonly string[]>> = {
  lookup: ["newfstatat", "statx", "stat", "lstat"],
  getattr: ["newfstatat", "statx", "fstat", "stat", "lstat"],
  setattr: ["ftruncate", "truncate", "fchmod", "fchmodat", "fchown", "fchownat", "utimensat"],
  readlink: ["readlinkat", "readlink"],
  mkdir: ["mkdirat", "mkdir"],
  unlink: ["unlinkat", "unlink"],
  rmdir: ["unlinkat", "rmdir"],
  rename: ["renameat", "renameat2", "rename"],
  link: ["linkat", "link"],
  open: ["openat", "open"],
  create: ["openat", "open", "creat"],
  access: ["access", "faccessat", "faccessat2"],
  read: ["read", "pread64", "readv", "preadv", "preadv2"],
  write: ["write", "pwrite64", "writev", "pwritev", "pwritev2"],
  fsync: ["fsync", "fdatasync"],
  readdir: ["getdents64"],
  statfs: ["statfs", "fstatfs"],
  fallocate: ["fallocate"],
};

/**
 * System calls of the methods; all of them when none is named. As in Chaos Mesh, capitals do not matter, a name that
 * does not exist is dropped without a word, and when none is left nothing is injected (an empty list).
 */
export function systemCallsOf(methods: readonly string[]): string[] {
  const names = methods.length === 0 ? Object.keys(callsOfMethod) : methods.map((name) => name.toLowerCase());
  return [...new Set(names.flatMap((name) => callsOfMethod[name] ?? []))];
}
