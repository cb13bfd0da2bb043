import { isTerminal, type RunState } from "../lifecycle.ts";
import type { OwnObject } from "./own-objects.ts";

/** What a database says of an object's run. */
export interface RunFacts {
  /** Null: no such run. */
  state: RunState | null;
  /** The run's own intent to inject names this very object. */
  intended: boolean;
  /** The database's own number. */
  installation: string;
}

export type Judgement =
  | { orphan: true; why: string }
  /** `why`: for a person who wonders what was left alone. */
  | { orphan: false; why: string };

/** After its own end an object is given this long to go by itself; clocks of clusters differ by less. */
const endSlackMs = 10_000;

/**
 * Whether nobody owns what was found any more. `facts` are null where no database can be asked: then only what is past
 * its own end counts. Intents are stored before anything is
 * created, so that the database knows the live run of every object of its own; what it does not know is still given
 * `graceMs`. Another database's objects are left to it until they are past their own end. Pure.
 */
export function judgeLeftover(
  object: OwnObject,
  facts: RunFacts | null,
  now: { atMs: number; seenForMs: number; graceMs: number },
): Judgement {
  const { run, endsAtMs, installation } = object;
  const past = endsAtMs !== null && now.atMs > endsAtMs + endSlackMs;
  if (facts === null) {
    if (past) return orphan("it is past its own end");
    if (object.deleting) return orphan("somebody has deleted it, and it is still there");
    return mine(endsAtMs === null ? "it does not say when it ends" : `it may be in use until ${iso(endsAtMs)}`);
  }
  const foreign = installation !== null && installation !== facts.installation;
  if (foreign) {
    return past ? orphan(`${run} of another database is past its own end`) : mine(`it belongs to another database`);
  }
  if (facts.state !== null && !isTerminal(facts.state)) return mine(`${run} is ${facts.state}`);
  if (facts.state !== null && (installation !== null || facts.intended)) return orphan(`${run} is ${facts.state}`);
  if (past) return orphan(`${run} is unknown here, and it is past its own end`);
  // A cordon says no database, but when it ends at the latest.
  if (object.fault.kind === "Cordon" && endsAtMs !== null) return mine(`${run} may hold it until ${iso(endsAtMs)}`);
  return now.seenForMs >= now.graceMs
    ? orphan(`${run} is unknown here`)
    : mine(`${run} is unknown here; it is looked at again`);
}

function orphan(why: string): Judgement {
  return { orphan: true, why };
}

function mine(why: string): Judgement {
  return { orphan: false, why };
}

function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
