import { homeActions, mostOnHome } from "../src/slack/views/actions.ts";
import { renderAppHome } from "../src/slack/views/home/app-home.ts";
import { renderHere } from "../src/slack/views/home/here.ts";
import { typedFor } from "../src/slack/typed-for.ts";
import type { Verb } from "../src/slack/verb.ts";

/** `/chaos` alone: what waits for this person here, what runs, what they can do; and the buttons that show something. */
export const verb: Verb = {
  name: "home",
  usage: "",
  summary: "What waits here, what runs, what you can do",
  examples: [""],
  run: async (_line, { service, overview, alarms, halts, actor, command, verbs }) => {
    const [seen, recent, standing, open] = await Promise.all([
      overview.look(actor),
      service.recent(actor.channelId, 1),
      halts.current(),
      alarms.open(),
    ]);
    return renderHere({
      overview: seen,
      channelId: actor.channelId,
      standing,
      alarms: open,
      isFirstDay: recent.length === 0,
      verbs: verbs.map(({ name }) => name),
      command,
    });
  },
  buttons: { open: typedFor },
  appHome: async ({ overview, past, actions, alarms, halts, actor, command }) => {
    await overview.admit(actor);
    const [seen, standing, open, schedules, results, mine, all] = await Promise.all([
      overview.look(actor),
      halts.current(),
      alarms.open(),
      overview.schedules(),
      past.lastResults(),
      actions.open({ owner: actor.userId }, mostOnHome),
      actions.open({}, 0),
    ]);
    const more = [{ title: "Open actions", blocks: homeActions(mine, all.count, command) }];
    return renderAppHome({ overview: seen, standing, alarms: open, schedules, results, more, command });
  },
};
