/** Who sends a request, and whether they may have what it asks for. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { ObjectStore } from "../../objects.ts";
import { refused, unauthorized } from "../status.ts";
import { createAccessLog } from "./access-log.ts";
import type { AccessLog } from "./access-log.ts";
import { grantsOf } from "./grants.ts";
import { impersonation } from "./impersonation.ts";
import { decide } from "./rbac.ts";
import type { Attributes } from "./rbac.ts";
import { createTokenService } from "./tokens.ts";
import type { TokenService } from "./tokens.ts";
import { labUser, mastersGroup } from "./user.ts";
import type { User } from "./user.ts";

export interface Access {
  /** The token of the lab's own user, for the kubeconfig. */
  labToken: string;
  tokens: TokenService;
  log: AccessLog;
  /** Throws ApiError 401 for what carries no token of ours, 403 for who may not be whom they want to be seen as. */
  authenticate(headers: IncomingHttpHeaders): User;
  /** What allows it, or null. */
  allowedBy(user: User, attributes: Attributes): string | null;
  /** Notes the decision; throws ApiError 403, worded as Kubernetes does, when it is no. */
  authorize(user: User, attributes: Attributes): void;
}

/** `now` is the wall clock in milliseconds. */
export function createAccess(store: ObjectStore, now: () => number): Access {
  const labToken = randomBytes(32).toString("base64url");
  const tokens = createTokenService(store, randomBytes(32).toString("base64url"), now);
  const log = createAccessLog(now);

  function allowedBy(user: User, attributes: Attributes): string | null {
    if (user.groups.includes(mastersGroup)) return `group ${mastersGroup}`;
    const namespace = attributes.about === "resource" ? attributes.namespace : "";
    return decide(grantsOf(store, user, namespace === "" ? undefined : namespace), attributes)?.through ?? null;
  }

  function authorize(user: User, attributes: Attributes): void {
    const by = allowedBy(user, attributes);
    log.note(user, attributes, by);
    if (by === null) throw refused(user.username, attributes);
  }

  function senderOf(headers: IncomingHttpHeaders): User {
    const given = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
    // The comparison takes the same time for every guess.
    if (timingSafeEqual(digest(given), digest(labToken))) return labUser;
    const user = tokens.read(given);
    if (user === undefined) throw unauthorized();
    return user;
  }

  return {
    labToken,
    tokens,
    log,
    authenticate(headers) {
      const sender = senderOf(headers);
      const wanted = impersonation(headers);
      if (wanted === null) return sender;
      for (const need of wanted.needs) authorize(sender, need);
      return wanted.user;
    },
    allowedBy,
    authorize,
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
