import { beforeAll, describe, expect, it } from "vitest";
import { clusterTargetsKey } from "../../src/config/targets.ts";
import { loadExperiments } from "../../src/experiment/load.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import { parseLabelSelector } from "../../src/lab/api/label-selector.ts";
import { partsOf } from "../../src/targets/parts.ts";
import { presets, withPreset, type Written } from "../../src/targets/presets.ts";
import type { PartAccess, SecretRef, Target } from "../../src/targets/target.ts";
import { operatorObjects } from "../support/operator-objects.ts";

let catalogue: Experiment[];
beforeAll(async () => {
  catalogue = await loadExperiments("jobs");
});
const nothing: Written = { systems: undefined, selectors: {}, parameters: {}, access: {}, login: "secret" };
const users = [undefined, "probe"];
/** Every form of every preset. */
const forms = presets.flatMap((preset) =>
  preset.transports.flatMap((transport) =>
    (preset.user === "picks the Secret" ? users : [undefined]).map((user) => ({ preset, transport, user })),
  ),
);
const refsOf = ({ user, password, tls }: PartAccess): SecretRef[] =>
  [user, password, tls?.ca, tls?.cert, tls?.key].filter((ref) => typeof ref === "object");

const parse = (target: Record<string, unknown>): Target => {
  const [parsed] = clusterTargetsKey.targets.parse([{ name: "it", namespace: "there", ...target }]);
  if (parsed === undefined) throw new Error("no target");
  return parsed;
};
const problem = (target: Record<string, unknown>): string => {
  const { error } = clusterTargetsKey.targets.safeParse([{ name: "it", namespace: "there", ...target }]);
  return error?.issues.map(({ path, message }) => `${path.slice(1).join(".")}: ${message}`).join("; ") ?? "";
};

describe("every preset", () => {
  it.each(operatorObjects)("$preset selects the pods of its parts and no others ($from)", (made) => {
    const target = parse({ preset: made.preset, instance: made.instance });
    const found = Object.entries(target.selectors).map(([part, selector]) => {
      const matches = parseLabelSelector(selector);
      return [part, Object.keys(made.pods).filter((pod) => matches(made.pods[pod] ?? {}))];
    });
    expect(Object.fromEntries(found)).toEqual(made.parts);
  });

  it.each(operatorObjects)("$preset names Secrets and keys that there are ($from)", (made) => {
    const own = forms.filter(({ preset }) => preset.name === made.preset);
    expect(own.length).toBeGreaterThan(0);
    for (const { transport, user } of own) {
      // Those of a user of one's own are called by the same rule as the operator's.
      const picked = made.preset === "strimzi" ? user : undefined;
      const target = parse({ preset: made.preset, instance: made.instance, transport, user: picked });
      for (const ref of Object.values(target.access).flatMap(refsOf)) {
        if (!("secret" in ref)) throw new Error("a preset knows of no variable and no file");
        expect(made.secrets[ref.secret] ?? [], ref.secret).toContain(ref.key);
      }
    }
  });

  it.each(operatorObjects)("$preset recognises its instances by their pods' labels", (made) => {
    const preset = presets.find(({ name }) => name === made.preset)!;
    const [own = []] = Object.values(made.parts);
    const found = Object.entries(made.pods).map(([pod, labels]) => [pod, preset.recognise(labels)] as const);
    // Labels as common as etcd-operator's prove nothing.
    const expected = made.preset === "etcd-operator" ? null : made.instance;
    expect(found.filter(([pod]) => own.includes(pod)).map(([, instance]) => instance)).toEqual(own.map(() => expected));
    for (const other of presets.filter(({ name }) => name !== made.preset)) {
      expect(Object.values(made.pods).map((labels) => other.recognise(labels))).toEqual(found.map(() => null));
    }
  });

  it("has objects to be compared with, and is of a version", () => {
    expect(operatorObjects.map(({ preset }) => preset)).toEqual(presets.map(({ name }) => name));
    for (const { source } of presets) expect(source).toMatch(/^[\w-]+\/[\w-]+ .*\d+\.\d+\.\d+/);
  });

  it.each(forms)("$preset.name names parts and parameters of its systems ($transport, $user)", (form) => {
    const { preset, transport, user } = form;
    const values = preset.of({ instance: "orders", transport, user });
    const parts = partsOf(preset.systems);
    expect(parts).toEqual(expect.arrayContaining([...Object.keys(values.selectors), ...Object.keys(values.access)]));
    const served = catalogue.filter(({ system }) => preset.systems.some((own) => own === system));
    const known = served.flatMap(({ parameters }) => Object.keys(parameters));
    expect(known).toEqual(expect.arrayContaining(Object.keys(values.parameters)));
    expect(served.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(preset.unfit)));
    for (const system of preset.systems) expect(served.map((experiment) => experiment.system)).toContain(system);
  });

  it.each(forms)("$preset.name gives way to what is written, key by key ($transport, $user)", (form) => {
    const { preset, ...how } = form;
    const own = withPreset(preset, { instance: "orders", ...how }, nothing);
    for (const [part, values] of Object.entries(own.access)) {
      const mine: PartAccess = { port: 1234, tls: { verify: "ca", ca: { file: "my.pem" } } };
      const { access } = withPreset(preset, { instance: "orders", ...how }, { ...nothing, access: { [part]: mine } });
      expect(access[part]).toEqual({ ...values, ...mine, tls: { ...values.tls, ...mine.tls } });
      const { access: open } = withPreset(preset, { instance: "orders", ...how }, { ...nothing, login: "none" });
      expect(Object.keys(open[part] ?? {}).filter((key) => key !== "port" && key !== "tls")).toEqual([]);
    }
    for (const [part, selector] of Object.entries(own.selectors)) {
      const written = { ...nothing, selectors: { [part]: "app=mine" } };
      const { selectors } = withPreset(preset, { instance: "orders", ...how }, written);
      expect(selectors).toEqual({ ...own.selectors, [part]: "app=mine" });
      expect(selector).not.toBe("app=mine");
    }
    const one = preset.systems.slice(0, 1);
    expect(withPreset(preset, { instance: "orders", ...how }, { ...nothing, systems: one }).systems).toEqual(one);
  });

  it.each(presets)("$name refuses an instance that is no DNS label", ({ name }) => {
    for (const instance of ["Orders", "orders.shop", "-orders", "orders_1", "a".repeat(64), ""]) {
      expect(problem({ preset: name, instance }), instance).toContain("instance: must be a DNS label");
    }
    expect(problem({ preset: name, instance: "orders" })).toBe("");
  });
});

describe("a preset in the configuration", () => {
  it("is resolved to a target, with what is written over it", () => {
    const target = parse({
      preset: "zalando",
      instance: "acid-orders",
      user: "probe_user",
      parameters: { database: "orders" },
      access: { postgres: { tls: { ca: { secret: "pg-tls-ca", key: "ca.crt" } } } },
    });
    const secret = "probe-user.acid-orders.credentials.postgresql.acid.zalan.do";
    expect(target).toMatchObject({
      systems: ["patroni", "postgres-io", "postgres-reschedule"],
      parameters: { scope: "acid-orders", user: "probe_user", database: "orders" },
      access: {
        postgres: {
          port: 5432,
          password: { secret, key: "password" },
          // Who gives an authority has the server verified by it.
          tls: { ca: { secret: "pg-tls-ca", key: "ca.crt" }, verify: "full" },
        },
        patroni: { port: 8008 },
      },
    });
  });
  it.each([
    [{ preset: "zalnado", instance: "a" }, "preset: there is no zalnado; did you mean zalando?"],
    [{ preset: "cloudnative-pg", instance: "a", systems: ["kafka"] }, "cloudnative-pg is not known to serve kafka"],
    [{ preset: "zalando" }, "instance: is needed"],
    [{ systems: ["etcd"], instance: "a" }, "instance: goes with a preset"],
    [{}, "systems: is needed, or a preset"],
    [{ preset: "bitnami-redis", instance: "a", user: "b" }, "user: is not asked by bitnami-redis"],
    [{ preset: "crunchy-pgo", instance: "a", transport: "plain" }, "transport: crunchy-pgo has tls only"],
    [{ preset: "crunchy-pgo", instance: "a", user: "b_c" }, "user: no Secret can be called a-pguser-b_c"],
    [{ preset: "zalando", instance: "a", systems: ["kafka"] }, "systems: zalando is not known to serve kafka"],
    [{ preset: "strimzi", instance: "a", access: { amqp: {} } }, "access.amqp: is no part of kafka"],
  ])("%o is refused", (written, why) => {
    expect(problem(written)).toContain(why);
  });
  it("of CloudNativePG has the superuser's Secret, or that of the application's owner, whatever that is called", () => {
    const orders = { preset: "cloudnative-pg", instance: "orders" };
    expect(parse(orders)).toMatchObject({
      parameters: { user: "postgres", database: "postgres" },
      access: {
        postgres: {
          password: {
            secret: "orders-superuser",
            key: "password",
            ifMissing: expect.stringContaining("spec.enableSuperuserAccess: true"),
          },
        },
      },
    });
    for (const user of ["app", "shop"]) {
      expect(parse({ ...orders, user })).toMatchObject({
        parameters: { user, database: "app" },
        access: { postgres: { user: { secret: "orders-app", key: "username" } } },
      });
    }
  });
});
