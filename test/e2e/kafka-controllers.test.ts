import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../../src/embedded/run-drive.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import { kafkaHere, whySkipped } from "../support/kafka.ts";
import { kubectlOk } from "../support/kubectl.ts";
import {
  alice,
  approve,
  askForRun,
  calm,
  eventsOf,
  reportOf,
  startTestStack,
  threadText,
  untilState,
  waitFor,
} from "../support/stack.ts";

const kafka = kafkaHere();
const brokers = ["kafka-0", "kafka-1", "kafka-2"];

describe.skipIf(process.getuid?.() !== 0 || "missing" in kafka)(
  `kafka-broker-kill on real Kafka with controllers of their own${whySkipped(kafka)}`,
  () => {
    let stack: Stack;
    /** Of each pod with these labels what a JSONPath has of it, apart by spaces. */
    const podsOf = async (labels: string, path: string): Promise<string> => {
      const output = `jsonpath={range .items[*]}${path} {end}`;
      const args = ["get", "pods", "-n", "messaging", "-l", labels, "-o", output];
      return (await kubectlOk(stack.lab.kubeconfigPath, args)).trim();
    };
    beforeAll(async () => {
      const selectors = { kafka: "app=kafka", controller: "app=kafka-controller" };
      const events = { name: "events", systems: ["kafka"], namespace: "messaging", selectors };
      stack = await startTestStack({
        kafkaRoles: "separate",
        configure: (config) => {
          const clusters = config["clusters"] as Record<string, object>;
          return { ...config, clusters: { lab: { ...clusters["lab"], targets: [events] } } };
        },
      });
      // Six machines of Java's may take longer to start than a question waits for.
      await waitFor(
        () => podsOf("app in (kafka,kafka-controller)", "{.status.conditions[?(@.type=='Ready')].status}"),
        (ready) => ready === Array(6).fill("True").join(" "),
        180_000,
      );
    }, 240_000);
    afterAll(() => stack?.stop());
    const controllers = () => podsOf("app=kafka-controller", "{.metadata.name}={.metadata.uid}");

    it("kills a broker, sees another elected, and leaves the controllers alone", async () => {
      const { runId, card } = await askForRun(
        stack,
        `run kafka-broker-kill target=events duration=18s baseline=5s recovery=60s maxOutage=30s ${calm}`,
      );
      const before = await controllers();
      await approve(stack, card);
      expect(await untilState(stack, runId, ["completed", "failed", "aborted"], 150_000)).toBe("completed");
      const report = await reportOf(stack, runId);
      expect(report.verdicts, report.because).toEqual({ hypothesis: "held", run: "completed", cleanup: "verified" });
      const events = await eventsOf(stack, runId);
      const intended = events.find((event) => event.type === "fault-intended");
      expect(intended?.type === "fault-intended" ? intended.pods : []).toEqual([
        expect.stringMatching(/^kafka-[012]$/),
      ]);
      const told = events.find((event) => event.type === "topology");
      expect(told?.type === "topology" ? told : null).toMatchObject({
        summary: expect.stringMatching(/3 brokers, controller kafka-controller-[012] \(no broker\)/),
        groups: { brokers, controllers: ["kafka-controller-0", "kafka-controller-1", "kafka-controller-2"] },
      });
      // The killed broker was no controller, so there was one election and not two.
      const measured = new Map(report.measures.map((measure) => [measure.id, measure]));
      expect(measured.get("controller")).toMatchObject({ value: null });
      expect(measured.get("controller")?.note).toMatch(/^kafka-controller-[012] was not killed$/);
      expect(report.findings.map(({ id }) => id)).not.toContain("kafka.controller-lost");
      expect(await threadText(stack, card)).toMatch(/kafka-controller-[012]/);
      expect(await controllers()).toBe(before);
    });

    it("says that role=controller kills nobody here, and plans nothing", async () => {
      const { text = "" } = await ask(stack.slack, alice, "run kafka-broker-kill target=events role=controller");
      expect(text).toMatch(/kafka-controller-[012], is a controller and no broker/);
      expect(text).toContain("role=broker");
    });
  },
);
