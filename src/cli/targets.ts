import { parseArgs } from "node:util";
import { AftershockError } from "../errors.ts";
import type { CliCommand } from "./cli-command.ts";
import { clusterOptions, clusterUsage, openNamedCluster } from "./cluster-option.ts";
import { discoverIn } from "./targets/discover-in.ts";
import { lookAtConfigured } from "./targets/look-at-configured.ts";

const usage = `Usage: aftershock targets --config FILE [--cluster NAME] [--json]
       aftershock targets discover -n NAMESPACE… [--kubeconfig FILE] [--context NAME] [--json]

The first looks at the targets of the configuration: which pods each of their selectors finds now, whether the Secrets,
keys, variables and files are there that they name, and whether the certificates among them can be used. The second prints a
configuration to paste for every instance of an operator or a chart that it recognises by its pods' labels. Neither changes
anything, and no value of a Secret is printed.

  --config FILE       clusters.NAME.targets of it
  --cluster NAME      only this one of its clusters (default: all of them)
  -n NAMESPACE        where to look; may be repeated
${clusterUsage}  --json              the same for programs

Both look with the rights of the kubeconfig that is used: what it may not look at is unknown.
Exit codes: 0 all is there, or something was recognised; 1 something is missing, unknown, or nothing was; 2 wrong usage or configuration.
`;

/** `aftershock targets` */
export const targets: CliCommand = {
  name: "targets",
  summary: "looks at the configured targets; discover finds operators' instances to configure",
  usage,
  run: async (args, terminal) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...clusterOptions,
        config: { type: "string" },
        cluster: { type: "string" },
        namespace: { type: "string", short: "n", multiple: true },
        json: { type: "boolean" },
      },
    });
    const [word, ...more] = positionals;
    const format = values.json === true ? "json" : "text";
    if (more.length > 0 || (word !== undefined && word !== "discover")) {
      throw wrong(`targets takes no "${positionals.join(" ")}".`, "Type: aftershock targets --config FILE");
    }
    if (word === undefined) {
      if (values.config === undefined) {
        throw wrong(
          "Which targets?",
          "Type: aftershock targets --config aftershock.yaml, or: aftershock targets discover -n NAMESPACE",
        );
      }
      return lookAtConfigured({ file: values.config, cluster: values.cluster, format }, terminal);
    }
    const { namespace: namespaces = [] } = values;
    if (namespaces.length === 0) {
      throw wrong("Where is there something to discover?", "Type: aftershock targets discover -n NAMESPACE");
    }
    const cluster = openNamedCluster(values);
    try {
      return await discoverIn(cluster, { namespaces, format }, terminal);
    } finally {
      await cluster.close();
    }
  },
};

function wrong(sentence: string, hint: string): AftershockError {
  return new AftershockError("bad_command", sentence, hint);
}
