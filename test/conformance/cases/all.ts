import type { Case } from "../suite.ts";
import { forwardCases } from "./forward.ts";
import { ioCases } from "./io.ts";
import { lifecycleCases } from "./lifecycle.ts";
import { networkCases } from "./network.ts";
import { podCases } from "./pod.ts";
import { selectionCases } from "./selection.ts";

/** The whole suite, in the order in which it is played. */
export const allCases: readonly Case[] = [
  ...lifecycleCases,
  ...selectionCases,
  ...networkCases,
  ...podCases,
  ...ioCases,
  ...forwardCases,
];
