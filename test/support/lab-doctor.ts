import { join } from "node:path";
import { rbac } from "../../src/cli/rbac.ts";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { accounts, type Account } from "../../src/rbac/right.ts";
import { startDoctorRig, type DoctorRig, type LookOptions } from "./doctor-rig.ts";
import { kubectlOk } from "./kubectl.ts";
import { accountKubeconfig } from "./lab-access.ts";
import { typed } from "./typed.ts";

/** The lab's cluster, and a doctor that looks at it and at servers of its own, for one test file. */
export interface LabDoctor {
  lab: LaunchedLab;
  rig: DoctorRig;
  /** Of the bot's and the worker's account, with exactly the rights that `aftershock rbac` prints. */
  kubeconfigs: Readonly<Record<Account, string>>;
  /** Runs kubectl as the lab's administrator; the words of `args` are apart by one space. Throws when it fails. */
  admin(args: string, input?: string): Promise<string>;
  /** The lab's cluster with another kubeconfig, namespaces or targets. */
  onLab(change?: object): LookOptions;
  /** The same without Slack, whose limits many looks would meet. */
  alone(change: object): LookOptions;
  stop(): Promise<void>;
}

const enabled = ["redis-split-brain", "postgres-io-delay"];

/** Needs root, as the lab does. */
export async function startLabDoctor(): Promise<LabDoctor> {
  const lab = await launchLab();
  const cluster = { kubeconfig: lab.kubeconfigPath, context: "lab", namespaces: ["cache"] };
  const stops = [() => lab.stop()];
  const stop = async (): Promise<void> => {
    for (const one of stops.toReversed()) await one();
  };
  const configOf = (change: object) => ({ clusters: { lab: { ...cluster, ...change } }, experiments: { enabled } });
  try {
    const rig = await startDoctorRig({ lab: cluster });
    stops.push(() => rig.stop());
    return {
      lab,
      rig,
      kubeconfigs: await grantAccounts(lab, rig.directory),
      admin: (args, input = "") => kubectlOk(lab.kubeconfigPath, args.split(" "), input),
      onLab: (change = {}) => ({ config: configOf(change) }),
      alone: (change) => ({ config: { ...configOf(change), slack: { mode: "none" } } }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As is printed for a cluster with a kubeconfig. */
async function grantAccounts(lab: LaunchedLab, directory: string): Promise<Record<Account, string>> {
  const experiments = enabled.flatMap((name) => ["--experiment", name]);
  const args = ["rbac", "--reach", "port-forward", "--namespace", "cache", ...experiments];
  const manifests = await typed({ rbac: async () => rbac }, args);
  await kubectlOk(lab.kubeconfigPath, ["apply", "-f", "-"], manifests.out);
  const kubeconfigs = {} as Record<Account, string>;
  for (const role of accounts) {
    const account = { namespace: "aftershock", name: `aftershock-${role}` };
    kubeconfigs[role] = await accountKubeconfig(lab.kubeconfigPath, account, join(directory, `${role}.kubeconfig`));
  }
  return kubeconfigs;
}
