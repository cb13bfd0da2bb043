import { execFile } from "node:child_process";
import { expect } from "vitest";
import { AftershockError } from "../../src/errors.ts";
import { createRecorder } from "../../src/probes/recorder.ts";
import type { PodAddress, SystemAdapter, SystemContext } from "../../src/probes/system.ts";
import { openAccess } from "../../src/targets/open-access.ts";
import type { PartAccess, Target } from "../../src/targets/target.ts";
import { waitFor } from "./stack.ts";

/** A part whose servers want everything: a login, a client certificate, and that their name is checked. */
export const probesOwn = {
  user: "probe",
  password: { variable: "PASSWORD" },
  tls: {
    ca: { variable: "CA" },
    cert: { variable: "CERT" },
    key: { variable: "KEY" },
    serverName: "{pod}.{namespace}.test",
    verify: "full",
  },
} as const satisfies PartAccess;

const namespace = "probes";

/** A pod whose own address nobody has (RFC 5737): what dials it, and not where it is told, fails. */
export function podOf(name: string, labels: Record<string, string>): PodAddress {
  return { name, namespace, uid: name, host: "192.0.2.10", labels, ready: true };
}

/** A server of a test behind a target's access, as if it were reached by a way through the API server. */
export interface TargetRig {
  pods: PodAddress[];
  system: string;
  /** Of secrets, which targets refer to as variables. */
  values: Readonly<Record<string, string>>;
  parameters: SystemContext["parameters"];
  /** The local port for a port of the pod; the pod's own if not given. */
  localPort?: (port: number) => number;
  /** Runs a command of a pod. Default: on this machine. */
  exec?: SystemContext["exec"];
}

export function targetContext(rig: TargetRig, access: Record<string, PartAccess>): SystemContext {
  const target: Target = {
    name: "orders",
    systems: [rig.system],
    namespace,
    selectors: {},
    parameters: {},
    access,
  };
  return {
    namespace,
    access: openAccess(target, {
      reach: async (_pod, port) => ({ host: "127.0.0.1", port: rig.localPort?.(port) ?? port }),
      learn: () => undefined,
      readSecret: async (ref) => {
        const value = "variable" in ref ? rig.values[ref.variable] : undefined;
        if (value !== undefined) return value;
        throw new AftershockError("secret_unreadable", "A secret of the target cannot be read.", "Set it.");
      },
    }),
    parameters: { target: "orders", rate: 5, timeout: "5s", ...rig.parameters },
    runId: `run-${Math.floor(Math.random() * 1e6)}`,
    signal: new AbortController().signal,
    log: () => undefined,
    pods: async () => rig.pods,
    podsIn: async () => [],
    exec:
      rig.exec ??
      ((_pod, [program = "", ...args], timeoutMs) =>
        new Promise((resolve) => {
          execFile(program, args, { timeout: timeoutMs }, (error, stdout, stderr) =>
            resolve({ exitCode: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
          );
        })),
  };
}

/** What opening comes to when it fails: `message / hint`. No secret of the rig may be in it. */
export async function refusalOf(adapter: SystemAdapter, rig: TargetRig, access: Record<string, PartAccess>) {
  const error = await adapter.open(targetContext(rig, access)).then(
    async (session) => {
      await session.close();
      return new Error("it was opened");
    },
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AftershockError)) throw error;
  const text = `${error.code}: ${error.message} / ${error.hint}`;
  for (const secret of Object.values(rig.values)) expect(text).not.toContain(secret);
  return text;
}

/** Opens the system, writes until every write client has `least` acknowledged, and reads back what is there. */
export async function writeAndReadBack(adapter: SystemAdapter, context: SystemContext, least = 3) {
  const session = await adapter.open(context);
  const { clients, members } = await session.describe();
  const recorder = createRecorder({
    type: "header",
    schemaVersion: 1,
    run: context.runId,
    experiment: "test",
    system: adapter.name,
    zeroAt: "2026-01-01T00:00:00Z",
    clients,
    members,
  });
  try {
    const probes = await session.start(recorder);
    // Shown when it does not happen: how often each client met with what.
    const met = async (): Promise<Record<string, number>> =>
      recorder.history().operations.reduce<Record<string, number>>((sum, { client, outcome, error = "" }) => {
        const what = `${client} ${outcome} ${error}`.trim();
        return { ...sum, [what]: (sum[what] ?? 0) + 1 };
      }, {});
    await waitFor(met, (counts) => clients.every(({ id }) => (counts[`${id} ok`] ?? 0) >= least), 60_000);
    await probes.stop();
    const finalReads = await session.finalReads(recorder);
    await session.cleanUp();
    return { operations: recorder.history().operations, finalReads };
  } finally {
    await session.close();
  }
}

/** Acknowledged writes that are in no final read of their client. */
export function missingIn({ operations, finalReads }: Awaited<ReturnType<typeof writeAndReadBack>>): string[] {
  const held = (client: string, seq: number): boolean =>
    finalReads.some((read) => read.client === client && read.ranges.some(([from, to]) => from <= seq && seq <= to));
  return operations
    .filter(({ kind, outcome, client, seq }) => kind === "write" && outcome === "ok" && !held(client, seq))
    .map(({ client, seq }) => `${client} ${seq}`);
}
