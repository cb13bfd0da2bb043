import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { ObjectStore, PodRuntime } from "../objects.ts";
import type { Access } from "./access/access.ts";
import type { SchemaLoader } from "./builtin-schemas.ts";
import type { Resource } from "./resources.ts";

/** What all handlers share. */
export interface ApiContext {
  store: ObjectStore;
  runtime: PodRuntime;
  access: Access;
  builtinSchema: SchemaLoader;
  /** Wall clock in milliseconds. */
  now: () => number;
  /** Aborted when the server closes: ends watches and followed logs. */
  closing: AbortSignal;
}

/** A request for objects of one kind. */
export interface ResourceRequest {
  resource: Resource;
  /** Absent for cluster-scoped kinds and for requests across all namespaces. */
  namespace?: string;
  /** Absent for requests on the whole collection. */
  name?: string;
  subresource?: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  /** Reads and parses the body once; undefined when there is none. Throws ApiError 400, 413 and 415. */
  body: () => Promise<unknown>;
}

/** An answer that is complete when it starts. */
export interface Reply {
  code: number;
  body: unknown;
  /** Defaults to application/json. */
  contentType?: string;
  warnings?: string[];
}

/** An answer that is written as it happens. */
export interface Stream {
  stream: (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;
}

export type Answer = Reply | Stream;

export function isDryRun(query: URLSearchParams): boolean {
  return query.getAll("dryRun").includes("All");
}

/** Answers upgrade requests for one subresource of pods. Throws ApiError while the answer can still be plain HTTP. */
export type UpgradeServer = (
  asked: ResourceRequest,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
) => Promise<void>;
