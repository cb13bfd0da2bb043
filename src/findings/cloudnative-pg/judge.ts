import type { Judge } from "../judge.ts";
import { judgeFailover } from "../patroni/judge.ts";
import { cnpgMeasures } from "./measures.ts";
import { cnpgRules } from "./rules.ts";

/**
 * Judges a lost primary of CloudNativePG as one of Patroni's (`judgePatroni`). There is no lock: nobody takes one back.
 */
export const judgeCloudnativePg: Judge = (history, context) =>
  judgeFailover(history, context, { rules: cnpgRules, measures: cnpgMeasures });
