import type { Survey } from "../../cluster/survey.ts";
import type { Environment } from "../../config/secret.ts";
import type { Config } from "../../config/schema.ts";
import type { Experiment } from "../../experiment/schema.ts";
import type { RedisFacts } from "../../queue/inspect.ts";
import type { Account } from "../../rbac/right.ts";
import type { Registry } from "../../run/systems.ts";
import type { SlackInspection, Said, TokenFacts } from "../../slack/access/inspect.ts";
import type { DatabaseFacts } from "../../store/inspect.ts";
import type { Line } from "./line.ts";
import type { Learnt } from "./once.ts";

/** What checks look at. What several need is asked once, when the first one wants it. */
export interface Asked {
  configFile: string;
  config: Config;
  environment: Environment;
  /** Those of the catalogue that are enabled. */
  experiments: readonly Experiment[];
  /** Whose rights the kubeconfigs must have; null: nobody said. */
  role: Account | null;
  /** Channels to look into, besides the configuration's. */
  channels: readonly string[];
  /** Null with `slack.mode: none`, or without a bot token. */
  slack: SlackInspection | null;
  botToken(): Promise<Learnt<Said<TokenFacts> | null>>;
  postgres(): Promise<Learnt<DatabaseFacts>>;
  redis(): Promise<Learnt<RedisFacts>>;
  clusters: readonly AskedCluster[];
  /** What runs would be planned with; null: nobody asked for logins to be tried. */
  registry: (() => Promise<Learnt<Registry>>) | null;
}

export interface AskedCluster {
  name: string;
  settings: Config["clusters"][string];
  survey(): Promise<Learnt<Survey>>;
  /** Asked before all else: of a cluster that does not answer nothing else is asked. */
  version(): Promise<Learnt<Awaited<ReturnType<Survey["version"]>>>>;
  /** Of pods that runs may be about, by namespace. */
  pods(): Promise<Learnt<readonly TargetPods[]>>;
  chaosMesh(): Promise<Learnt<Awaited<ReturnType<Survey["chaosMesh"]>>>>;
}

export interface TargetPods {
  namespace: string;
  /** Those that run, but for DaemonSets' own. */
  pods: ReadonlyArray<{ name: string; node: string }>;
}

/** One thing to look at. Adding one is a file with a `Check` and a line in table.ts. */
export type Check = (asked: Asked) => Promise<readonly Line[]>;

/** The same for each cluster that answers. */
export type ClusterCheck = (asked: Asked, cluster: AskedCluster, survey: Survey) => Promise<readonly Line[]>;
