import type { Account } from "../../../rbac/right.ts";
import type { Asked } from "../asked.ts";

/** How that is seen which only this role's account may see. Pure. */
export function asAccountOf(role: Account, { configFile }: Pick<Asked, "configFile">): string {
  return `With the ${role}'s kubeconfig: npx aftershock doctor --config ${configFile} --role ${role}`;
}
