import { createServer, connect } from "node:net";
import { once } from "node:events";
import { expect, it } from "vitest";
import { inbound, ownSockets, parseTcpTable, tcpTableOf } from "../../src/lab/network/connections.ts";

const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const line = (local: string, remote: string, state: string, inode: number): string =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000 100 0 0 10 0\n`;

it("reads the kernel's tables of IPv4 and IPv6, and takes for inbound what comes to a listening port", () => {
  const rows = parseTcpTable(
    head +
      line("00000000:094B", "00000000:0000", "0A", 1) +
      line("0A01400A:094B", "0101400A:D431", "01", 2) +
      line("0100007F:094B", "0100007F:C000", "01", 3) +
      line("0A01400A:C001", "0B01400A:094C", "01", 4) +
      line("0000000000000000FFFF00000A01400A:094B", "0000000000000000FFFF00000201400A:D432", "01", 5) +
      line("00000000000000000000000001000000:094B", "00000000000000000000000001000000:D433", "01", 6) +
      line("0A01400A:094B", "0301400A:D434", "06", 0),
  );
  expect(rows[0]).toEqual({
    localHost: "0.0.0.0",
    localPort: 2379,
    remoteHost: "0.0.0.0",
    remotePort: 0,
    state: "listening",
    inode: 1,
  });
  // Loopback, what goes out, and what has been closed are none.
  expect(inbound(rows)).toEqual([
    { fromHost: "10.64.1.1", fromPort: 54_321, toPort: 2379 },
    { fromHost: "10.64.1.2", fromPort: 54_322, toPort: 2379 },
  ]);
});

it("knows which end of a real connection this process holds", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const socket = connect({ host: "127.0.0.1", port });
  await once(socket, "connect");
  const row = tcpTableOf("self").find((one) => one.localPort === socket.localPort && one.remotePort === port);
  expect(row?.state).toBe("established");
  expect(ownSockets().has(row?.inode ?? 0)).toBe(true);
  socket.destroy();
  server.close();
  expect(tcpTableOf(2 ** 22 + 1)).toEqual([]);
});
