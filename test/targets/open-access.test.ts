import { describe, expect, it } from "vitest";
import { openAccess, tlsOptions } from "../../src/targets/open-access.ts";
import type { SecretRef, Target } from "../../src/targets/target.ts";

const pod = { name: "redis-0", namespace: "cache", uid: "1", host: "10.0.0.5", labels: {}, ready: true };
const orders: Target = {
  name: "orders",
  systems: ["redis-sentinel"],
  namespace: "cache",
  selectors: { redis: "app.kubernetes.io/name=redis" },
  parameters: {},
  access: {
    redis: {
      port: 6380,
      user: "probe",
      password: { secret: "redis", key: "password" },
      tls: { ca: { file: "ca.pem" }, serverName: "{pod}.redis.{namespace}.svc", verify: "full" },
    },
  },
};

describe("access to a target", () => {
  const asked: string[] = [];
  const learnt: string[] = [];
  const tools = (answer: (ref: SecretRef) => Promise<string>) => ({
    learn: (secret: string) => void learnt.push(secret),
    readSecret: async (ref: SecretRef, namespace: string) => {
      asked.push(`${namespace}:${JSON.stringify(ref)}`);
      return answer(ref);
    },
    reach: async ({ host }: { host: string }, port: number) => ({ host, port }),
  });
  it("says port, login and the name that the certificate must have, each secret read once", async () => {
    const access = openAccess(
      orders,
      tools(async (ref) => ("file" in ref ? "PEM" : "s3cret")),
    );
    await access.dial("redis", pod, 6379);
    const dial = await access.dial("redis", pod, 6379);
    expect(dial).toMatchObject({ host: "10.0.0.5", port: 6380, user: "probe", password: "s3cret" });
    expect(dial.tls).toMatchObject({ ca: "PEM", servername: "redis-0.redis.cache.svc", rejectUnauthorized: true });
    expect(asked).toEqual(['cache:{"secret":"redis","key":"password"}', 'cache:{"file":"ca.pem"}']);
    // An authority is no secret.
    expect(learnt).toEqual(["s3cret"]);
    expect(access.selector("redis")).toBe("app.kubernetes.io/name=redis");
  });
  it("is plain for a part of which nothing is said, and without a target", async () => {
    const none = tools(() => Promise.reject(new Error("nothing to read")));
    expect(await openAccess(orders, none).dial("sentinel", pod, 26_379)).toEqual({ host: "10.0.0.5", port: 26_379 });
    expect(await openAccess(null, none).dial("redis", pod, 6379)).toEqual({ host: "10.0.0.5", port: 6379 });
  });
  it("asks again for a secret that could not be read", async () => {
    let fails = true;
    const access = openAccess(
      orders,
      tools(() => (fails ? Promise.reject(new Error("not yet")) : Promise.resolve("now"))),
    );
    await expect(access.dial("redis", pod, 6379)).rejects.toThrow("not yet");
    fails = false;
    expect((await access.dial("redis", pod, 6379)).password).toBe("now");
  });
  it("compares an address with those in the certificate, and sends none as a name", () => {
    const options = tlsOptions({ verify: "full" }, pod);
    expect(options.servername).toBeUndefined();
    const certificate = (subjectaltname: string) => ({ subject: { CN: "" }, subjectaltname }) as never;
    expect(options.checkServerIdentity?.("", certificate("IP Address:10.0.0.5"))).toBeUndefined();
    expect(options.checkServerIdentity?.("", certificate("IP Address:10.0.0.6"))).toBeInstanceOf(Error);
    expect(tlsOptions({ verify: "ca" }, pod).checkServerIdentity?.("", certificate("DNS:other"))).toBeUndefined();
  });
});
