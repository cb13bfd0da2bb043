import { messageOf, isAftershockError } from "../../../errors.ts";
import { readProbeSecrets } from "../../../config/secret.ts";
import { readGrafana, readWatching } from "../../../config/watching.ts";
import type { Check } from "../asked.ts";
import { well, wrong, type Line } from "../line.ts";
import { counted } from "../../../findings/words.ts";
import { atLeast } from "../version-number.ts";

/** `engines` of package.json. */
export const leastNode = "20.20";

export function judgeNode(version: string): Line {
  return atLeast(version, leastNode) === true
    ? well(`Node.js ${version}`)
    : wrong(
        `Node.js is ${version}; it must be ${leastNode} or newer.`,
        "https://nodejs.org/en/download, or the image: deploy/Containerfile",
      );
}

export const node: Check = async () => [judgeNode(process.versions.node)];

/** The file was read before anything else was done; what it names must be there as well. */
export const configuration: Check = async ({ configFile, config, experiments, environment }) => {
  const clusters = Object.keys(config.clusters);
  const read = well(
    `${configFile}: ${counted(experiments.length, "experiment")} enabled; clusters: ${clusters.join(", ")}`,
  );
  const secrets = [
    (): unknown => readProbeSecrets(environment),
    (): unknown => readWatching(config.clusters, environment),
    (): unknown => readGrafana(config.grafana, environment),
  ].flatMap((look): Line[] => {
    try {
      look();
      return [];
    } catch (error) {
      return [wrong(messageOf(error), isAftershockError(error) ? error.hint : "See deploy/aftershock.example.yaml")];
    }
  });
  return [read, ...secrets];
};
