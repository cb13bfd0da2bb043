import type { RunEvent } from "../run/events.ts";
import type { RunRow } from "../run/service.ts";
import type { MessageContent } from "./limits.ts";
import type { DesiredMessage } from "./narrate.ts";
import { renderAlarm, renderAlarmLine, renderPage, renderResolved, type AlarmStory } from "./views/alarm.ts";

export type AlarmEvent = Extract<
  RunEvent,
  {
    type:
      | "alarm-raised"
      | "alarm-paged"
      | "alarm-acknowledged"
      | "alarm-checked"
      | "alarm-resolved"
      | "restart-asked"
      | "restart-done";
  }
>;

/**
 * What is said of a run's alarm: the alarm and what is done about it in the thread, each page in the channel itself (and
 * in the channel that is paged besides), and there also that it is over. Pure, as `narrate`.
 */
export function narrateAlarm(run: RunRow, events: readonly AlarmEvent[]): DesiredMessage[] {
  const find = <T extends AlarmEvent["type"]>(type: T) =>
    events.find((event): event is Extract<AlarmEvent, { type: T }> => event.type === type);
  const raised = find("alarm-raised");
  const acknowledged = find("alarm-acknowledged");
  const resolved = find("alarm-resolved");
  const story: AlarmStory | undefined =
    raised === undefined
      ? undefined
      : {
          raised,
          ...(acknowledged === undefined ? {} : { acknowledged }),
          ...(resolved === undefined ? {} : { resolved }),
        };
  const lastPage = events.findLast((event) => event.type === "alarm-paged");
  return events.flatMap((event): DesiredMessage[] => {
    const message = (
      key: string,
      inThread: boolean,
      said: MessageContent,
      calls?: readonly string[],
    ): DesiredMessage => ({
      key,
      position: event.seq,
      inThread,
      payload: { kind: "message", ...said, ...(calls === undefined ? {} : { calls }) },
    });
    const elsewhere = (said: DesiredMessage): DesiredMessage[] =>
      story === undefined || story.raised.channel === null || story.raised.channel === run.channelId
        ? []
        : [{ ...said, key: `${said.key}:elsewhere`, channelId: story.raised.channel }];
    switch (event.type) {
      case "alarm-raised":
        return story === undefined ? [] : [message("alarm", true, renderAlarm(run, story))];
      case "alarm-paged": {
        if (story === undefined) return [];
        const isLast = event === lastPage;
        const page = (isElsewhere: boolean) =>
          message(
            `page:${event.number}`,
            false,
            renderPage(run, story, event, { isLast, isElsewhere }),
            story.raised.people,
          );
        return [page(false), ...elsewhere(page(true))];
      }
      case "alarm-resolved": {
        if (story === undefined) return [];
        const said = message("alarm-resolved", false, renderResolved(run, story, event));
        return [said, ...elsewhere(said)];
      }
      default:
        return [message(`event:${event.seq}`, true, renderAlarmLine(event))];
    }
  });
}
