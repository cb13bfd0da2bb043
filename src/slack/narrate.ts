import { usualVerbosity, type Verbosity } from "../run/channels/verbosity.ts";
import type { RunEvent } from "../run/events.ts";
import { isTerminal } from "../run/lifecycle.ts";
import type { RunRow } from "../run/service.ts";
import { renderExport } from "./views/export.ts";
import { chartAltText } from "../findings/chart/alt-text.ts";
import type { MessageContent } from "./limits.ts";
import { narrateAlarm, type AlarmEvent } from "./narrate-alarm.ts";
import { renderLadder } from "./views/alarm.ts";
import { renderAuditHead } from "./views/audit-head.ts";
import { isSaid, verbosityFor } from "./verbosity.ts";
import { calledByDecision, calledByEnd, calledByRequest } from "./who-is-called.ts";
import { isUserId } from "./views/words.ts";
import { renderCard } from "./views/card.ts";
import { renderGone, renderLeftover, renderRunHalted } from "./views/halt.ts";
import { renderLive } from "./views/live.ts";
import { renderScheduledEnd } from "./views/scheduled-end.ts";
import { renderSummary } from "./views/summary.ts";
import { isTold, renderSystem } from "./views/system.ts";
import { withControls } from "./views/thread-controls.ts";
import {
  renderClaim,
  renderDecision,
  renderFaultInjected,
  renderFaultIntended,
  renderGuards,
  renderHealing,
  renderNote,
  renderProblem,
  renderRequest,
  renderState,
  renderStopCondition,
} from "./views/thread.ts";

/** What a run's thread shall show, as data: the outbox makes Slack agree with it. */
export interface DesiredMessage {
  /** Unique in the run and stable: the same message keeps its key when its content changes. */
  key: string;
  /** Order of first posting in the run. */
  position: number;
  inThread: boolean;
  /** Another channel than the run's; only for what is in no thread. */
  channelId?: string;
  payload: MessagePayload;
}

export type MessagePayload =
  | ({
      kind: "message";
      /** Ids of the people whom it calls (src/slack/calls.ts); absent: nobody. */
      calls?: readonly string[];
      /** Pinned to its channel, where the workspace lets us. */
      pin?: true;
    } & MessageContent)
  | {
      kind: "files";
      comment: string;
      files: Array<{ name: string; altText?: string }>;
      /** Of this Markdown file a canvas is made besides, where the workspace lets us. */
      canvas?: { title: string; file: string };
    };

type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;
/** A message to be drawn at the end; `said`: enough is told here for it. */
interface Wanted {
  position: number;
  said: boolean;
  render: () => MessageContent | null;
  /** Whom it calls (src/slack/calls.ts). */
  calls: readonly string[];
}

type SystemPhase = "before" | "during" | "after";

/** What stands in the channel itself. */
const inChannel: ReadonlySet<string> = new Set(["card", "scheduled-end"]);

const systemTitles: Readonly<Record<SystemPhase, string>> = {
  before: "What the system said during the baseline",
  during: "What the system says since the injection",
  after: "What the system says since healing",
};

/** How much is told, and what stands already (by key): that is kept true whatever is set since. */
export interface Telling {
  verbosity: Verbosity;
  shown: ReadonlySet<string>;
}

const usually: Telling = { verbosity: usualVerbosity, shown: new Set() };

/** All messages of a run, from all its events. Pure: the same events give the same messages. */
export function narrate(run: RunRow, events: readonly RunEvent[], telling: Telling = usually): DesiredMessage[] {
  // Rendered once at the end: a message that grows by a hundred events is not drawn a hundred times.
  const wanted = new Map<string, Wanted>();
  const verbosity = verbosityFor(telling.verbosity, events);
  // By key: a run whose worker dies while judging is judged again by another, and has its files once all the same.
  const files = new Map<string, DesiredMessage>();
  const add = (key: string, { position, said, render, calls }: Wanted): void => {
    const known = wanted.get(key);
    wanted.set(key, { position: known?.position ?? position, said: known?.said === true || said, render, calls });
  };
  const guards: Array<EventOf<"guard">> = [];
  const healing: Array<EventOf<"fault-removed" | "healing-proof" | "converged">> = [];
  const steps: Array<EventOf<"heal-step">> = [];
  const alarm: AlarmEvent[] = [];
  const system: Record<SystemPhase, Array<EventOf<"system">>> = { before: [], during: [], after: [] };
  let topology: EventOf<"topology"> | undefined;
  let halted: EventOf<"halted"> | undefined;
  let injectedMs: number | null = null;
  let requester: string | null = null;
  let schedule: string | null = null;
  let judged: EventOf<"judged"> | undefined;
  let systemPhase: SystemPhase = "before";
  const isLate = ({ atMs }: EventOf<"system">): boolean => injectedMs !== null && atMs >= injectedMs;
  const putSystem = (phase: SystemPhase, event: RunEvent): void =>
    add(`system:${phase}`, {
      position: event.seq,
      said: isSaid(event, verbosity),
      calls: [],
      render: () => {
        const told = phase === "before" && system.before.every(isLate) ? "during" : phase;
        return renderSystem(systemTitles[told], system[phase], injectedMs);
      },
    });

  add("card", { position: 0, said: true, calls: [], render: () => renderCard(run, events) });
  for (const [at, event] of events.entries()) {
    const own = `event:${event.seq}`;
    /** Told when this event is, or another one of the same message was. */
    const put = (key: string, render: () => MessageContent | null, calls: readonly string[] = []): void =>
      add(key, { position: event.seq, said: isSaid(event, verbosity), render, calls });
    /** Told in any case. */
    const tell = (key: string, render: () => MessageContent | null, calls: readonly string[] = []): void =>
      add(key, { position: event.seq, said: true, render, calls });
    switch (event.type) {
      case "requested":
        // Who scheduled it is not called at every due time.
        requester = event.schedule === undefined && isUserId(event.by) ? event.by : null;
        schedule = event.schedule?.id ?? null;
        put("request", () => withControls(renderRequest(event), run), calledByRequest(event));
        break;
      case "approved":
      case "denied":
      case "revoked":
      case "expired":
      case "approval-void":
      case "abort-requested":
        put(own, () => renderDecision(event, requester), calledByDecision(event, requester));
        break;
      case "note":
        put(own, () => renderNote(event));
        break;
      case "halted":
        halted = event;
        put(own, () => renderRunHalted(event));
        break;
      case "leftover-healed":
        put(own, () => renderLeftover(event));
        break;
      case "topology":
        topology = event;
        break;
      case "guard":
        guards.push(event);
        put("guards", () => renderGuards(topology, guards));
        break;
      case "claimed":
        put(own, () => renderClaim(event));
        break;
      case "state":
        if (event.to === "healing") systemPhase = "after";
        if (event.to === "verifying" && halted !== undefined && injectedMs !== null) {
          const since = halted;
          tell("halt:gone", () => renderGone(since, event));
        }
        {
          const calls = calledByEnd(event, events.slice(0, at), requester);
          put(own, () => renderState(event, calls), calls);
        }
        if (schedule !== null && isTerminal(event.to)) {
          const [by, report] = [schedule, judged];
          tell("scheduled-end", () => renderScheduledEnd(run, by, event, report), [run.requestedBy]);
        }
        break;
      case "probe-status":
        put("live", () => renderLive(event.status, event.phase));
        break;
      case "system":
        if (!isTold(event) && !isSaid(event, verbosity)) break;
        system[systemPhase].push(event);
        putSystem(systemPhase, event);
        break;
      case "fault-intended":
        put(own, () => renderFaultIntended(event));
        break;
      case "fault-injected":
        injectedMs ??= event.atMs;
        systemPhase = "during";
        // What the system said while the fault was being confirmed was stored before that, and belongs to the fault. A
        // message that holds nothing else is there already: it gets the other title.
        if (!system.before.every(isLate)) {
          system.during.push(...system.before.filter(isLate));
          system.before = system.before.filter((said) => !isLate(said));
          if (system.during.length > 0) putSystem("during", event);
        }
        put(own, () => renderFaultInjected(event));
        break;
      case "fault-removed":
      case "healing-proof":
      case "converged":
        healing.push(event);
        put("healing", () => renderHealing(healing));
        break;
      case "heal-step":
        steps.push(event);
        put("ladder", () => renderLadder(run, steps));
        break;
      case "alarm-raised":
      case "alarm-paged":
      case "alarm-acknowledged":
      case "alarm-checked":
      case "alarm-resolved":
      case "restart-asked":
      case "restart-done":
        alarm.push(event);
        break;
      case "stop-condition":
        put(own, () => renderStopCondition(event));
        break;
      case "problem":
        put(own, () => renderProblem(event));
        break;
      case "judged":
        judged = event;
        put("summary", () => renderSummary(event.report), requester === null ? [] : [requester]);
        for (const message of fileMessages(event)) {
          files.set(message.key, { ...message, position: files.get(message.key)?.position ?? message.position });
        }
        break;
      case "exported": {
        const message = exportMessage(event);
        files.set(message.key, message);
        break;
      }
      case "audit-head":
        put(own, () => renderAuditHead(event));
        break;
    }
  }
  const messages = [...wanted].flatMap(([key, { position, said, render, calls }]): DesiredMessage[] => {
    const called = calls.length === 0 ? {} : { calls };
    const message = said || telling.shown.has(key) ? render() : null;
    return message === null
      ? []
      : [{ key, position, inThread: !inChannel.has(key), payload: { kind: "message", ...message, ...called } }];
  });
  return [...messages, ...narrateAlarm(run, alarm), ...files.values()].toSorted((a, b) => a.position - b.position);
}

/** Every export is a message of its own: whoever asks again may have lost the one before. */
function exportMessage(event: EventOf<"exported">): DesiredMessage {
  return {
    key: `files:export:${event.seq}`,
    position: event.seq,
    inThread: true,
    payload: { kind: "files", comment: renderExport(event), files: [{ name: event.file }] },
  };
}

const oneChart = "Latency and outcome of every write";
const twoCharts = `${oneChart}; which member took them`;

/** The charts by themselves, with words for those who cannot see it; then the report and history as files. */
function fileMessages(event: EventOf<"judged">): DesiredMessage[] {
  const message = (key: string, comment: string, files: Array<{ name: string; altText?: string }>): DesiredMessage => ({
    key,
    // Positions are whole numbers; files follow the summary of the same event by key order in the outbox.
    position: event.seq,
    inThread: true,
    payload: { kind: "files", comment, files },
  });
  const pictures = event.artifacts.filter((name) => /\.(png|svg)$/.test(name));
  const reports = event.artifacts.filter((name) => !pictures.includes(name));
  // A run judged before there were several has one.
  const before = pictures.map((file) => ({ file, alt: chartAltText(event.report) }));
  const shown = (event.charts ?? before).map(({ file, alt }) => ({ name: file, altText: alt }));
  return [
    ...(shown.length === 0 ? [] : [message("files:chart", shown.length > 1 ? twoCharts : oneChart, shown)]),
    ...(reports.length === 0
      ? []
      : [
          message(
            "files:report",
            "Report and history",
            reports.map((name) => ({ name })),
          ),
        ]),
  ];
}
