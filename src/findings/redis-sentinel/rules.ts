import { persistence, pinnedClient, stale } from "./client-rules.ts";
import {
  detection,
  failoverAfterHealing,
  newMasterRefused,
  noFailover,
  restlessBaseline,
  weakQuorum,
} from "./failover-rules.ts";
import { divergence, lostWrites, kept, oldMasterRefused, recovered, splitBrain, unexpected } from "./loss-rules.ts";
import { backBeforeMissed, lostWithTheMaster, returnedAsMaster } from "./kill-rules.ts";
import { keyOnBothSides } from "./shared-key-rule.ts";
import type { Rule } from "./rule.ts";

/** Every rule of Redis with Sentinel; the report orders their findings by severity, then as here. */
export const rules: readonly Rule[] = [
  lostWrites,
  splitBrain,
  returnedAsMaster,
  backBeforeMissed,
  lostWithTheMaster,
  keyOnBothSides,
  divergence,
  unexpected,
  noFailover,
  restlessBaseline,
  failoverAfterHealing,
  newMasterRefused,
  pinnedClient,
  weakQuorum,
  stale,
  oldMasterRefused,
  detection,
  recovered,
  persistence,
  kept,
];
