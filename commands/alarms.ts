import { AftershockError } from "../src/errors.ts";
import { content, escapeText, note, section } from "../src/slack/limits.ts";
import { renderAlarms } from "../src/slack/views/alarm-list.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos alarms`, its text twins of the alarm's buttons, and the buttons. */
export const verb: Verb = {
  name: "alarms",
  aliases: ["alarm"],
  usage: "[ack RUN | check RUN | restart RUN POD [--yes]]",
  flags: ["yes"],
  summary: "Cleanups that were not proven: see them, acknowledge one, have it healed again",
  examples: ["alarms", "alarms ack run-12", "alarms check run-12", "alarms restart run-12 redis-0 --yes"],
  run: async (line, { alarms, actor, command }) => {
    const [act, runId, pod = ""] = line.words;
    if (act === undefined) return renderAlarms(await alarms.open(), command);
    if (runId === undefined) {
      throw new AftershockError(
        "bad_command",
        `alarms ${act} needs a run.`,
        `See what is open: ${command} alarms. Written: ${command} alarms ${verb.usage}`,
      );
    }
    switch (act) {
      case "ack": {
        const alarm = await alarms.acknowledge(actor, runId);
        const left =
          alarm.state === "resolved"
            ? "Its target is free again."
            : "It is paged no more, and keeps its target until it is proven clean.";
        return say(`You have acknowledged the alarm of ${alarm.runId}. ${left}`);
      }
      case "check": {
        const alarm = await alarms.check(actor, runId);
        return say(`${alarm.runId} is healed again and looked at now; its thread says what came of it.`);
      }
      case "restart": {
        if (!line.flags.includes("yes")) {
          const what = escapeText(await alarms.describeRestart(actor, runId, pod));
          return content(what, [
            section(what),
            note(
              `Nothing was done. To do it: \`${command} alarms restart ${escapeText(runId)} ${escapeText(pod)} --yes\``,
            ),
          ]);
        }
        await alarms.restart(actor, runId, pod);
        return say(`A worker restarts ${escapeText(pod)} now; the run's thread says when, and what it proved.`);
      }
      default:
        throw new AftershockError(
          "bad_command",
          `alarms knows ack, check and restart, not "${act}".`,
          `Written: ${command} alarms ${verb.usage}`,
        );
    }
  },
  buttons: {
    "ack-alarm": async (runId, { alarms, actor }) => void (await alarms.acknowledge(actor, runId)),
    "check-alarm": async (runId, { alarms, actor }) => void (await alarms.check(actor, runId)),
    "restart-target": async (value, { alarms, actor }) => {
      const [runId = "", ...pod] = value.split("/");
      await alarms.restart(actor, runId, pod.join("/"));
    },
  },
};

function say(text: string) {
  return content(text, [section(text)]);
}
