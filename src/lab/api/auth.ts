import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { unauthorized } from "./status.ts";

export function createToken(): string {
  return randomBytes(32).toString("base64url");
}

/** Throws ApiError 401 unless the request carries the token. The comparison takes the same time for every guess. */
export function authenticate(headers: IncomingHttpHeaders, token: string): void {
  const given = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
  if (!timingSafeEqual(digest(given), digest(token))) throw unauthorized();
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
