import { messageOf } from "../errors.ts";
import type { PodAddress } from "../probes/system.ts";
import { judgeCertificates, type CertificateKey, type CertificatesJudged } from "./certificates.ts";
import type { LocalRef, SecretRef, Target } from "./target.ts";

/** What looking at targets may ask of a cluster and of this machine. */
export interface LookTools {
  /** Label selector as in kubectl; absent: all pods of the namespace. */
  pods(namespace: string, selector?: string): Promise<readonly PodAddress[]>;
  /** A Secret's values by key; null: there is no such Secret. None of them is in what a look resolves to. */
  secret(namespace: string, name: string): Promise<Readonly<Record<string, string>> | null>;
  /** What a variable or a file holds. Rejects with AftershockError `secret_unreadable`. */
  local(ref: LocalRef): Promise<string>;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** What is there of a configured target. Nothing that was not looked at is said to be missing. */
export interface TargetLook {
  name: string;
  namespace: string;
  systems: readonly string[];
  parts: readonly PartLook[];
  secrets: readonly SecretLook[];
  /** Variables and files of this machine. */
  locals: readonly LocalLook[];
  /** Of each part that has some: as far as they could be read. */
  certificates: ReadonlyArray<CertificatesJudged & { part: string }>;
}

export interface PartLook {
  part: string;
  selector: string;
  /** Null: it could not be looked at. */
  pods: ReadonlyArray<{ name: string; ready: boolean }> | null;
  why?: string;
}

export interface SecretLook {
  secret: string;
  key: string;
  /** A sentence on how it comes to be there, where that is known. */
  ifMissing?: string;
  /** `redis password`, `postgres tls.ca`: what it is for. */
  uses: readonly string[];
  state: "there" | "no such Secret" | "no such key" | "unknown";
  why?: string;
}

/** A Secret's key that a target refers to. */
export type SecretUse = Omit<SecretLook, "state" | "why">;

export interface LocalLook {
  kind: "variable" | "file";
  /** Of the variable, or the file's path. */
  name: string;
  /** As of a SecretLook. */
  uses: readonly string[];
  /** Why it cannot be read; null: it can. */
  why: string | null;
}

/**
 * Looks at a target's pods, Secrets, variables, files and certificates. Never rejects: what cannot be looked at is
 * unknown, with the reason.
 */
export async function lookAt(target: Target, tools: LookTools): Promise<TargetLook> {
  const { name, namespace, systems } = target;
  const once = askedOnce(namespace, tools);
  const [parts, secrets, locals, certificates] = await Promise.all([
    Promise.all(Object.entries(target.selectors).map(([part, selector]) => lookAtPart(target, part, selector, tools))),
    Promise.all(secretUses(target).map((use) => lookAtSecret(use, once))),
    Promise.all(localUses(target).map((use) => lookAtLocal(use, tools))),
    lookAtCertificates(target, { ...once, ...tools }),
  ]);
  return { name, namespace, systems, parts, secrets, locals, certificates };
}

/** True when every part has a ready pod, every Secret its key, and all else is there and can be used. */
export function isComplete({ parts, secrets, locals, certificates }: Omit<TargetLook, "name" | "systems">): boolean {
  return (
    parts.every(({ pods }) => pods?.some(({ ready }) => ready) === true) &&
    secrets.every(isThere) &&
    locals.every(({ why }) => why === null) &&
    certificates.every(({ problems }) => problems.length === 0)
  );
}

const isThere = ({ state }: SecretLook): boolean => state === "there";

async function lookAtPart({ namespace }: Target, part: string, selector: string, tools: LookTools): Promise<PartLook> {
  try {
    const pods = await tools.pods(namespace, selector);
    const found = pods.map(({ name, ready }) => ({ name, ready })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return { part, selector, pods: found };
  } catch (error) {
    return { part, selector, pods: null, why: messageOf(error) };
  }
}

const tlsKeys: readonly CertificateKey[] = ["ca", "cert", "key"];

/** Everything that a target's access refers to, with what for. */
function usesOf({ access }: Pick<Target, "access">): Array<{ use: string; ref: SecretRef }> {
  return Object.entries(access).flatMap(([part, { user, password, tls }]) =>
    [
      { use: `${part} user`, ref: user },
      { use: `${part} password`, ref: password },
      ...tlsKeys.map((key) => ({ use: `${part} tls.${key}`, ref: tls?.[key] })),
    ].flatMap(({ use, ref }) => (typeof ref === "object" ? [{ use, ref }] : [])),
  );
}

/** The same place once, with everything that it is for. */
function gathered<T extends SecretRef>(all: ReadonlyArray<{ use: string; ref: T }>): Array<{ ref: T; uses: string[] }> {
  const known = new Map<string, { ref: T; uses: string[] }>();
  for (const { use, ref } of all) {
    // What is known of a Secret that is not there is no part of where it is.
    const place = ("secret" in ref ? [ref.secret, ref.key] : Object.values(ref)).join("\n");
    const found = known.get(place);
    if (found === undefined) known.set(place, { ref, uses: [use] });
    else found.uses.push(use);
  }
  return [...known.values()];
}

/** Each Secret and key that a target refers to, with what for. */
export function secretUses(target: Pick<Target, "access">): SecretUse[] {
  const own = usesOf(target).flatMap(({ use, ref }) => ("secret" in ref ? [{ use, ref }] : []));
  return gathered(own).map(({ ref, uses }) => ({ ...ref, uses }));
}

function localUses(target: Pick<Target, "access">): Array<{ ref: LocalRef; uses: string[] }> {
  const own = usesOf(target).flatMap(({ use, ref }) => ("secret" in ref ? [] : [{ use, ref }]));
  return gathered<LocalRef>(own);
}

interface AskedOnce {
  ofSecret(name: string): ReturnType<LookTools["secret"]>;
}

/** Asks for each Secret once, however many keys of it are used. */
function askedOnce(namespace: string, tools: Pick<LookTools, "secret">): AskedOnce {
  const asked = new Map<string, ReturnType<LookTools["secret"]>>();
  return {
    ofSecret: (name) => {
      const known = asked.get(name) ?? tools.secret(namespace, name);
      asked.set(name, known);
      return known;
    },
  };
}

async function lookAtSecret(use: SecretUse, { ofSecret }: AskedOnce): Promise<SecretLook> {
  try {
    const values = await ofSecret(use.secret);
    if (values === null) return { ...use, state: "no such Secret" };
    return { ...use, state: Object.hasOwn(values, use.key) ? "there" : "no such key" };
  } catch (error) {
    return { ...use, state: "unknown", why: messageOf(error) };
  }
}

async function lookAtLocal(
  { ref, uses }: ReturnType<typeof localUses>[number],
  tools: Pick<LookTools, "local">,
): Promise<LocalLook> {
  const place =
    "variable" in ref
      ? ({ kind: "variable", name: ref.variable } as const)
      : ({ kind: "file", name: ref.file } as const);
  try {
    await tools.local(ref);
    return { ...place, uses, why: null };
  } catch (error) {
    return { ...place, uses, why: messageOf(error) };
  }
}

/** What cannot be read is said of its Secret, variable or file. */
async function lookAtCertificates(
  { access }: Target,
  tools: AskedOnce & Pick<LookTools, "local" | "now">,
): Promise<TargetLook["certificates"]> {
  const textOf = async (ref: SecretRef): Promise<string | undefined> =>
    "secret" in ref ? (await tools.ofSecret(ref.secret))?.[ref.key] : tools.local(ref);
  const ofParts = Object.entries(access).map(async ([part, { tls }]) => {
    const texts = await Promise.all(
      tlsKeys.map(async (key) => {
        const ref = tls?.[key];
        const text = ref === undefined ? undefined : await textOf(ref).catch(() => undefined);
        return text === undefined ? [] : [[key, text] as const];
      }),
    );
    const found = texts.flat();
    return found.length === 0 ? [] : [{ part, ...judgeCertificates(Object.fromEntries(found), tools.now()) }];
  });
  return (await Promise.all(ofParts)).flat();
}
