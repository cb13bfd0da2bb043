import { connect, createServer, type Socket } from "node:net";

/** What goes through to PostgreSQL: everything, nothing (and what is open breaks), or everything but the next commit's answer. */
export type Passage = "open" | "cut" | "loses a commit";

/** A proxy before a real PostgreSQL that a test can cut, and that can lose the answer to a commit which was done. */
export async function cutPostgres(url: string): Promise<{
  url: string;
  set(passage: Passage): void;
  /** How many commits' answers were lost. */
  lost(): number;
  stop(): Promise<void>;
}> {
  const { hostname, port } = new URL(url);
  const pairs = new Set<[Socket, Socket]>();
  let passage: Passage = "open";
  let lost = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    if (passage === "cut") return end();
    let committing = false;
    client.on("data", (chunk: Buffer) => {
      if (passage === "loses a commit" && /commit/i.test(chunk.toString("latin1"))) {
        committing = true;
        passage = "open";
      }
      upstream.write(chunk);
    });
    upstream.on("data", (chunk: Buffer) => {
      if (!committing) return void client.write(chunk);
      // PostgreSQL has answered, so it was done; the client never hears of it.
      lost += 1;
      end();
    });
    for (const socket of pair) socket.on("error", end).on("close", end);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const own = new URL(url);
  own.hostname = "127.0.0.1";
  own.port = String(typeof address === "object" ? address?.port : "");
  return {
    url: own.toString(),
    lost: () => lost,
    set: (next) => {
      passage = next;
      if (next === "cut") for (const pair of pairs) pair.forEach((socket) => socket.destroy());
    },
    stop: async () => {
      for (const pair of pairs) pair.forEach((socket) => socket.destroy());
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
