import { describe, expect, it } from "vitest";
import type { Dial } from "../../src/probes/access.ts";
import { notAdmitted, type Refusal } from "../../src/probes/admission.ts";

const login: Refusal = { what: "it refused the login", mend: { keys: "user and password" } };
const told = (dial: Partial<Dial>, refusal = login, target = "orders") =>
  notAdmitted({ parameters: { target } }, { part: "redis", pod: "redis-0", dial: dial as Dial }, refusal);

describe("the sentence for a server that does not let the bot in", () => {
  it("names pod, part, reason, what was presented, and the key of the target", () => {
    const error = told({ user: "probe", password: "secret-of-probe", tls: { cert: "PEM" } });
    expect(error.message).toBe(
      "redis-0 (redis) does not let the bot in: it refused the login. It was presented: TLS with a client certificate, a user with a password.",
    );
    expect(error.hint).toBe(
      "Mend user and password in access.redis of the target orders (clusters.NAME.targets in the configuration).",
    );
    expect(told({}, login, "none").hint).toContain("access.redis of a target ");
  });
  it.each<[Partial<Dial>, string]>([
    [{}, "no TLS, no user"],
    [{ user: "probe" }, "no TLS, a user without a password"],
    [{ password: "secret" }, "no TLS, no user, but a password"],
    [{ user: "probe", password: "secret", mechanism: "PLAIN" }, "no TLS, a user with a password by PLAIN"],
    [{ tls: {}, mechanism: "EXTERNAL" }, "TLS with no client certificate, no user by EXTERNAL"],
  ])("tells what was presented: %o", (dial, words) => {
    expect(told(dial).message).toContain(`It was presented: ${words}.`);
  });
  it.each([
    // PostgreSQL; Redis 7.2 and newer.
    ['password authentication failed for user "probe"', "for user …. It"],
    ["NOPERM User probe has no permissions to run the 'role' command", "NOPERM User … has no permissions"],
  ])("leaves the user's name out of what the server said: %s", (what, words) => {
    const { message } = told({ user: "probe" }, { what, mend: { act: "Allow it." } });
    expect(message).toContain(words);
    expect(message).not.toContain("probe");
  });
});
