import { number } from "../words.ts";
import { settingOf, type RescheduleRule } from "./rule.ts";
import { dataIsThere, type MarkerTaken } from "./timings.ts";

const differences = (before: MarkerTaken, after: MarkerTaken): string[] => [
  ...(before.rows === after.rows
    ? []
    : [`${number(after.rows ?? 0)} of ${number(before.rows ?? 0)} marker rows are there`]),
  ...(before.checksum === after.checksum ? [] : [`their checksum was ${before.checksum}, and is ${after.checksum}`]),
  ...(before.systemIdentifier === after.systemIdentifier
    ? []
    : [`the database was ${before.systemIdentifier}, and is ${after.systemIdentifier}: it was made anew`]),
  ...(before.volumes === after.volumes ? [] : [`the volume was ${before.volumes}, and is ${after.volumes}`]),
];

const missing: RescheduleRule = (input) => {
  const { markerBefore, markerAfter, member } = input.timings;
  if (dataIsThere(input.timings) !== false || markerBefore === null || markerAfter === null) return null;
  return {
    id: "reschedule.data-not-there",
    severity: "critical",
    title: `${member} does not hold what it held before it was moved`,
    evidence: differences(markerBefore, markerAfter),
    advice:
      "The pod came back with another volume, or an empty one. Look at its PersistentVolumeClaim, at the reclaim policy, and at what initialises the data directory.",
    setting: settingOf(input, "accessModes"),
  };
};

const there: RescheduleRule = ({ timings }) => {
  const { markerBefore, member } = timings;
  if (dataIsThere(timings) !== true || markerBefore === null) return null;
  return {
    id: "reschedule.data-there",
    severity: "info",
    title: `All ${number(markerBefore.rows ?? 0)} marker rows are on ${member}, on the same volume`,
    evidence: [
      `checksum ${markerBefore.checksum}, computed by ${member} itself before and after`,
      `PersistentVolume ${markerBefore.volumes}, database ${markerBefore.systemIdentifier}: both as before`,
    ],
    advice: "This proves the volume of this member; that all members hold the same is what the final reads say.",
  };
};

const copied: RescheduleRule = ({ timings }) =>
  timings.patroni.rejoin !== "copied"
    ? null
    : {
        id: "reschedule.copied-anew",
        severity: "high",
        title: `${timings.member}'s data was copied anew from the primary`,
        evidence: ["its PG_VERSION is younger than the deletion: a base backup, not the data that was on the volume"],
        advice:
          "The volume came along, and what was on it was not used: a copy takes as long as the database is large, and loads the primary. Look at why: an empty volume, or a diverged member without pg_rewind.",
      };

/** Whether the data that was there is there. */
export const dataRules: readonly RescheduleRule[] = [missing, copied, there];
