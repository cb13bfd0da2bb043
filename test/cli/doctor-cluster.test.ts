import { describe, expect, it } from "vitest";
import { judgeApiServer } from "../../src/cli/doctor/cluster/api-server.ts";
import { judgeController, judgeKinds } from "../../src/cli/doctor/cluster/chaos-mesh.ts";
import { targetNamespaces } from "../../src/cli/doctor/cluster/kinds-of.ts";
import { judgeArchitecture, judgeDaemons, judgeTargets } from "../../src/cli/doctor/cluster/nodes.ts";
import type { Line } from "../../src/cli/doctor/line.ts";
import { mended, said } from "../support/doctor-lines.ts";

describe("what must fire of a cluster, fires", () => {
  it("a cluster: old, without kinds, controllers, daemons, pods", () => {
    expect(judgeApiServer("v1.31.0", "me").status).toBe("well");
    expect(mended(judgeApiServer("v1.21.0", null))[0]?.status).toBe("warning");
    expect(judgeApiServer("what", null).status).toBe("unknown");
    expect(
      said(
        mended(
          judgeKinds([
            ["PodChaos", true],
            ["IOChaos", false],
            ["NetworkChaos", "no answer"],
          ]),
        ),
      ),
    ).toEqual([
      "wrong: The API server does not serve IOChaos of chaos-mesh.org/v1alpha1.",
      "unknown: Whether NetworkChaos is served could not be asked: no answer",
    ]);
    const pod = (node: string, ready: boolean, version = "2.8.3") => ({
      name: node,
      node,
      ready,
      instance: "",
      version,
    });
    const mesh = (controllers: object[], daemons: object[] = []) =>
      ({ namespace: "chaos-mesh", controllers, daemons }) as Parameters<typeof judgeController>[0];
    expect(mended(judgeController(mesh([]), "prod"))[0]).toMatchObject({
      status: "wrong",
      mend: expect.stringContaining("clusters.prod.chaosMesh") as string,
    });
    expect(said(mended(judgeController(mesh([pod("a", false)]), "prod")))[0]).toMatch(
      /^wrong: No controller .* is ready/,
    );
    expect(said(mended(judgeController(mesh([pod("a", true, "2.6.1")]), "prod")))[1]).toMatch(
      /^warning: Chaos Mesh is 2.6.1/,
    );
    expect(judgeController(mesh([{ ...pod("a", true), version: undefined }]), "prod")[1]?.status).toBe("unknown");
    expect(said(mended(judgeDaemons(["a", "b", "c"], mesh([], [pod("a", true), pod("b", false)]))))).toEqual([
      expect.stringMatching(/^wrong: No daemon of Chaos Mesh is on c:/),
      expect.stringMatching(/^wrong: The daemon of Chaos Mesh is not ready on b:/),
    ]);
    expect(mended(judgeTargets({ namespace: "x", pods: [] }))[0]?.status).toBe("warning");
  });

  it("a cluster: the namespaces that it names, its targets', or the experiments' defaults", () => {
    const experiments = [{ parameters: { namespace: { type: "text", default: "cache" } } }] as never;
    const targets = [{ namespace: "orders" }, { namespace: "orders" }] as never;
    expect(targetNamespaces({ namespaces: ["a"], targets }, experiments)).toEqual(["a"]);
    expect(targetNamespaces({ targets }, experiments)).toEqual(["orders"]);
    expect(targetNamespaces({ targets: [] }, experiments)).toEqual(["cache"]);
  });

  it("a cluster: nodes of another architecture", () => {
    const judge = (nodes: Parameters<typeof judgeArchitecture>[0]): Line[] => judgeArchitecture(nodes, "ASK");
    const amd = { architecture: "amd64" };
    const arm = { architecture: "arm64" };
    expect(
      said(
        judge([
          ["a", amd],
          ["b", amd],
        ]),
      )[0],
    ).toMatch(/^well/);
    expect(said(mended(judge([["a", arm]])))[0]).toMatch(/^wrong: IOChaos works on amd64 only, .* a \(arm64\)/);
    expect(
      said(
        mended(
          judge([
            ["a", arm],
            ["b", amd],
            ["c", { architecture: null }],
          ]),
        ),
      ),
    ).toEqual(["warning: IOChaos works on amd64 only; it is refused for pods on a (arm64), c (unknown)."]);
    expect(
      said(
        judge([
          ["a", "forbidden"],
          ["b", "forbidden"],
        ]),
      )[0],
    ).toMatch(/^unknown: .*may not read nodes/);
    expect(
      said(
        judge([
          ["a", amd],
          ["b", { why: "no answer" }],
        ]),
      ),
    ).toEqual(["unknown: Architecture not seen of b."]);
  });
});
