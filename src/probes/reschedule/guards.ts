import { cordonedBy, cordonedUntil } from "../placement.ts";
import type { GuardResult } from "../system.ts";
import { placesFor, type Room } from "./room.ts";

const localSources: readonly string[] = ["local", "hostPath"];

type PlacementGuard = (room: Room) => GuardResult;

/** Guards of an experiment that moves a pod to another node. */
export const placementGuards: Readonly<Record<string, PlacementGuard>> = {
  "recreated-by-set": ({ target }) => ({
    ok: target.owner?.startsWith("StatefulSet/") === true,
    measured: target.owner === null ? `nobody makes ${target.name} anew` : `${target.name} belongs to ${target.owner}`,
    bound: "a StatefulSet makes it anew under the same name, with the same volume",
    hint: "Without a StatefulSet a deleted pod, or its name and volume, does not come back. Choose another target.",
  }),
  "node-not-cordoned": ({ target, nodes }) => {
    const node = nodes.find(({ name }) => name === target.node);
    const run = node?.annotations[cordonedBy];
    const until = node?.annotations[cordonedUntil];
    const whose =
      run === undefined ? "not by a run of ours" : `by ${run}${until === undefined ? "" : ` until ${until}`}`;
    const cordoned = node?.unschedulable === true;
    return {
      ok: node !== undefined && !cordoned,
      measured:
        node === undefined
          ? `${target.name} has no node`
          : cordoned
            ? `${node.name} is cordoned, ${whose}`
            : `${target.name} is on ${node.name}, which takes pods`,
      bound: "its node is not cordoned by anybody",
      hint: cordoned
        ? `Ask whoever cordoned it; then: kubectl uncordon ${node.name}`
        : "Look: kubectl get pods -o wide; kubectl get nodes",
    };
  },
  "another-node": (room) => {
    const { could, couldNot } = placesFor(room);
    const unread = room.target.otherRules.length === 0 ? "" : `; not looked at: ${room.target.otherRules.join(", ")}`;
    return {
      ok: could.length > 0,
      measured: `${could.length === 0 ? couldNot.join("; ") || "there is no other node" : `${could.join(", ")} could take ${room.target.name}`}${unread}`,
      bound: "at least 1 other node could take the pod",
      hint: "The pod would stay Pending until the node is uncordoned. Make room, or uncordon a node: kubectl get nodes",
    };
  },
  "volume-can-move": (room) => {
    const { target, volumes, nodes } = room;
    const others = nodes.filter(({ name }) => name !== target.node);
    const stuck = volumes.flatMap((volume) => {
      if (localSources.includes(volume.source))
        return [`${volume.name} is a ${volume.source} volume: it stays on its node`];
      if (others.some(({ labels }) => volume.fits(labels))) return [];
      return [`${volume.name} may only be used where ${volume.nodeAffinity ?? "its node affinity allows"}`];
    });
    const shown = volumes.map(({ name, source, accessModes }) => `${name} (${source}, ${accessModes.join(" ")})`);
    return {
      ok: volumes.length > 0 && stuck.length === 0,
      measured:
        volumes.length === 0
          ? `${target.name} has no PersistentVolume: what it holds would be gone`
          : stuck.length === 0
            ? shown.join(", ")
            : stuck.join("; "),
      bound: "every volume can be attached to another node",
      hint: "A pod whose volume cannot follow stays Pending, or comes back empty. Choose a target on network storage.",
    };
  },
};
