import { expect, it } from "vitest";
import { startHealthServer } from "../src/health.ts";

const noMetrics = () => Promise.reject(new Error("none"));

it("says so when the metrics cannot be made, and goes on", async () => {
  const health = await startHealthServer({ port: 0, checks: [], metrics: noMetrics });
  try {
    const [metrics, alive] = await Promise.all(
      ["metrics", "healthz"].map((path) => fetch(`http://127.0.0.1:${health.port}/${path}`)),
    );
    expect([metrics?.status, await metrics?.json()]).toEqual([500, { error: "none" }]);
    expect(alive?.status).toBe(200);
  } finally {
    await health.close();
  }
});

it("a flood of questions whether the process is ready asks what it stands on once at a time", async () => {
  let [asked, atOnce, most] = [0, 0, 0];
  const check = async (): Promise<void> => {
    asked += 1;
    most = Math.max(most, ++atOnce);
    await new Promise((resolve) => setTimeout(resolve, 200));
    atOnce -= 1;
  };
  const health = await startHealthServer({ port: 0, checks: [{ name: "slack", check }], metrics: noMetrics });
  try {
    const ready = () => fetch(`http://127.0.0.1:${health.port}/readyz`).then(async (answer) => answer.json());
    const answers = await Promise.all(Array.from({ length: 30 }, ready));
    expect(answers.every((answer) => (answer as { slack: string }).slack === "ok")).toBe(true);
    expect(most).toBe(1);
    expect(asked).toBeLessThan(10);
    // The next question is answered anew.
    const before = asked;
    await ready();
    expect(asked).toBe(before + 1);
  } finally {
    await health.close();
  }
});
