import { createHash, randomBytes } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judge, type Judgement } from "../../src/findings/judge.ts";
import type { Report } from "../../src/findings/report.ts";
import { restoredDatabase } from "../../src/probes/backup/dataset.ts";
import { identityQuery } from "../../src/probes/backup/identity.ts";
import {
  guardedRestore,
  guardRestoreTarget,
  requireSafeTarget,
  type RestoreTarget,
} from "../../src/probes/backup/restore-target.ts";
import { restoreExercise } from "../../src/probes/backup/restore-exercise.ts";
import { s3Source } from "../../src/probes/backup/s3-source.ts";
import { findScratch, queryBy } from "../../src/probes/backup/scratch.ts";
import { podSource, type BackupSource } from "../../src/probes/backup/source.ts";
import { verifyExercise } from "../../src/probes/backup/verify-exercise.ts";
import { scratchPostgres } from "../../src/run/faults/scratch-postgres.ts";
import type { Intent } from "../../src/run/faults/fault-kind.ts";
import { rigRun, startBackupRig, type BackupRig } from "../support/backup-rig.ts";
import { kubectl, kubectlOk } from "../support/kubectl.ts";
import { startS3Double, type S3Double } from "../support/s3-double.ts";

const accessKey = "AKIADOUBLE";
const database = restoredDatabase(rigRun);

describe.skipIf(process.getuid?.() !== 0)("backups of a real PostgreSQL, good and bad", () => {
  let rig: BackupRig;
  let s3: S3Double;
  beforeAll(async () => {
    [rig, s3] = await Promise.all([startBackupRig(), startS3Double(accessKey)]);
    knownKey();
  });
  afterAll(() => Promise.all([rig?.stop(), s3?.stop()]));

  const knownKey = (): void => {
    process.env["AWS_ACCESS_KEY_ID"] = accessKey;
    process.env["AWS_SECRET_ACCESS_KEY"] = "not-a-secret";
  };
  const work = (parameters: Record<string, string | number> = {}, target: RestoreTarget = { name: "own" }) => ({
    context: rig.contextWith(parameters),
    members: rig.members,
    target,
    password: "",
  });

  /** Verifies what is at a place, in the one pod, and judges it. */
  const verify = async (
    source: BackupSource,
    parameters: Record<string, string | number> = {},
    previous: Report | null = null,
  ): Promise<Judgement> => {
    const given = { tables: "users:1..,orders:1..,products:1..", rpo: "24h", minBytes: 1024, ...parameters };
    const notes = rig.recorder();
    const { signal } = rig;
    const { shell } = await findScratch(rig.contextWith({}));
    await queryBy(shell, "postgres", `drop database if exists ${database}`, { signal });
    await verifyExercise(work(given), source).during?.({ recorder: notes, signal });
    const judging = { writes: [], outages: [], unsound: [], parameters: given, previous };
    return judge(notes.history(), judging);
  };
  const inPod = (path: string): BackupSource =>
    podSource(rig.contextWith({}), { namespace: "backup", pod: "backup-0", path });
  const criticals = ({ findings }: Judgement): string[] =>
    findings.filter(({ severity }) => severity === "critical").map(({ id }) => id);
  const found = ({ measures }: Judgement, id: string): number | null | undefined =>
    measures.find((measure) => measure.id === id)?.value;

  it("restores a good one, and counts what psql counts on the primary", async () => {
    const good = await verify(inPod("/backups/*.dump"));
    expect(criticals(good), JSON.stringify(good.findings)).toEqual([]);
    expect(good.hypothesis).toBe("held");
    for (const table of ["users", "orders", "products"]) {
      const counted = await rig.exec(
        "postgresql-0",
        "database",
        `psql -U postgres -d shop -Atc 'select count(*) from ${table}'`,
      );
      expect(found(good, `rows.${table}`)).toBe(Number(counted));
    }
    const bytes = await rig.exec("backup-0", "backup", "stat -c %s /backups/*.dump | tail -n 1");
    expect(found(good, "backup-bytes")).toBe(Number(bytes));
  });

  // Each is made of the good one, by commands in the backup's own pod.
  const newest = "$(ls -t /backups/*.dump | head -n 1)";
  const bad: ReadonlyArray<[what: string, make: string, path: string, ids: string[]]> = [
    ["nothing at all", "true", "/backups/none/*.dump", ["backup.missing"]],
    ["an empty file", "mkdir /backups/e; : > /backups/e/a.dump", "/backups/e/*", ["backup.empty"]],
    [
      "one that broke off in its data",
      `mkdir /backups/t; head -c 30000 "${newest}" > /backups/t/a.dump`,
      "/backups/t/*",
      ["backup.truncated", "backup.wrong-rows"],
    ],
    [
      "one that broke off in its table of contents",
      `mkdir /backups/h; head -c 2000 "${newest}" > /backups/h/a.dump`,
      "/backups/h/*",
      ["backup.truncated", "backup.wrong-rows"],
    ],
    [
      "one that is two days old",
      `mkdir /backups/s; cp "${newest}" /backups/s/a.dump; touch -d '2 days ago' /backups/s/a.dump`,
      "/backups/s/*",
      ["backup.stale"],
    ],
    [
      "an error message in place of a dump",
      "mkdir /backups/g; for i in $(seq 100); do echo 'pg_dump: error: connection refused'; done > /backups/g/a.dump",
      "/backups/g/*",
      ["backup.not-a-backup"],
    ],
    [
      "noise",
      "mkdir /backups/n; head -c 5000 /dev/urandom > /backups/n/a.dump",
      "/backups/n/*",
      ["backup.not-a-backup"],
    ],
    [
      "one of an empty database",
      "mkdir /backups/d; createdb hollow; pg_dump -F c -f /backups/d/a.dump hollow; dropdb hollow",
      "/backups/d/*",
      ["backup.empty", "backup.wrong-rows"],
    ],
    [
      "one without the rows of a table",
      "mkdir /backups/r; pg_dump -F c --exclude-table-data=orders -f /backups/r/a.dump shop",
      "/backups/r/*",
      ["backup.wrong-rows"],
    ],
    [
      "one without a table",
      "mkdir /backups/m; pg_dump -F c -T orders -f /backups/m/a.dump shop",
      "/backups/m/*",
      ["backup.wrong-rows"],
    ],
    [
      "one that needs what the server has not",
      "mkdir /backups/x; printf -- '-- PostgreSQL database dump\\nCREATE EXTENSION no_such_thing;\\n-- PostgreSQL database dump complete\\n' > /backups/x/a.sql",
      "/backups/x/*",
      ["backup.too-small", "backup.restore-failed", "backup.wrong-rows"],
    ],
    [
      "plain SQL that broke off",
      "mkdir /backups/p; pg_dump -f /tmp/whole.sql shop; head -c 40000 /tmp/whole.sql > /backups/p/a.sql",
      "/backups/p/*",
      ["backup.truncated", "backup.wrong-rows"],
    ],
  ];
  it.each(bad)("calls it what it is: %s", async (_what, make, path, ids) => {
    await rig.exec("backup-0", "backup", make);
    const judgement = await verify(inPod(path));
    expect(judgement.hypothesis).toBe("refuted");
    expect(criticals(judgement), JSON.stringify(judgement.findings)).toEqual(expect.arrayContaining(ids));
    expect(criticals(judgement)).not.toContain("backup.verified");
  });

  it("takes plain SQL, zipped or not, and the newest of several by its time and not by its name", async () => {
    await rig.exec(
      "backup-0",
      "backup",
      "mkdir /backups/q; pg_dump -f /backups/q/z-old.sql shop; pg_dump shop | gzip > /backups/q/a-new.sql.gz; touch -d '3 days ago' /backups/q/z-old.sql",
    );
    const zipped = await verify(inPod("/backups/q/*"));
    expect(criticals(zipped), JSON.stringify(zipped.findings)).toEqual([]);
    expect(found(zipped, "backup-count")).toBe(2);
    const plain = await verify(inPod("/backups/q/*.sql"), { rpo: "96h" });
    expect(criticals(plain), JSON.stringify(plain.findings)).toEqual([]);
    expect(found(plain, "backup-age")).toBeGreaterThan(2.9 * 86_400_000);
  });

  it("takes of a file that still grows what was there when it was found", async () => {
    const grow = `mkdir /backups/w; touch /backups/w/grow; cp "${newest}" /backups/w/a.dump; size=$(stat -c %s /backups/w/a.dump)
      (while sleep 0.02; do head -c 200000 /dev/zero >> /backups/w/a.dump; [ -e /backups/w/grow ] || break; done; rm -r /backups/w) >/dev/null 2>&1 & echo $size`;
    // Plain copies of the newest are complete; what is appended later is not of it.
    await rig.exec("backup-0", "backup", grow);
    const growing = await verify(inPod("/backups/w/*.dump"));
    // What makes it grow removes the folder when it is told to end.
    await rig.exec("backup-0", "backup", "rm /backups/w/grow; while [ -e /backups/w ]; do sleep 0.02; done");
    expect(growing.hypothesis).toBe("held");
    expect(found(growing, "backup-bytes")).toBeGreaterThan(40_000);
  });

  it("compares with the last run's report", async () => {
    const { measures } = await verify(inPod("/backups/*.dump"));
    // Only its measures are looked at.
    const report = { measures } as unknown as Report;
    expect(criticals(await verify(inPod("/backups/*.dump"), {}, report))).toEqual([]);
    const less = await verify(inPod("/backups/r/*"), { tables: "users:1..,orders:0.." }, report);
    expect(criticals(less)).toEqual(["backup.shrank"]);
  });
  describe("in S3 (a test double)", () => {
    const inS3 = (bucket: string, prefix: string): BackupSource =>
      s3Source({ bucket, prefix, region: "us-east-1", endpoint: s3.endpoint }, Date.now);
    const dump = async (): Promise<Buffer> =>
      Buffer.from(await rig.exec("backup-0", "backup", `base64 -w0 "${newest}"`), "base64");

    it("restores the newest object over several pages", async () => {
      const content = await dump();
      for (let day = 5; day >= 0; day -= 1) {
        const old = day === 0 ? content : Buffer.from("old");
        s3.put("backups", `postgresql/${day}.dump`, old, new Date(Date.now() - day * 86_400_000 - 60_000));
      }
      const good = await verify(inS3("backups", "postgresql/"));
      expect(criticals(good), JSON.stringify(good.findings)).toEqual([]);
      expect(found(good, "backup-count")).toBe(6);
      expect(found(good, "rows.orders")).toBe(10_000);
    });
    it("says which of missing, forbidden and broken off it is", async () => {
      expect(criticals(await verify(inS3("backups", "elsewhere/")))).toEqual(["backup.missing"]);
      const gone = await verify(inS3("no-such-bucket", ""));
      expect(criticals(gone)).toEqual(["backup.unreadable"]);
      expect(JSON.stringify(gone.findings)).toContain("NoSuchBucket (HTTP 404)");
      process.env["AWS_ACCESS_KEY_ID"] = "AKIASTRANGER";
      const forbidden = await verify(inS3("backups", "postgresql/"));
      knownKey();
      expect(JSON.stringify(forbidden.findings)).toContain("AccessDenied (HTTP 403)");
      s3.put("backups", "cut/a.dump", await dump(), new Date());
      s3.breakAfter(1000);
      const cut = await verify(inS3("backups", "cut/"));
      expect(criticals(cut)).toEqual(["backup.unreadable"]);
      expect(JSON.stringify(cut.findings)).toContain("s3://backups/cut/ cannot be read");
    });
  });

  describe("the guard of the restore's target", () => {
    const named = (host: string) => ({ name: host, server: { host, user: "postgres", password: "" } });
    it.each([
      ["the primary's service", "postgresql.database.svc"],
      ["a replica, which is the primary after the next failover", "postgresql-1"],
    ])("fires on %s, whatever its name", async (_what, host) => {
      const before = await guardRestoreTarget(rig.contextWith({}), rig.members, named(host));
      expect(before.ok).toBe(false);
      expect(before.measured).toContain("has the system identifier of postgresql-0");
      expect(before.measured).toContain("answers at the address of");
      const scratch = await findScratch(rig.contextWith({}));
      const notes = rig.recorder();
      const again = { ...work({}, named(host)), scratch, recorder: notes, signal: rig.signal };
      await expect(requireSafeTarget(again)).rejects.toThrow(/The restore was refused/);
      expect(notes.history().events.at(-1)?.detail).toMatchObject({ ok: false });
    });
    it("fires a last time in the shell that restores, which changes nothing", async () => {
      const { signal } = rig;
      const { shell } = await findScratch(rig.contextWith({}));
      const { server } = named("postgresql.database.svc");
      const id = await queryBy(shell, "postgres", identityQuery, { signal, server });
      const identifiers = String(id.split(" ")[0]);
      const options = { timeoutMs: 30_000, signal, server };
      const answer = await shell.run(
        guardedRestore,
        [identifiers, "postgres", "1", "/scratch/files/backup.file"],
        options,
      );
      expect(answer).toMatchObject({ exitCode: 97 });
      expect(answer.stderr).toContain("refused");
      const unknown = await shell.run(guardedRestore, ["", "postgres", "1", "/scratch/files/backup.file"], options);
      expect(unknown.exitCode).toBe(97);
    });
    it("fires on what does not answer, and holds for the run's own instance", async () => {
      expect(await guardRestoreTarget(rig.contextWith({}), rig.members, named("no-such-host"))).toMatchObject({
        ok: false,
      });
      expect(await guardRestoreTarget(rig.contextWith({}), rig.members, { name: "own" })).toMatchObject({ ok: true });
      const scratch = await findScratch(rig.contextWith({}));
      const own = { ...work(), scratch, recorder: rig.recorder(), signal: rig.signal };
      expect(await requireSafeTarget(own)).toHaveLength(1);
    });
  });

  it("restores into another server that is named, with no more than its own address, and drops its database there", async () => {
    const { signal } = rig;
    const start = `d=/backups/other; mkdir -p $d; chown postgres $d
      as="setpriv --reuid postgres --regid postgres --init-groups"
      cd /; $as initdb -D $d/data -U postgres -A trust >/dev/null
      echo 'host all all 0.0.0.0/0 trust' >> $d/data/pg_hba.conf
      $as pg_ctl -D $d/data -o "-c listen_addresses=* -c unix_socket_directories=$d" -l $d/log -w start >/dev/null 2>&1`;
    await rig.exec("backup-0", "backup", start);
    const address = (await rig.cluster.pods("backup"))[0]?.host ?? "";
    const target = { name: address, server: { host: address, user: "postgres", password: "" } };
    expect(await guardRestoreTarget(rig.contextWith({}), rig.members, target)).toMatchObject({ ok: true });
    const notes = rig.recorder();
    const exercise = restoreExercise(work({ rows: 2000 }, target));
    await exercise.during?.({ recorder: notes, signal });
    const step = (name: string) => notes.history().events.find(({ event }) => event === name)?.detail;
    expect(step("restored")).toMatchObject({ rows: 2000, checksum: step("dataset")?.["checksum"] });
    expect(step("primary-untouched")).toMatchObject({ rows: 2000 - 666 });
    expect(String(step("restore-target")?.["target"])).toContain(address);
    const list = "select datname from pg_database where datname like 'aftershock%'";
    const there = () => rig.exec("backup-0", "backup", `psql -h ${address} -XAtc "${list}"`);
    expect(await there()).toContain(database);
    expect(await exercise.after?.({ recorder: notes, signal })).toMatchObject([{ ok: true }]);
    expect(await there()).toBe("");
    await rig.exec(
      "backup-0",
      "backup",
      "cd /; setpriv --reuid postgres --regid postgres --init-groups pg_ctl -D /backups/other/data stop",
    );
  });

  it("streams a file between pods without holding it in memory", async () => {
    const { signal, made } = rig;
    const mebibytes = 96;
    const { shell } = await findScratch(rig.contextWith({}));
    const piece = randomBytes(1024 * 1024);
    const hash = createHash("sha256");
    const source = Readable.from(
      (function* () {
        for (let index = 0; index < mebibytes; index += 1) {
          hash.update(piece);
          yield piece;
        }
      })(),
    );
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)), 10);
    const options = { timeoutMs: 60_000, signal, stdin: source };
    const up = await shell.run("cat > /scratch/files/large && sha256sum < /scratch/files/large", [], options);
    const digest = hash.digest("hex");
    expect(up.stdout).toContain(digest);
    const back = createHash("sha256");
    const through = new PassThrough();
    const reading = (async () => {
      for await (const chunk of through) back.update(chunk as Buffer);
    })();
    const target = { pod: made.name, namespace: "database" };
    await rig
      .contextWith({})
      .execStream?.(target, ["cat", "/scratch/files/large"], { timeoutMs: 60_000, stdout: through });
    await reading;
    clearInterval(watch);
    expect(back.digest("hex")).toBe(digest);
    expect(most / 2 ** 20).toBeLessThan(mebibytes / 2);
  });

  it("removes its pod and proves it, touches no other pod, and a pod ends by its own deadline", async () => {
    const { signal, made, cluster } = rig;
    const short = await rig.prepare(`${rigRun}-short`, "1s");
    await cluster.createPod(short.manifest, signal);
    await expect
      .poll(async () => (await cluster.getPod("database", short.name))?.status?.["phase"], { timeout: 20_000 })
      .toBe("Failed");
    expect(await scratchPostgres.look(short, { cluster, signal })).toMatchObject({ run: "fails" });

    const strange: Intent = { ...made, name: "postgresql-2" };
    await scratchPostgres.remove(
      { ...strange, state: "injected" },
      { cluster, signal },
      { deleteMs: 1000, forceMs: 1 },
    );
    expect((await kubectl(rig.lab.kubeconfigPath, ["get", "pod", "postgresql-2", "-n", "database"])).exitCode).toBe(0);
    const deadlines = { deleteMs: 20_000, forceMs: 5000 };
    const tools = { cluster, signal };
    expect(await scratchPostgres.prove({ ...made, state: "injected" }, tools)).toMatchObject([{ ok: false }]);
    for (const intent of [made, short]) {
      expect(await scratchPostgres.remove({ ...intent, state: "injected" }, tools, deadlines)).toMatchObject({
        ok: true,
      });
    }
    expect(await scratchPostgres.prove({ ...made, state: "removed" }, tools)).toMatchObject([{ ok: true }]);
    expect(
      await kubectlOk(rig.lab.kubeconfigPath, [
        "get",
        "pods",
        "-A",
        "-l",
        `aftershock.dev/run=${rigRun}`,
        "-o",
        "name",
      ]),
    ).toBe("");
  });
});
