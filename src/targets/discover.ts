import type { PodAddress } from "../probes/system.ts";
import { partsOf } from "./parts.ts";
import { presets, withPreset } from "./presets.ts";
import { instanceName, type Preset } from "./presets/preset.ts";
import type { Target } from "./target.ts";

/** An operator's or a chart's instance that was recognised by its pods' labels. */
export interface Found {
  preset: Preset;
  instance: string;
  namespace: string;
  /** The pods by whose labels it was recognised. */
  pods: readonly string[];
}

/** One that was recognised, and that no preset can be written for. */
export interface FoundUnserved {
  operator: string;
  instance: string;
  namespace: string;
  why: string;
}

/** Instances that the pods of a namespace belong to, by preset and name. Pure; labels prove no more than they say. */
export function discover(namespace: string, pods: ReadonlyArray<Pick<PodAddress, "name" | "labels">>): Found[] {
  return presets.flatMap((preset) =>
    [...instancesOf(preset, pods)]
      .filter(([instance]) => instanceName.test(instance))
      .map(([instance, names]) => ({ preset, instance, namespace, pods: names })),
  );
}

/** Those that are called as no preset takes a name. Pure. */
export function discoverUnserved(
  namespace: string,
  pods: ReadonlyArray<Pick<PodAddress, "name" | "labels">>,
): FoundUnserved[] {
  const why = "a preset takes only names that are DNS labels; write selectors and access instead";
  return presets.flatMap((preset) =>
    [...instancesOf(preset, pods).keys()]
      .filter((instance) => !instanceName.test(instance))
      .map((instance) => ({ operator: preset.name, instance, namespace, why })),
  );
}

function instancesOf(
  { recognise }: Pick<Preset, "recognise">,
  pods: ReadonlyArray<Pick<PodAddress, "name" | "labels">>,
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { name, labels } of pods) {
    const instance = recognise(labels);
    if (instance === null) continue;
    found.set(instance, [...(found.get(instance) ?? []), name].toSorted());
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The target that a found instance's preset makes when nothing is written beside it; `transport`: its first, or another. */
export function targetOf(
  { preset, instance, namespace }: Pick<Found, "preset" | "instance" | "namespace">,
  name: string,
  transport = preset.transports[0],
): Target {
  const written = { systems: undefined, selectors: {}, parameters: {}, access: {}, login: "secret" } as const;
  return { name, namespace, ...withPreset(preset, { instance, transport, user: undefined }, written) };
}

/** Whether a configured target finds the same pods by its selectors: then it is this instance, whatever it is called. */
export function isCovered(found: Found, targets: readonly Target[]): boolean {
  const own = targetOf(found, "it").selectors;
  return targets.some(
    ({ namespace, selectors }) =>
      namespace === found.namespace &&
      partsOf(found.preset.systems).some((part) => own[part] !== undefined && own[part] === selectors[part]),
  );
}

/** Names of targets for what was found, each its own: the instance's where it can be one. */
export function namesFor(found: readonly Found[]): string[] {
  const taken = new Set<string>();
  return found.map(({ preset, instance }) => {
    const candidates = [instance, `${preset.name}-${instance}`].map((name) => name.slice(0, 62));
    const name = candidates.find((one) => /^[a-z][a-z0-9-]*$/.test(one) && !taken.has(one)) ?? nextName(taken);
    taken.add(name);
    return name;
  });
}

function nextName(taken: ReadonlySet<string>): string {
  for (let number = 1; ; number += 1) if (!taken.has(`target-${number}`)) return `target-${number}`;
}
