/**
 * Who a PostgreSQL is, by what cannot be mistaken as a name can: the identifier that initdb gave its data, the address
 * that it is reached at, and the volumes that its pod mounts.
 */
export interface Identity {
  /** For people only; nothing is concluded from it. */
  name: string;
  /** `pg_control_system()`: the same on a primary, its replicas, and every copy of its data. Null: not observed. */
  systemIdentifier: string | null;
  /** Null for a server that listens on no address; undefined: not observed. */
  address: string | null | undefined;
  /** Persistent volume claims, as `namespace/claim`; undefined: not observed, e.g. a server outside the cluster. */
  volumes: readonly string[] | undefined;
}

export const identityQuery =
  "select system_identifier::text || ' ' || coalesce(host(inet_server_addr()), '-') from pg_control_system()";

/** Reads an answer to `identityQuery`. */
export function readIdentity(answer: string): Pick<Identity, "systemIdentifier" | "address"> {
  const [systemIdentifier = "", address] = answer.trim().split(" ");
  if (!/^\d+$/.test(systemIdentifier) || address === undefined) return { systemIdentifier: null, address: undefined };
  return { systemIdentifier, address: address === "-" ? null : address };
}

/**
 * Why nothing may be restored into `target`, in words; empty when it is proven to be none of the members. What was not
 * observed is a reason too: a restore overwrites, and a wrong guess cannot be undone. Replicas count as the primary:
 * they are it after the next failover.
 */
export function restoreTargetProblems(target: Identity, members: readonly Identity[]): string[] {
  const problems: string[] = [];
  if (target.systemIdentifier === null) problems.push(`the system identifier of ${target.name} could not be read`);
  if (target.address === undefined) problems.push(`the address of ${target.name} could not be read`);
  if (members.length === 0) problems.push("there is no member to compare it with");
  for (const member of members) {
    if (member.systemIdentifier === null) {
      problems.push(`the system identifier of ${member.name} could not be read`);
    } else if (member.systemIdentifier === target.systemIdentifier) {
      problems.push(`${target.name} has the system identifier of ${member.name}, ${member.systemIdentifier}`);
    }
    if (typeof target.address === "string" && target.address === member.address) {
      problems.push(`${target.name} answers at the address of ${member.name}, ${target.address}`);
    }
    const shared = target.volumes?.filter((volume) => member.volumes?.includes(volume)) ?? [];
    if (shared.length > 0) problems.push(`${target.name} has the volume of ${member.name}, ${shared.join(", ")}`);
  }
  return [...new Set(problems)];
}

/** One line for a person. */
export function describeIdentity({ name, systemIdentifier, address, volumes }: Identity): string {
  const where = address === null ? "no address" : (address ?? "unknown address");
  const held =
    volumes === undefined ? "volumes not observed" : volumes.length === 0 ? "no persistent volume" : volumes.join(", ");
  return `${name}: system identifier ${systemIdentifier ?? "unknown"}, ${where}, ${held}`;
}
