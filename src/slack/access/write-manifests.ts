import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { manifestYaml } from "./manifest.ts";
import { withScopeTable } from "./scope-table.ts";

/** `npm run manifests`: both manifests of the Slack app, and the table of scopes in the guide. */
const at = (file: string): string => fileURLToPath(new URL(`../../../${file}`, import.meta.url));
writeFileSync(at("deploy/slack/socket-mode.yaml"), manifestYaml("socket"));
writeFileSync(at("deploy/slack/http.yaml"), manifestYaml("http"));
const guide = at("docs/install-slack.md");
writeFileSync(guide, withScopeTable(readFileSync(guide, "utf8")));
