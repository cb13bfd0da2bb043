import { randomBytes } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { workspace } from "../../src/embedded/local-slack.ts";
import { ask } from "../../src/embedded/run-drive.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import { aftershock } from "../support/audit-trail.ts";
import { everythingWritten, findSecrets } from "../support/secrets.ts";
import { alice, approve, askForRun, query, reportOf, startTestStack, untilState, waitFor } from "../support/stack.ts";

/** The probes' own: libpq and the S3 client find them in the worker's environment. The lab's PostgreSQL asks for none. */
const environment = {
  PGPASSWORD: `pg-${randomBytes(12).toString("hex")}`,
  AFTERSHOCK_RESTORE_PASSWORD: `restore-${randomBytes(12).toString("hex")}`,
  AWS_SECRET_ACCESS_KEY: `aws-${randomBytes(12).toString("hex")}`,
};

describe.skipIf(process.getuid?.() !== 0)("the secrets of a full run", () => {
  let stack: Stack;
  let secrets: Readonly<Record<string, string>>;
  beforeAll(async () => {
    Object.assign(process.env, environment);
    stack = await startTestStack();
    const kubeconfig = parse(readFileSync(stack.lab.kubeconfigPath, "utf8")) as {
      users: Array<{ user: { token: string } }>;
    };
    secrets = {
      ...environment,
      "bot token": workspace.bot.token,
      "app token": workspace.bot.appToken,
      "signing secret": workspace.bot.signingSecret,
      "database password": new URL(stack.postgres.serviceUrl).password,
      "superuser's password": new URL(stack.postgres.url).password,
      "Redis password": new URL(stack.redis.url).password,
      "kubeconfig token": kubeconfig.users[0]?.user.token ?? "",
    };
  });
  afterAll(async () => {
    for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name);
    await stack?.stop();
  });

  it("are real: none is empty, and servers ask for them", async () => {
    expect(Object.values(secrets).every((secret) => secret.length >= 8)).toBe(true);
    const wrong = new Redis(stack.redis.url.replace(secrets["Redis password"] ?? "", "guess"), {
      lazyConnect: true,
      retryStrategy: () => null,
    });
    wrong.on("error", () => undefined);
    await wrong.connect().catch(() => undefined);
    await expect(wrong.ping()).rejects.toThrow(/WRONGPASS|NOAUTH|Connection is closed/);
    wrong.disconnect();
  });

  it("stand nowhere: not in logs, tables, Redis, Slack or files, also when connections are torn down", async () => {
    const { runId, card } = await askForRun(stack, "run backup-verification baseline=3s");
    await approve(stack, card);
    await untilState(stack, runId, ["baseline", "active"]);
    // What libraries say about connections that go is where passwords like to turn up.
    await query(stack, "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'aftershock_service'");
    const redis = new Redis(stack.redis.url);
    await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    redis.disconnect();
    await ask(stack.slack, alice, "status run-999");
    await untilState(stack, runId, ["completed", "failed", "interrupted"], 60_000);
    const files = await waitFor(
      () => stack.slack.messages(),
      (messages) => messages.some((message) => message.files?.some(({ name }) => name === "report.json") === true),
      20_000,
    );
    expect(files.length).toBeGreaterThan(5);
    const written = await everythingWritten(stack);
    for (const place of [
      /^file bot-1\.log/,
      /^file worker-1\.log/,
      /^table run_events/,
      /^artifact report/,
      /^Redis/,
      /^Slack/,
    ]) {
      expect(
        written.some(({ where, text }) => place.test(where) && text.length > 0),
        String(place),
      ).toBe(true);
    }
    expect(findSecrets(written, secrets)).toEqual([]);
  });

  it("leave a trail that holds, whose head stands in the thread and in the report", async () => {
    const { out } = await aftershock(stack.postgres.serviceUrl, "audit", "show", "1");
    expect(out).toMatch(/U0ALICE +asked for backup-verification, plan [0-9a-f]{64}/);
    expect(out).toMatch(/U0BOB +approved plan [0-9a-f]{64}/);
    const said = (await stack.slack.messages()).map(
      ({ text }) => /Audit trail at entry [\d,]+: `(\w+)`/.exec(text ?? "")?.[1],
    );
    const inThread = said.find((hash) => hash !== undefined) ?? "";
    const inReport = (await reportOf(stack, "run-1")).run.auditHead?.hash ?? "";
    expect(inReport).not.toBe(inThread);
    const verified = await aftershock(
      stack.postgres.serviceUrl,
      ...["audit", "verify", "--expect", inThread, "--expect", inReport],
    );
    expect(verified).toMatchObject({ code: 0, out: expect.stringContaining("both ways") });
    const other = await aftershock(stack.postgres.serviceUrl, "audit", "verify", "--expect", "a".repeat(64));
    expect(other).toMatchObject({ code: 1 });
  });

  it("would be found in every one of these places", async () => {
    const all = Object.values(secrets).join(" ");
    appendFileSync(join(stack.directory, "worker-1.log"), all);
    const client = new pg.Client({ connectionString: stack.postgres.url });
    await client.connect();
    await client.query("insert into run_artifacts values ('run-1', 'control.txt', 'text/plain', $1)", [
      Buffer.from(all),
    ]);
    await client.query("insert into slack_deliveries (key) values ($1)", [encodeURIComponent(all)]);
    await client.end();
    const redis = new Redis(stack.redis.url);
    await redis.hset("control", { field: all });
    redis.disconnect();
    await fetch(`${stack.slack.apiUrl}chat.postMessage`, {
      method: "POST",
      headers: { authorization: `Bearer ${workspace.bot.token}`, "content-type": "application/json" },
      body: JSON.stringify({ channel: workspace.channel.id, text: all }),
    });
    const found = findSecrets(await everythingWritten(stack), secrets);
    for (const name of Object.keys(secrets)) {
      for (const place of ["file worker-1.log", "artifact control.txt", "table slack_deliveries", "Redis", "Slack"]) {
        expect(found).toContain(`${name} in ${place}`);
      }
    }
  });
});
