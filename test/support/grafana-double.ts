import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Annotation {
  id: number;
  time: number;
  timeEnd?: number;
  tags: string[];
  text: string;
  dashboardUID?: string;
}

/**
 * A double of Grafana, which Debian does not have: it keeps annotations as the documentation of its HTTP API says
 * (grafana.com, Annotations HTTP API), and has one dashboard, `runs`. `misbehave` says what becomes of a request: the status that it is answered with
 * instead, or that it is done and its answer lost.
 */
export async function startGrafanaDouble(token: string) {
  const annotations: Annotation[] = [];
  let misbehave: (method: string) => number | "lose-answer" | null = () => null;
  const shown = (url: string): [number, object] => {
    if (url.startsWith("/api/annotations?")) return [200, annotations];
    return url.startsWith("/api/dashboards/uid/runs?") ? [200, {}] : [404, { message: "Dashboard not found" }];
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const answer = (status: number, body: object): void => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(body));
      };
      if (request.url?.startsWith("/api/health") === true) return answer(200, { database: "ok", version: "11.0.0" });
      const wrong = misbehave(request.method ?? "");
      if (typeof wrong === "number") return answer(wrong, { message: "no" });
      if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { message: "Unauthorized" });
      if (request.method === "GET") return answer(...shown(request.url ?? ""));
      const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Omit<Annotation, "id">;
      const id = Number(/^\/api\/annotations\/(\d+)$/.exec(request.url ?? "")?.[1] ?? annotations.length + 1);
      const there = annotations.find((annotation) => annotation.id === id);
      if (request.method === "PATCH" && there !== undefined) Object.assign(there, body);
      else if (request.method === "POST" && request.url === "/api/annotations") annotations.push({ ...body, id });
      else return answer(404, { message: "Annotation not found" });
      if (wrong === "lose-answer") return request.socket.destroy();
      answer(200, request.method === "POST" ? { message: "Annotation added", id } : { message: "Annotation patched" });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    annotations,
    misbehave: (how: typeof misbehave) => (misbehave = how),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
