import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAftershockError } from "../../src/errors.ts";
import { checkWrites } from "../../src/findings/write-counts.ts";
import { memberServer } from "../../src/probes/backup/member-server.ts";
import { shellIn } from "../../src/probes/backup/scratch.ts";
import { findPatroniPods } from "../../src/probes/patroni/members.ts";
import { patroni } from "../../src/probes/patroni.ts";
import { createRecorder } from "../../src/probes/recorder.ts";
import type { PartAccess } from "../../src/targets/target.ts";
import { secretRef, startSecuredPatroniRig, type SecuredPatroniRig } from "../support/secured-patroni-rig.ts";
import { waitFor } from "../support/stack.ts";

let rig: SecuredPatroniRig;
beforeAll(async () => {
  rig = await startSecuredPatroniRig();
});
afterAll(() => rig?.stop());

const tlsBut = (part: PartAccess, change: Partial<NonNullable<PartAccess["tls"]>>): PartAccess => ({
  ...part,
  tls: { verify: "full", ...part.tls, ...change },
});
const certified: PartAccess["tls"] = {
  ca: secretRef("CA"),
  cert: secretRef("CERTIFIED_CERT"),
  key: secretRef("CERTIFIED_KEY"),
  verify: "ca",
};

describe("a PostgreSQL under Patroni with logins and TLS that is asked for in a wrong way", () => {
  type Change = (right: SecuredPatroniRig["access"]) => Partial<Record<"postgres" | "patroni" | "etcd", PartAccess>>;
  const cases: Array<[what: string, change: Change, says: RegExp, hint: RegExp]> = [
    [
      "a wrong password",
      ({ postgres }) => ({ postgres: { ...postgres, password: secretRef("ETCD_PASSWORD") } }),
      /\(postgres\) does not let the bot in: password authentication failed for user …\. It was presented: TLS/,
      /Mend user and password in access\.postgres/,
    ],
    [
      "no password",
      ({ postgres: { user, tls } }) => ({ postgres: { user, tls } }),
      /\(postgres\) does not let the bot in: it asks for a password.*TLS with .*, a user without a password/,
      /Mend user and password in access\.postgres/,
    ],
    [
      "no TLS, which pg_hba.conf wants",
      ({ postgres }) => ({ postgres: { ...postgres, tls: undefined } }),
      /no pg_hba\.conf entry for host .* no encryption/,
      /Mend tls in access\.postgres/,
    ],
    [
      "another authority",
      ({ postgres }) => ({ postgres: tlsBut(postgres, { ca: secretRef("OTHER_CA") }) }),
      /\(postgres\) does not let the bot in: its certificate is not signed by the authority that was given/,
      /Mend tls\.ca in access\.postgres/,
    ],
    [
      "another server name",
      ({ postgres }) => ({ postgres: tlsBut(postgres, { serverName: "{pod}.other.svc" }) }),
      /\(postgres\) .*its certificate is for another name/,
      /Mend tls\.serverName in access\.postgres/,
    ],
    [
      "a user who must show a certificate, and none",
      () => ({ postgres: { user: "certified", tls: { ca: secretRef("CA"), verify: "ca" } } }),
      /\(postgres\) does not let the bot in: connection requires a valid client certificate/,
      /Mend tls\.cert and tls\.key in access\.postgres/,
    ],
    [
      "Patroni without a client certificate",
      ({ patroni: part }) => ({ patroni: tlsBut(part, { cert: undefined, key: undefined }) }),
      /\(patroni\) does not let the bot in: (it refused the client's certificate, or wants one|like every other, it hangs up)/,
      /Mend tls\.cert and tls\.key in access\.patroni/,
    ],
    [
      "Patroni without TLS",
      () => ({ patroni: {} }),
      /\(patroni\) does not let the bot in: like every other, it hangs up.*no TLS/,
      /Mend port and tls in access\.patroni/,
    ],
    [
      "Patroni by another authority",
      ({ patroni: part }) => ({ patroni: tlsBut(part, { ca: secretRef("OTHER_CA") }) }),
      /\(patroni\) does not let the bot in: its certificate is not signed by the authority/,
      /Mend tls\.ca in access\.patroni/,
    ],
    [
      "etcd without a login",
      ({ etcd: { tls } }) => ({ etcd: { tls } }),
      /\(etcd\) does not let the bot in: .*(user name is empty|permission denied)/,
      /Mend user and password in access\.etcd/,
    ],
    [
      "etcd with a wrong password",
      ({ etcd }) => ({ etcd: { ...etcd, password: secretRef("PASSWORD") } }),
      /\(etcd\) does not let the bot in: .*authentication failed/,
      /Mend user and password in access\.etcd/,
    ],
    [
      "etcd with a certificate that has a common name, which its gateway does not take",
      ({ etcd }) => ({ etcd: tlsBut(etcd, { cert: secretRef("NAMED_CERT"), key: secretRef("NAMED_KEY") }) }),
      /\(etcd\) does not let the bot in: CommonName of client/,
      /certificate without CN in tls\.cert of access\.etcd/,
    ],
  ];
  it.each(cases)("says so: %s", async (_what, change, says, hint) => {
    const access = { ...rig.access, ...change(rig.access) };
    const error = await patroni.open(rig.context(access)).catch((cause: unknown) => cause);
    if (!isAftershockError(error)) throw error;
    expect(error.code).toBe("system_unreachable");
    expect(error.message).toMatch(says);
    expect(error.hint).toMatch(hint);
    for (const secret of Object.values(rig.secrets)) expect(error.message + error.hint).not.toContain(secret);
  });
});

describe("a PostgreSQL under Patroni with logins and TLS", () => {
  it.each<[string, (right: SecuredPatroniRig["access"]) => PartAccess]>([
    ["a password", ({ postgres }) => postgres],
    ["a client certificate", () => ({ user: "certified", tls: certified })],
  ])("is guarded, written to, read back and cleaned up, with %s", async (_what, postgres) => {
    const context = rig.context({ ...rig.access, postgres: postgres(rig.access) });
    const session = await patroni.open(context);
    const { groups } = await session.topology();
    const [primary = ""] = groups["primary"] ?? [];
    expect(groups).toMatchObject({ replicas: [expect.stringContaining("acid-orders-")], dcs: ["etcd-0"] });
    for (const id of ["one-primary", "replica-online", "replication-lag", "not-paused"]) {
      expect(await session.guard(id, {}), id).toMatchObject({ ok: true });
    }
    const settings = await session.settings();
    expect(settings.filter(({ name }) => name === "server_version")).toHaveLength(2);
    expect(settings.find(({ name }) => name === "patroni-dcs-driver")?.value).toBe("etcd3");
    const recorder = createRecorder({
      type: "header",
      schemaVersion: 1,
      run: context.runId,
      experiment: "x",
      system: "patroni",
      zeroAt: new Date().toISOString(),
      ...(await session.describe()),
    });
    const probes = await session.start(recorder);
    const okOf = (id: string): number => probes.status().clients.find(({ client }) => client === id)?.ok ?? 0;
    const first = (wanted: string) => recorder.history().events.find(({ event }) => event === wanted);
    const begun = async (): Promise<boolean> =>
      ["follower", "pinned", "replica-reads"].every((id) => okOf(id) > 10) &&
      ["lock", "wal-receiver"].every((event) => first(event) !== undefined);
    await waitFor(begun, Boolean, 20_000);
    await probes.stop();
    expect(first("lock")?.detail["holder"]).toBe(primary);
    expect(first("wal-receiver")?.detail).toEqual({ streaming: true, from: primary });
    expect(await session.awaitConvergence(recorder, 10_000, context.signal)).toMatchObject({ converged: true });
    const reads = await session.finalReads(recorder);
    expect(reads.map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined]);
    for (const read of reads) recorder.finalRead(read);
    const [follower] = checkWrites(recorder.history());
    expect(follower?.counts).toMatchObject({ lost: 0 });
    const replicas = groups["replicas"] ?? [];
    expect(await session.proveConnected([primary], [...replicas, "etcd-0"])).toMatchObject({
      pairs: expect.arrayContaining([{ from: primary, to: "etcd-0", ok: true, detail: "connected" }]),
    });
    await session.cleanUp();
    expect(rig.sql("select count(*) from pg_tables where tablename like 'aftershock%'")).toBe("0");
  });

  it("is reached by libpq's programs in a pod as it is by us, secrets by standard input alone", async () => {
    const ask = async (postgres: PartAccess): Promise<{ exitCode: number; stdout: string; stderr: string }> => {
      const commands: string[] = [];
      const context = {
        ...rig.context({ ...rig.access, postgres }),
        execStream: (async (target, command, options) => {
          commands.push(command.join(" "));
          return rig.shell(target, command, options);
        }) satisfies SecuredPatroniRig["shell"],
      };
      const members = await findPatroniPods(context);
      const server = await memberServer(members, members.pods[0]?.name ?? "", "");
      const sql = "select ssl, usename from pg_stat_ssl join pg_stat_activity using (pid) where pid = pg_backend_pid()";
      const options = { server, timeoutMs: 10_000, signal: context.signal };
      const answer = await shellIn(context, { pod: "x", namespace: "y" }).run(
        'psql -XAtqd postgres -c "$1"',
        [sql],
        options,
      );
      for (const secret of Object.values(rig.secrets)) expect(commands.join("\n")).not.toContain(secret);
      return answer;
    };
    expect(await ask(rig.access.postgres)).toMatchObject({ exitCode: 0, stdout: "t|probe\n" });
    expect(await ask({ user: "certified", tls: certified })).toMatchObject({ exitCode: 0, stdout: "t|certified\n" });
    const wrong = await ask(tlsBut(rig.access.postgres, { ca: secretRef("OTHER_CA") }));
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("certificate verify failed") });
    const unchecked = tlsBut(rig.access.postgres, { ca: secretRef("OTHER_CA"), verify: "none" });
    expect(await ask(unchecked)).toMatchObject({ exitCode: 0, stdout: "t|probe\n" });
    const other = await ask(tlsBut(rig.access.postgres, { serverName: "other.example" }));
    expect(other).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('does not match host name "other.example"'),
    });
  });
});
