import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../src/embedded/free-port.ts";
import { rabbitmq } from "../../src/probes/rabbitmq.ts";
import { createRecorder } from "../../src/probes/recorder.ts";
import type { PartAccess } from "../../src/targets/target.ts";
import { makeCertificates, type TestCertificates } from "../support/certificates.ts";
import { startNode, type TestNode } from "../support/rabbitmq-node.ts";
import {
  missingIn,
  podOf,
  probesOwn,
  refusalOf,
  targetContext,
  type TargetRig,
  writeAndReadBack,
} from "../support/target-rig.ts";

/** Ports of the pod. */
const plainPort = 5672;
const tlsPort = 5671;

/** A real node that wants TLS and a client's certificate on one port, and only a login on the other. */
describe("RabbitMQ with TLS, client certificates and logins", () => {
  let keys: TestCertificates;
  let node: TestNode;
  let rig: TargetRig;
  let secured: PartAccess;
  const own = new Map<number, number>();
  const users = async (): Promise<string> =>
    (await node.run(["rabbitmqctl", "--quiet", "list_users", "--formatter", "json"], 20_000)).stdout;

  beforeAll(async () => {
    keys = await makeCertificates("localhost.probes.test");
    for (const port of [plainPort, tlsPort]) own.set(port, await freePort());
    const { cert, key } = keys.server.files;
    node = await startNode(
      keys.folder,
      `listeners.tcp.1 = 127.0.0.1:${own.get(plainPort)}
listeners.ssl.1 = 127.0.0.1:${own.get(tlsPort)}
ssl_options.cacertfile = ${keys.caFile}
ssl_options.certfile = ${cert}
ssl_options.keyfile = ${key}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = EXTERNAL
ssl_cert_login_from = common_name
`,
      ["rabbitmq_auth_mechanism_ssl"],
    );
    const rights = ["^aftershock\\.", "^aftershock\\.|^amq\\.default$", "^aftershock\\."];
    // One after the other: each is a machine of its own.
    for (const args of [
      ["add_user", "probe", "probes-own"],
      ["add_user", "outsider", "outsiders-own"],
      ["add_user", "reader", "readers-own"],
      ["set_permissions", "probe", ...rights],
      ["set_permissions", "reader", "^aftershock\\.", "^aftershock\\.", "^aftershock\\."],
    ]) {
      const { exitCode, stderr } = await node.run(["rabbitmqctl", ...args], 30_000);
      if (exitCode !== 0) throw new Error(stderr);
    }
    rig = {
      system: "rabbitmq",
      // Its node is rabbit@localhost.
      pods: [podOf("localhost", { app: "rabbitmq" })],
      parameters: {},
      localPort: (port) => own.get(port) ?? port,
      exec: (_pod, command, timeoutMs) => node.run(command, timeoutMs),
      values: {
        CA: keys.ca,
        STRANGER: keys.strangersCa,
        CERT: keys.client.cert,
        KEY: keys.client.key,
        NAMELESS: keys.nameless.cert,
        NAMELESS_KEY: keys.nameless.key,
        PASSWORD: "probes-own",
        OUTSIDERS: "outsiders-own",
        READERS: "readers-own",
        WRONG: "not-the-password",
      },
    };
    secured = {
      port: tlsPort,
      ...probesOwn,
    };
  }, 120_000);
  afterAll(async () => {
    await node?.stop();
    keys?.remove();
  });

  it("is written and read back as the target's user, over TLS, and no account is made", async () => {
    const context = targetContext(rig, { amqp: secured });
    const found = await writeAndReadBack(rabbitmq, context);
    expect(missingIn(found)).toEqual([]);
    expect(found.finalReads.map(({ client, error }) => [client, error])).toEqual(
      ["quorum", "quorum-neighbour", "classic"].map((client) => [client, undefined]),
    );
    expect(await users()).not.toContain("aftershock");
  }, 90_000);
  it("gets an account of the run's own where the target has no user, which is dropped again", async () => {
    const context = targetContext(rig, { amqp: { port: tlsPort, tls: secured.tls } });
    const asked: string[] = [];
    const exec: typeof context.exec = (pod, command, ...rest) => {
      asked.push(command.filter((word) => /_user$|^aftershock-/.test(word)).join(" "));
      return context.exec(pod, command, ...rest);
    };
    const session = await rabbitmq.open({ ...context, exec });
    expect(asked).toEqual([]);
    await session.cleanUp();
    const account = `aftershock-${context.runId}`;
    expect(asked).toEqual(expect.arrayContaining([`add_user ${account}`, `delete_user ${account}`]));
    expect(await users()).not.toContain("aftershock");
    await session.close();
  }, 90_000);
  it.each<[string, () => PartAccess]>([
    ["its client certificate alone", () => ({ port: tlsPort, mechanism: "EXTERNAL", tls: secured.tls })],
    ["a login without TLS", () => ({ user: "probe", password: { variable: "PASSWORD" } })],
    ["nothing, where it makes an account later", () => ({})],
  ])("is opened with %s", async (_how, access) => {
    await (await rabbitmq.open(targetContext(rig, { amqp: access() }))).close();
  });

  const tls = (change: Partial<NonNullable<PartAccess["tls"]>>) => ({ tls: { ...secured.tls!, ...change } });
  const noCertificate = () => tls({ cert: undefined, key: undefined });
  const nobody = { user: undefined, password: undefined } as const;
  it.each<[string, () => Partial<PartAccess>, RegExp]>([
    [
      "a wrong password",
      () => ({ password: { variable: "WRONG" } }),
      /refused the login.*ACCESS_REFUSED.*a user with a password.*user and password in access\.amqp of the target orders/,
    ],
    [
      "a user who may not use the virtual host",
      () => ({ user: "outsider", password: { variable: "OUTSIDERS" } }),
      /virtual host \/.*set_permissions/,
    ],
    ["a wrong password of guest", () => ({ user: "guest", password: { variable: "WRONG" } }), /loopback_users/],
    [
      "a client certificate that names nobody",
      () => ({
        ...nobody,
        mechanism: "EXTERNAL",
        ...tls({ cert: { variable: "NAMELESS" }, key: { variable: "NAMELESS_KEY" } }),
      }),
      /refused the login/,
    ],
    [
      "EXTERNAL without TLS",
      () => ({ ...nobody, mechanism: "EXTERNAL", port: plainPort, tls: undefined }),
      /does not offer that way.*by EXTERNAL.*mechanism, port and tls/,
    ],
    ["another authority", () => tls({ ca: { variable: "STRANGER" } }), /not signed by the authority.*tls\.ca/],
    ["another name", () => tls({ serverName: "rabbitmq-9.probes.test" }), /for another name.*tls\.serverName/],
    ["no client certificate", noCertificate, /wants one.*no client certificate/],
    [
      "no client certificate and no user",
      () => ({ ...nobody, ...noCertificate() }),
      /wants one.*no client certificate, no user/,
    ],
    ["no TLS", () => ({ tls: undefined }), /hangs up.*no TLS.*port and tls/],
    ["TLS where there is none", () => ({ port: plainPort }), /TLS.*port and tls/],
    ["a secret that is not there", () => ({ password: { variable: "NONE" } }), /^secret_unreadable/],
  ])("is not opened with %s", async (_what, change, says) => {
    expect(await refusalOf(rabbitmq, rig, { amqp: { ...secured, ...change() } })).toMatch(says);
  });
  it("is not started with a user who may not publish", async () => {
    const reader = { ...secured, user: "reader", password: { variable: "READERS" } };
    const session = await rabbitmq.open(targetContext(rig, { amqp: reader }));
    const { clients, members } = await session.describe();
    const header = { schemaVersion: 1, run: "r", experiment: "e", system: "rabbitmq", zeroAt: "", clients } as const;
    await expect(session.start(createRecorder({ type: "header", ...header, members }))).rejects.toThrow(
      /may not do at localhost what the probes do: ACCESS_REFUSED/,
    );
    await session.cleanUp();
    await session.close();
  }, 90_000);
});
