/** What NetworkChaos asks of the traffic control, also found in PodNetworkChaos. */
import { described, integer, object, string } from "../schema.ts";
import type { Schema } from "../schema.ts";

const goDuration: Schema = { type: "string", pattern: "^[0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h)$" };
const atLeast = (format: "int32" | "int64", minimum: number): Schema => ({ type: "integer", format, minimum });

/** Percentages and correlations are strings. */
export const trafficFields: Record<string, Schema> = {
  bandwidth: object({
    "buffer!": atLeast("int32", 1),
    "limit!": atLeast("int32", 1),
    minburst: atLeast("int32", 0),
    peakrate: atLeast("int64", 0),
    "rate!": described("Such as 1mbps; bps means bytes per second.", string),
  }),
  corrupt: object({ correlation: string, "corrupt!": string }),
  delay: object({
    correlation: string,
    jitter: goDuration,
    "latency!": goDuration,
    reorder: object({ correlation: string, "gap!": integer, "reorder!": string }),
  }),
  duplicate: object({ correlation: string, "duplicate!": string }),
  loss: object({ correlation: string, "loss!": string }),
  rate: object({ "rate!": string }),
};
