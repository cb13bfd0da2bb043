import { dirname, join } from "node:path";
import { rbac } from "../../src/cli/rbac.ts";
import type { Endpoints } from "../../src/embedded/stack.ts";
import { accounts } from "../../src/rbac/right.ts";
import { kubectlOk } from "./kubectl.ts";
import { accountKubeconfig, readAccessLog } from "./lab-access.ts";

const namespace = "aftershock";
const nameOf = (role: string): string => `aftershock-${role}`;

/** The name by which the API knows an account, as its access log has it. */
export const usernameOf = (role: string): string => `system:serviceaccount:${namespace}:${nameOf(role)}`;

/**
 * Makes bot and worker use accounts of their own, with what `aftershock rbac` prints for `options` and no more. In the
 * resulting path THIS_ROLE stands for the role. `endpoints.kubeconfigPath` may lead through something else than the lab itself.
 */
export async function withLeastRights(
  adminKubeconfig: string,
  endpoints: Endpoints,
  options: readonly string[],
): Promise<Endpoints> {
  let manifests = "";
  await rbac.run(options, { out: (text) => void (manifests += text), err: () => undefined, env: {} });
  await kubectlOk(adminKubeconfig, ["apply", "-f", "-"], manifests);
  const directory = dirname(endpoints.kubeconfigPath);
  for (const role of accounts) {
    const account = { namespace, name: nameOf(role) };
    await accountKubeconfig(adminKubeconfig, account, join(directory, `${role}.kubeconfig`), endpoints.kubeconfigPath);
  }
  return { ...endpoints, kubeconfigPath: join(directory, "THIS_ROLE.kubeconfig") };
}

/** What bot and worker asked for and were refused, e.g. `aftershock-bot: get pods in cache`. */
export async function refusalsOf(adminKubeconfig: string): Promise<string[]> {
  const users = new Map(accounts.map((role) => [usernameOf(role), nameOf(role)]));
  return (await readAccessLog(adminKubeconfig)).flatMap(({ user, allowed, attributes }) => {
    const name = users.get(user);
    if (name === undefined || allowed) return [];
    if (attributes.about !== "resource") return [`${name}: ${JSON.stringify(attributes)}`];
    const { verb, group, resource, subresource, namespace: where } = attributes;
    const what = [resource, subresource].filter(Boolean).join("/");
    return [`${name}: ${verb} ${what}${group === "" ? "" : `.${group}`}${where === "" ? "" : ` in ${where}`}`];
  });
}
