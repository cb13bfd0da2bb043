import { defineConfig } from "vitest/config";

/** Tests that start a lab or the whole stack; they get the machine to themselves, one file at a time. */
const heavy = ["test/e2e/**/*.test.ts", "test/lab/lab*.test.ts", "test/cluster/**/*.test.ts"];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "architecture",
          include: ["test/architecture/**/*.test.ts"],
        },
      },
      {
        test: {
          name: "fast",
          include: ["test/**/*.test.ts"],
          exclude: [...heavy, "test/architecture/**"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "real",
          include: heavy,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
