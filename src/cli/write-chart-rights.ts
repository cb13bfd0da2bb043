import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { catalogueDirectory } from "../compose/catalogue.ts";
import { loadExperiments } from "../experiment/load.ts";
import { chartRights } from "../rbac/chart-rights.ts";

/** `npm run rights`: the chart's copy of the rights. */
const file = fileURLToPath(new URL("../../deploy/helm/aftershock/files/rights.yaml", import.meta.url));
writeFileSync(file, chartRights(await loadExperiments(catalogueDirectory())));
