/**
 * What Bitnami's charts call a release's objects: the release's name where the chart's is in it, otherwise both
 * (bitnami/charts, common.names.fullname in bitnami/common/templates/_names.tpl). Names that nameOverride or
 * fullnameOverride make are not known here.
 */
export function bitnamiName(release: string, chart: string): string {
  const name = release.includes(chart) ? release : `${release}-${chart}`;
  return name.slice(0, 63).replace(/-$/, "");
}

/** The release of a pod of a Bitnami chart (common.labels.standard in bitnami/common/templates/_labels.tpl). */
export function bitnamiRelease(
  labels: Readonly<Record<string, string>>,
  { chart, component }: { chart: string; component: string },
): string | null {
  const isOfChart =
    labels["app.kubernetes.io/name"] === chart &&
    labels["app.kubernetes.io/component"] === component &&
    labels["helm.sh/chart"]?.startsWith(`${chart}-`) === true;
  return isOfChart ? (labels["app.kubernetes.io/instance"] ?? null) : null;
}
