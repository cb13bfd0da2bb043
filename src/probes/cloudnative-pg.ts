import { openPostgres, patroni } from "./patroni.ts";
import type { SystemAdapter } from "./system.ts";

/**
 * PostgreSQL under CloudNativePG: the clients, guards and final reads of `patroni`. There is no REST API: every member's
 * PostgreSQL is asked itself. The operator's word is its label on the primary's pod, as its own service selects by.
 */
export const cloudnativePg: SystemAdapter = {
  name: "cloudnative-pg",
  // Of one PostgreSQL there is one run at a time, whichever system an experiment names.
  occupies: patroni.name,
  open: (context) => openPostgres(context, "cloudnative-pg"),
};
