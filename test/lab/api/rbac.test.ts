import { describe, expect, it } from "vitest";
import { createAccessLog } from "../../../src/lab/api/access/access-log.ts";
import { attributesOf } from "../../../src/lab/api/access/attributes.ts";
import { decide } from "../../../src/lab/api/access/rbac.ts";
import type { Attributes, PolicyRule } from "../../../src/lab/api/access/rbac.ts";
import { serviceAccountUser } from "../../../src/lab/api/access/user.ts";
import { parsePath } from "../../../src/lab/api/path.ts";

const wanted = (given: Partial<Extract<Attributes, { about: "resource" }>>): Attributes => ({
  about: "resource",
  verb: "get",
  group: "",
  resource: "pods",
  subresource: "",
  namespace: "cache",
  name: "",
  ...given,
});
const path = (url: string, verb = "get"): Attributes => ({ about: "path", verb, path: url });
const pods: PolicyRule = { verbs: ["get", "list"], apiGroups: [""], resources: ["pods"] };
const all: PolicyRule = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
const named: PolicyRule = { ...pods, resourceNames: ["redis-0"] };

const cases: Array<[what: string, rule: PolicyRule, namespace: string | null, attributes: Attributes, yes: boolean]> = [
  ["a verb of the rule", pods, null, wanted({ verb: "list" }), true],
  ["another verb", pods, null, wanted({ verb: "watch" }), false],
  ["another group", pods, null, wanted({ group: "apps" }), false],
  ["another resource", pods, null, wanted({ resource: "nodes", namespace: "" }), false],
  ["a subresource, by the resource's name", pods, null, wanted({ subresource: "exec" }), false],
  ["a subresource of its own", { ...pods, resources: ["pods/exec"] }, null, wanted({ subresource: "exec" }), true],
  ["the resource, by a subresource's name", { ...pods, resources: ["pods/exec"] }, null, wanted({}), false],
  ["another subresource", { ...pods, resources: ["pods/exec"] }, null, wanted({ subresource: "log" }), false],
  ["a subresource of everything", { ...pods, resources: ["*/exec"] }, null, wanted({ subresource: "exec" }), true],
  ["stars", all, null, wanted({ verb: "patch", group: "x", resource: "y", subresource: "z", namespace: "" }), true],
  ["a path, by a rule of resources", all, null, path("/version"), false],
  ["a name of the rule", named, null, wanted({ name: "redis-0" }), true],
  ["another name", named, null, wanted({ name: "redis-1" }), false],
  ["no name, where the rule has names", named, null, wanted({ verb: "list" }), false],
  ["the binding's namespace", pods, "cache", wanted({}), true],
  ["another namespace", pods, "cache", wanted({ namespace: "database" }), false],
  ["all namespaces, by a binding in one", pods, "cache", wanted({ verb: "list", namespace: "" }), false],
  ["a path", { verbs: ["get"], nonResourceURLs: ["/version"] }, null, path("/version"), true],
  ["a path below a star", { verbs: ["get"], nonResourceURLs: ["/apis/*"] }, null, path("/apis/apps/v1"), true],
  ["a path beside a star", { verbs: ["get"], nonResourceURLs: ["/apis/*"] }, null, path("/api"), false],
  ["a path by another verb", { verbs: ["get"], nonResourceURLs: ["*"] }, null, path("/version", "post"), false],
  ["a path, by a binding in a namespace", { verbs: ["*"], nonResourceURLs: ["*"] }, "cache", path("/version"), false],
];

describe("the decision of RBAC", () => {
  it.each(cases)("%s", (_what, rule, namespace, attributes, yes) => {
    const grant = { rule, namespace, through: "test" };
    expect(decide([grant], attributes)).toBe(yes ? grant : null);
    // Rules only add up: one that does not match takes nothing away.
    expect(decide([{ ...grant, rule: { verbs: [] } }, grant], attributes)).toBe(yes ? grant : null);
  });

  it("refuses whoever has no rules", () => expect(decide([], wanted({}))).toBeNull());
});

describe("the attributes of a request", () => {
  const of = (method: string, address: string) => {
    const url = new URL(address, "https://lab");
    return attributesOf(method, url, parsePath(url.pathname));
  };
  const base = "/api/v1/namespaces/cache/pods";
  it.each([
    ["GET", base, wanted({ verb: "list" })],
    ["GET", `${base}?watch=1`, wanted({ verb: "watch" })],
    ["GET", `${base}?fieldSelector=metadata.name%3Dredis-0`, wanted({ verb: "list", name: "redis-0" })],
    ["GET", `${base}/redis-0`, wanted({ name: "redis-0" })],
    ["POST", base, wanted({ verb: "create" })],
    ["DELETE", base, wanted({ verb: "deletecollection" })],
    ["DELETE", `${base}/redis-0`, wanted({ verb: "delete", name: "redis-0" })],
    ["PATCH", `${base}/redis-0/status`, wanted({ verb: "patch", name: "redis-0", subresource: "status" })],
    ["POST", `${base}/redis-0/eviction`, wanted({ verb: "create", name: "redis-0", subresource: "eviction" })],
    ["GET", `${base}/redis-0/exec?command=ls`, wanted({ name: "redis-0", subresource: "exec" })],
    ["GET", "/api/v1/namespaces/cache", wanted({ resource: "namespaces", name: "cache" })],
    ["GET", "/api/v1/nodes", wanted({ verb: "list", resource: "nodes", namespace: "" })],
    [
      "PUT",
      "/apis/apps/v1/namespaces/x/deployments/y",
      wanted({ verb: "update", group: "apps", resource: "deployments", namespace: "x", name: "y" }),
    ],
    ["GET", "/apis/apps/v1", path("/apis/apps/v1")],
    ["POST", "/version", path("/version", "post")],
  ])("%s %s", (method, address, attributes) => expect(of(method, address)).toEqual(attributes));
});

describe("the access log", () => {
  it("counts what is the same, and forgets the oldest beyond its limit", () => {
    const log = createAccessLog(() => 7, 2);
    const user = serviceAccountUser({ namespace: "ops", name: "bot", uid: "1" });
    for (const name of ["a", "b", "b", "c"]) log.note(user, wanted({ name }), name === "c" ? null : "rule");
    expect(log.entries()).toEqual([
      {
        user: "system:serviceaccount:ops:bot",
        attributes: wanted({ name: "b" }),
        allowed: true,
        allowedBy: "rule",
        times: 2,
        firstAtMs: 7,
        lastAtMs: 7,
      },
      {
        user: "system:serviceaccount:ops:bot",
        attributes: wanted({ name: "c" }),
        allowed: false,
        allowedBy: null,
        times: 1,
        firstAtMs: 7,
        lastAtMs: 7,
      },
    ]);
    expect(log.dropped()).toBe(1);
    log.clear();
    expect([log.entries(), log.dropped()]).toEqual([[], 0]);
  });
});
