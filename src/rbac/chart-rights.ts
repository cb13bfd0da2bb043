import { Document } from "yaml";
import { chartRight } from "./print.ts";
import { rightsInside, rightsOf, type Needing } from "./rights.ts";

/**
 * The file of the Helm chart from which its roles are made: every right of the catalogue, with who needs it. The chart
 * runs in the cluster, so nobody is given a way to every port of every pod. Pure.
 */
export function chartRights(catalogue: readonly Needing[]): string {
  const document = new Document({ rights: rightsInside(rightsOf(catalogue)).map(chartRight) });
  document.commentBefore = " Made by npm run rights from src/rbac and jobs; a test says when it is behind.";
  return document.toString({ lineWidth: 0 });
}
