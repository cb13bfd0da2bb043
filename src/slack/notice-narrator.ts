import { inTransaction, type Database } from "../store/database.ts";
import { noteTold, untoldNotices } from "../store/notices.ts";
import { wantMessages } from "./store/outbox.ts";
import { renderNotice } from "./views/notice.ts";

const atOnce = 20;

/**
 * Hands notices to the outbox, each once, for the channel for operators. Without such a channel they stay in the database
 * and in the log of whoever wrote them; nothing old is posted when one is configured later. True: something new is wanted.
 */
export async function narrateNotices(database: Database, opsChannel: string | undefined): Promise<boolean> {
  return inTransaction(database, async (client) => {
    let wanted = false;
    for (const { id, notice } of await untoldNotices(client, atOnce)) {
      if (!(await noteTold(client, id)) || opsChannel === undefined) continue;
      const payload = { kind: "message", ...renderNotice(notice) } as const;
      await wantMessages(client, `notice-${id}`, opsChannel, [{ key: "card", position: 0, inThread: false, payload }]);
      wanted = true;
    }
    return wanted;
  });
}
