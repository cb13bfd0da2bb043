import type { RunEvent } from "../run/events.ts";
import type { RunRow } from "../run/service.ts";
import { renderExport } from "./views/export.ts";
import { chartAltText } from "../findings/chart/alt-text.ts";
import type { MessageContent } from "./limits.ts";
import { narrateAlarm, type AlarmEvent } from "./narrate-alarm.ts";
import { renderLadder } from "./views/alarm.ts";
import { renderAuditHead } from "./views/audit-head.ts";
import { renderCard } from "./views/card.ts";
import { renderGone, renderLeftover, renderRunHalted } from "./views/halt.ts";
import { renderLive } from "./views/live.ts";
import { renderSummary } from "./views/summary.ts";
import { isTold, renderSystem } from "./views/system.ts";
import {
  renderClaim,
  renderDecision,
  renderFaultInjected,
  renderFaultIntended,
  renderGuards,
  renderHealing,
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
  | ({ kind: "message" } & MessageContent)
  | { kind: "files"; comment: string; files: Array<{ name: string; altText?: string }> };

type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;
type SystemPhase = "before" | "during" | "after";

const systemTitles: Readonly<Record<SystemPhase, string>> = {
  before: "What the system said during the baseline",
  during: "What the system says since the injection",
  after: "What the system says since healing",
};

/** All messages of a run, from all its events. Pure: the same events give the same messages. */
export function narrate(run: RunRow, events: readonly RunEvent[]): DesiredMessage[] {
  // Rendered once at the end: a message that grows by a hundred events is not drawn a hundred times.
  const wanted = new Map<string, { position: number; render: () => MessageContent | null }>();
  // By key: a run whose worker dies while judging is judged again by another, and has its files once all the same.
  const files = new Map<string, DesiredMessage>();
  const put = (key: string, position: number, render: () => MessageContent | null): void => {
    wanted.set(key, { position: wanted.get(key)?.position ?? position, render });
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
  let systemPhase: SystemPhase = "before";
  const isLate = ({ atMs }: EventOf<"system">): boolean => injectedMs !== null && atMs >= injectedMs;
  const putSystem = (phase: SystemPhase, position: number): void =>
    put(`system:${phase}`, position, () => {
      const told = phase === "before" && system.before.every(isLate) ? "during" : phase;
      return renderSystem(systemTitles[told], system[phase], injectedMs);
    });

  put("card", 0, () => renderCard(run, events));
  for (const event of events) {
    const own = `event:${event.seq}`;
    switch (event.type) {
      case "requested":
        // Who scheduled it is not called at every due time.
        requester = event.schedule === undefined ? event.by : null;
        put("request", event.seq, () => renderRequest(event));
        break;
      case "approved":
      case "denied":
      case "revoked":
      case "expired":
      case "approval-void":
      case "abort-requested":
        put(own, event.seq, () => renderDecision(event, requester));
        break;
      case "halted":
        halted = event;
        put(own, event.seq, () => renderRunHalted(event));
        break;
      case "leftover-healed":
        put(own, event.seq, () => renderLeftover(event));
        break;
      case "topology":
        topology = event;
        break;
      case "guard":
        guards.push(event);
        put("guards", event.seq, () => renderGuards(topology, guards));
        break;
      case "claimed":
        if (event.takenOver) put(own, event.seq, () => renderClaim(event));
        break;
      case "state":
        if (event.to === "healing") systemPhase = "after";
        if (event.to === "verifying" && halted !== undefined && injectedMs !== null) {
          const since = halted;
          put("halt:gone", event.seq, () => renderGone(since, event));
        }
        put(own, event.seq, () => renderState(event));
        break;
      case "probe-status":
        put("live", event.seq, () => renderLive(event.status, event.phase));
        break;
      case "system":
        if (!isTold(event)) break;
        system[systemPhase].push(event);
        putSystem(systemPhase, event.seq);
        break;
      case "fault-intended":
        put(own, event.seq, () => renderFaultIntended(event));
        break;
      case "fault-injected":
        injectedMs ??= event.atMs;
        systemPhase = "during";
        // What the system said while the fault was being confirmed was stored before that, and belongs to the fault. A
        // message that holds nothing else is there already: it gets the other title.
        if (!system.before.every(isLate)) {
          system.during.push(...system.before.filter(isLate));
          system.before = system.before.filter((said) => !isLate(said));
          if (system.during.length > 0) putSystem("during", event.seq);
        }
        put(own, event.seq, () => renderFaultInjected(event));
        break;
      case "fault-removed":
      case "healing-proof":
      case "converged":
        healing.push(event);
        put("healing", event.seq, () => renderHealing(healing));
        break;
      case "heal-step":
        steps.push(event);
        put("ladder", event.seq, () => renderLadder(run, steps));
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
        put(own, event.seq, () => renderStopCondition(event));
        break;
      case "problem":
        put(own, event.seq, () => renderProblem(event));
        break;
      case "judged":
        put("summary", event.seq, () => renderSummary(event.report));
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
        put(own, event.seq, () => renderAuditHead(event));
        break;
    }
  }
  const messages = [...wanted].flatMap(([key, { position, render }]): DesiredMessage[] => {
    const message = render();
    return message === null
      ? []
      : [{ key, position, inThread: key !== "card", payload: { kind: "message", ...message } }];
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
