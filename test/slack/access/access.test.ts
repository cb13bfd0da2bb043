import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { WebClient } from "@slack/web-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { configSchema } from "../../../src/config/schema.ts";
import { events, features, methods } from "../../../src/slack/access/methods.ts";
import { exampleUrl, manifest, manifestYaml, type Delivery } from "../../../src/slack/access/manifest.ts";
import { needing, withScopeTable } from "../../../src/slack/access/scope-table.ts";
import { appScope, botScopes, scopes } from "../../../src/slack/access/scopes.ts";
import { webClient } from "../../../src/slack/web-client.ts";
import { sourceFiles } from "../../architecture/imports.ts";
import { manifestScopes, missingScopes } from "../../support/slack-gate/scopes.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const ours = sourceFiles(root, ["src", "commands"]).filter((file) => !file.startsWith("src/lab/"));

/** Every method that the SDK knows, from its own client: `chat.postMessage` and so on. */
function knownMethods(of: object, path: readonly string[] = []): string[] {
  return Object.entries(of).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value === "function") return path.length === 0 ? [] : [[...path, name].join(".")];
    const isGroup = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
    return isGroup ? knownMethods(value, [...path, name]) : [];
  });
}

/** What the SDK calls for a method of its own that is none of Slack's, and what Bolt calls for Socket Mode. */
const inside: ReadonlyArray<readonly [RegExp, readonly string[]]> = [
  [/\.filesUploadV2\(/, ["files.getUploadURLExternal", "files.completeUploadExternal"]],
  [/\bsocketMode: true\b/, ["apps.connections.open"]],
];

const known = new Set(knownMethods(new WebClient("xoxb-1")));

function calledIn(source: string): string[] {
  const chains = [...source.matchAll(/\w+(?:\.\w+)+(?=\()/g)].map(([chain]) => chain.split("."));
  const called = chains.flatMap((chain) => {
    // The longest end of it that is a method: in client.usergroups.users.list there is no users.list.
    const ends = chain.slice(1).map((_name, at) => chain.slice(at + 1).join("."));
    return ends.find((end) => known.has(end)) ?? [];
  });
  const named = [...source.matchAll(/\.apiCall\("([\w.]+)"/g)].map(([, name = ""]) => name);
  return [...called, ...named, ...inside.flatMap(([pattern, names]) => (pattern.test(source) ? names : []))];
}

describe("the table of methods", () => {
  it("holds exactly what the source calls", () => {
    const called = ours.flatMap((file) => calledIn(read(file)));
    expect([...new Set(called)].toSorted()).toEqual(Object.keys(methods).toSorted());
    // The reading itself: a call that is not in the table would be seen.
    expect(calledIn("await client.conversations.invite({})")).toEqual(["conversations.invite"]);
    expect(calledIn('client.apiCall("blocks.validate", {})')).toEqual(["blocks.validate"]);
  });

  it("holds exactly the events that are listened to", () => {
    const heard = ours.flatMap((file) =>
      [...read(file).matchAll(/\bapp\.event\("(\w+)"/g)].map(([, name = ""]) => name),
    );
    expect([...new Set(heard)].toSorted()).toEqual(Object.keys(events).toSorted());
  });

  it("asks for the scopes that Slack's reference names, and for none that nothing needs", () => {
    for (const [method, { scopes: own }] of Object.entries(methods)) {
      const form = new URLSearchParams();
      expect(missingScopes({ method, form, atMs: 0 }, own), method).toBeNull();
      if (own.length > 0 && !own.some((scope) => scope === appScope)) {
        expect(missingScopes({ method, form, atMs: 0 }, []), method).not.toBeNull();
      }
    }
    for (const [channel, scope] of [
      ["C1", "channels:history"],
      ["G1", "groups:history"],
      ["D1", "im:history"],
    ] as const) {
      const call = { method: "conversations.history", form: new URLSearchParams({ channel }), atMs: 0 };
      expect(missingScopes(call, botScopes)).toBeNull();
      expect(
        missingScopes(
          call,
          botScopes.filter((each) => each !== scope),
        ),
      ).toEqual([scope]);
    }
    expect(botScopes.filter((scope) => needing(scope).length === 0)).toEqual([]);
    const used = [methods, events].flatMap((table) => Object.values(table).flatMap(({ scopes: own }) => [...own]));
    const explained = new Set<string>([...botScopes, appScope]);
    expect([...used, ...Object.values(features).flat()].filter((scope) => !explained.has(scope))).toEqual([]);
    for (const { why } of Object.values(scopes)) expect(why).toMatch(/^[A-Z].{20,}\.$/);
  });
});

describe("a client", () => {
  let server: Server;
  const asked: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

  it.each(["/api/", "/api"])("sends what is in the table and nothing else (%s)", async (path) => {
    asked.length = 0;
    const slackApiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    const client = webClient({ token: "xoxb-1", slackApiUrl, timeoutMs: 5000 });
    await client.auth.test();
    await expect(client.conversations.invite({ channel: "C1", users: "U1" })).rejects.toThrow(
      "conversations.invite is not in src/slack/access/methods.ts",
    );
    await expect(client.apiCall("auth.revoke")).rejects.toThrow("auth.revoke is not in");
    expect(asked).toEqual(["/api/auth.test"]);
  });

  it("is made by nobody without the gate", () => {
    const made = ours.filter((file) => /new (WebClient|App)\(/.test(read(file)));
    expect(made.filter((file) => !read(file).includes("throughGate("))).toEqual([]);
    expect(made.length).toBeGreaterThan(1);
  });
});

interface Manifest {
  features: { slash_commands: Array<{ command: string; url?: string; should_escape: boolean }> };
  settings: { socket_mode_enabled: boolean; event_subscriptions: { request_url?: string; bot_events: string[] } };
}

describe.each<[Delivery, string]>([
  ["socket", "deploy/slack/socket-mode.yaml"],
  ["http", "deploy/slack/http.yaml"],
])("the manifest for %s", (delivery, file) => {
  it("is what npm run manifests writes", () => expect(read(file)).toBe(manifestYaml(delivery)));

  it("is YAML that holds what the configuration expects", () => {
    const found = parse(read(file)) as Manifest;
    expect(found).toEqual(manifest(delivery));
    const config = configSchema.shape.slack.parse({ mode: "socket" });
    expect(found.features.slash_commands).toMatchObject([{ command: config.command, should_escape: true }]);
    expect(found.settings.socket_mode_enabled).toBe(delivery === "socket");
    expect(found.settings.event_subscriptions.bot_events).toEqual(Object.keys(events));
    expect(read(file).match(/aftershock\.example\.com\/slack/g) ?? []).toHaveLength(delivery === "http" ? 3 : 0);
    expect(new URL(exampleUrl).pathname).toBe("/slack/events");
  });

  it("keeps to the lengths that Slack takes", () => {
    // @slack/web-api, manifest.d.ts
    const { display_information: shown, features: has } = manifest(delivery) as {
      display_information: { name: string; description: string };
      features: { shortcuts: Array<{ description: string }>; bot_user: { display_name: string } };
    };
    expect(shown.name.length).toBeLessThanOrEqual(35);
    expect(shown.description.length).toBeLessThanOrEqual(140);
    expect(has.bot_user.display_name).toMatch(/^[a-z0-9._-]{1,80}$/);
    for (const { description } of has.shortcuts) expect(description.length).toBeLessThanOrEqual(150);
  });
});

describe("the guide", () => {
  const page = read("docs/install-slack.md");
  it("has the table that npm run manifests writes, and ten steps", () => {
    expect(withScopeTable(page)).toBe(page);
    expect(page.match(/^\d+\. \*\*/gm)?.map((line) => Number.parseInt(line, 10))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
    expect(() => withScopeTable("# nothing")).toThrow("no place for the table");
  });
  it("asks for what the manifest asks for", () => expect(manifestScopes()).toEqual([...botScopes]));
});
