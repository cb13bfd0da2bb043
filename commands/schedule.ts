import { AftershockError } from "../src/errors.ts";
import { refuseUnknownOptions, runOptions } from "../src/experiment/option-names.ts";
import { nearest } from "../src/experiment/nearest.ts";
import { parseRunsAllowed, parseValidForDays } from "../src/run/schedules/bounds.ts";
import { content, escapeText, note, section } from "../src/slack/limits.ts";
import type { Verb } from "../src/slack/verb.ts";

/**
 * `/chaos schedule NAME "0 6 * * 0" tz=Europe/Berlin`. The approval of a schedule starts runs of experiments that
 * inject nothing; for all others each due time posts an ordinary request (src/run/schedules/approval-scope.ts).
 */
export const verb: Verb = {
  name: "schedule",
  usage: 'NAME "0 6 * * 0" [tz=ZONE] [for=90d] [runs=13] [cluster=NAME] [profile=NAME] [key=value …]',
  options: "any",
  summary:
    "Run it again and again, once somebody else approves; what injects a fault only asks when it comes due, and each run needs an approval of its own",
  examples: [
    'schedule backup-verification "0 6 * * 0" tz=Europe/Berlin',
    'schedule backup-verification "30 2 * * *" for=12w runs=84 rpo=12h',
  ],
  run: async (line, { schedules, service, actor, command }) => {
    // A pattern without its quotes is five words.
    const [name, ...pattern] = line.words;
    const example = `For example: ${command} schedule ${name ?? "backup-verification"} "0 6 * * 0" tz=Europe/Berlin`;
    if (name === undefined) {
      throw new AftershockError("bad_command", "schedule needs the name of an experiment.", example);
    }
    const names = service.experiments().map((experiment) => experiment.name);
    if (!names.includes(name)) {
      const close = nearest(name, names);
      throw new AftershockError(
        "unknown_experiment",
        `There is no experiment "${name}".`,
        close === undefined ? `See what there is: ${command} list` : `Did you mean ${command} schedule ${close}?`,
      );
    }
    if (pattern.length === 0) throw new AftershockError("bad_command", "schedule needs to know when.", example);
    const [flag] = line.flags;
    if (flag !== undefined) throw new AftershockError("bad_parameter", `schedule does not take --${flag}.`, example);
    const ours = [...runOptions, "tz", "for", "runs"];
    refuseUnknownOptions(service.experiment(name), line.options, { ours, flags: [] });
    const { tz = "UTC", for: validFor, runs, cluster, profile, ...parameters } = line.options;
    const schedule = await schedules.request(actor, {
      run: {
        experiment: name,
        parameters,
        ...(cluster === undefined ? {} : { cluster }),
        ...(profile === undefined ? {} : { profile }),
      },
      pattern: pattern.join(" "),
      timeZone: tz,
      validForDays: parseValidForDays(validFor),
      runsAllowed: parseRunsAllowed(runs),
    });
    const text = `Asked for ${schedule.id}. It comes due once somebody else has approved it; the card in the channel shows when.`;
    return content(text, [
      section(text),
      note(
        `Its times are in ${escapeText(schedule.timeZone)} · take it back with \`${command} unschedule ${schedule.id}\``,
      ),
    ]);
  },
};
