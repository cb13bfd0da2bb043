import { described, int32, int64, integer, list, object, oneOf, string } from "../schema.ts";
import type { Schema } from "../schema.ts";
import { chaosKind, duration, instances, mode, remoteCluster, selector, statusFields, value } from "./chaos-common.ts";

const timespec = object({ "nsec!": int64, "sec!": int64 });
const atLeastOne: Schema = { type: "integer", format: "int64", minimum: 1 };

const kind = chaosKind(
  "IOChaos makes file operations on a volume slow, failing or wrong.",
  object({
    "action!": oneOf("latency", "fault", "attrOverride", "mistake"),
    attr: object({
      atime: timespec,
      blocks: int64,
      ctime: timespec,
      gid: int32,
      ino: int64,
      kind: string,
      mtime: timespec,
      nlink: int32,
      perm: integer,
      rdev: int32,
      size: int64,
      uid: int32,
    }),
    containerNames: list(string),
    delay: described("For action latency.", string),
    duration,
    errno: described("For action fault: 5 is EIO, 28 ENOSPC, 30 EROFS.", int32),
    methods: described("File operations, such as read, write, fsync. Default: all.", list(string)),
    mistake: object({ filling: oneOf("zero", "random"), maxLength: atLeastOne, maxOccurrences: atLeastOne }),
    "mode!": mode,
    path: described("Glob of the files, absolute. `*` stops at a slash.", string),
    percent: { type: "integer", default: 100 },
    remoteCluster,
    "selector!": selector,
    value,
    "volumePath!": described("Where the volume is mounted.", string),
  }),
  object({ ...statusFields, instances }),
);

/** Unlike the other kinds, its CRD does not require a spec. */
export const ioChaos: Schema = { ...kind, required: [] };
