import { once } from "node:events";
import { StoreError } from "../../objects.ts";
import type { ApiContext, ResourceRequest, Stream } from "../context.ts";
import { badRequest } from "../status.ts";
import { containerOf } from "./container.ts";
import { existing } from "./read.ts";

/** What the lab cannot answer, since it keeps neither times nor earlier lives of a container's output. */
const unknowable = ["sinceSeconds", "sinceTime", "timestamps", "previous"];

/** GET pods/x/log. */
export function podLog(context: ApiContext, request: ResourceRequest, name: string): Stream {
  const pod = existing(context, request, name);
  const { query } = request;
  const container = containerOf(pod, query.get("container"));
  const refused = unknowable.find((option) => ![null, "", "false"].includes(query.get(option)));
  if (refused === "previous") {
    throw badRequest(`previous terminated container "${container}" in pod "${name}" not found`);
  }
  if (refused !== undefined) throw badRequest(`the lab keeps no times of log lines: ${refused} is not supported`);
  const tail = query.get("tailLines");
  if (tail !== null && !/^\d+$/.test(tail)) throw badRequest("tailLines must be greater than or equal to 0");
  return {
    async stream(_request, response) {
      const stop = new AbortController();
      const abort = () => stop.abort();
      response.once("close", abort);
      context.closing.addEventListener("abort", abort);
      const lines = context.runtime.logs({
        namespace: request.namespace ?? "",
        pod: name,
        container,
        follow: query.get("follow") === "true",
        signal: stop.signal,
        ...(tail === null ? {} : { tailLines: Number(tail) }),
      });
      try {
        for await (const chunk of lines) {
          if (!response.headersSent) response.writeHead(200, { "content-type": "text/plain" });
          if (!response.write(chunk)) await Promise.race([once(response, "drain"), once(response, "close")]);
          if (stop.signal.aborted) break;
        }
      } catch (error) {
        if (!stop.signal.aborted && !response.headersSent) {
          throw error instanceof StoreError ? badRequest(error.message) : error;
        }
      } finally {
        context.closing.removeEventListener("abort", abort);
      }
      if (!response.headersSent) response.writeHead(200, { "content-type": "text/plain" });
      response.end();
    },
  };
}
