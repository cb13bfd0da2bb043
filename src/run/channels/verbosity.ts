/** How much is said of runs in a channel, from little to all. What people must act on is said whatever is set. */
export const verbosities = ["quiet", "normal", "full"] as const;
export type Verbosity = (typeof verbosities)[number];

/** Where nobody has set anything. */
export const usualVerbosity: Verbosity = "normal";

/** Who set it, and when (ISO 8601). */
export interface ChannelSetting {
  verbosity: Verbosity;
  by: string;
  at: string;
}

/** True where as much is said as `least`. */
export function reaches(verbosity: Verbosity, least: Verbosity): boolean {
  return verbosities.indexOf(verbosity) >= verbosities.indexOf(least);
}
