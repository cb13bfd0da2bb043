import type { Authoriser } from "../../approvals/authoriser.ts";
import { noFacts } from "../../approvals/people.ts";
import { runsWithFiles, saveArtifact } from "../../store/artifacts.ts";
import { inTransaction, type Database } from "../../store/database.ts";
import { appendEvents } from "../../store/events.ts";
import { enforce } from "../decide.ts";
import type { Actor } from "../service.ts";
import { sha256, sumsFile, zipOf } from "./bundle.ts";
import { requireFiles } from "./require-files.ts";
import type { ExportService } from "./service.ts";

/** The ExportService on PostgreSQL and the policy. */
export function createExportService({
  database,
  authoriser,
}: {
  database: Database;
  authoriser: Authoriser;
}): ExportService {
  const require = (actor: Actor): void => enforce(authoriser.judge({ act: "export", actor }, noFacts));
  return {
    request: async (actor, runId) => {
      require(actor);
      const { run, files } = await requireFiles(database, runId, (id) => `/chaos status ${id}`);
      const bytes = await zipOf(run.id, files);
      const exported = {
        file: `${run.id}-export.zip`,
        bytes: bytes.length,
        sha256: sha256(bytes),
        files: files
          .filter(({ name }) => name !== sumsFile)
          .map((file) => ({ name: file.name, bytes: file.bytes.length })),
      };
      // File and event together: the thread never tells of a file that is not there.
      await inTransaction(database, async (client) => {
        await saveArtifact(client, run.id, { name: exported.file, contentType: "application/zip", bytes });
        await appendEvents(client, run.id, [{ type: "exported", by: actor.userId, ...exported }]);
      });
      return { runId: run.id, channelId: run.channelId, ...exported };
    },
    candidates: async (actor, limit) => {
      require(actor);
      return runsWithFiles(database, limit, actor.channelId);
    },
  };
}
