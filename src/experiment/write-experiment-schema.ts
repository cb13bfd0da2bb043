import { writeFileSync } from "node:fs";
import { experimentJsonSchema } from "./experiment-json-schema.ts";

writeFileSync(
  new URL("../../jobs/experiment.schema.json", import.meta.url),
  `${JSON.stringify(experimentJsonSchema(), null, 2)}\n`,
);
