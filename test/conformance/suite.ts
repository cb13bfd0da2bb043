import { setTimeout as pause } from "node:timers/promises";
import type { Client, Ref, Thing } from "./client.ts";
import type { Ground } from "./ground.ts";

/** What a case may use. Names are its own, so that nothing of another case is in its way. */
export interface Scene {
  client: Client;
  ground: Ground;
  /** A chaos object of this case; created by it, and removed after it whatever becomes of it. */
  chaos(kind: string, spec: object, annotations?: Record<string, string>): Thing;
  /** Creates such an object, with strict validation of its fields. */
  start(kind: string, spec: object, annotations?: Record<string, string>): Promise<Ref>;
}

export interface Case {
  /** What holds, as a sentence; also what `--only` looks at. */
  name: string;
  /** Also tried in the fast tests, whose time is short. */
  fast?: true;
  run(scene: Scene): Promise<void>;
}

/** This cluster has no way to do what the case is about. Never thrown for what it does wrongly. */
export class NotOffered extends Error {
  override name = "NotOffered";
}

export interface Outcome {
  name: string;
  client: string;
  outcome: "held" | "failed" | "not offered";
  /** Why it failed, or is not offered; empty when it held. */
  reason: string;
  tookMs: number;
}

const caseWithinMs = 90_000;

interface Play {
  client: Client;
  ground: Ground;
  /** Told of each case as it ends. */
  onOutcome: (outcome: Outcome) => void;
  /** How long what a case made may take to go before it is freed of its finalizers. */
  goneWithinMs?: number;
}

/** Plays the cases one after the other through one client. Never rejects for a case. */
export async function play(
  cases: readonly Case[],
  { client, ground, onOutcome, goneWithinMs = 10_000 }: Play,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [at, one] of cases.entries()) {
    const startedAt = performance.now();
    const made: Ref[] = [];
    const label = `c${at}`;
    const chaos: Scene["chaos"] = (kind, spec, annotations = {}) => {
      const name = `${label}-${made.length}`;
      made.push({ kind, namespace: ground.namespace, name });
      return {
        apiVersion: "chaos-mesh.org/v1alpha1",
        kind,
        metadata: { name, namespace: ground.namespace, annotations },
        spec: { ...spec },
      };
    };
    const start: Scene["start"] = async (kind, spec, annotations) => {
      const thing = chaos(kind, spec, annotations);
      await client.create(thing);
      return { kind, namespace: ground.namespace, name: thing.metadata.name };
    };
    const result = await judged(() => bounded(one.run({ client, ground, chaos, start }), caseWithinMs));
    await cleanUp(client, made, goneWithinMs);
    const outcome = { name: one.name, client: client.name, ...result, tookMs: performance.now() - startedAt };
    outcomes.push(outcome);
    onOutcome(outcome);
  }
  return outcomes;
}

async function judged(work: () => Promise<void>): Promise<Pick<Outcome, "outcome" | "reason">> {
  try {
    await work();
    return { outcome: "held", reason: "" };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { outcome: error instanceof NotOffered ? "not offered" : "failed", reason };
  }
}

async function bounded(work: Promise<void>, withinMs: number): Promise<void> {
  const over = new AbortController();
  const late = pause(withinMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`no end after ${withinMs / 1000} s`);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    over.abort();
    late.catch(() => undefined);
  }
}

/** So that no fault of one case is in the next one's way: asked to go, waited for, and freed if it stays. */
async function cleanUp(client: Client, made: readonly Ref[], goneWithinMs: number): Promise<void> {
  const left = async (): Promise<Ref[]> => {
    const found = await Promise.all(made.map(async (ref) => ((await client.get(ref)) === null ? [] : [ref])));
    return found.flat();
  };
  try {
    for (const ref of await left()) await client.remove(ref).catch(() => undefined);
    const end = performance.now() + goneWithinMs;
    while (performance.now() < end && (await left()).length > 0) await pause(100);
    for (const ref of await left()) await client.mergePatch(ref, { metadata: { finalizers: null } });
  } catch {
    // What is left is in a namespace that goes with everything in it.
  }
}
