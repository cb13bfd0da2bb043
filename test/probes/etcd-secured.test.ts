import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../src/embedded/free-port.ts";
import { etcd } from "../../src/probes/etcd.ts";
import { proveMembersConnected } from "../../src/probes/etcd/prove-connected.ts";
import { findMembers } from "../../src/probes/etcd/members.ts";
import type { PartAccess } from "../../src/targets/target.ts";
import { makeCertificates, type TestCertificates } from "../support/certificates.ts";
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

/** A real etcd that wants TLS, a client certificate and a login. */
describe("etcd with TLS, client certificates and authentication", () => {
  let keys: TestCertificates;
  let port = 0;
  let server: ChildProcess;
  let rig: TargetRig;
  let right: PartAccess;

  const start = (): void => {
    const peers = `http://127.0.0.1:${peerPort}`;
    const clients = `https://127.0.0.1:${port}`;
    const { cert, key } = keys.server.files;
    server = spawn(
      "etcd",
      ["--name", "etcd-0", "--data-dir", join(keys.folder, "data"), "--initial-cluster", `etcd-0=${peers}`].concat(
        ["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers],
        ["--listen-client-urls", clients, "--advertise-client-urls", clients],
        ["--cert-file", cert, "--key-file", key, "--client-cert-auth", "--trusted-ca-file", keys.caFile],
      ),
      { stdio: "ignore" },
    );
  };
  let peerPort = 0;
  const stop = async (): Promise<void> => {
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
  };
  const etcdctl = (...args: string[]): string => {
    const { cert, key } = keys.client.files;
    const own = ["--endpoints", `https://127.0.0.1:${port}`, "--cacert", keys.caFile, "--cert", cert, "--key", key];
    // The name is not in the server's certificate as an address.
    const ran = spawnSync("etcdctl", [...own, "--insecure-skip-tls-verify", ...args], { encoding: "utf8" });
    if (ran.status !== 0) throw new Error(ran.stderr);
    return ran.stdout;
  };

  beforeAll(async () => {
    keys = await makeCertificates("etcd-0.probes.test");
    port = await freePort();
    peerPort = await freePort();
    start();
    await waitFor(async () => attempt(() => etcdctl("endpoint", "status")), Boolean, 20_000);
    for (const user of ["root:roots-own", "probe:probes-own", "guest:guests-own"]) etcdctl("user", "add", user);
    etcdctl("role", "add", "prober");
    etcdctl("role", "grant-permission", "prober", "--prefix=true", "readwrite", "aftershock/");
    etcdctl("user", "grant-role", "probe", "prober");
    etcdctl("user", "grant-role", "root", "root");
    etcdctl("auth", "enable");
    rig = {
      system: "etcd",
      pods: [podOf("etcd-0", { app: "etcd" })],
      parameters: {},
      localPort: () => port,
      values: {
        CA: keys.ca,
        STRANGER: keys.strangersCa,
        CERT: keys.nameless.cert,
        KEY: keys.nameless.key,
        NAMED_CERT: keys.client.cert,
        NAMED_KEY: keys.client.key,
        PASSWORD: "probes-own",
        GUEST: "guests-own",
        WRONG: "not-the-password",
      },
    };
    right = {
      ...probesOwn,
    };
  });
  afterAll(async () => {
    if (server !== undefined) await stop();
    keys?.remove();
  });

  it("is written and read back", async () => {
    const found = await writeAndReadBack(etcd, targetContext(rig, { etcd: right }));
    expect(missingIn(found)).toEqual([]);
    expect(found.finalReads.map(({ member, error }) => [member, error])).toEqual([["etcd-0", undefined]]);
    expect(etcdctl("--user", "root:roots-own", "get", "--prefix", "aftershock/", "--keys-only").trim()).toBe("");
  }, 90_000);
  it("tells its leader and its settings", async () => {
    const session = await etcd.open(targetContext(rig, { etcd: right }));
    expect((await session.topology()).groups["leader"]).toEqual(["etcd-0"]);
    expect((await session.settings()).map(({ name }) => name)).toContain("quota-backend-bytes");
    await session.close();
  });
  it("gets a new token where the server has forgotten the old one", async () => {
    const context = targetContext(rig, { etcd: right });
    const members = await findMembers(context);
    const read = () => members.call("etcd-0", "kv/range", { key: "YWZ0ZXJzaG9jay94" }, { timeoutMs: 10_000 });
    await read();
    await stop();
    start();
    const answer = await waitFor(
      () => read().catch((error: unknown) => ({ error })),
      (result) => "header" in result,
      20_000,
    );
    expect(answer).toHaveProperty("header");
    await members.close();
  });
  it("proves a path from pod to pod by an etcdctl that has no certificate", async () => {
    const context = targetContext(rig, { etcd: right });
    const members = await findMembers(context);
    const connected = async (url: string) =>
      (await proveMembersConnected(context, { ...members, clientUrl: async () => url }, ["etcd-0"], ["etcd-0"]))
        .pairs[0];
    expect(await members.clientUrl("etcd-0")).toBe("https://192.0.2.10:2379");
    const urls = [port, await freePort()].map((at) => `https://127.0.0.1:${at}`);
    expect(await Promise.all(urls.map(connected))).toMatchObject([{ ok: true }, { ok: false }]);
    await members.close();
  });

  const tls = (change: Partial<NonNullable<PartAccess["tls"]>>): Partial<PartAccess> => ({
    tls: { ...right.tls!, ...change },
  });
  it.each<[string, () => Partial<PartAccess>, RegExp]>([
    [
      "a wrong password",
      () => ({ password: { variable: "WRONG" } }),
      /refused the login.*a user with a password.*user and password in access\.etcd of the target orders/,
    ],
    ["no user", () => ({ user: undefined, password: undefined }), /wants a login.*no user/],
    [
      "a user without rights",
      () => ({ user: "guest", password: { variable: "GUEST" } }),
      /may not read and write.*grant-permission/,
    ],
    ["another authority", () => tls({ ca: { variable: "STRANGER" } }), /not signed by the authority.*tls\.ca/],
    ["another name", () => tls({ serverName: "etcd-9.probes.test" }), /for another name.*tls\.serverName/],
    ["no name, and its address not in the certificate", () => tls({ serverName: undefined }), /for another name/],
    [
      "no client certificate",
      () => tls({ cert: undefined, key: undefined }),
      /wants one.*no client certificate.*tls\.cert and tls\.key/,
    ],
    ["a key of another certificate", () => tls({ key: { variable: "NAMED_KEY" } }), /cannot be used/],
    [
      "a client certificate with a name",
      () => tls({ cert: { variable: "NAMED_CERT" }, key: { variable: "NAMED_KEY" } }),
      /CommonName.*without CN/,
    ],
    ["no TLS", () => ({ tls: undefined }), /hangs up.*no TLS.*port and tls/],
    ["a secret that is not there", () => ({ password: { variable: "NONE" } }), /^secret_unreadable/],
  ])("is not opened with %s", async (_what, change, says) => {
    expect(await refusalOf(etcd, rig, { etcd: { ...right, ...change() } })).toMatch(says);
  });
});

function attempt(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
