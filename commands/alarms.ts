import { AftershockError } from "../src/errors.ts";
import { nearest } from "../src/experiment/nearest.ts";
import type { OpenAlarm } from "../src/run/alarms/service.ts";
import { content, escapeText, note, section } from "../src/slack/limits.ts";
import { alarmLine, renderAlarms } from "../src/slack/views/alarm-list.ts";
import { pickMessage } from "../src/slack/views/pick.ts";
import type { Reply, Verb, VerbContext } from "../src/slack/verb.ts";

const acts = ["ack", "check", "restart"] as const;

/** `/chaos alarms`, its text twins of the alarm's buttons, and the buttons. Without a number it asks which. */
export const verb: Verb = {
  name: "alarms",
  aliases: ["alarm"],
  usage: "[ack [RUN] | check [RUN] | restart RUN POD [--yes]]",
  flags: ["yes"],
  summary: "Cleanups that were not proven: see them, acknowledge one, have it healed again",
  examples: ["alarms", "alarms ack run-12", "alarms check run-12", "alarms restart run-12 redis-0 --yes"],
  run: async (line, context) => {
    const { alarms, command } = context;
    const [act, runId, pod = ""] = line.words;
    if (act === undefined) return renderAlarms(await alarms.open(), command);
    switch (act) {
      case "ack":
        return runId === undefined ? pickToAcknowledge(await alarms.open(), command) : acknowledge(runId, context);
      case "check":
        return runId === undefined ? pickToCheck(await alarms.open(), command) : check(runId, context);
      case "restart":
        return restart({ runId, pod, isConfirmed: line.flags.includes("yes") }, context);
      default: {
        const close = nearest(act, acts);
        throw new AftershockError(
          "bad_command",
          `alarms knows ack, check and restart, not "${act}".`,
          close === undefined
            ? `Written: ${command} alarms ${verb.usage}`
            : `Did you mean ${command} alarms ${close}${runId === undefined ? "" : ` ${runId}`}?`,
        );
      }
    }
  },
  buttons: {
    "ack-alarm": async (runId, context) => void (await acknowledge(runId, context)),
    "pick-ack": (runId, context) => acknowledge(runId, context),
    "check-alarm": async (runId, context) => void (await check(runId, context)),
    "pick-check": (runId, context) => check(runId, context),
    "restart-target": async (value, { alarms, actor }) => {
      const [runId = "", ...pod] = value.split("/");
      await alarms.restart(actor, runId, pod.join("/"));
    },
  },
};

async function acknowledge(runId: string, { alarms, actor }: VerbContext): Promise<Reply> {
  const alarm = await alarms.acknowledge(actor, runId);
  const left =
    alarm.state === "resolved"
      ? "Its target is free again."
      : "It is paged no more, and keeps its target until it is proven clean.";
  return say(`You have acknowledged the alarm of ${alarm.runId}. ${left}`);
}

async function check(runId: string, { alarms, actor }: VerbContext): Promise<Reply> {
  const alarm = await alarms.check(actor, runId);
  return say(`${alarm.runId} is healed again and looked at now; its thread says what came of it.`);
}

async function restart(
  { runId, pod, isConfirmed }: { runId: string | undefined; pod: string; isConfirmed: boolean },
  { alarms, actor, command }: VerbContext,
): Promise<Reply> {
  if (runId === undefined) {
    throw new AftershockError(
      "bad_command",
      "alarms restart needs a run and a pod.",
      `See what is open: ${command} alarms. Written: ${command} alarms restart RUN POD`,
    );
  }
  if (!isConfirmed) {
    const what = escapeText(await alarms.describeRestart(actor, runId, pod));
    return content(what, [
      section(what),
      note(`Nothing was done. To do it: \`${command} alarms restart ${escapeText(runId)} ${escapeText(pod)} --yes\``),
    ]);
  }
  await alarms.restart(actor, runId, pod);
  return say(`A worker restarts ${escapeText(pod)} now; the run's thread says when, and what it proved.`);
}

function pickToAcknowledge(open: readonly OpenAlarm[], command: string): Reply {
  const unseen = open.filter(({ alarm }) => alarm.acknowledgedAt === null);
  if (unseen.length === 0) return say("No alarm waits to be acknowledged.");
  const button = (id: string) => ({ action: "pick-ack", text: `Acknowledge ${id}`, value: id });
  return pickMessage(
    "Which alarm do you acknowledge?",
    unseen.map((one) => ({ line: alarmLine(one), buttons: [button(one.run.id)] })),
    `\`${command} alarms\` lists them`,
  );
}

function pickToCheck(open: readonly OpenAlarm[], command: string): Reply {
  const unproven = open.filter(({ alarm }) => alarm.state !== "resolved");
  if (unproven.length === 0) return say("Every cleanup is proven; there is nothing to check.");
  const button = (id: string) => ({ action: "pick-check", text: `Heal and check ${id}`, value: id });
  return pickMessage(
    "Which one shall be healed again and looked at?",
    unproven.map((one) => ({ line: alarmLine(one), buttons: [button(one.run.id)] })),
    `\`${command} alarms\` lists them`,
  );
}

function say(text: string): Reply {
  return content(text, [section(text)]);
}
