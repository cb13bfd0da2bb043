import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/**
 * The long suite (`npm run test:chaos`), no part of `npm test`. Each file has a stack of its own; most of a case is
 * waiting for leases and phases, so three files at a time fit on two cores. No retry: a case that fails once has found something.
 */
export default defineConfig({
  test: {
    name: "chaos",
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: ["test/chaos/**/*.chaos.ts"],
    testTimeout: 240_000,
    hookTimeout: 180_000,
    maxWorkers: 3,
    retry: 0,
    // The rig says a line per case, as it ends.
    reporters: [["default", { summary: false }]],
    disableConsoleIntercept: true,
  },
});
