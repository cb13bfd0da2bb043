import type { History } from "../../probes/history.ts";

/** Whether CloudNativePG manages the PostgreSQL of a run, by the setting that its probes write. */
export function managedByCnpg({ settings }: Pick<History, "settings">): boolean {
  return settings.some(({ name, value }) => name === "manager" && value === "cloudnative-pg");
}
