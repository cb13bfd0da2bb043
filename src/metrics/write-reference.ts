import { writeFileSync } from "node:fs";
import { referenceMarkdown } from "./reference-markdown.ts";

writeFileSync(new URL("../../docs/metrics.md", import.meta.url), referenceMarkdown());
