import type { Report } from "../report.ts";

/** `redis_version`, `server_version`, `patroni-version`, `version`: how the systems' settings name what runs. */
const namesVersion = /(^|[-_])version$/;

/**
 * What ran, from the settings that the probes read: `redis_version 7.0.15`. Members with different versions are all named,
 * since a rolling upgrade is a system of its own. Null: the system tells no version (Kafka's brokers do not).
 */
export function systemVersion(settings: Report["settings"]): string | null {
  const told = settings.flatMap(({ name, value }) => (namesVersion.test(name) ? [`${name} ${value}`] : []));
  return told.length === 0 ? null : [...new Set(told)].toSorted().join(", ");
}
