import { isIP } from "node:net";
import { checkServerIdentity, type ConnectionOptions } from "node:tls";
import type { Dial, SystemAccess } from "../probes/access.ts";
import type { PodAddress } from "../probes/system.ts";
import type { PartAccess, SecretRef, Target, TlsAccess } from "./target.ts";

/** Effects of opening a target. */
export interface AccessTools {
  /** Rejects with AftershockError `secret_unreadable`. `namespace`: of a Kubernetes Secret. */
  readSecret(ref: SecretRef, namespace: string): Promise<string>;
  /** Told of each password and private key that was read, so that none is ever shown. */
  learn(secret: string): void;
  /** Where a port of a pod is dialled: its own address, or the local end of a way to it. */
  reach(pod: PodAddress, port: number): Promise<{ host: string; port: number }>;
}

/** What a part presents and expects, with its secrets read. */
interface ReadPart {
  user?: string;
  password?: string;
  tls?: { ca?: string; cert?: string; key?: string; serverName?: string; verify: TlsAccess["verify"] };
}

/** Access to one target; null: to a system of which the configuration says nothing. Secrets are read once, when first needed. */
export function openAccess(target: Target | null, tools: AccessTools): SystemAccess {
  const read = new Map<string, Promise<ReadPart>>();
  const partOf = (part: string): PartAccess => target?.access[part] ?? {};
  const secretsOf = (part: string): Promise<ReadPart> => {
    const known = read.get(part);
    if (known !== undefined) return known;
    const fresh = readPart(partOf(part), (ref) => tools.readSecret(ref, target?.namespace ?? "")).then((own) => {
      for (const secret of [own.password, own.tls?.key]) if (secret !== undefined) tools.learn(secret);
      return own;
    });
    read.set(part, fresh);
    // One that failed is asked again by the next dial.
    fresh.catch(() => read.delete(part));
    return fresh;
  };
  return {
    selector: (part) => target?.selectors[part] ?? null,
    dial: async (part, pod, defaultPort) => {
      const { port = defaultPort, mechanism } = partOf(part);
      const { tls, ...login } = await secretsOf(part);
      const dial: Dial = { ...(await tools.reach(pod, port)), ...login };
      if (mechanism !== undefined) dial.mechanism = mechanism;
      if (tls !== undefined) dial.tls = tlsOptions(tls, pod);
      return dial;
    },
    listening: (part, defaultPort) => {
      const { port = defaultPort, tls } = partOf(part);
      if (tls === undefined) return { port, tls: "none" };
      return { port, tls: tls.cert === undefined ? "server" : "mutual", verify: tls.verify };
    },
  };
}

async function readPart(part: PartAccess, read: (ref: SecretRef) => Promise<string>): Promise<ReadPart> {
  const { user, password, tls } = part;
  const [userText, passwordText, ca, cert, key] = await Promise.all(
    [user, password, tls?.ca, tls?.cert, tls?.key].map(async (ref) => (typeof ref === "object" ? read(ref) : ref)),
  );
  return {
    ...(userText === undefined ? {} : { user: userText }),
    ...(passwordText === undefined ? {} : { password: passwordText }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            verify: tls.verify,
            ...(ca === undefined ? {} : { ca }),
            ...(cert === undefined ? {} : { cert }),
            ...(key === undefined ? {} : { key }),
            ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
          },
        }),
  };
}

/**
 * Options of `tls.connect` (nodejs.org, TLS). An address may not be sent as the server's name (RFC 6066, section 3), but
 * is compared with those in the certificate.
 */
export function tlsOptions(tls: NonNullable<ReadPart["tls"]>, pod: Pick<PodAddress, "name" | "namespace" | "host">) {
  const name = (tls.serverName ?? pod.host).replaceAll("{pod}", pod.name).replaceAll("{namespace}", pod.namespace);
  const { ca, cert, key, verify } = tls;
  const options: ConnectionOptions = {
    rejectUnauthorized: verify !== "none",
    checkServerIdentity: (_host, certificate) =>
      verify === "full" ? checkServerIdentity(name, certificate) : undefined,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  return options;
}
