import type { History } from "../../probes/history.ts";
import type { Report } from "../report.ts";
import { membersPicture } from "./members.ts";
import { phasesPicture } from "./phases.ts";
import type { Picture } from "./picture.ts";
import { timelinePicture } from "./timeline.ts";

/** The pictures that the history has the data for, in the order in which a report shows them. */
export function runPictures(history: History, report: Report): Picture[] {
  return [timelinePicture, membersPicture, phasesPicture].flatMap((picture) => picture(history, report) ?? []);
}
