/** What a picture shows, as it is stored: ids and words only, so that it is drawn from the runs themselves. */
export type PictureOf =
  | { kind: "history"; experiment: string; cluster?: string; last: number; theme: "light" | "dark" }
  | { kind: "comparison"; first: string; second: string; theme: "light" | "dark" };

/** A picture that somebody asked for. `at` is ISO 8601: what ended later is not in it. */
export interface Picture {
  id: string;
  of: PictureOf;
  askedBy: string;
  teamId: string;
  channelId: string;
  at: string;
}
