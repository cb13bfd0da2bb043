import { z } from "zod";
import { reportSchema } from "./report.ts";

/** The JSON Schema of `report.json`; `npm run schema` writes it to report.schema.json. */
export function reportJsonSchema(): unknown {
  return {
    $id: "https://aftershock.dev/schemas/report-2.json",
    title: "Aftershock report",
    ...z.toJSONSchema(reportSchema, { target: "draft-2020-12", io: "output" }),
  };
}
