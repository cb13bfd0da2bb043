import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";

/**
 * Test double of a package registry: the real npm asks it, and it answers what a registry would. Registries with known
 * weaknesses on demand cannot be had.
 */
let registry: Server | undefined;
const cache = mkdtempSync(join(tmpdir(), "aftershock-npm-cache-"));
afterEach(() => registry?.close());
afterAll(() => rmSync(cache, { recursive: true, force: true }));

async function startRegistry(advisories: Record<string, unknown>): Promise<string> {
  const server = createServer((request, response) => {
    const bulk = request.url === "/-/npm/v1/security/advisories/bulk";
    response.writeHead(bulk ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(bulk ? advisories : { error: "not found" }));
  });
  registry = server;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function audited(address: string): Promise<{ code: number; out: string }> {
  const script = fileURLToPath(new URL("../../deploy/audit-packages.mjs", import.meta.url));
  const env = { ...process.env, npm_config_cache: cache };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, "--registry", address], { env });
    return { code: 0, out: stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, out: stdout };
  }
}

// npm remembers what it worked out by the number, so that each severity has its own.
const advisory = (severity: string) => ({
  ws: [
    {
      id: severity.length,
      url: "https://example.org/1",
      title: "A socket too many",
      severity,
      vulnerable_versions: "<99.0.0",
    },
  ],
});

describe("the look at the packages' known weaknesses", () => {
  it("fails for a high one, and names it", async () => {
    const { code, out } = await audited(await startRegistry(advisory("high")));
    expect(out).toMatch(/high: ws .*A socket too many/);
    expect(code).toBe(1);
  });
  it("passes for none, and for a lower one, which it counts", async () => {
    expect(await audited(await startRegistry({}))).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^0 of \d{3,} /),
    });
    registry?.close();
    const low = await audited(await startRegistry(advisory("low")));
    expect(low).toMatchObject({ code: 0, out: expect.stringMatching(/[1-9]\d* of a lower one/) });
  });
  it("says that nothing was looked at, and does not fail, where no registry answers", async () => {
    const { code, out } = await audited("http://127.0.0.1:1");
    expect(out).toMatch(/NOT audited: .*ECONNREFUSED/);
    expect(code).toBe(0);
  });
});
