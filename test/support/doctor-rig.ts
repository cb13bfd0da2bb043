import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { doctor } from "../../src/cli/doctor.ts";
import type { Group, Line, Status } from "../../src/cli/doctor/line.ts";
import { startDatabase, type EmbeddedDatabase } from "../../src/embedded/database.ts";
import { workspace } from "../../src/embedded/local-slack.ts";
import { startRedis, type EmbeddedRedis } from "../../src/embedded/redis.ts";
import { makeTempDirectory, removeDirectory } from "../../src/embedded/temp-dir.ts";
import { startGateRig, type GateRig } from "./gate-rig.ts";
import { typed, type Said } from "./typed.ts";

export interface DoctorRig {
  directory: string;
  database: EmbeddedDatabase;
  redis: EmbeddedRedis;
  slack: GateRig;
  /** The environment of a service that has all it needs. */
  environment: Readonly<Record<string, string>>;
  /** Writes a configuration and has it looked at. `change` is laid over one in which all is well. */
  look(options?: LookOptions): Promise<Looked>;
  stop(): Promise<void>;
}

export interface LookOptions {
  config?: Readonly<Record<string, unknown>>;
  args?: readonly string[];
  environment?: Readonly<Record<string, string>>;
}

export interface Looked extends Said {
  groups: readonly Group[];
  /** Texts of the lines of one kind, of one group or of all. */
  texts(status: Status, title?: string): string[];
  /** The line whose text matches. Throws when there is none, or more than one. */
  line(text: RegExp): Line;
}

/** Real PostgreSQL, Redis and local-slack behind the gate, for one test file; clusters are the test's own. */
export async function startDoctorRig(clusters: Readonly<Record<string, object>>): Promise<DoctorRig> {
  const directory = makeTempDirectory();
  const [database, redis, slack] = await Promise.all([startDatabase(directory), startRedis(directory), startGateRig()]);
  const environment = {
    SLACK_BOT_TOKEN: workspace.bot.token,
    SLACK_APP_TOKEN: workspace.bot.appToken,
    DATABASE_URL: database.serviceUrl,
    REDIS_URL: redis.url,
  };
  const file = join(directory, "aftershock.yaml");
  return {
    directory,
    database,
    redis,
    slack,
    environment,
    look: async ({ config = {}, args = [], environment: own = environment } = {}) => {
      const whole = {
        slack: { mode: "socket", apiUrl: slack.gate.apiUrl, opsChannel: workspace.channel.id },
        clusters,
        defaultCluster: Object.keys(clusters)[0],
        experiments: { enabled: ["redis-split-brain"] },
        approvals: { approvers: workspace.people.map(({ id }) => id) },
        ...config,
      };
      // No configuration takes an alias, which YAML would write for a value that a test uses twice.
      writeFileSync(file, stringify(whole, { aliasDuplicateObjects: false }));
      const said = await typed({ doctor: async () => doctor }, ["doctor", "--config", file, "--json", ...args], own);
      const groups = said.out === "" ? [] : (JSON.parse(said.out) as { groups: Group[] }).groups;
      const all = groups.flatMap(({ lines }) => lines);
      return {
        ...said,
        groups,
        texts: (status, title) =>
          groups
            .filter((group) => title === undefined || group.title === title)
            .flatMap(({ lines }) => lines.filter((line) => line.status === status).map(({ text }) => text)),
        line: (text) => {
          const [found, ...more] = all.filter((line) => text.test(line.text));
          if (found === undefined || more.length > 0)
            throw new Error(`${more.length + 1} lines match ${text}: ${said.out}`);
          return found;
        },
      };
    },
    stop: async () => {
      await Promise.all([database.stop(), redis.stop(), slack.stop()]);
      removeDirectory(directory);
    },
  };
}
