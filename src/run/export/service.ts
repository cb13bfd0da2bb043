import type { ExportedFile } from "../events.ts";
import type { Actor } from "../service.ts";

/** What was put into a run's thread. */
export interface Exported {
  runId: string;
  channelId: string;
  file: string;
  /** Size of that file, compressed. */
  bytes: number;
  sha256: string;
  files: readonly ExportedFile[];
}

/** Runs as files. All methods reject with AftershockError for anything a person could mend. */
export interface ExportService {
  /** Records that everything of the run goes into its thread, as one ZIP. */
  request(actor: Actor, runId: string): Promise<Exported>;
  /** Runs of the channel that can be exported, newest first. */
  candidates(actor: Actor, limit: number): Promise<Array<{ id: string; experiment: string }>>;
}
