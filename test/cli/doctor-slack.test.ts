import { describe, expect, it } from "vitest";
import type { Line } from "../../src/cli/doctor/line.ts";
import { judgeApprovers } from "../../src/cli/doctor/slack/approvers.ts";
import { judgeScopes } from "../../src/cli/doctor/slack/bot-token.ts";
import { judgeChannel } from "../../src/cli/doctor/slack/channels.ts";
import { judgeSigningSecret } from "../../src/cli/doctor/slack/second-secret.ts";
import { botScopes } from "../../src/slack/access/scopes.ts";
import { mended, said } from "../support/doctor-lines.ts";

describe("what must fire of Slack, fires", () => {
  it("Slack: scopes, channels, people, the signing secret", () => {
    expect(said(judgeScopes(botScopes))).toEqual([expect.stringMatching(/^well: All/)]);
    expect(said(mended(judgeScopes(botScopes.filter((scope) => scope !== "chat:write"))))).toEqual([
      expect.stringMatching(/^wrong: The scope chat:write is missing/),
    ]);
    expect(said(mended(judgeScopes([...botScopes.filter((scope) => scope !== "pins:write"), "admin"])))).toEqual([
      "warning: The scope pins:write is missing. The board is not pinned.",
      "warning: The token has scopes that nothing needs: admin.",
    ]);
    expect(said(judgeScopes(null))[0]).toMatch(/^unknown/);
    const channel = (error: string): Line =>
      judgeChannel("C1", "--channel", "aftershock", { ok: false, answered: true, error });
    expect(mended(channel("not_in_channel"))[0]).toMatchObject({
      status: "wrong",
      mend: "In that channel: /invite @aftershock",
    });
    expect(channel("channel_not_found").status).toBe("wrong");
    expect(channel("missing_scope").status).toBe("unknown");
    const people = judgeApprovers(
      [
        ["U1", { kind: "member" }],
        ["U2", { kind: "refused", why: "deactivated" }],
        ["U3", { kind: "unknown", why: "no answer" }],
      ],
      [
        ["S1", { known: true, members: [] }],
        ["S2", { known: false, why: "plan_upgrade_required" }],
      ],
    );
    expect(mended(people).map(({ status }) => status)).toEqual(["well", "wrong", "unknown", "wrong", "unknown"]);
    expect(judgeSigningSecret("0123456789abcdef0123456789abcdef").status).toBe("unknown");
    expect(mended(judgeSigningSecret("xapp-1"))[0]?.status).toBe("wrong");
  });
});
