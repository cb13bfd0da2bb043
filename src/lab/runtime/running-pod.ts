import type { ObjectKey } from "../objects.ts";
import type { Container } from "./container.ts";
import type { PodDialler } from "./dial.ts";
import type { BeforeExec } from "./exec.ts";
import type { PodSpec } from "./pod-spec.ts";
import type { Sandbox } from "./sandbox.ts";

/** A pod whose processes run on this machine. */
export interface RunningPod {
  key: ObjectKey & { namespace: string };
  uid: string;
  ip: string;
  spec: PodSpec;
  sandbox: Sandbox;
  dialler: PodDialler;
  containers: Container[];
  startTime: string;
  ready: Map<string, boolean>;
  timer: NodeJS.Timeout;
  stopping: boolean;
  /** By container. */
  beforeExec: Map<string, BeforeExec>;
  /** A look at readiness is under way; a slow one must not be overtaken by the next and then overrule it. */
  looking: boolean;
}
