import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../deploy/fetch-kafka.sh", import.meta.url));

/** Where Kafka is, or why it is not here, as deploy/fetch-kafka.sh says it; nothing is fetched. */
export function kafkaHere(): { folder: string } | { missing: string } {
  const ran = spawnSync("sh", [script, "--cached"], { encoding: "utf8" });
  return ran.status === 0 ? { folder: ran.stdout.trim() } : { missing: ran.stderr.trim() };
}

/** The end of a test's title that says why it is skipped; empty when it is not. */
export function whySkipped(kafka: ReturnType<typeof kafkaHere>): string {
  return "missing" in kafka ? ` (skipped: ${kafka.missing})` : "";
}
