import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workspace } from "../../src/embedded/local-slack.ts";
import { accounts } from "../../src/rbac/right.ts";
import { readAccessLog } from "../support/lab-access.ts";
import { startLabDoctor, type LabDoctor } from "../support/lab-doctor.ts";

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)("aftershock doctor on a cluster", () => {
  let doctor: LabDoctor;
  beforeAll(async () => void (doctor = await startLabDoctor()));
  afterAll(() => doctor?.stop());

  it("finds all well, and says what it saw", async () => {
    const looked = await doctor.rig.look({ ...doctor.onLab(), args: ["--strict", "--channel", workspace.channel.id] });
    expect([...looked.texts("wrong"), ...looked.texts("warning"), ...looked.texts("unknown")]).toEqual([]);
    expect(looked.code).toBe(0);
    expect(looked.groups.map(({ title }) => title)).toEqual([
      "Configuration",
      "Slack",
      "PostgreSQL",
      "Redis",
      "Cluster lab",
      "Clocks",
    ]);
    expect(looked.texts("well", "Cluster lab")).toEqual([
      expect.stringMatching(/^Kubernetes v1\.\d+\.\d+.* answers, as lab$/),
      expect.stringMatching(/^lab has the bot's rights: \d+ asked/),
      expect.stringMatching(/^lab has the worker's rights: \d+ asked/),
      "chaos-mesh.org/v1alpha1 serves NetworkChaos, IOChaos",
      "1 of 1 controllers of Chaos Mesh are ready in chaos-mesh",
      "Chaos Mesh 2.8.3",
      "6 pods in namespace cache, on 3 nodes",
      expect.stringMatching(/^A daemon of Chaos Mesh is ready on every node/),
      expect.stringMatching(/^Every node that disk faults may hit is amd64: lab-node-1/),
    ]);
    expect(looked.texts("well", "Clocks")).toHaveLength(4);
  });

  it.each(accounts)(
    "finds nothing wrong with the %s's account when it has exactly the rights of aftershock rbac",
    async (role) => {
      const own = await doctor.rig.look({
        ...doctor.onLab({ kubeconfig: doctor.kubeconfigs[role] }),
        args: ["--role", role],
      });
      const either = await doctor.rig.look(doctor.onLab({ kubeconfig: doctor.kubeconfigs[role] }));
      for (const looked of [own, either]) {
        expect(looked.texts("wrong")).toEqual([]);
        expect(looked.code).toBe(0);
        expect(looked.line(new RegExp(`aftershock-${role} has the ${role}'s rights`)).status).toBe("well");
      }
      const dark = either.texts("unknown", "Cluster lab");
      expect(dark).toEqual(
        role === "worker"
          ? []
          : [
              expect.stringMatching(/has none of the rights that only the worker needs, as it should be/),
              "Chaos Mesh's pods: this account may not see them.",
              "Architecture of the targets' nodes: this account may not read nodes.",
            ],
      );
    },
  );

  it("asks nothing that the worker's account is refused, and changes nothing", async () => {
    const log = await readAccessLog(doctor.lab.kubeconfigPath, "system:serviceaccount:aftershock:aftershock-worker");
    expect(log.filter(({ allowed }) => !allowed)).toEqual([]);
    const changing = log.flatMap(({ attributes }) =>
      attributes.about === "resource" && !["get", "list"].includes(attributes.verb) ? [attributes.resource] : [],
    );
    expect([...new Set(changing)].toSorted()).toEqual(["selfsubjectaccessreviews", "selfsubjectreviews"]);
  });

  it("names a right that is missing, with what grants it", async () => {
    const wrongRole = await doctor.rig.look({
      ...doctor.onLab({ kubeconfig: doctor.kubeconfigs.bot }),
      args: ["--role", "worker"],
    });
    expect(wrongRole.code).toBe(1);
    expect(wrongRole.line(/create, get, delete, patch networkchaos/).mend).toMatch(
      /^npx aftershock rbac --config \S+ --cluster lab \| kubectl apply -f -\nThen look: kubectl auth can-i create networkchaos.chaos-mesh.org -n cache --as system:serviceaccount:aftershock:aftershock-bot$/,
    );
    const twoNamespaces = await doctor.rig.look({
      ...doctor.onLab({ kubeconfig: doctor.kubeconfigs.worker, namespaces: ["cache", "elsewhere"] }),
      args: ["--role", "worker"],
    });
    expect(twoNamespaces.line(/list pods in elsewhere/)).toMatchObject({ status: "wrong" });
    // Also where nobody says whose account it is, and the bot's rights are whole.
    await doctor.admin("delete rolebinding aftershock-worker-injector -n chaos-mesh");
    const gap = await doctor.rig.look(doctor.onLab({ kubeconfig: doctor.kubeconfigs.worker }));
    expect(gap.texts("wrong")).toEqual([
      expect.stringMatching(
        /aftershock-worker lacks a right of the worker: list pods in chaos-mesh\. Sees before a run/,
      ),
    ]);
    expect(gap.line(/Chaos Mesh's pods: this account may not see them/).status).toBe("unknown");
  });

  it("without namespaces asks for the rights everywhere", async () => {
    const looked = await doctor.rig.look(
      doctor.onLab({ kubeconfig: doctor.kubeconfigs.worker, namespaces: undefined }),
    );
    expect(looked.line(/lacks a right of the worker: list pods in the whole cluster/).status).toBe("wrong");
    expect(looked.line(/target namespaces' pods: this account may not see them/).status).toBe("unknown");
  });

  it("says that a namespace has no pods, and counts none that a DaemonSet made", async () => {
    const looked = await doctor.rig.look(doctor.onLab({ namespaces: ["cache", "nothing", "chaos-mesh"] }));
    expect(looked.texts("well")).toContain("1 pod in namespace chaos-mesh, on 1 node");
    expect(looked.line(/No pod runs in namespace nothing/)).toMatchObject({
      status: "warning",
      mend: "kubectl get pods -n nothing",
    });
    expect(looked.code).toBe(0);
    expect(
      (await doctor.rig.look({ ...doctor.onLab({ namespaces: ["cache", "nothing"] }), args: ["--strict"] })).code,
    ).toBe(1);
  });

  it("asks nothing for a wrong configuration or usage", async () => {
    expect(await doctor.rig.look({ config: { defaultCluster: "prod" } })).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining('there is no cluster "prod"') as string,
    });
    expect(await doctor.rig.look({ config: { experiments: { enabled: ["redis-splitbrain"] } } })).toMatchObject({
      code: 2,
    });
    const rule = { name: "r", experiments: ["redis-splitbrain"], requesters: ["anyone"], approvals: "none" };
    const policies = { mayResume: ["U0BOB"], rules: [rule] };
    expect(await doctor.rig.look({ config: { approvals: undefined, policies } })).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no "redis-splitbrain"') as string,
    });
    expect(await doctor.rig.look({ args: ["--role", "admin"] })).toMatchObject({
      code: 2,
      err: expect.stringContaining("Roles: bot, worker") as string,
    });
    expect(await doctor.rig.look({ args: ["--cluster", "prod"] })).toMatchObject({
      code: 2,
      err: expect.stringContaining("Known clusters: lab") as string,
    });
  });

  it("says that Chaos Mesh is not there, on a node or at all", async () => {
    await doctor.admin("delete daemonset chaos-daemon -n chaos-mesh");
    await doctor.admin("delete deployment chaos-controller-manager -n chaos-mesh");
    await doctor.admin("wait -n chaos-mesh --for=delete pod --all --timeout=20s");
    const looked = await doctor.rig.look(doctor.onLab());
    expect(looked.texts("wrong")).toEqual([
      "No controller of Chaos Mesh is in namespace chaos-mesh.",
      "No daemon of Chaos Mesh is on lab-node-1, lab-node-2, lab-node-3: no network or disk fault works for the pods there.",
    ]);
    expect(looked.code).toBe(1);
  });
});
