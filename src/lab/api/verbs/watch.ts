import type { ServerResponse } from "node:http";
import type { Change, LabObject } from "../../objects.ts";
import { StoreError } from "../../objects.ts";
import { formOf } from "../accept.ts";
import type { ApiContext, ResourceRequest, Stream } from "../context.ts";
import { apiVersionOf } from "../resources.ts";
import { selectionOf } from "../selection.ts";
import { ApiError, badRequest, expired } from "../status.ts";
import { includedOf, metadataOf, tableOf } from "../table.ts";

/** A client that takes nothing for this long's worth of changes is cut off; it resumes by resourceVersion. */
const maxWaitingBytes = 32 * 1024 * 1024;
/** Like the API server, which ends watches after 30 to 60 minutes by itself. */
const defaultTimeoutSeconds = 1800;
const bookmarkEveryMs = 60_000;

type EventType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";

/**
 * A watch: one JSON event a line. Without a resourceVersion (or with 0) the present objects come first as ADDED.
 * A resourceVersion that is too old (or from another life of this server) gives one ERROR event with a 410 Status,
 * inside a 200 answer, as the real server does.
 */
export function watchObjects(context: ApiContext, request: ResourceRequest): Stream {
  const matches = selectionOf(request);
  const render = renderer(context, request);
  const timeoutSeconds = positive(request.query.get("timeoutSeconds")) ?? defaultTimeoutSeconds;
  return {
    stream: (_request, response) =>
      new Promise<void>((resolve) => {
        response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, private" });
        response.flushHeaders();
        const send = (type: EventType, body: unknown) => sendLine(response, type, body);
        const stop = begin(context, request, matches, render, send);
        const bookmark = () => {
          if (request.query.get("allowWatchBookmarks") !== "true") return;
          send("BOOKMARK", render(bookmarkObject(request, String(context.store.revision()), {})));
        };
        const bookmarks = setInterval(bookmark, bookmarkEveryMs);
        const timeout = setTimeout(() => {
          bookmark();
          finish();
        }, timeoutSeconds * 1000);
        const finish = () => {
          stop();
          clearInterval(bookmarks);
          clearTimeout(timeout);
          context.closing.removeEventListener("abort", finish);
          response.end(() => resolve());
        };
        response.once("close", () => {
          finish();
          resolve();
        });
        context.closing.addEventListener("abort", finish);
        // Nothing will come after an error.
        if (stop === nothing) finish();
      }),
  };
}

const nothing = () => undefined;

function begin(
  context: ApiContext,
  request: ResourceRequest,
  matches: (object: LabObject) => boolean,
  render: (object: LabObject) => unknown,
  send: (type: EventType, body: unknown) => void,
): () => void {
  const { store } = context;
  const { resource, query } = request;
  const asked = query.get("resourceVersion") ?? "";
  if (!/^\d*$/.test(asked)) {
    send("ERROR", badRequest(`Invalid value: "${asked}": invalid resourceVersion`).status);
    return nothing;
  }
  const fresh = asked === "" || asked === "0" || query.get("sendInitialEvents") === "true";
  const sinceRevision = fresh ? store.revision() : Number(asked);
  if (sinceRevision > store.revision()) {
    send("ERROR", expired(`too old resource version: ${asked} (${store.revision()})`).status);
    return nothing;
  }
  if (fresh && query.get("sendInitialEvents") !== "false") {
    for (const object of store.list(resource.kind, request.namespace).filter(matches)) send("ADDED", render(object));
  }
  if (query.get("sendInitialEvents") === "true") {
    const annotations = { "k8s.io/initial-events-end": "true" };
    send("BOOKMARK", render(bookmarkObject(request, String(sinceRevision), annotations)));
  }
  const deliver = (change: Change) => {
    const type = seenThrough(matches, change);
    if (type !== null) send(type, render(change.object));
  };
  try {
    return store.watch(resource.kind, deliver, { sinceRevision });
  } catch (error) {
    if (!(error instanceof StoreError) || error.reason !== "Expired") throw error;
    send("ERROR", expired(error.message).status);
    return nothing;
  }
}

/** What a change looks like through a selector: objects may enter and leave it without being created or deleted. */
function seenThrough(matches: (object: LabObject) => boolean, change: Change): EventType | null {
  const before = change.previous !== undefined && matches(change.previous);
  const after = change.type !== "DELETED" && matches(change.object);
  if (before) return after ? "MODIFIED" : "DELETED";
  return after ? "ADDED" : null;
}

function bookmarkObject(request: ResourceRequest, resourceVersion: string, annotations: Record<string, string>) {
  const { resource } = request;
  const extra = Object.keys(annotations).length === 0 ? {} : { annotations };
  const metadata = { resourceVersion, creationTimestamp: null, ...extra };
  return { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata } as unknown as LabObject;
}

/** Objects in the form asked for; of tables only the first carries the columns. */
function renderer(context: ApiContext, request: ResourceRequest): (object: LabObject) => unknown {
  const { resource, query } = request;
  const include = includedOf(query.get("includeObject"));
  let headers: "given" | "omitted" = "given";
  switch (formOf(request.headers.accept)) {
    case "table":
      return (object) => {
        const { resourceVersion } = object.metadata;
        const table = tableOf(resource, [object], { resourceVersion }, { include, nowMs: context.now(), headers });
        headers = "omitted";
        return table;
      };
    case "metadata":
      return metadataOf;
    default:
      return (object) => object;
  }
}

function sendLine(response: ServerResponse, type: EventType, object: unknown): void {
  if (response.destroyed || response.writableEnded) return;
  response.write(`${JSON.stringify({ type, object })}\n`);
  if (response.writableLength > maxWaitingBytes) response.destroy();
}

function positive(value: string | null): number | undefined {
  if (value === null) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0) throw new ApiError(badRequest("invalid timeoutSeconds").status);
  return number === 0 ? undefined : number;
}
