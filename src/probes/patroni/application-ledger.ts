import type { OpenLedger } from "../application/ledger.ts";
import { AftershockError } from "../../errors.ts";
import { withMember } from "./connect.ts";
import { readEveryMember } from "./final-reads.ts";
import { findPatroniPods, onlyPrimary, viewPatroni } from "./members.ts";

const viewTimeoutMs = 5000;

/** What an application stored in a PostgreSQL under Patroni or CloudNativePG, read from every member. */
export const patroniLedger: OpenLedger = async (context) => {
  const members = await findPatroniPods(context);
  return {
    memberAt: (address) => {
      const name = members.nameOf(address);
      // A pod that came back may have another address.
      if (name === address) void members.refresh().catch(() => undefined);
      return name;
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
