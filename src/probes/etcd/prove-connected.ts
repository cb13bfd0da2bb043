import { messageOf } from "../../errors.ts";
import { provePairs } from "../pairs.ts";
import type { ConnectivityProof, SystemContext } from "../system.ts";
import type { EtcdPods } from "./members.ts";

const timeoutMs = 5000;

/**
 * What etcdctl says of a member that answered it, though not with a status: a pod's own etcdctl may have neither the
 * certificates nor the login that this etcd wants. Either is told only by the other side (Go, crypto/tls and x509; etcd,
 * rpctypes).
 */
const answeredInOtherWords =
  /authentication handshake failed: (x509|tls|remote error)|remote error: tls: |etcdserver: /;

/** Has every pod of one side ask every pod of the other for its status, from inside the pods, in both directions. */
export function proveMembersConnected(
  context: SystemContext,
  members: EtcdPods,
  left: readonly string[],
  right: readonly string[],
): Promise<ConnectivityProof> {
  return provePairs(left, right, async (from, to) => {
    try {
      const endpoint = await members.clientUrl(to);
      const command = ["etcdctl", "--endpoints", endpoint, "--command-timeout", "3s", "endpoint", "status"];
      const result = await context.exec(from, command, timeoutMs);
      const ok = result.exitCode === 0 || answeredInOtherWords.test(result.stderr);
      return { from, to, ok, detail: ok ? "answered" : result.stderr.trim() || `exit code ${result.exitCode}` };
    } catch (error) {
      return { from, to, ok: false, detail: messageOf(error), unasked: true };
    }
  });
}
