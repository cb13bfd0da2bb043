import { partsOf, type TargetSystem } from "./parts.ts";
import { bitnamiEtcd } from "./presets/bitnami-etcd.ts";
import { bitnamiRedis } from "./presets/bitnami-redis.ts";
import { cloudnativePg } from "./presets/cloudnative-pg.ts";
import { crunchyPgo } from "./presets/crunchy-pgo.ts";
import { etcdOperator } from "./presets/etcd-operator.ts";
import type { Preset, PresetInstance, PresetValues } from "./presets/preset.ts";
import { rabbitmqClusterOperator } from "./presets/rabbitmq-cluster-operator.ts";
import { redisOperator } from "./presets/redis-operator.ts";
import { strimzi } from "./presets/strimzi.ts";
import { zalando } from "./presets/zalando.ts";
import type { PartAccess, TlsAccess } from "./target.ts";

/** Operators and charts whose systems need only an instance's name. A file in presets/ and a line here. */
export const presets: readonly Preset[] = [
  zalando,
  crunchyPgo,
  cloudnativePg,
  bitnamiRedis,
  redisOperator,
  bitnamiEtcd,
  etcdOperator,
  rabbitmqClusterOperator,
  strimzi,
];

/** Names of all parameters that some preset says. */
export function presetParameterNames(): ReadonlySet<string> {
  const any = { instance: "any", user: undefined };
  return new Set(
    presets.flatMap(({ of, transports: [first] }) => Object.keys(of({ ...any, transport: first }).parameters)),
  );
}

/** What stands in the configuration beside a preset. */
export interface Written {
  systems: readonly TargetSystem[] | undefined;
  selectors: Readonly<Record<string, string>>;
  parameters: Readonly<Record<string, string | number>>;
  access: Readonly<Record<string, PartAccess>>;
  /** `none`: the servers ask for no login, whatever the preset says. */
  login: Login;
}

export const logins = ["secret", "none"] as const;
export type Login = (typeof logins)[number];

/** A preset with what is written over it, key by key. Parts of systems that were written away are left out. Pure. */
export function withPreset(
  preset: Preset,
  instance: PresetInstance,
  written: Written,
): PresetValues & { systems: readonly TargetSystem[] } {
  const systems = written.systems ?? preset.systems;
  const parts = partsOf(systems);
  const own = preset.of(instance);
  const ofParts = <Value>(values: Readonly<Record<string, Value>>): Array<[string, Value]> =>
    Object.entries(values).filter(([part]) => parts.includes(part));
  const access = new Map<string, PartAccess>(
    ofParts(own.access).map(([part, values]) => [part, written.login === "none" ? withoutLogin(values) : values]),
  );
  for (const [part, values] of Object.entries(written.access)) access.set(part, over(values, access.get(part) ?? {}));
  return {
    systems,
    selectors: { ...Object.fromEntries(ofParts(own.selectors)), ...written.selectors },
    parameters: { ...own.parameters, ...written.parameters },
    access: Object.fromEntries(access),
  };
}

function withoutLogin({ port, tls }: PartAccess): PartAccess {
  return { ...(port === undefined ? {} : { port }), ...(tls === undefined ? {} : { tls }) };
}

/**
 * Who writes `tls` says how the server is verified, too: `verify` is `full` when nothing else is written, and a preset's
 * weaker one does not come back in.
 */
function over(written: PartAccess, preset: PartAccess): PartAccess {
  const tls: TlsAccess | undefined = written.tls === undefined ? preset.tls : { ...preset.tls, ...written.tls };
  return { ...preset, ...written, ...(tls === undefined ? {} : { tls }) };
}
