import type { AlarmService } from "../../src/run/alarms/service.ts";

/** Test double: nothing is amiss, and nobody may do anything about it. */
export const noAlarms: AlarmService = {
  open: async () => [],
  acknowledge: () => Promise.reject(new Error("there is no alarm")),
  check: () => Promise.reject(new Error("there is no alarm")),
  restart: () => Promise.reject(new Error("there is no alarm")),
  describeRestart: () => Promise.reject(new Error("there is no alarm")),
};
