import type { Actor } from "../run/service.ts";
import type { Act } from "./decide/act.ts";
import type { GameDayEventBody } from "./events.ts";
import type { GameDayPlan } from "./plan.ts";
import type { Retrospective } from "./retrospective/record.ts";
import type { GameDay } from "./state.ts";

/** What a person wants done; who it is comes from Slack. */
type Distributed<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
export type PersonsAct = Distributed<
  Extract<
    Act,
    {
      kind:
        | "start"
        | "join"
        | "leave"
        | "role"
        | "ask-ready"
        | "ready"
        | "next"
        | "vote"
        | "skip"
        | "predict"
        | "see"
        | "note"
        | "pause"
        | "resume"
        | "end";
    }
  >,
  "by" | "runState"
>;

/** An experiment for the agenda, as it was typed. */
export interface AgendaRequest {
  experiment: string;
  parameters: Readonly<Record<string, string>>;
  profile: string | null;
  cluster: string | null;
  expect: string | null;
  mayBreak: string | null;
  abortWhen: string | null;
}

/** A game day as it was typed. */
export interface PlanRequest extends Omit<GameDayPlan, "items"> {
  agenda: readonly AgendaRequest[];
}

/** A game day after something was done in it; no event: it was so already. */
export interface Done {
  day: GameDay;
  events: readonly GameDayEventBody[];
}

/**
 * Game days as people work them, one open in each channel. Every method validates, records and answers. All reject with
 * AftershockError for anything a person could mend.
 */
export interface GameDayService {
  /** Plans one in the actor's channel; who plans it commands it. */
  plan(actor: Actor, request: PlanRequest): Promise<GameDay>;
  add(actor: Actor, item: AgendaRequest): Promise<Done>;
  /** `seen`: the game day whose board was clicked; absent: the open one of the channel. */
  act(actor: Actor, act: PersonsAct, seen?: string): Promise<Done>;
  /** Says at once in the channel's open game day that everything is halted; null: none is open. */
  halted(channelId: string): Promise<GameDay | null>;
  /** The open one of the channel; null: none is. */
  open(channelId: string): Promise<GameDay | null>;
  /** By its number, or the newest of the channel. */
  find(channelId: string, id?: string): Promise<GameDay>;
  /** What a game day came to, by its number, or the channel's last; null: there is none. */
  retrospective(channelId: string, id?: string): Promise<Retrospective | null>;
}
