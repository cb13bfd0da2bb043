import { z } from "zod";
import { experimentSchema } from "./schema.ts";

/**
 * The JSON Schema of an experiment file, as YAML editors want it: draft-7, and of what is written (keys with a default
 * may be left out). `npm run schema` writes it to jobs/experiment.schema.json. What only the loader can tell (a default
 * outside its range, `${name}` of no parameter) is not in it: `aftershock validate` says that.
 */
export function experimentJsonSchema(): Record<string, unknown> {
  return {
    $id: "https://aftershock.dev/schemas/experiment-1.json",
    title: "Aftershock experiment",
    ...z.toJSONSchema(experimentSchema, { target: "draft-7", io: "input" }),
  };
}
