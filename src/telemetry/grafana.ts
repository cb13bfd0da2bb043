import { z } from "zod";
import { messageOf } from "../errors.ts";
import type { EndpointClient } from "../watch/endpoint.ts";
import type { Send, SinkResult } from "./sink.ts";
import { isUnreached } from "../unreached.ts";

/** What adding an annotation answers. */
const addedSchema = z.object({ id: z.int() });

/**
 * Adds an annotation (`POST /api/annotations`), or changes one that is there (`PATCH /api/annotations/:id`), by Grafana's
 * HTTP API (grafana.com, Annotations HTTP API; Grafana 9 and newer for `dashboardUID`). Without a dashboard it is the
 * organisation's, and shown by any dashboard that asks for its tags.
 */
export function createGrafanaSink(client: EndpointClient, dashboardUid: string | undefined): Send {
  return async ({ payload, remoteId }, signal) => {
    const where = dashboardUid === undefined ? {} : { dashboardUID: dashboardUid };
    const isNew = remoteId === null;
    try {
      const { status, json } = isNew
        ? await client.send("POST", "/api/annotations", { ...where, ...(payload as object) }, signal)
        : await client.send("PATCH", `/api/annotations/${remoteId}`, payload as object, signal);
      if (status >= 200 && status < 300) return taken(isNew, json);
      const error = `Grafana answered HTTP ${status}`;
      if (status === 429) return { kind: "later", error };
      if (status < 500) return { kind: "refused", error };
      return { kind: isNew ? "unknown" : "later", error };
    } catch (error) {
      return { kind: isNew && !isUnreached(error) ? "unknown" : "later", error: messageOf(error) };
    }
  };
}

function taken(isNew: boolean, json: unknown): SinkResult {
  if (!isNew) return { kind: "sent", remoteId: null };
  const added = addedSchema.safeParse(json);
  return added.success
    ? { kind: "sent", remoteId: added.data.id }
    : { kind: "unknown", error: "Grafana named no annotation" };
}
