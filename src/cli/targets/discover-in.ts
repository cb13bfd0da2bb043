import { catalogueDirectory } from "../../compose/catalogue.ts";
import type { Cluster } from "../../cluster/port.ts";
import { loadExperiments } from "../../experiment/load.ts";
import { discover, discoverUnserved, namesFor, targetOf, type FoundUnserved } from "../../targets/discover.ts";
import { lookAt, type SecretLook } from "../../targets/look.ts";
import type { Terminal } from "../cli-command.ts";
import { lookTools } from "./look-tools.ts";
import { discoveredText } from "./words.ts";

/** One instance, with what would be written of it. */
export interface Discovered {
  target: { name: string; preset: string; instance: string; namespace: string };
  title: string;
  pods: readonly string[];
  systems: readonly string[];
  experiments: readonly string[];
  /** Of the preset's login and certificates. */
  secrets: readonly SecretLook[];
  /** Another way to speak to it, all of whose Secrets are there. */
  alsoThere: readonly string[];
}

/** What was found in some namespaces of a cluster. */
export interface Discoveries {
  cluster: string;
  namespaces: readonly string[];
  found: readonly Discovered[];
  unserved: readonly FoundUnserved[];
}

/** `aftershock targets discover`. Resolves to the exit code: 0 when something was recognised. */
export async function discoverIn(
  cluster: Pick<Cluster, "name" | "pods" | "getSecret">,
  { namespaces, format }: { namespaces: readonly string[]; format: "text" | "json" },
  terminal: Terminal,
): Promise<number> {
  const tools = lookTools(cluster, terminal.env);
  const experiments = await loadExperiments(catalogueDirectory());
  const pods = await Promise.all(
    namespaces.map(async (namespace) => [namespace, await tools.pods(namespace)] as const),
  );
  const found = pods.flatMap(([namespace, all]) => discover(namespace, all));
  const names = namesFor(found);
  const discovered = await Promise.all(
    found.map(async (one, at): Promise<Discovered> => {
      const { preset, instance, namespace } = one;
      const name = names[at] ?? instance;
      const [, ...others] = preset.transports;
      const { systems, secrets } = await lookAt(targetOf(one, name), tools);
      const elsewhere = await Promise.all(
        others.map(async (transport) => {
          const looked = await lookAt(targetOf(one, name, transport), tools);
          const more = looked.secrets.filter(({ secret }) => !secrets.some((known) => known.secret === secret));
          return more.length > 0 && more.every(({ state }) => state === "there") ? [transport] : [];
        }),
      );
      return {
        target: { name, preset: preset.name, instance, namespace },
        title: preset.title,
        pods: one.pods,
        systems,
        experiments: experiments
          .filter(({ system, name: own }) => systems.includes(system) && !Object.hasOwn(preset.unfit, own))
          .map((served) => served.name),
        secrets,
        alsoThere: elsewhere.flat(),
      };
    }),
  );
  const discoveries: Discoveries = {
    cluster: cluster.name,
    namespaces,
    found: discovered,
    unserved: pods.flatMap(([namespace, all]) => discoverUnserved(namespace, all)),
  };
  terminal.out(format === "json" ? `${JSON.stringify(discoveries, null, 2)}\n` : discoveredText(discoveries));
  return discovered.length > 0 ? 0 : 1;
}
