import { selectorOf } from "../find-pods.ts";
import type { SystemContext, Topology } from "../system.ts";
import { lockObjectOf, uncutLock } from "./lock-object.ts";

/** Groups that have etcd members in them. */
const groupsOfEtcd = ["dcs", "primary-zone", "other-zone"];

/** What is said of a PostgreSQL whose Patroni has no etcd that could be found. */
export interface NoEtcd {
  /** Where the lock is instead, for the topology's line. */
  summary: string;
  without: NonNullable<Topology["without"]>;
}

/** Why there is no etcd to cut a primary off from, and what shows a failover all the same. */
export function noEtcd({ access, parameters }: Pick<SystemContext, "access" | "parameters">): NoEtcd {
  const object = lockObjectOf(parameters);
  const failover = "Run instead: /chaos run patroni-failover";
  const label = selectorOf({ access }, "etcd", String(parameters["dcsLabel"] ?? defaultDcsLabel));
  const reason =
    object !== null
      ? { why: uncutLock, instead: failover }
      : {
          why: `no etcd was found with the label ${label}. On operators such as Zalando's and Crunchy Data's ${uncutLock}`,
          instead: `${failover} lock=endpoints or lock=configmap. An etcd by another name goes in dcsLabel=, or in selectors of a target.`,
        };
  return {
    summary:
      object === null ? "no etcd found: the lock is kept elsewhere" : `the lock is in ${object.kind} ${object.name}`,
    without: Object.fromEntries(groupsOfEtcd.map((group) => [group, reason])),
  };
}

/** Value of the label `app` on the etcd's pods where no parameter says otherwise. */
export const defaultDcsLabel = "postgresql-etcd";
