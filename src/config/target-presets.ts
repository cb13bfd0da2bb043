import { z } from "zod";
import { nearest } from "../experiment/nearest.ts";
import { partsOf, type TargetSystem } from "../targets/parts.ts";
import { logins, presets, withPreset, type Login } from "../targets/presets.ts";
import { instanceName, transports } from "../targets/presets/preset.ts";
import { secretsOf, type Target } from "../targets/target.ts";

/** Keys of a target by which an operator's or a chart's names are known (src/targets/presets/). */
export const presetKeys = {
  preset: z.string().optional(),
  /** An operator's custom resource, or a Helm release. */
  instance: z
    .string()
    .regex(instanceName, "must be a DNS label: the custom resource's or the release's name")
    .optional(),
  /** Whose login is used, where the preset's Secret is called by it. */
  user: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?$/, "must be a user whose Secret can be called by it")
    .optional(),
  transport: z.enum(transports).optional(),
  login: z.enum(logins).optional(),
};

interface WrittenTarget extends Omit<Target, "systems"> {
  systems?: TargetSystem[] | undefined;
  preset?: string | undefined;
  instance?: string | undefined;
  user?: string | undefined;
  transport?: (typeof transports)[number] | undefined;
  login?: Login | undefined;
}

/** The target that is meant; null, and a problem, where none is. */
export function resolvePreset(
  { preset: name, instance, user, transport, login, systems, ...written }: WrittenTarget,
  problem: (path: readonly string[], message: string) => void,
): (Target & { systems: readonly TargetSystem[] }) | null {
  const refuse = (path: string, message: string): null => {
    problem([path], message);
    return null;
  };
  if (name === undefined) {
    for (const [key, value] of Object.entries({ instance, user, transport, login })) {
      if (value !== undefined) return refuse(key, "goes with a preset; say which: preset: NAME");
    }
    return systems === undefined ? refuse("systems", "is needed, or a preset") : { ...written, systems };
  }
  const preset = presets.find((known) => known.name === name);
  if (preset === undefined) {
    const names = presets.map((known) => known.name);
    const close = nearest(name, names);
    const instead = close === undefined ? `there are: ${names.join(", ")}` : `did you mean ${close}?`;
    return refuse("preset", `there is no ${name}; ${instead}`);
  }
  if (instance === undefined) return refuse("instance", `is needed: which ${preset.title} is it?`);
  if (user !== undefined && preset.user !== "picks the Secret") {
    return refuse("user", `is not asked by ${name}; another login is written in access`);
  }
  if (transport !== undefined && !preset.transports.includes(transport)) {
    return refuse("transport", `${name} has ${preset.transports.join(", ")} only`);
  }
  // Others of the same servers may be written at one's own risk; there is nothing that the preset knows of any other.
  const known = partsOf(preset.systems);
  const foreign = systems?.find((system) => !partsOf([system]).some((part) => known.includes(part)));
  if (foreign !== undefined) {
    return refuse("systems", `${name} is not known to serve ${foreign}; it serves ${preset.systems.join(", ")}`);
  }
  const values = withPreset(
    preset,
    { instance, user, transport: transport ?? preset.transports[0] },
    { systems, ...written, login: login ?? "secret" },
  );
  // A user that the operator would not take, either.
  const unnameable = secretsOf(values).find((secret) => !/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(secret));
  if (unnameable !== undefined) return refuse("user", `no Secret can be called ${unnameable}`);
  return { name: written.name, namespace: written.namespace, ...values };
}
