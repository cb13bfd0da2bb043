import type { PatroniPods } from "../patroni/members.ts";
import type { ServerAddress, ServerTls } from "./scratch.ts";

/**
 * A member as libpq's programs are told of it in a pod, which reaches it at its pod's own address: the target's login,
 * certificates and checks; `password` where the target has none.
 */
export async function memberServer(members: PatroniPods, pod: string, password: string): Promise<ServerAddress> {
  const dial = await members.dial("postgres", pod);
  const { port, verify } = members.listening("postgres");
  const server: ServerAddress = {
    host: members.addressOf(pod),
    port,
    user: dial.user ?? members.user,
    password: dial.password ?? password,
  };
  if (dial.tls === undefined) return server;
  const mode = verify === "full" ? "verify-full" : verify === "ca" ? "verify-ca" : "require";
  const tls: ServerTls = { mode };
  const { servername, ca, cert, key } = dial.tls;
  if (servername !== undefined) tls.name = servername;
  if (typeof ca === "string") tls.ca = ca;
  if (typeof cert === "string") tls.cert = cert;
  if (typeof key === "string") tls.key = key;
  return { ...server, tls };
}
