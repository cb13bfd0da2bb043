import { warning, well, unknown, type Line } from "../line.ts";
import type { ClusterCheck } from "../asked.ts";
import { atLeast } from "../version-number.ts";

/** docs/deploy.md; Chaos Mesh's own range begins earlier. */
const leastKubernetes = "1.25";

/** Pure. */
export function judgeApiServer(version: string, account: string | null): Line {
  const as = account === null ? "" : `, as ${account}`;
  switch (atLeast(version, leastKubernetes)) {
    case null:
      return unknown(`The API server answers${as}, and its version cannot be read: ${version}.`);
    case true:
      return well(`Kubernetes ${version} answers${as}`);
    case false:
      return warning(
        `Kubernetes is ${version}${as}; this was made for ${leastKubernetes} and newer.`,
        "https://kubernetes.io/docs/tasks/administer-cluster/cluster-upgrade/",
      );
  }
}

export const apiServer: ClusterCheck = async (_asked, { version }, survey) => {
  const learnt = await version();
  if (!learnt.ok) return [];
  return [judgeApiServer(learnt.value.version, await survey.whoAmI().catch(() => null))];
};
