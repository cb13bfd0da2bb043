interface Container {
  name?: string;
  securityContext?: {
    allowPrivilegeEscalation?: boolean;
    readOnlyRootFilesystem?: boolean;
    privileged?: boolean;
    capabilities?: { drop?: string[]; add?: string[] };
  };
}

interface Workload {
  metadata?: { name?: string };
  spec?: {
    template?: {
      spec?: {
        securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; seccompProfile?: { type?: string } };
        containers?: Container[];
        initContainers?: Container[];
      };
    };
  };
}

/** What keeps a Deployment or Job from Kubernetes' "restricted" pod security standard, or lets it write its root. */
export function insecurities(workload: unknown): string[] {
  const { metadata, spec } = workload as Workload;
  const pod = spec?.template?.spec;
  const found: string[] = [];
  const want = (holds: boolean, what: string): void => void (holds || found.push(`${metadata?.name}: ${what}`));
  want(pod?.securityContext?.runAsNonRoot === true && pod.securityContext.runAsUser !== 0, "may run as root");
  want(pod?.securityContext?.seccompProfile?.type === "RuntimeDefault", "has no seccomp profile");
  const containers = [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])];
  want(containers.length > 0, "has no container");
  for (const { name, securityContext: own } of containers) {
    want(own?.allowPrivilegeEscalation === false && own.privileged !== true, `${name} may gain privileges`);
    want(own?.readOnlyRootFilesystem === true, `${name} may write its root file system`);
    want(
      own?.capabilities?.drop?.includes("ALL") === true && own.capabilities.add === undefined,
      `${name} has capabilities`,
    );
  }
  return found;
}
