import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  AclOperations,
  AclPermissionTypes,
  createAclsV3,
  metadataV12,
  ResourcePatternTypes,
  ResourceTypes,
} from "@platformatic/kafka";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../src/embedded/free-port.ts";
import { kafka } from "../../src/probes/kafka.ts";
import { brokerLink } from "../../src/probes/kafka/broker-link.ts";
import { findBrokers } from "../../src/probes/kafka/brokers.ts";
import { linksTo } from "../../src/probes/kafka/links.ts";
import { viewQuorum } from "../../src/probes/kafka/views.ts";
import type { PartAccess } from "../../src/targets/target.ts";
import { makeCertificates, type TestCertificates } from "../support/certificates.ts";
import { makeBroker, type TestBroker } from "../support/kafka-broker.ts";
import { kafkaHere, whySkipped } from "../support/kafka.ts";
import { waitFor } from "../support/stack.ts";
import {
  missingIn,
  podOf,
  probesOwn,
  refusalOf,
  targetContext,
  type TargetRig,
  writeAndReadBack,
} from "../support/target-rig.ts";

const here = kafkaHere();
/** Ports of the pod, and what listens there. */
const podPort = { plaintext: 9092, controller: 9093, secured: 9094, certificates: 9095 } as const;

/** A real broker that wants SASL, on one listener TLS and a client's certificate too, and that has ACLs. */
describe.skipIf("missing" in here)(`Kafka with SASL, TLS and ACLs${whySkipped(here)}`, () => {
  let keys: TestCertificates;
  let broker: TestBroker;
  let rig: TargetRig;
  let secured: PartAccess;
  let controller: PartAccess;
  const own = new Map<number, number>();

  beforeAll(async () => {
    if ("missing" in here) return;
    keys = await makeCertificates("kafka-0.probes.test");
    for (const port of Object.values(podPort)) own.set(port, await freePort());
    broker = await makeBroker(here.folder, {
      properties: propertiesOf(keys, own),
      format: ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) =>
        ["probe", "nobody"].flatMap((name) => ["--add-scram", `${mechanism}=[name=${name},password=${name}s-own]`]),
      ),
    });
    broker.start();
    const plaintext = { host: "127.0.0.1", port: own.get(podPort.plaintext) ?? 0 };
    const admin = { ...plaintext, user: "admin", password: "admins-own", mechanism: "PLAIN" } as const;
    const link = brokerLink("admin", async () => admin, 1000);
    await waitFor(
      () => link.ask(metadataV12.api, [[], false, false], 1000).catch(() => null),
      (answer) => answer?.brokers.length === 1,
      60_000,
    );
    await link.ask(createAclsV3.api, [aclsOf(["User:probe", "User:CN=probe"])], 10_000);
    link.close();
    rig = {
      system: "kafka",
      pods: [podOf("kafka-0", { app: "kafka" })],
      parameters: { role: "controller" },
      localPort: (port) => own.get(port) ?? port,
      values: {
        CA: keys.ca,
        STRANGER: keys.strangersCa,
        CERT: keys.client.cert,
        KEY: keys.client.key,
        PASSWORD: "probes-own",
        NOBODYS: "nobodys-own",
        WRONG: "not-the-password",
      },
    };
    secured = {
      port: podPort.secured,
      ...probesOwn,
      mechanism: "SCRAM-SHA-512",
    };
    controller = { user: "probe", password: { variable: "PASSWORD" }, mechanism: "PLAIN" };
  }, 120_000);
  afterAll(async () => {
    await broker?.stop();
    keys?.remove();
  });

  it("is written and read back by SCRAM-SHA-512 over TLS", async () => {
    const found = await writeAndReadBack(kafka, targetContext(rig, { kafka: secured, controller }));
    expect(missingIn(found)).toEqual([]);
    expect(found.finalReads.map(({ client, error }) => [client, error])).toEqual([
      ["producer", undefined],
      ["other-producer", undefined],
    ]);
  }, 90_000);
  it.each<[string, () => PartAccess]>([
    ["SCRAM-SHA-256 over TLS", () => ({ ...secured, mechanism: "SCRAM-SHA-256" })],
    ["PLAIN without TLS", () => ({ ...controller, port: podPort.plaintext })],
    ["a client certificate alone", () => ({ port: podPort.certificates, tls: secured.tls })],
  ])("is opened and read by %s", async (_how, access) => {
    const session = await kafka.open(targetContext(rig, { kafka: access(), controller }));
    expect((await session.topology()).groups["controller"]).toEqual(["kafka-0"]);
    expect(await session.settings()).toContainEqual(expect.objectContaining({ name: "broker.session.timeout.ms" }));
    await session.close();
  });
  it("asks a controller by its own access", async () => {
    const pods = await findBrokers(targetContext(rig, { kafka: secured, controller }));
    const links = linksTo(pods, "test", 5000, "controller");
    expect(await viewQuorum(pods, links("kafka-0"), 5000)).toMatchObject({ controller: "kafka-0", voters: 1 });
    links.close();
  });

  const tls = (change: Partial<NonNullable<PartAccess["tls"]>>) => ({ tls: { ...secured.tls!, ...change } });
  const noTls = { tls: undefined } as const;
  it.each<[string, () => Partial<PartAccess>, RegExp]>([
    [
      "a wrong password",
      () => ({ password: { variable: "WRONG" } }),
      /refused the login.*a user with a password by SCRAM-SHA-512.*access\.kafka of the target orders/,
    ],
    [
      "a wrong password by PLAIN",
      () => ({ ...noTls, port: podPort.plaintext, mechanism: "PLAIN", password: { variable: "WRONG" } }),
      /refused the login \(SASL_AUTHENTICATION_FAILED\)/,
    ],
    [
      "a way to log in that is not offered",
      () => ({ mechanism: "PLAIN" }),
      /offers other ways.*SCRAM-SHA-512.*Mend mechanism/,
    ],
    ["a login where nobody logs in", () => ({ port: podPort.certificates }), /nobody logs in.*port and user/],
    ["no login", () => ({ ...noTls, port: podPort.plaintext, user: undefined }), /hangs up.*no user/],
    [
      "a user without rights",
      () => ({ user: "nobody", password: { variable: "NOBODYS" } }),
      /may not see the controllers' quorum \(CLUSTER_AUTHORIZATION_FAILED\).*kafka-acls/,
    ],
    ["another authority", () => tls({ ca: { variable: "STRANGER" } }), /not signed by the authority.*tls\.ca/],
    ["another name", () => tls({ serverName: "kafka-9.probes.test" }), /for another name.*tls\.serverName/],
    ["no client certificate", () => tls({ cert: undefined, key: undefined }), /wants one.*no client certificate/],
    [
      "no client certificate and no login",
      () => ({ port: podPort.certificates, user: undefined, ...tls({ cert: undefined, key: undefined }) }),
      /wants one.*no client certificate/,
    ],
    ["no TLS", () => noTls, /hangs up|TLS/],
    ["TLS where there is none", () => ({ port: podPort.plaintext }), /TLS.*port and tls/],
    ["a secret that is not there", () => ({ password: { variable: "NONE" } }), /^secret_unreadable/],
  ])("is not opened with %s", async (_what, change, says) => {
    expect(await refusalOf(kafka, rig, { kafka: { ...secured, ...change() } })).toMatch(says);
  });
  it("is not opened with a login that the controller refuses", async () => {
    const wrong = { ...controller, password: { variable: "WRONG" } };
    expect(await refusalOf(kafka, rig, { kafka: secured, controller: wrong })).toMatch(
      /kafka-0 \(controller\).*refused the login/,
    );
  });
});

/** What the documentation tells to allow: everything on topics with the prefix, and to look at the cluster. */
function aclsOf(principals: readonly string[]): createAclsV3.CreateAclsRequest[0] {
  return principals.flatMap((principal) => {
    const rule = { principal, host: "*", permissionType: AclPermissionTypes.ALLOW };
    const topics = {
      resourceType: ResourceTypes.TOPIC,
      resourceName: "aftershock-",
      resourcePatternType: ResourcePatternTypes.PREFIXED,
    };
    const cluster = {
      resourceType: ResourceTypes.CLUSTER,
      resourceName: "kafka-cluster",
      resourcePatternType: ResourcePatternTypes.LITERAL,
    };
    return [
      { ...rule, ...topics, operation: AclOperations.ALL },
      { ...rule, ...cluster, operation: AclOperations.DESCRIBE },
      { ...rule, ...cluster, operation: AclOperations.DESCRIBE_CONFIGS },
    ];
  });
}

function propertiesOf(keys: TestCertificates, own: ReadonlyMap<number, number>): string {
  const keystore = join(keys.folder, "keystore.pem");
  writeFileSync(keystore, `${keys.server.key}\n${keys.server.cert}\n`);
  const at = (name: keyof typeof podPort): string => `127.0.0.1:${own.get(podPort[name])}`;
  const users = ["admin", "probe", "nobody"].map((name) => `user_${name}="${name}s-own"`).join(" ");
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="admins-own" ${users};`;
  return `controller.quorum.voters=0@${at("controller")}
listeners=INTERNAL://${at("plaintext")},SECURED://${at("secured")},CERTIFICATES://${at("certificates")},CONTROLLER://${at("controller")}
listener.security.protocol.map=INTERNAL:SASL_PLAINTEXT,SECURED:SASL_SSL,CERTIFICATES:SSL,CONTROLLER:SASL_PLAINTEXT
inter.broker.listener.name=INTERNAL
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
listener.name.internal.sasl.enabled.mechanisms=PLAIN
listener.name.internal.plain.sasl.jaas.config=${plain}
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config=${plain}
listener.name.secured.sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512
listener.name.secured.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secured.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secured.ssl.client.auth=required
listener.name.certificates.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location=${keystore}
ssl.truststore.type=PEM
ssl.truststore.location=${keys.caFile}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin
`;
}
