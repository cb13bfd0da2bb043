/** What must be said and belongs to no run that the database knows. Append-only, as everything that happened. */
export interface LeftoverNotice {
  kind: "leftover";
  cluster: string;
  /** `NetworkChaos cache/run-12-partition`, or `node node-1`. */
  what: string;
  /** The run that its label names. */
  run: string;
  ok: boolean;
  detail: string;
  tookMs: number;
}

/** A new kind is a line here and a view in src/slack/views/notice.ts. */
export type Notice = LeftoverNotice;
