import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { startTestStack } from "./stack.ts";

/**
 * Options of a stack whose bot and worker have the cluster `lab` configured as `cluster` says, with targets of it, and the
 * rights that are printed for just that. Writes the configuration that they are printed for into `directory`.
 */
export function withTargets(
  directory: string,
  cluster: { reach?: string; targets: readonly object[] },
): NonNullable<Parameters<typeof startTestStack>[0]> {
  const printedFor = join(directory, "aftershock.yaml");
  const approvals = { required: 1, approvers: ["U0BOB"] };
  writeFileSync(
    printedFor,
    stringify({ slack: { mode: "none" }, clusters: { lab: cluster }, defaultCluster: "lab", approvals }),
  );
  return {
    lease: "20s",
    rights: ["--config", printedFor],
    configure: (config) => {
      const clusters = config["clusters"] as Record<string, object>;
      return { ...config, clusters: { lab: { ...clusters["lab"], ...cluster } } };
    },
  };
}
