import { z } from "zod";
import { AftershockError } from "../errors.ts";
import type { Sample } from "../run/watching/watches.ts";
import type { EndpointClient } from "./endpoint.ts";
import { seriesText } from "./series-text.ts";

/** `/api/v2/alerts` (Alertmanager's OpenAPI): what has not ended, also what is silenced or inhibited. */
const answerSchema = z.array(z.object({ labels: z.record(z.string(), z.string()) }));

/** The firing alerts that all filters match, one sample each. A silence hides messages from people, not the alert from us. */
export async function askAlertmanager(
  client: EndpointClient,
  filters: readonly string[],
  signal: AbortSignal,
): Promise<Sample[]> {
  const parameters = filters.map((filter) => ["filter", filter] as const);
  const answer = answerSchema.safeParse(await client.ask("/api/v2/alerts", parameters, signal));
  if (!answer.success) {
    throw new AftershockError("unavailable", "Alertmanager answered no list of alerts", "Check its address.");
  }
  return answer.data.map(({ labels: { alertname = "alert", ...labels } }) => ({
    value: 1,
    series: seriesText(alertname, labels),
  }));
}
