import type { ExportService } from "../../src/run/export/service.ts";

/** A double for tests that export nothing. */
export const noExports: ExportService = {
  request: () => Promise.reject(new Error("no export was expected")),
  candidates: async () => [],
};
