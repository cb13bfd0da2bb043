import type { OpenLedger } from "../application/ledger.ts";
import { AftershockError } from "../../errors.ts";
import { readEveryMember, withMember } from "./final-reads.ts";
import { findPatroniPods, onlyPrimary, viewPatroni } from "./members.ts";

const viewTimeoutMs = 5000;

/** What an application stored in a PostgreSQL under Patroni, read from every member. */
export const patroniLedger: OpenLedger = async (context) => {
  const members = await findPatroniPods(context);
  // A pod that comes back may have another address; what an old answer named stays known.
  const names = new Map<string, string>();
  const learn = (): void => {
    for (const { host, name } of members.pods) names.set(host, name);
  };
  learn();
  return {
    memberAt: (address) => {
      if (!names.has(address)) void members.refresh().then(learn, () => undefined);
      return names.get(address) ?? address;
    },
    finalReads: async (table, runId, client, recorder) => {
      await members.refresh();
      const views = await viewPatroni(members, viewTimeoutMs);
      const text = `select seq from ${table} where run = $1 and client = $2 order by seq`;
      return readEveryMember(members, views, { client, text, values: [runId, client] }, recorder);
    },
    remove: async (table, runId) => {
      const primary = onlyPrimary(await viewPatroni(members, viewTimeoutMs));
      if (primary === null) {
        throw new AftershockError(
          "system_unreachable",
          "There is not exactly one running primary.",
          `The rows of ${runId} are still in ${table}: delete from ${table} where run = '${runId}'`,
        );
      }
      await withMember(members, primary, (connection) =>
        connection.query(`delete from ${table} where run = $1`, [runId]),
      );
    },
  };
};
