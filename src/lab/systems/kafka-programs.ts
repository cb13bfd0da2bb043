import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runCommand } from "../isolation/run-command.ts";

/** Where a usable Kafka is, or why there is none, in a sentence with the way out. */
export type KafkaPrograms = { folder: string } | { missing: string };

/** `deploy/` beside `src/`, from the sources and from the build (`dist/src/lab/systems`). */
const scripts = ["../../../deploy/fetch-kafka.sh", "../../../../deploy/fetch-kafka.sh"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/**
 * Finds Kafka, which no distribution packages: `KAFKA_HOME`, the project's own cache, or Maven, which is asked once and
 * needs some seconds to a minute then. Never rejects.
 */
export async function findKafka(): Promise<KafkaPrograms> {
  const script = scripts.find((path) => existsSync(path));
  if (script === undefined) return { missing: "deploy/fetch-kafka.sh is not here, so nobody can say where Kafka is." };
  try {
    const found = await runCommand(["sh", script]);
    if (found.exitCode === 0) return { folder: found.stdout.trim() };
    return { missing: found.stderr.trim().split("\n").at(-1) ?? "" };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}
