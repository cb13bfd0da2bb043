import { createServer } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { etcdPort, readLock, type PatroniPods } from "../../src/probes/patroni/members.ts";

/** Test doubles of etcd members, at addresses of the loopback network: each answers as it is told. */
const servers: Array<{ close(): void }> = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
interface Answers {
  v3: [status: number, body: object];
  v2?: [status: number, body: object];
}
async function member(host: string, answers: Answers): Promise<{ name: string; host: string }> {
  const server = createServer((request, response) => {
    const [status, body] = (request.url?.startsWith("/v2") === true ? answers.v2 : answers.v3) ?? [404, {}];
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(etcdPort, host, resolve));
  return { name: host, host };
}
const read = (...dcs: Array<{ name: string; host: string }>) =>
  readLock({ dcs, scope: "postgresql" } as unknown as PatroniPods, 500);
const held = { kvs: [{ value: Buffer.from("postgresql-1").toString("base64") }] };
const noLeader: Answers = { v3: [503, { error: "etcdserver: no leader", code: 14 }], v2: [404, {}] };

describe("the leader lock in etcd", () => {
  it("tells its holder, and the driver by the keys that it is kept under", async () => {
    expect(await read(await member("127.99.98.1", { v3: [200, held] }))).toEqual({
      holder: "postgresql-1",
      driver: "etcd3",
    });
    const old: Answers = { v3: [200, {}], v2: [200, { node: { value: "postgresql-2" } }] };
    expect(await read(await member("127.99.98.2", old))).toEqual({ holder: "postgresql-2", driver: "etcd" });
  });
  it("is free only when an answer says so", async () => {
    expect(await read(await member("127.99.98.3", { v3: [200, {}], v2: [404, { errorCode: 100 }] }))).toEqual({
      holder: null,
      driver: null,
    });
  });
  it("is not called free by a member that has no leader: the next one is asked, and without another it is not known", async () => {
    const leaderless = await member("127.99.98.4", noLeader);
    expect(await read(leaderless)).toBeUndefined();
    const sound = await member("127.99.98.5", { v3: [200, held] });
    expect((await read(leaderless, sound))?.holder).toBe("postgresql-1");
  });
});
