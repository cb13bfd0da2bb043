import { crc32 } from "node:zlib";

/** What a probe's record holds: its number, and a checksum of it and its client, so that damage and mix-ups show. */
export function encodeRecord(client: string, seq: number): Buffer {
  return Buffer.from(`${seq} ${checksum(client, seq)}`);
}

/** The number of a record; null if it is not what that client wrote. */
export function decodeRecord(client: string, value: Buffer | null): number | null {
  const [text = "", sum = ""] = (value ?? Buffer.alloc(0)).toString("latin1").split(" ");
  const seq = Number(text);
  return Number.isInteger(seq) && seq > 0 && sum === checksum(client, seq) ? seq : null;
}

const checksum = (client: string, seq: number): string =>
  crc32(Buffer.from(`${client} ${seq}`))
    .toString(16)
    .padStart(8, "0");
