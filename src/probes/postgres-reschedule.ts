import { AftershockError, messageOf } from "../errors.ts";
import { patroni } from "./patroni.ts";
import { withMember } from "./patroni/connect.ts";
import { findPatroniPods, onlyPrimary, viewPatroni, type PatroniPods } from "./patroni/members.ts";
import type { Placement, PodPlacement } from "./placement.ts";
import type { Recorder } from "./recorder.ts";
import { placementGuards } from "./reschedule/guards.ts";
import { dropMarker, readMarker, writeMarker, type MarkerReading } from "./reschedule/marker.ts";
import type { Room } from "./reschedule/room.ts";
import { placementSettings } from "./reschedule/settings.ts";
import { watchPlacement } from "./reschedule/watch.ts";
import { noAnswerFrom } from "./silent.ts";
import { createTelling } from "./run-clients.ts";
import type { Exercise, RunningProbes, SystemAdapter, SystemContext, SystemSession, Topology } from "./system.ts";

const lookTimeoutMs = 1500;
/** Within this long a replica has replayed the marker rows, or the run does not go on. */
const replayDeadlineMs = 20_000;

/**
 * PostgreSQL under Patroni while one of its members is moved to another node: the probes of `patroni`, and beside them
 * where the member's pod and volume are, and whether what it held is there afterwards. The group `target` is that
 * member, by the parameter `member` (`primary` or `replica`).
 */
export const postgresReschedule: SystemAdapter = {
  name: "postgres-reschedule",
  occupies: patroni.name,
  open: async (given) => {
    const context = placed(given);
    return createSession(context, await patroni.open(context), await findPatroniPods(context));
  },
};

type PlacedContext = SystemContext & { placement: Placement };

function placed(context: SystemContext): PlacedContext {
  const { placement } = context;
  if (placement !== undefined) return { ...context, placement };
  throw new AftershockError(
    "system_unreachable",
    "Nobody can say here where pods and volumes are.",
    "This experiment needs a cluster: /chaos run statefulset-reschedule",
  );
}

function createSession(context: PlacedContext, base: SystemSession, members: PatroniPods): SystemSession {
  const { namespace, placement, runId } = context;
  const topology = async (): Promise<Topology> => {
    const found = await base.topology();
    const target = chosen(context, found);
    const pod = target === null ? null : await placement.pod(namespace, target);
    const where = target === null ? "no target" : `target ${target} on ${pod?.node ?? "no node"}`;
    return {
      ...found,
      groups: { ...found.groups, target: target === null ? [] : [target] },
      summary: `${found.summary}; ${where}`,
    };
  };
  const targetNow = async (): Promise<PodPlacement> => {
    const found = await base.topology();
    const name = chosen(context, found);
    const pod = name === null ? null : await placement.pod(namespace, name);
    if (pod !== null) return pod;
    throw new AftershockError(
      "system_unreachable",
      `No ${String(context.parameters["member"])} is known that could be moved now${noAnswerFrom(found.silent ?? [])}.`,
      `Look: kubectl get pods -n ${namespace} -o wide; patronictl list`,
    );
  };
  /** The member as it was when the run started; whoever is primary later, this one is moved. */
  let moved: PodPlacement | undefined;
  return {
    ...base,
    topology,
    guard: async (id, bounds) => {
      const guard = placementGuards[id];
      return guard === undefined ? base.guard(id, bounds) : guard(await roomOf(context, await targetNow()));
    },
    settings: async () => {
      const target = await targetNow();
      const volumes = await placement.volumesOf(namespace, target.name);
      return [...(await base.settings()), ...(await placementSettings(placement, target, volumes))];
    },
    start: async (recorder) => {
      moved = await targetNow();
      const volumes = await placement.volumesOf(namespace, moved.name);
      const probes = await base.start(recorder);
      return watched(
        context,
        recorder,
        probes,
        moved.name,
        volumes.map(({ name }) => name),
      );
    },
    exercise: markerExercise(context, members, async () => moved ?? targetNow()),
    cleanUp: async () => {
      await base.cleanUp();
      await members.refresh();
      const primary = onlyPrimary(await viewPatroni(members, lookTimeoutMs));
      if (primary !== null) await withMember(members, primary, (client) => dropMarker(client, runId));
    },
  };
}

/** The member that the parameter names; the first replica by name, so that planning and injecting agree. */
function chosen({ parameters }: SystemContext, { groups }: Topology): string | null {
  const group = parameters["member"] === "replica" ? "replicas" : "primary";
  return groups[group]?.[0] ?? null;
}

async function roomOf({ placement, namespace }: PlacedContext, target: PodPlacement): Promise<Room> {
  const [nodes, pods, volumes] = await Promise.all([
    placement.nodes(),
    placement.pods(),
    placement.volumesOf(namespace, target.name),
  ]);
  return { target, nodes, pods, volumes };
}

/** The probes of the database, with the watch on the pod's placement beside them. */
function watched(
  context: PlacedContext,
  recorder: Recorder,
  probes: RunningProbes,
  pod: string,
  volumes: readonly string[],
): RunningProbes {
  const { tell, onEvent } = createTelling(recorder);
  const { placement, namespace } = context;
  const watch = watchPlacement({
    placement,
    namespace,
    pod,
    volumes,
    now: recorder.now,
    tell,
  });
  return {
    status: probes.status,
    onEvent: (listener) => {
      onEvent(listener);
      probes.onEvent(listener);
    },
    stop: async () => {
      watch.stop();
      await probes.stop();
    },
  };
}

/** Rows that are written before the member is moved, and read from that very member before and after. */
function markerExercise(context: PlacedContext, members: PatroniPods, target: () => Promise<PodPlacement>): Exercise {
  const { placement, namespace, runId } = context;
  const volumesText = async (pod: string): Promise<string> =>
    (await placement.volumesOf(namespace, pod)).map(({ name, uid }) => `${name} (${uid})`).join(", ");
  const tell = async (recorder: Recorder, event: string, pod: string, reading: MarkerReading): Promise<void> => {
    const volumes = await volumesText(pod);
    recorder.event({ atMs: recorder.now(), source: pod, event, detail: { ...reading, volumes } });
  };
  const readFrom = async (pod: string): Promise<MarkerReading> => {
    await members.refresh();
    return withMember(members, pod, (client) => readMarker(client, runId));
  };
  return {
    before: async ({ recorder, signal }) => {
      const { name } = await target();
      const primary = onlyPrimary(await viewPatroni(members, lookTimeoutMs));
      if (primary === null) throw new Error("there is no single primary to write the marker rows to");
      await withMember(members, primary, (client) => writeMarker(client, runId));
      const written = await readFrom(primary);
      const end = recorder.now() + replayDeadlineMs;
      for (;;) {
        signal.throwIfAborted();
        const reading = await readFrom(name).catch(() => null);
        if (reading !== null && reading.checksum === written.checksum) {
          return tell(recorder, "marker-written", name, reading);
        }
        if (recorder.now() > end) throw new Error(`${name} has not replayed the marker rows in time`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    after: async ({ recorder }) => {
      const { name, node } = await target();
      try {
        await tell(recorder, "marker-read", name, await readFrom(name));
      } catch (error) {
        // Not read is not known, and the judge says so.
        const detail = { reason: messageOf(error) };
        recorder.event({ atMs: recorder.now(), source: name, event: "marker-unread", detail });
      }
      const found = node === null ? null : await placement.node(node);
      if (found !== null) {
        const detail = { node: found.name, schedulable: !found.unschedulable };
        recorder.event({ atMs: recorder.now(), source: "cluster", event: "node-read", detail });
      }
      return [];
    },
  };
}
