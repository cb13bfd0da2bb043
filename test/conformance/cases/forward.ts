import assert from "node:assert/strict";
import { connect } from "node:net";
import type { Case } from "../suite.ts";

/** Asks for the folder of a pod's HTTP server; "" when the connection ended without an answer. */
function ask(at: { host: string; port: number }): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(at);
    let text = "";
    socket.setTimeout(5000, () => socket.destroy());
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
    socket.on("error", () => undefined);
    socket.once("close", () => resolve(text));
    socket.write("GET / HTTP/1.0\r\n\r\n");
  });
}

export const forwardCases: readonly Case[] = [
  {
    name: "A port-forward carries connections to a pod's port side by side, and ends those to a port where nobody listens",
    run: async ({ client, ground }) => {
      const pod = ground.pods[0] ?? "";
      const open = await client.forward(ground.namespace, pod, 8080);
      try {
        const answers = await Promise.all([1, 2, 3, 4].map(() => ask(open)));
        for (const answer of answers) assert.match(answer, /^HTTP\/1\.[01] \d{3} /);
      } finally {
        await open.stop();
      }
      const closed = await client.forward(ground.namespace, pod, 8099);
      try {
        assert.equal(await ask(closed), "");
      } finally {
        await closed.stop();
      }
    },
  },
];
