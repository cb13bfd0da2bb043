import type { History } from "../../probes/history.ts";
import type { Report } from "../report.ts";
import { listed, number } from "../words.ts";
import { boxSeries, type Box } from "./boxes.ts";
import {
  header,
  legend,
  line,
  lineHeight,
  margin,
  rect,
  swatchOf,
  text,
  xOf,
  type Element,
  type LegendEntry,
  type TimeAxis,
} from "./draw.ts";
import { findOverlap, takings, type Overlap, type Taking } from "./member-times.ts";
import { longestAlt, type Picture } from "./picture.ts";
import { roleSpans, type Role, type RoleSpan } from "./roles.ts";
import { endOf, stretchSpans, stretchWords, type StretchSpan } from "./stretches.ts";
import { fit, textWidth } from "./text-width.ts";
import { axisHeight } from "./timeline.ts";
import { canvas, fontFamily, fontSize, themes, type ChartTheme, type FillLook } from "./theme.ts";

const laneHeight = 84;
const mostNamePx = 300;

/**
 * A lane per member: what it said it was above, which writes it acknowledged below, on one time axis. Null where neither
 * is known of more than one member.
 */
export function membersPicture(history: History, report: Report): Picture | null {
  const endS = endOf(history);
  const roles = roleSpans(history, endS * 1000);
  const taking = takings(history);
  const named = new Set([...history.header.members, ...taking.map(({ member }) => member)]);
  const members = [...named].toSorted();
  if (members.length < 2 || (taking.length === 0 && roles.length === 0)) return null;
  const overlap = findOverlap(history, roles);
  const nameWidth = Math.min(
    mostNamePx,
    Math.max(...members.map((member) => textWidth(member, fontSize.small, "bold"))),
  );
  const facts: Facts = {
    title: titleOf(overlap, taking, report),
    sub: `${report.run.title} · ${report.run.id}`,
    members,
    axis: { left: margin + nameWidth + 14, right: canvas.width - margin - 4, endS },
    roles,
    taking,
    overlap,
    spans: stretchSpans(history, endS),
    words: stretchWords(history),
  };
  return {
    id: "members",
    title: "Who took writes, member by member",
    alt: altText(facts),
    // Of one member that took all writes there is nothing to be seen.
    shownIn: overlap !== null || new Set(taking.map(({ member }) => member)).size > 1 ? "thread and report" : "report",
    widthPx: canvas.width,
    heightPx: place(themes.light, facts).bottom,
    option: (theme) => {
      const { elements, lanesTop } = place(theme, facts);
      const { left, right } = facts.axis;
      const label = { fontSize: fontSize.small, fontFamily, color: theme.text };
      const looks = roleLooks(theme);
      return {
        animation: false,
        backgroundColor: theme.background,
        grid: { left, right: canvas.width - right, top: lanesTop, height: members.length * laneHeight },
        xAxis: {
          type: "value",
          min: 0,
          max: endS,
          splitLine: { show: false },
          splitNumber: 6,
          axisLine: { lineStyle: { color: theme.axis }, onZero: false },
          axisLabel: { ...label, formatter: "{value} s", hideOverlap: true, showMaxLabel: false },
        },
        yAxis: { type: "value", min: 0, max: members.length, show: false },
        graphic: elements,
        series: [
          ...(["primary", "replica", "unknown"] as const).map((role) =>
            boxSeries(
              0,
              looks[role],
              roles.filter((span) => span.role === role).map((span) => roleBox(members, span)),
            ),
          ),
          ...(["ok", "lost"] as const).map((what) =>
            boxSeries(
              0,
              theme.outcome[what],
              taking.filter((one) => one.what === what).map((one) => takingBox(members, one)),
            ),
          ),
        ],
      };
    },
  };
}

interface Facts {
  title: string;
  sub: string;
  members: readonly string[];
  axis: TimeAxis;
  roles: readonly RoleSpan[];
  taking: readonly Taking[];
  overlap: Overlap | null;
  spans: readonly StretchSpan[];
  words: ReturnType<typeof stretchWords>;
}

function roleLooks(theme: ChartTheme): Readonly<Record<Role, FillLook>> {
  return {
    primary: { color: theme.palette.blue, pattern: null },
    replica: { color: theme.palette.grey, pattern: null },
    unknown: theme.outcome.unknown,
  };
}

/** Lanes count from below on the axis; the first member is the topmost. */
function laneOf(members: readonly string[], member: string): number {
  return members.length - 1 - members.indexOf(member);
}

/** A replica's role is a thin line: only who leads is to be seen at once. */
function roleBox(members: readonly string[], { member, role, fromMs, toMs }: RoleSpan): Box {
  const lane = laneOf(members, member);
  const middle = lane + 0.74;
  const half = role === "replica" ? 0.03 : 0.1;
  return [fromMs / 1000, toMs / 1000, middle - half, middle + half];
}

function takingBox(members: readonly string[], { member, fromS, toS }: Taking): Box {
  const lane = laneOf(members, member);
  return [fromS, toS, lane + 0.16, lane + 0.58];
}

/** Everything but the lanes' contents, and where those go. */
function place(theme: ChartTheme, facts: Facts): { elements: Element[]; lanesTop: number; bottom: number } {
  const { members, axis, overlap, spans, words } = facts;
  const widthPx = canvas.width;
  const head = header(theme, facts.title, facts.sub, widthPx);
  const keys = legend(theme, { y: head.bottom, widthPx }, legendEntries(theme, facts));
  const namesTop = keys.bottom + 8;
  const lanesTop = namesTop + lineHeight + (overlap === null ? 0 : lineHeight + 4);
  const lanesBottom = lanesTop + members.length * laneHeight;
  const room = axis.left - margin - 14;
  return {
    elements: [
      ...spans.flatMap(({ stretch, fromS, toS }): Element[] => {
        const x = xOf(axis, fromS);
        const width = xOf(axis, toS) - x;
        const named = textWidth(words[stretch], fontSize.small, "bold") + 4 <= width;
        const name = text(
          words[stretch],
          { x: x + width / 2, y: namesTop + lineHeight / 2, align: "center" },
          { color: theme.text, weight: "bold" },
        );
        return [
          rect({ x, y: namesTop, width, height: lanesBottom - namesTop }, { fill: theme.phase[stretch] }, -1),
          ...(named ? [name] : []),
        ];
      }),
      ...members.flatMap((member, at): Element[] => {
        const top = lanesTop + at * laneHeight;
        const name = fit(member, room, fontSize.small, "bold");
        return [
          text(
            name,
            { x: margin + room, y: top + laneHeight / 2, align: "right" },
            { color: theme.text, weight: "bold" },
          ),
          line(
            [
              [axis.left, top],
              [axis.right, top],
            ],
            { stroke: theme.grid, lineWidth: 1 },
          ),
        ];
      }),
      ...head.elements,
      ...keys.elements,
      ...(overlap === null
        ? []
        : overlapElements(theme, axis, overlap, { labelTop: namesTop + lineHeight + 2, bottom: lanesBottom })),
    ],
    lanesTop,
    bottom: lanesBottom + axisHeight + margin - 8,
  };
}

function legendEntries(theme: ChartTheme, { roles, taking }: Facts): LegendEntry[] {
  const looks = roleLooks(theme);
  const words: Readonly<Record<Role, string>> = { primary: "said primary", replica: "replica", unknown: "unknown" };
  const thin: LegendEntry["draw"] = (box) => [
    rect({ ...box, y: box.y + box.height / 2 - 3, height: 6 }, { fill: looks.replica.color }, 19),
  ];
  return [
    ...(["ok", "lost"] as const)
      .filter((what) => taking.some((one) => one.what === what))
      .map((what) => ({
        words: what === "ok" ? "took writes" : "took, then LOST",
        draw: swatchOf(theme.outcome[what]),
      })),
    ...(["primary", "replica", "unknown"] as const)
      .filter((role) => roles.some((span) => span.role === role))
      .map((role) => ({ words: words[role], draw: role === "replica" ? thin : swatchOf(looks[role]) })),
  ];
}

/** A frame around the overlap over all lanes, and its length in words above it. */
function overlapElements(
  theme: ChartTheme,
  axis: TimeAxis,
  overlap: Overlap,
  at: { labelTop: number; bottom: number },
): Element[] {
  const from = xOf(axis, overlap.fromMs / 1000);
  const to = Math.max(from + 3, xOf(axis, overlap.toMs / 1000));
  const words = fit(
    `${overlap.what}: ${number(Math.round(overlap.toMs - overlap.fromMs))} ms`,
    canvas.width - 2 * margin,
    fontSize.small,
    "bold",
  );
  const half = textWidth(words, fontSize.small, "bold") / 2;
  const x = Math.min(canvas.width - margin - half, Math.max(margin + half, (from + to) / 2));
  const y = at.labelTop + lineHeight;
  return [
    {
      ...rect(
        { x: from, y, width: to - from, height: at.bottom - y },
        { stroke: theme.palette.red, lineWidth: 4, lineDash: [10, 6] },
      ),
      z: 12,
    },
    text(words, { x, y: at.labelTop + lineHeight / 2 - 1, align: "center" }, { color: theme.text, weight: "bold" }),
  ];
}

function titleOf(overlap: Overlap | null, taking: readonly Taking[], report: Report): string {
  if (overlap !== null) {
    const did = overlap.what === "both took writes" ? "both took writes" : "both said they were primary";
    return `${overlap.members.join(" and ")} ${did} for ${number(Math.round(overlap.toMs - overlap.fromMs))} ms`;
  }
  if (taking.length === 0) return `No member's writes are known of ${report.run.id}`;
  return "Never two members took writes at once";
}

function altText({ title, members, roles, taking, axis }: Facts): string {
  const perMember = members.map((member) => {
    const took = taking.filter((one) => one.member === member);
    const lost = took.filter(({ what }) => what === "lost").reduce((sum, { writes }) => sum + writes, 0);
    const writes = took.reduce((sum, one) => sum + one.writes, 0);
    const from = Math.min(...took.map(({ fromS }) => fromS));
    const to = Math.max(...took.map(({ toS }) => toS));
    const led = roles.filter((span) => span.member === member && span.role === "primary");
    return [
      `${member} acknowledged ${number(writes)} writes${took.length === 0 ? "" : ` between ${from.toFixed(1)} s and ${to.toFixed(1)} s`}${lost === 0 ? "" : `, of which ${number(lost)} were lost`}`,
      ...(led.length === 0
        ? []
        : [
            `said it was primary ${listed(led.slice(0, 5).map(({ fromMs, toMs }) => `from ${(fromMs / 1000).toFixed(1)} s to ${(toMs / 1000).toFixed(1)} s`))}`,
          ]),
    ].join(" and ");
  });
  const observed = roles.length === 0 ? " What the members said of themselves was not observed." : "";
  return `${title}. Over ${axis.endS} s: ${perMember.join("; ")}.${observed}`.slice(0, longestAlt);
}
