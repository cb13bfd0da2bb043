import { fileURLToPath } from "node:url";
import type { ApprovalPolicy } from "../approvals/policy.ts";
import { createRunService } from "../run/create-service.ts";
import { startSlack } from "../slack/app.ts";
import { loadVerbs } from "../slack/load-verbs.ts";
import type { Foundation } from "./foundation.ts";
import type { Role } from "./worker.ts";

/** The bot: commands, buttons, and the thread. It injects nothing. */
export async function startBot(foundation: Foundation): Promise<Role> {
  const { loaded, log, database, registry, queue } = foundation;
  const { config, secrets } = loaded;
  const policy: ApprovalPolicy = {
    required: config.approvals.required,
    approvers: config.approvals.approvers,
    expiresAfterMs: config.approvals.expiresAfter,
  };
  const service = createRunService({
    database,
    registry,
    policy,
    defaultCluster: config.defaultCluster,
    ...(config.defaultProfile === undefined ? {} : { defaultProfile: config.defaultProfile }),
    wake: queue.wake,
    log: (message, detail) => log.warn(detail ?? {}, message),
  });
  const verbs = await loadVerbs(fileURLToPath(new URL("../../commands", import.meta.url)));
  return startSlack({ config: config.slack, secrets, service, pool: database, log, verbs });
}
