import { chaosGroup, chaosKinds } from "../../../cluster/kinds.ts";
import type { ChaosMesh } from "../../../cluster/port.ts";
import { isForbidden } from "../../../cluster/survey.ts";
import { messageOf } from "../../../errors.ts";
import type { Asked, ClusterCheck } from "../asked.ts";
import { unknown, warning, well, wrong, type Line } from "../line.ts";
import { asAccountOf } from "./other-account.ts";
import { kindsOf } from "./kinds-of.ts";
import { versionParts } from "../version-number.ts";

/** Whose contract docs/conformance.md is. */
const readOf = "2.8.3";
const install = "https://chaos-mesh.org/docs/production-installation-using-helm/";

/** Whether the API server serves the kinds that the enabled experiments create. */
export const chaosKindsServed: ClusterCheck = async ({ experiments }, _cluster, survey) => {
  const wanted = chaosKinds.filter((kind) => kindsOf(experiments).has(kind));
  if (wanted.length === 0) return [];
  const served = await Promise.all(
    wanted.map(async (kind) => [kind, await survey.servesKind(kind).catch(messageOf)] as const),
  );
  return judgeKinds(served);
};

/** Pure. */
export function judgeKinds(served: ReadonlyArray<readonly [string, boolean | string]>): Line[] {
  const list = (kinds: ReadonlyArray<readonly [string, unknown]>): string => kinds.map(([kind]) => kind).join(", ");
  const api = `${chaosGroup.group}/${chaosGroup.version}`;
  const missing = served.filter(([, answer]) => answer === false);
  const lost = served.filter(([, answer]) => typeof answer === "string");
  return [
    ...(missing.length + lost.length === 0 ? [well(`${api} serves ${list(served)}`)] : []),
    ...(missing.length === 0
      ? []
      : [wrong(`The API server does not serve ${list(missing)} of ${api}.`, `Install Chaos Mesh: ${install}`)]),
    ...(lost.length === 0
      ? []
      : [unknown(`Whether ${list(lost)} is served could not be asked: ${String(lost[0]?.[1])}`)]),
  ];
}

/** Chaos Mesh's controller, and its version. */
export const controller: ClusterCheck = async (asked, { chaosMesh, name }) => {
  if (!chaosKinds.some((kind) => kindsOf(asked.experiments).has(kind))) return [];
  const learnt = await chaosMesh();
  return learnt.ok ? judgeController(learnt.value, name) : [notSeen(learnt, "Chaos Mesh's pods", asked)];
};

/** What this account may not see is for another one to say. Pure. */
export function notSeen(
  { why, error }: { why: string; error: unknown },
  what: string,
  asked: Pick<Asked, "configFile">,
): Line {
  return isForbidden(error)
    ? unknown(`${what}: this account may not see them.`, asAccountOf("worker", asked))
    : unknown(`${what} could not be seen: ${why}`);
}

/** Pure. */
export function judgeController({ controllers, namespace }: ChaosMesh, cluster: string): Line[] {
  const look = `kubectl get pods -n ${namespace} -l app.kubernetes.io/component=controller-manager`;
  if (controllers.length === 0) {
    return [
      wrong(
        `No controller of Chaos Mesh is in namespace ${namespace}.`,
        `Install it: ${install}\nOr name its namespace: clusters.${cluster}.chaosMesh.namespace`,
      ),
    ];
  }
  const ready = controllers.filter((pod) => pod.ready);
  const versions = [...new Set(controllers.flatMap(({ version }) => version ?? []))];
  return [
    ready.length === 0
      ? wrong(
          `No controller of Chaos Mesh is ready in ${namespace} (of ${controllers.length}): nothing is injected or healed.`,
          look,
        )
      : well(`${ready.length} of ${controllers.length} controllers of Chaos Mesh are ready in ${namespace}`),
    ...judgeVersion(versions),
  ];
}

function judgeVersion(versions: readonly string[]): Line[] {
  const conform = "npm run test:conformance -- --kubeconfig FILE (docs/conformance.md)";
  const [version] = versions;
  if (version === undefined) return [unknown("Chaos Mesh's pods do not say their version.", conform)];
  const minor = (text: string): string => versionParts(text).slice(0, 2).join(".");
  return versions.length === 1 && minor(version) === minor(readOf)
    ? [well(`Chaos Mesh ${version}`)]
    : [
        warning(
          `Chaos Mesh is ${versions.join(", ")}; what is relied on was read of ${readOf}. See whether this one does the same.`,
          conform,
        ),
      ];
}
