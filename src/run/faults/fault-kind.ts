import type { Cluster } from "../../cluster/port.ts";
import type { SystemSession } from "../../probes/system.ts";
import type { StoredFault } from "../../store/faults.ts";
import type { RunEventBody } from "../events.ts";
import type { HealDeadlines, HealStep } from "../ladder/steps.ts";
import type { PlannedFault } from "../plan.ts";

export type { HealDeadlines } from "../ladder/steps.ts";

/** A fault that is about to be injected, as it is stored before: enough for another process to heal and prove it. */
export type Intent = Omit<StoredFault, "state">;

export type HealingProof = Extract<RunEventBody, { type: "healing-proof" }>;

/** What a kind of fault may use. */
export interface FaultTools {
  cluster: Cluster;
  signal: AbortSignal;
  /** Told each rung of the abort ladder as it happens. Must not throw. */
  onStep?: (step: HealStep) => void;
  /** Does what a person has asked for while an object stays, i.e. restarts its target. Absent: nobody can ask. */
  mend?: () => Promise<void>;
}

/** While a run has its system open: also the system's own data path. */
export interface LiveTools extends FaultTools {
  session: SystemSession;
}

/** What is different from what was injected. */
export interface Change {
  what: string;
  /** `fails`: the run cannot go on. `noted`: worth a finding, e.g. a container that restarted free of its fault. */
  run: "fails" | "noted";
}

/** Whether a fault did what it is there for. `detail.reason` says why not. */
export interface Effect {
  effective: boolean;
  detail: Record<string, string>;
}

/**
 * One kind of fault: a Chaos Mesh object or an action of the bot's own. One small file per kind; the conductor, healing
 * and take-over know none of them by name. `inject` and `remove` are idempotent, since their answers may get lost.
 */
export interface FaultKind {
  readonly kind: string;
  /** Set for what is no fault but a means of the exercise: a run that has nothing else is over when its exercise is. */
  readonly servesExercise?: true;
  /**
   * Set for objects of Chaos Mesh: `controller` where its controller does the work through the API, `daemon` where the
   * daemon on the target's node does.
   */
  readonly injectedBy?: "controller" | "daemon";
  /** True when a fault with this spec is over as soon as it was injected, so that nothing is left to remove. */
  isOneShot(spec: Readonly<Record<string, unknown>>): boolean;
  /** Resolves at planning what pods alone do not say, e.g. their node; it is shown, approved, and compared at injection. */
  resolve?(fault: PlannedFault, tools: FaultTools & { namespace: string }): Promise<Readonly<Record<string, string>>>;
  /**
   * Looks, just before the intent is stored, at what healing will need to know. Touches nothing. `now` is the clock that
   * all workers share, since the wall clock of a machine may be an hour off.
   */
  prepare?(intent: Intent, tools: FaultTools & { now: Date }): Promise<Intent>;
  /** Resolves once the fault is in place on every target and no other. Throws AftershockError `inject_failed`. */
  inject(intent: Intent, tools: FaultTools): Promise<void>;
  /** Null while all is as injected. */
  look(intent: Intent, tools: FaultTools): Promise<Change | null>;
  /** Whether it is felt; null where that cannot be looked at from here. */
  effect(intent: Intent, tools: LiveTools): Promise<Effect | null>;
  /** Never throws for a fault that stays: the proof says so. */
  remove(fault: StoredFault, tools: FaultTools, deadlines: HealDeadlines): Promise<HealingProof>;
  /** Proves by the cluster and its pods that the fault is gone; asked before the system is opened anew. */
  prove(fault: StoredFault, tools: FaultTools): Promise<HealingProof[]>;
  /** Proves it through the system itself. */
  proveInDataPath?(fault: StoredFault, tools: LiveTools): Promise<HealingProof[]>;
}
