import { readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workspace } from "../../src/embedded/local-slack.ts";
import { startLabDoctor, type LabDoctor } from "../support/lab-doctor.ts";
import { startSlackGate } from "../support/slack-gate/gate.ts";
import { manifestScopes } from "../support/slack-gate/scopes.ts";

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)("aftershock doctor on Slack and the servers", () => {
  let doctor: LabDoctor;
  beforeAll(async () => void (doctor = await startLabDoctor()));
  afterAll(() => doctor?.stop());

  it("says what is wrong with Slack: token, app token, scopes, channel, an approver", async () => {
    const { gate, slack } = doctor.rig.slack;
    gate.misbehave({ method: "auth.test", verdict: { error: "invalid_auth" } });
    const refused = await doctor.rig.look();
    expect(refused.line(/SLACK_BOT_TOKEN is not accepted: Slack does not know it/).mend).toContain(
      "OAuth & Permissions",
    );
    expect(refused.texts("unknown", "Slack")).toHaveLength(2);

    gate.misbehave({ method: "apps.connections.open", verdict: { error: "not_allowed_token_type" } });
    gate.misbehave({ method: "conversations.history", verdict: { error: "not_in_channel" } });
    gate.people.setUser("U0BOB", { deleted: true });
    const looked = await doctor.rig.look();
    gate.people.reset();
    expect(looked.texts("wrong")).toEqual([
      expect.stringContaining("SLACK_APP_TOKEN is not accepted: it is a token of another kind"),
      expect.stringContaining("The bot is not in C0CHAOS (slack.opsChannel)"),
      expect.stringContaining("U0BOB may approve by the policy, and never will"),
    ]);
    expect(looked.line(/not in C0CHAOS/).mend).toBe("In that channel: /invite @aftershock");

    const poor = await startSlackGate({
      apiUrl: slack.apiUrl,
      scopes: manifestScopes().filter((scope) => scope !== "users:read"),
    });
    const lacking = await doctor.rig.look({ config: { slack: { mode: "socket", apiUrl: poor.apiUrl } } });
    await poor.stop();
    expect(lacking.line(/The scope users:read is missing/).mend).toContain("deploy/slack/socket-mode.yaml");
    expect(lacking.line(/slack.opsChannel is not set/).status).toBe("warning");

    const { SLACK_BOT_TOKEN: _bot, SLACK_APP_TOKEN: _app, ...bare } = doctor.rig.environment;
    expect((await doctor.rig.look({ environment: bare })).texts("wrong", "Slack")).toEqual([
      "SLACK_BOT_TOKEN is not set.",
      "SLACK_APP_TOKEN is not set.",
    ]);
  });

  it("says what is wrong with PostgreSQL: its user, its schema", async () => {
    const owner = await doctor.rig.look({
      environment: { ...doctor.rig.environment, DATABASE_URL: doctor.rig.database.url },
    });
    expect(owner.line(/This user could rewrite the audit trail/).status).toBe("warning");
    const client = new pg.Client({ connectionString: doctor.rig.database.url });
    await client.connect();
    await client.query("update schema_migrations set name = name || '-not' where name = '016_pictures'");
    const behind = await doctor.rig.look();
    await client.query("update schema_migrations set name = '016_pictures' where name = '016_pictures-not'");
    await client.end();
    expect(behind.code).toBe(1);
    expect(behind.line(/The schema lacks the migration 016_pictures, and this user may not/).mend).toContain(
      "npx aftershock migrate",
    );
    expect((await doctor.rig.look()).texts("wrong")).toEqual([]);
  });

  it("says what is wrong with Redis: it evicts", async () => {
    const client = new Redis(doctor.rig.redis.url);
    await client.config("SET", "maxmemory-policy", "allkeys-lru");
    const looked = await doctor.rig.look();
    await client.config("SET", "maxmemory-policy", "noeviction");
    client.disconnect();
    expect(looked.line(/maxmemory-policy is allkeys-lru/)).toMatchObject({
      status: "wrong",
      mend: expect.stringContaining("noeviction") as string,
    });
  });

  it("says that a clock is wrong", async () => {
    const hourAgo = createHttpServer((_request, response) => {
      response.setHeader("date", new Date(Date.now() - 3_600_000).toUTCString());
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ ok: true, team: "T", user: "aftershock" }));
    });
    const apiUrl = `http://127.0.0.1:${await listening(hourAgo)}/api/`;
    const looked = await doctor.rig.look({ config: { slack: { mode: "socket", apiUrl } } });
    hourAgo.closeAllConnections();
    hourAgo.close();
    expect(looked.line(/Slack's clock is 3(599|600)\.\d s behind/)).toMatchObject({
      status: "wrong",
      mend: expect.stringContaining("timedatectl") as string,
    });
    expect(looked.line(/does not say which scopes/).status).toBe("unknown");
  });

  it("ends in time, and shows no secret, when nothing answers or nobody is let in", async () => {
    const held = new Set<{ destroy(): void }>();
    const mute = createServer((socket) => void held.add(socket.on("error", () => undefined)));
    const port = await listening(mute);
    const secret = "a-secret-that-must-not-show";
    const environment = {
      SLACK_BOT_TOKEN: `xoxb-${secret}`,
      SLACK_APP_TOKEN: `xapp-${secret}`,
      DATABASE_URL: `postgres://me:${secret}@127.0.0.1:${port}/x`,
      REDIS_URL: `redis://me:${secret}@127.0.0.1:${port}`,
    };
    const kubeconfig = join(doctor.rig.directory, "mute.kubeconfig");
    const real = readFileSync(doctor.lab.kubeconfigPath, "utf8");
    writeFileSync(kubeconfig, real.replace(/server: \S+/, `server: https://127.0.0.1:${port}`));
    const looked = await doctor.rig.look({
      config: { slack: { mode: "socket", apiUrl: `http://127.0.0.1:${port}/api/` }, clusters: { lab: { kubeconfig } } },
      environment,
    });
    held.forEach((socket) => socket.destroy());
    mute.close();
    for (const title of ["Slack", "PostgreSQL", "Redis", "Cluster lab"]) {
      expect(looked.texts("wrong", title).length, title).toBeGreaterThan(0);
    }
    expect(looked.texts("well", "Cluster lab")).toEqual([]);
    expect(looked.texts("unknown", "Clocks")).toHaveLength(1);
    expect(looked.out).not.toContain(secret);

    const refused = await doctor.rig.look({
      environment: {
        ...doctor.rig.environment,
        DATABASE_URL: doctor.rig.database.serviceUrl.replace(/:[^:@]+@/, `:${secret}@`),
        REDIS_URL: doctor.rig.redis.url.replace(/:[^:@]+@/, `:${secret}@`),
      },
    });
    expect(refused.texts("wrong")).toEqual([
      expect.stringMatching(/^PostgreSQL does not let us in: password authentication failed/),
      expect.stringMatching(/^Redis does not let us in: WRONGPASS/),
    ]);
    expect(refused.out).not.toContain(secret);
  }, 60_000);

  it("over HTTP asks for the signing secret, which nothing can try", async () => {
    const config = {
      slack: { mode: "http", port: 3000, apiUrl: doctor.rig.slack.gate.apiUrl, opsChannel: workspace.channel.id },
    };
    const environment = { ...doctor.rig.environment, SLACK_SIGNING_SECRET: "0123456789abcdef0123456789abcdef" };
    const looked = await doctor.rig.look({ config, environment });
    expect(looked.code).toBe(0);
    expect(looked.line(/SLACK_SIGNING_SECRET is set/).status).toBe("unknown");
    const none = await doctor.rig.look({
      config: { ...config, clusters: { lab: { kubeconfig: join(doctor.rig.directory, "absent") } } },
    });
    expect(none.texts("wrong")).toEqual([
      "SLACK_SIGNING_SECRET is not set.",
      expect.stringMatching(/^The kubeconfig cannot be used: ENOENT/),
    ]);
  });

  it("without Slack looks at what a pipeline needs", async () => {
    const looked = await doctor.rig.look({
      config: { slack: { mode: "none" } },
      environment: { DATABASE_URL: doctor.rig.database.serviceUrl },
    });
    expect(looked.groups.map(({ title }) => title)).toEqual(["Configuration", "PostgreSQL", "Cluster lab", "Clocks"]);
    expect(looked.code).toBe(0);
  });
});
