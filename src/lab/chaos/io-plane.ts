import type { LabObject } from "../objects.ts";
import type { ContainerStorage, PodFaults } from "../runtime/pod-faults.ts";
import type { IoFault } from "./io-fault.ts";
import { startIoTracer, type IoTracer } from "./io-tracer.ts";

/** Tampers with the file operations of a container; what it does ends when the last fault goes, or the lab dies. */
export interface IoPlane {
  /** Idempotent by `source`. Rejects when the container is not running or has no such volume. */
  inject(pod: LabObject, container: string, source: string, fault: IoFault): Promise<void>;
  recover(pod: LabObject, source: string): Promise<void>;
}

/** The faults of one container. */
interface Injection {
  container: string;
  volumePath: string;
  faults: Map<string, IoFault>;
  tracer: IoTracer;
}

/**
 * A tracer attaches to the container's processes and looks at each of their file operations: see io-tracer.py. What
 * `kubectl exec` runs in the container meanwhile is attached to before it begins. When the container ends the injection
 * has ended too and does not come back, while the object goes on saying `Injected`: so it is with Chaos Mesh
 * (anchors/chaos-platforms.md 0.4), and so is one container and one volume per pod at a time.
 */
export function createIoPlane(faults: PodFaults, architecture: string = process.arch): IoPlane {
  const injections = new Map<string, Injection>();
  const turns = new Map<string, Promise<void>>();
  /** One after the other for each pod: a process has one tracer, and two objects may be applied at once. */
  const inTurn = (pod: LabObject, work: () => Promise<void>): Promise<void> => {
    const { uid } = pod.metadata;
    const done = (turns.get(uid) ?? Promise.resolve()).then(work);
    const settled = done.catch(() => undefined);
    turns.set(uid, settled);
    void settled.then(() => {
      if (turns.get(uid) === settled) turns.delete(uid);
    });
    return done;
  };
  const inject: IoPlane["inject"] = async (pod, container, source, fault) => {
    if (architecture !== "x64") throw new Error("disk faults, as those of Chaos Mesh, are for x86-64 only");
    const { uid } = pod.metadata;
    const known = injections.get(uid);
    if (known?.faults.has(source) === true) return;
    if (known !== undefined && (known.container !== container || known.volumePath !== fault.volumePath)) {
      throw new Error(
        `one container and one volume of a pod at a time; ${[...known.faults.keys()].join(", ")} is there`,
      );
    }
    const storage = faults.storage(pod, container);
    if (storage === undefined) throw new Error(`container ${container} is not running`);
    if (!storage.volumes.some(({ mountPath }) => mountPath === fault.volumePath)) {
      throw new Error(`${fault.volumePath} is not a mount point of container ${container}`);
    }
    if (known !== undefined) {
      await known.tracer.setFaults([...known.faults.values(), fault]);
      known.faults.set(source, fault);
      return;
    }
    const tracer = await startTracer(storage, fault);
    injections.set(uid, { container, volumePath: fault.volumePath, faults: new Map([[source, fault]]), tracer });
    const [first] = storage.processes();
    // What is run in another life of the container, after the fault has ended, runs free.
    faults.beforeExec(pod, container, async (pid) => {
      if (first !== undefined && storage.processes()[0] === first) await tracer.attach([pid]);
    });
  };
  const recover: IoPlane["recover"] = async (pod, source) => {
    const { uid } = pod.metadata;
    const known = injections.get(uid);
    if (known === undefined || !known.faults.delete(source)) return;
    if (known.faults.size > 0) return known.tracer.setFaults([...known.faults.values()]);
    injections.delete(uid);
    faults.beforeExec(pod, known.container, null);
    await known.tracer.stop();
  };
  return {
    inject: (pod, ...rest) => inTurn(pod, () => inject(pod, ...rest)),
    recover: (pod, source) => inTurn(pod, () => recover(pod, source)),
  };
}

async function startTracer(storage: ContainerStorage, fault: IoFault): Promise<IoTracer> {
  const tracer = startIoTracer();
  try {
    await tracer.begin(storage.root, fault.volumePath);
    await tracer.attach(storage.processes());
    // Last, so that it begins for all processes at once, as it does for all users of a disk.
    await tracer.setFaults([fault]);
    return tracer;
  } catch (error) {
    await tracer.stop();
    throw error;
  }
}
