import type { IncomingMessage } from "node:http";
import { parse as parseYaml } from "yaml";
import { protobufType, readProtobuf } from "./protobuf.ts";
import { badRequest, tooLarge, unsupportedMediaType } from "./status.ts";

/** The API server's own limit for a request body. */
const limitBytes = 3 * 1024 * 1024;

export const patchTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

const jsonTypes: readonly string[] = ["application/json", patchTypes.json, patchTypes.merge, patchTypes.strategic];
const yamlTypes: readonly string[] = ["application/yaml", patchTypes.apply];

/** The media type of a request's body, without parameters. */
export function contentTypeOf(headers: IncomingMessage["headers"]): string {
  return (headers["content-type"] ?? "application/json").split(";")[0]!.trim().toLowerCase();
}

/** Parses the body by its content type; undefined when it is empty. Throws ApiError 400, 413 or 415. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) throw tooLarge(limitBytes);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  const text = bytes.toString("utf8");
  if (text.trim() === "") return undefined;
  const type = contentTypeOf(request.headers);
  const read = parse(type, bytes, text);
  if (read === undefined) throw unsupportedMediaType(["application/json", "application/yaml"]);
  return read;
}

/** Undefined for what is in no form that we read. */
function parse(type: string, bytes: Buffer, text: string): unknown {
  try {
    if (type === protobufType) return readProtobuf(bytes);
    if (jsonTypes.includes(type)) return JSON.parse(text) as unknown;
    if (yamlTypes.includes(type)) return parseYaml(text) as unknown;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw badRequest(`error decoding the body of the request: ${problem}`);
  }
  return undefined;
}
