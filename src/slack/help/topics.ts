/** Something that people ask about and that is no single command. */
export interface Topic {
  name: string;
  aliases: readonly string[];
  title: string;
  /** Sentences in mrkdwn, of ours; a line each. */
  lines: readonly string[];
  /** What to type after the command. Each is tried by a test. */
  examples: readonly string[];
  /** The topic is about this verb: it is there only with it, and shows its examples, too. */
  verb?: string;
}

/** In the order in which `help` offers them. */
export const topics: readonly Topic[] = [
  {
    name: "getting-started",
    aliases: ["start", "intro", "tutorial", "begin"],
    title: "Your first experiment",
    lines: [
      "1. *Look* at what there is, and at one of them: what it breaks, what must hold before, what it measures.",
      "2. *Dry run*: the exact pods and settings, as they are now. Nothing is recorded or touched.",
      "3. *Ask* in a channel. A card appears; somebody else reads the plan and approves. You cannot approve your own.",
      "4. *Watch* the card and its thread. Anybody may stop it at any time; the fault is removed at once.",
      "5. *Read* what came of it: what was lost, for how long nothing could be written, and which setting would have prevented it.",
    ],
    examples: [
      "list",
      "show redis-split-brain",
      "run redis-split-brain --dry-run",
      "run redis-split-brain",
      "findings",
    ],
  },
  {
    name: "approvals",
    aliases: ["approval", "approving", "approvers", "permissions", "who"],
    title: "Who approves what",
    lines: [
      "Who may ask, who approves and how many of them is in the policy. What no rule allows is denied, and nobody approves what they asked for.",
      "An approval is for *one plan with its pods*. When the plan, the targets or the approvers have changed by the start, it is void.",
      "A request that nobody approves in time expires, and nothing is touched.",
      "An approval can be taken back until the run starts.",
    ],
    examples: [
      "approve",
      "approve run-12 agreed in the stand-up",
      "deny run-12 not before the release",
      "revoke run-12",
      "policy redis-split-brain",
    ],
  },
  {
    name: "parameters",
    aliases: ["parameter", "options", "profiles", "profile", "clusters", "cluster"],
    title: "Parameters, profiles and clusters",
    lines: [
      "Parameters are written `name=value` or `--name value`, in any order; quotes keep spaces together.",
      "Each has a default and bounds, which `show` tells. A profile is a named set of them.",
      "`cluster=` names where; without it the run is on the default cluster.",
    ],
    examples: [
      "show redis-split-brain",
      "run redis-split-brain duration=30s rate=200",
      "run redis-split-brain cluster=lab --dry-run",
    ],
  },
  {
    name: "safety",
    aliases: ["safe", "guards", "guard", "healing", "heal", "stop"],
    title: "What keeps it safe",
    lines: [
      "*Before*: guards measure the system. One that does not hold ends the run before anything is touched.",
      "*During*: stop conditions, and anybody of the workspace, end it at once. Every fault has a time limit of its own: it ends even when I am gone.",
      "*After*: the fault is removed on every way out, and I prove that on the servers, by reading and writing. A cleanup that was not proven is an alarm: people are paged until one acknowledges it, and no other run starts on that target.",
      "Every request, approval, stop and outcome is in a trail that I cannot rewrite.",
    ],
    examples: ["abort", "abort run-12 customers see errors", "alarms", "halt customers see errors"],
  },
  {
    name: "halt",
    aliases: ["emergency", "panic", "resume", "halted"],
    title: "Stopping everything",
    lines: [
      "`halt` stops every run on every cluster, heals it, and lets nothing start. Anybody of the workspace may; no question is asked.",
      "Only those whom `policy` names may resume. Nothing that was stopped starts by itself.",
      "Without Slack: `npx aftershock halt --kubeconfig FILE`.",
    ],
    examples: ["halt", "halt customers see errors", "resume it was the load balancer"],
  },
  {
    name: "findings",
    aliases: ["results", "verdicts", "verdict", "report", "reports"],
    title: "Reading what came of a run",
    lines: [
      "Three verdicts, never mixed: the *hypothesis* held, was refuted, or is inconclusive; the *run* completed, was aborted (a person or a stop condition), failed (a guard, or an error) or was interrupted (its worker was lost); the *cleanup* is verified, or not.",
      "A write is *lost* when it was acknowledged and is not in the final state. One whose answer never came is *unknown*, and is never called failed.",
      "Each finding has its evidence, the setting that explains it, and what to change. The chart and the whole report are in the run's thread.",
      "One run is one sample: repeat it before you quote it.",
    ],
    examples: ["findings", "findings run-12"],
  },
  {
    name: "schedules",
    aliases: ["schedule", "scheduling", "cron", "weekly"],
    title: "Running it again and again",
    lines: [
      "A pattern has five fields: minute, hour, day of month, month, day of week. `tz=` is a time zone, UTC without it.",
      "Somebody else approves the schedule once, for 90 days or 13 runs (`for=`, `runs=`).",
      "What injects nothing then starts by itself. Anything that injects a fault only asks when it comes due, and each run needs its own approval.",
    ],
    examples: [
      'schedule backup-verification "0 6 * * 0" tz=Europe/Berlin',
      'schedule backup-verification "30 2 * * *" for=12w runs=84',
      "schedules",
      "unschedule schedule-3",
    ],
  },
  {
    name: "threads",
    aliases: ["thread", "mentions", "mention", "cards", "card", "verbosity", "noise"],
    title: "Cards and threads",
    lines: [
      "A run has *one card* in the channel, which is edited as it goes on; everything else is in its thread.",
      "Slack has no slash commands in threads: use the buttons, or mention me: `@aftershock status`, `stop`, `note …` and `findings` mean the run whose thread it is.",
      "A note goes into the thread and the report. `channel` says how much is told here; approvals, alarms, halts and failed guards always are.",
      "I mention you only when you must act, or when what you asked for was decided or has ended.",
      "What is only for you (answers, refusals, this help) only you see.",
    ],
    examples: ["status", "status run-12", "note checkout answers 503 since the fault", "channel verbosity=quiet"],
  },
  {
    name: "gamedays",
    aliases: ["gameday", "game-day", "game-days"],
    title: "Game days",
    lines: [
      "A game day is a session in one channel: roles, an agenda of experiments, a go or no-go before each, predictions, notes, and a retrospective at the end.",
      "Its board in the channel always says where you are; the runs of the channel belong to it while it is open.",
    ],
    examples: [],
    verb: "gameday",
  },
  {
    name: "actions",
    aliases: ["action", "action-items", "follow-up", "todo"],
    title: "Actions: what to fix",
    lines: [
      "An action has an owner and a day. It stays open, and the experiment's card names it, until somebody marks it done.",
    ],
    examples: [],
    verb: "actions",
  },
  {
    name: "history",
    aliases: ["trend", "trends", "compare", "regressions"],
    title: "History: trends over runs",
    lines: [
      "How recovery time, lost writes and slow-down went from run to run; what is worse than usual is a finding.",
    ],
    examples: [],
    verb: "history",
  },
];
