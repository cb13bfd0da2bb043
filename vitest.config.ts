import { defineConfig } from "vitest/config";

/** Tests on a lab that judge by what happens and hardly by when: two at a time. */
const labs = ["test/lab/lab*.test.ts", "test/e2e/{backup,browser,schedule}.test.ts"];
/** Tests that start the whole stack and judge its timings; they get the machine to themselves, one file at a time. */
const wholeStack = ["test/e2e/**/*.test.ts"];
/** A machine that stalls for seconds can spoil one run on real servers. A second failure is a failure; the first is shown. */
const retry = 1;

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
          exclude: [...labs, ...wholeStack, "test/architecture/**"],
          setupFiles: ["test/support/same-inputs.ts"],
          retry,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "lab",
          include: labs,
          retry,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "real",
          include: wholeStack,
          exclude: labs,
          retry,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
