/** What a picture shows, as it is stored: names and words only, so that it is drawn from the runs themselves. */
export interface PictureOf {
  kind: "history";
  experiment: string;
  cluster?: string;
  /** So many runs, the newest. */
  last: number;
  theme: "light" | "dark";
}

/** A picture that somebody asked for. `at` is ISO 8601: what ended later is not in it. */
export interface Picture {
  id: string;
  of: PictureOf;
  askedBy: string;
  teamId: string;
  channelId: string;
  at: string;
}
