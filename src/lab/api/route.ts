import { queryFlag } from "./query-flag.ts";
import type { IncomingMessage } from "node:http";
import { answerReview, reviews } from "./access/reviews.ts";
import type { User } from "./access/user.ts";
import { readBody } from "./body.ts";
import type { ApiContext, Answer, ResourceRequest } from "./context.ts";
import * as discovery from "./discovery.ts";
import { openapiDocument, openapiIndex } from "./openapi.ts";
import { parsePath } from "./path.ts";
import type { ApiPath } from "./path.ts";
import { findResource } from "./resources.ts";
import { badRequest, methodNotAllowed, noSuchPath, success } from "./status.ts";
import { createObject } from "./verbs/create.ts";
import { deleteCollection, deleteObject } from "./verbs/delete.ts";
import { evictPod } from "./verbs/evict.ts";
import { patchObject } from "./verbs/patch.ts";
import { podLog } from "./verbs/pod-log.ts";
import { getObject, listObjects } from "./verbs/read.ts";
import { createToken } from "./verbs/token.ts";
import { replaceObject } from "./verbs/update.ts";
import { watchObjects } from "./verbs/watch.ts";

type ResourcePath = Extract<ApiPath, { what: "resource" }>;

/** Finds out what a request asks for and has it answered. Throws ApiError. */
export async function route(context: ApiContext, request: IncomingMessage, user: User): Promise<Answer> {
  const url = urlOf(request);
  const path = pathOf(url);
  if (path.what === "resource") return resourceRoute(context, request, user, path, url.searchParams);
  if (path.what === "accessLog" && request.method === "DELETE") {
    context.access.log.clear();
    return { code: 200, body: success(200) };
  }
  if (request.method !== "GET" && request.method !== "HEAD") throw methodNotAllowed();
  const accept = request.headers.accept;
  const aggregate = discovery.wantsAggregated(accept);
  switch (path.what) {
    case "version":
      return { code: 200, body: discovery.serverVersion };
    case "accessLog":
      return { code: 200, body: { entries: context.access.log.entries(), dropped: context.access.log.dropped() } };
    case "health":
      return { code: 200, body: "ok", contentType: "text/plain; charset=utf-8" };
    case "coreVersions":
      if (!aggregate) return { code: 200, body: discovery.coreVersions() };
      return { code: 200, body: discovery.aggregated("core"), contentType: discovery.aggregatedType };
    case "groups":
      if (!aggregate) return { code: 200, body: discovery.groupList() };
      return { code: 200, body: discovery.aggregated("named"), contentType: discovery.aggregatedType };
    case "group":
      return { code: 200, body: orNotFound(discovery.groupDocument(path.group)) };
    case "groupVersion":
      return { code: 200, body: orNotFound(discovery.resourceList(path.group, path.version)) };
    case "openapi":
      if (path.document === undefined) return { code: 200, body: openapiIndex() };
      return { code: 200, body: orNotFound(await openapiDocument(context, path.document)) };
    default:
      throw noSuchPath();
  }
}

/** Throws ApiError 400 for what is no URL. */
export function urlOf(request: IncomingMessage): URL {
  try {
    return new URL(request.url ?? "/", "https://lab");
  } catch {
    throw badRequest("the request is for no valid URL");
  }
}

export function pathOf(url: URL): ApiPath {
  try {
    return parsePath(url.pathname);
  } catch {
    throw badRequest("the path is not properly encoded");
  }
}

function orNotFound<T>(document: T | undefined): T {
  if (document === undefined) throw noSuchPath();
  return document;
}

async function resourceRoute(
  context: ApiContext,
  request: IncomingMessage,
  user: User,
  path: ResourcePath,
  query: URLSearchParams,
): Promise<Answer> {
  const review = reviews.find(
    (row) => row.group === path.group && row.version === path.version && row.plural === path.plural,
  );
  if (review !== undefined) {
    if (request.method !== "POST") throw methodNotAllowed();
    return answerReview(context, review, user, await readBody(request));
  }
  const asked = resourceRequest(request, path, query);
  const { name } = asked;
  if (name === undefined) return collectionRoute(context, request, asked);
  if (asked.subresource === undefined || asked.subresource === "status") {
    return objectRoute(context, request, asked, name);
  }
  return subresourceRoute(context, request, asked, name);
}

/** A request for a resource that we serve. Throws ApiError 404 otherwise. */
export function resourceRequest(request: IncomingMessage, path: ResourcePath, query: URLSearchParams): ResourceRequest {
  const { group, version, plural, namespace, name, subresource } = path;
  const resource = findResource(group, version, plural);
  const subresourceKnown = subresource === undefined || resource?.subresources.some((known) => known === subresource);
  if (resource === undefined || subresourceKnown !== true) throw noSuchPath();
  const misplaced =
    resource.scope === "Cluster" ? namespace !== undefined : namespace === undefined && name !== undefined;
  if (misplaced) throw noSuchPath();
  let body: Promise<unknown> | undefined;
  return {
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
    query,
    headers: request.headers,
    body: () => (body ??= readBody(request)),
  };
}

async function collectionRoute(context: ApiContext, request: IncomingMessage, asked: ResourceRequest): Promise<Answer> {
  switch (request.method) {
    case "GET":
    case "HEAD":
      return isWatch(asked) ? watchObjects(context, asked) : listObjects(context, asked);
    case "POST":
      if (asked.resource.scope === "Namespaced" && asked.namespace === undefined) throw methodNotAllowed();
      return createObject(context, asked);
    case "DELETE":
      if (asked.resource.scope === "Namespaced" && asked.namespace === undefined) throw methodNotAllowed();
      return deleteCollection(context, asked);
    default:
      throw methodNotAllowed();
  }
}

async function objectRoute(
  context: ApiContext,
  request: IncomingMessage,
  asked: ResourceRequest,
  name: string,
): Promise<Answer> {
  switch (request.method) {
    case "GET":
    case "HEAD":
      return isWatch(asked) ? watchObjects(context, asked) : getObject(context, asked, name);
    case "PUT":
      return replaceObject(context, asked, name);
    case "PATCH":
      return patchObject(context, asked, name);
    case "DELETE":
      if (asked.subresource !== undefined) throw methodNotAllowed();
      return deleteObject(context, asked, name);
    default:
      throw methodNotAllowed();
  }
}

async function subresourceRoute(
  context: ApiContext,
  request: IncomingMessage,
  asked: ResourceRequest,
  name: string,
): Promise<Answer> {
  switch (`${request.method ?? ""} ${asked.subresource ?? ""}`) {
    case "GET log":
      return podLog(context, asked, name);
    case "POST eviction":
      return evictPod(context, asked, name);
    case "POST token":
      return createToken(context, asked, name);
    case "GET exec":
    case "POST exec":
    case "GET portforward":
    case "POST portforward":
      // Upgrades arrive elsewhere; what comes here is plain HTTP.
      throw badRequest("Upgrade request required");
    default:
      throw methodNotAllowed();
  }
}

function isWatch(asked: ResourceRequest): boolean {
  return queryFlag(asked.query, "watch");
}
