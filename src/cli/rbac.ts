import { parseArgs } from "node:util";
import { allowedOf } from "../compose/allowed.ts";
import { catalogueDirectory } from "../compose/catalogue.ts";
import { defaultChaosMeshNamespace } from "../cluster/chaos-mesh.ts";
import { loadConfigFile } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { AftershockError } from "../errors.ts";
import { loadExperiments } from "../experiment/load.ts";
import { printHelmValues, printManifests } from "../rbac/print.ts";
import { rightsOfTargets } from "../rbac/of-targets.ts";
import { rightsFor } from "../rbac/rights.ts";
import { latchNamespace } from "../run/halt/latch.ts";
import type { CliCommand } from "./cli-command.ts";
import { rightsByWay, wayOf, ways } from "./cluster-rights.ts";

const usage = `Usage: aftershock rbac [--config FILE] [--cluster NAME] [--experiment NAME]… [--namespace NS]…
                      [--reach direct|port-forward] [--format yaml|helm-values]

Prints the rights that the bot and the worker need on a cluster, and no more: two service accounts, a Role in each
namespace in which runs may be, and a ClusterRole for what has no namespace; of Secrets, those that the configuration's
targets name, each by its name, and so the object that holds Patroni's lock where a target says lock: endpoints or
configmap. Above each rule stands why it is needed.

  --config FILE       experiments.enabled, clusters.NAME.namespaces and clusters.NAME.targets of it (default: the whole
                      catalogue, every namespace, no Secret)
  --cluster NAME      which of the configuration's clusters (default: its defaultCluster)
  --experiment NAME   only what this one needs, instead of the configuration's; may be repeated
  --namespace NS      where runs may be, instead of the configuration's; may be repeated
  --chaos-mesh NS     where Chaos Mesh's own pods are (default: the configuration's, or chaos-mesh)
  --into NS           where Aftershock runs, and the accounts are (default: aftershock)
  --reach WAY         port-forward: with the rights of a worker outside of the cluster, which reaches pods through the API
                      server; direct: without (default: by the configuration's reach; auto with a kubeconfig is with)
  --format FORMAT     yaml (default): for kubectl apply -f -
                      helm-values: for helm install --values, where the experiments are not those of the chart

Example: aftershock rbac --config aftershock.yaml | kubectl apply -f -
Exit codes: 0 done, 2 wrong usage or configuration.
`;

const formats = ["yaml", "helm-values"] as const;

/** `aftershock rbac` */
export const rbac: CliCommand = {
  name: "rbac",
  summary: "prints the rights that bot and worker need on a cluster",
  usage,
  run: async (args, terminal) => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: "string" },
        cluster: { type: "string" },
        experiment: { type: "string", multiple: true },
        namespace: { type: "string", multiple: true },
        "chaos-mesh": { type: "string" },
        into: { type: "string", default: "aftershock" },
        reach: { type: "string" },
        format: { type: "string", default: "yaml" },
      },
    });
    const format = formats.find((known) => known === values.format);
    if (format === undefined) throw wrong(`There is no format "${values.format}".`, `Formats: ${formats.join(", ")}.`);
    const config = values.config === undefined ? null : loadConfigFile(values.config);
    const cluster = config === null ? null : clusterOf(config, values.cluster);
    const catalogue = await loadExperiments(config?.jobs ?? catalogueDirectory());
    const { experiments: enabled, namespaces } = allowedOf(
      {
        experiments: { enabled: values.experiment ?? config?.experiments.enabled },
        clusters: { it: { namespaces: values.namespace ?? cluster?.namespaces } },
      },
      catalogue,
      values.experiment === undefined ? "experiments.enabled" : "--experiment",
    );
    const targets = namespaces["it"] ?? null;
    const way = values.reach === undefined ? wayOf(cluster) : ways.find((known) => known === values.reach);
    if (way === undefined) throw wrong(`There is no way "${values.reach}".`, `Ways: ${ways.join(", ")}.`);
    const ofTargets = rightsOfTargets(cluster?.targets ?? [], catalogue);
    const rights = rightsByWay(catalogue, way);
    if (format === "helm-values") {
      terminal.out(printHelmValues(rights, { ofTargets, namespaces: targets, enabled }));
      return 0;
    }
    const grounds = {
      release: values.into,
      targets,
      latch: latchNamespace,
      injector: values["chaos-mesh"] ?? cluster?.chaosMesh?.namespace ?? defaultChaosMeshNamespace,
      names: { bot: "aftershock-bot", worker: "aftershock-worker" },
    };
    const needed = rightsFor([...rights, ...ofTargets], enabled);
    terminal.out(printManifests(needed, grounds, headOf(enabled, targets)));
    return 0;
  },
};

function clusterOf(config: Config, typed: string | undefined): Config["clusters"][string] {
  const name = typed ?? config.defaultCluster;
  const found = Object.hasOwn(config.clusters, name) ? config.clusters[name] : undefined;
  if (found !== undefined) return found;
  throw wrong(`There is no cluster "${name}".`, `Known clusters: ${Object.keys(config.clusters).join(", ")}.`);
}

/** A kubeconfig is how a worker outside of the cluster gets at it. */
function headOf(enabled: readonly string[] | null, targets: readonly string[] | null): string {
  return [
    "What Aftershock needs on this cluster: aftershock rbac",
    `Experiments: ${enabled === null ? "the whole catalogue" : enabled.join(", ")}`,
    `Namespaces: ${targets === null ? "every one" : targets.join(", ")}`,
  ].join("\n");
}

function wrong(sentence: string, hint: string): AftershockError {
  return new AftershockError("bad_command", sentence, hint);
}
