import { AftershockError } from "../../errors.ts";
import { cordon } from "./cordon.ts";
import type { FaultKind } from "./fault-kind.ts";
import { ioChaos } from "./io-chaos.ts";
import { networkChaos } from "./network-chaos.ts";
import { podChaos } from "./pod-chaos.ts";
import { podDelete } from "./pod-delete.ts";
import { scratchPostgres } from "./scratch-postgres.ts";

/** Every kind of fault that a run can inject; a new one is a line here and in the schema's `faultKinds`. */
const kinds: readonly FaultKind[] = [networkChaos, podChaos, ioChaos, cordon, podDelete, scratchPostgres];

/** Throws AftershockError `bad_experiment` for a kind that nothing here can inject. */
export function faultKindOf(kind: string): FaultKind {
  const found = kinds.find((candidate) => candidate.kind === kind);
  if (found !== undefined) return found;
  throw new AftershockError(
    "bad_experiment",
    `No fault of the kind ${kind} can be injected.`,
    `There are: ${kinds.map((known) => known.kind).join(", ")}.`,
  );
}
