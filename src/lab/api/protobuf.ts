/**
 * Reads the few protobuf bodies that kubectl sends although it would take JSON: `kubectl create namespace`,
 * `kubectl create configmap`, `kubectl create secret`, `kubectl drain`, and all about access. Field numbers: generated.proto files of k8s.io/api and apimachinery.
 * Envelope: the bytes "k8s\0", then a runtime.Unknown with the type and the raw message.
 */
import { accessMessages } from "./access/messages.ts";
import type { Json } from "./json.ts";
import { isJson, text } from "./json.ts";

export const protobufType = "application/vnd.kubernetes.protobuf";

type FieldType = "string" | "bytes" | "int" | "bool" | "string[]" | "stringMap" | "bytesMap" | Message | [Message];

interface Field {
  name: string;
  type: FieldType;
}

/** Fields by number; a message in brackets is repeated. */
export type Message = { [field: number]: Field };

const objectMeta: Message = {
  1: { name: "name", type: "string" },
  2: { name: "generateName", type: "string" },
  3: { name: "namespace", type: "string" },
  5: { name: "uid", type: "string" },
  6: { name: "resourceVersion", type: "string" },
  11: { name: "labels", type: "stringMap" },
  12: { name: "annotations", type: "stringMap" },
  14: { name: "finalizers", type: "string[]" },
};

const deleteOptions: Message = {
  1: { name: "gracePeriodSeconds", type: "int" },
  2: {
    name: "preconditions",
    type: { 1: { name: "uid", type: "string" }, 2: { name: "resourceVersion", type: "string" } },
  },
  4: { name: "propagationPolicy", type: "string" },
  5: { name: "dryRun", type: "string[]" },
};

const metadata: Field = { name: "metadata", type: objectMeta };

const messages: Record<string, Message> = {
  Namespace: { 1: metadata, 2: { name: "spec", type: { 1: { name: "finalizers", type: "string[]" } } } },
  ConfigMap: {
    1: metadata,
    2: { name: "data", type: "stringMap" },
    3: { name: "binaryData", type: "bytesMap" },
    4: { name: "immutable", type: "bool" },
  },
  Secret: {
    1: metadata,
    2: { name: "data", type: "bytesMap" },
    3: { name: "type", type: "string" },
    4: { name: "stringData", type: "stringMap" },
    5: { name: "immutable", type: "bool" },
  },
  Eviction: { 1: metadata, 2: { name: "deleteOptions", type: deleteOptions } },
  DeleteOptions: deleteOptions,
  ...accessMessages(metadata),
};

const envelope: Message = {
  1: { name: "typeMeta", type: { 1: { name: "apiVersion", type: "string" }, 2: { name: "kind", type: "string" } } },
  2: { name: "raw", type: "bytes" },
};

const magic = Buffer.from("k8s\0");

/** The object in a protobuf body, or undefined when it is of a kind that is not read here. Throws on broken bytes. */
export function readProtobuf(body: Buffer): Json | undefined {
  if (!body.subarray(0, magic.length).equals(magic))
    throw new Error("provided data does not appear to be a protobuf message");
  const { typeMeta, raw } = readMessage(body.subarray(magic.length), envelope);
  const message = messages[text(typeMeta, "kind")];
  if (message === undefined) return undefined;
  const bytes = typeof raw === "string" ? Buffer.from(raw, "base64") : Buffer.alloc(0);
  return { ...(isJson(typeMeta) ? typeMeta : {}), ...readMessage(bytes, message) };
}

function readMessage(bytes: Buffer, message: Message): Json {
  const result: Json = {};
  for (const [number, value] of wireFields(bytes)) {
    const field = message[number];
    if (field !== undefined) assign(result, field, value);
  }
  return result;
}

function assign(result: Json, { name, type }: Field, value: bigint | Buffer): void {
  if (typeof value === "bigint") {
    result[name] = type === "bool" ? value !== 0n : Number(BigInt.asIntN(64, value));
    return;
  }
  if (type === "string[]") {
    const before = Array.isArray(result[name]) ? (result[name] as unknown[]) : [];
    result[name] = [...before, value.toString("utf8")];
  } else if (type === "stringMap" || type === "bytesMap") {
    const inner = type === "stringMap" ? "string" : "bytes";
    const entry = readMessage(value, { 1: { name: "key", type: "string" }, 2: { name: "value", type: inner } });
    const before = isJson(result[name]) ? result[name] : {};
    result[name] = { ...before, [text(entry, "key")]: text(entry, "value") };
  } else if (Array.isArray(type)) {
    const before = Array.isArray(result[name]) ? (result[name] as unknown[]) : [];
    result[name] = [...before, readMessage(value, type[0])];
  } else if (type === "bytes") result[name] = value.toString("base64");
  else if (typeof type === "object") result[name] = readMessage(value, type);
  // Empty strings stand for absent ones: Go's encoder writes them all.
  else if (value.length > 0) result[name] = value.toString("utf8");
}

/** Number and value of each field: a bigint for varints, bytes for everything with a length. */
function* wireFields(bytes: Buffer): Generator<[number, bigint | Buffer]> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined || shift > 63n) throw new Error("unexpected end of a protobuf message");
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error("unexpected end of a protobuf message");
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wireType = tag & 7;
    if (wireType === 0) yield [tag >>> 3, varint()];
    else if (wireType === 2) yield [tag >>> 3, take(Number(varint()))];
    else if (wireType === 1) take(8);
    else if (wireType === 5) take(4);
    else throw new Error(`unknown wire type ${wireType} in a protobuf message`);
  }
}
