import { z } from "zod";
import { AftershockError } from "../errors.ts";
import type { Sample } from "../run/watching/watches.ts";
import type { EndpointClient } from "./endpoint.ts";
import { seriesText } from "./series-text.ts";

/** A value in Prometheus' JSON: seconds, and the number as text, which may be `NaN`, `+Inf` or `-Inf`. */
const pair = z.tuple([z.number(), z.string()]);

/** `/api/v1/query` (Prometheus documentation, HTTP API, Instant queries). */
const answerSchema = z.object({
  status: z.literal("success"),
  data: z.discriminatedUnion("resultType", [
    z.object({
      resultType: z.literal("vector"),
      result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: pair })),
    }),
    z.object({ resultType: z.literal("scalar"), result: pair }),
  ]),
});

/** An instant query, now. Throws when the answer is no vector and no scalar, or comes with an error. */
export async function askPrometheus(client: EndpointClient, query: string, signal: AbortSignal): Promise<Sample[]> {
  const answer = answerSchema.safeParse(await client.ask("/api/v1/query", [["query", query]], signal));
  if (!answer.success) {
    throw new AftershockError(
      "unavailable",
      "Prometheus answered no vector and no scalar",
      "Ask an instant query: a number for each series.",
    );
  }
  const { data } = answer.data;
  if (data.resultType === "scalar") return [{ value: numberOf(data.result[1]), series: "{}" }];
  return data.result.map(({ metric: { __name__: name = "", ...labels }, value }) => ({
    value: numberOf(value[1]),
    series: seriesText(name, labels),
  }));
}

function numberOf(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return text === "" ? Number.NaN : Number(text);
}
