import type { Setting } from "../history.ts";
import type { Json } from "./http.ts";
import { viewMembers, type EtcdPods } from "./members.ts";

const timeoutMs = 3000;

/**
 * What a running etcd tells of its settings: version, number of voting members, and the quota, from its metrics. Its
 * heartbeat and election timeouts are told by none of its interfaces.
 */
export async function readEtcdSettings(members: EtcdPods): Promise<Setting[]> {
  const views = await viewMembers(members, timeoutMs);
  const perMember = await Promise.all(
    members.pods.map(async ({ name }): Promise<Setting[]> => {
      const setting = (key: string, value: string | null | undefined): Setting[] =>
        value === null || value === undefined ? [] : [{ type: "setting", member: name, name: key, value }];
      const view = views.find((candidate) => candidate.pod === name);
      const list = await members.call(name, "cluster/member/list", {}, { timeoutMs }).catch(() => null);
      const voters = Array.isArray(list?.["members"])
        ? (list["members"] as Json[]).filter((member) => member["isLearner"] !== true).length
        : null;
      const quota = /^etcd_server_quota_backend_bytes (\S+)/m.exec(await metrics(members, name))?.[1];
      return [
        ...setting("version", view?.version),
        ...setting("voting-members", voters === null ? null : String(voters)),
        ...setting(
          "quota-backend-bytes",
          quota === undefined || !Number.isFinite(Number(quota)) ? null : String(Number(quota)),
        ),
        ...setting("db-size-bytes", typeof view?.dbSizeBytes === "number" ? String(view.dbSizeBytes) : null),
      ];
    }),
  );
  return perMember.flat();
}

async function metrics(members: EtcdPods, pod: string): Promise<string> {
  try {
    return await (await members.endpoint(pod)).to.metrics(timeoutMs);
  } catch {
    return "";
  }
}
