import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip as gzipBuffer } from "node:zlib";
import { zip, type AsyncZippable } from "fflate";
import type { Artifact } from "../events.ts";

/** A file of an export. */
export interface BundleFile {
  name: string;
  bytes: Buffer;
}

/** A history larger than this is compressed: nobody opens it in an editor, and it shrinks to a tenth. */
export const largestPlainBytes = 5_000_000;
export const sumsFile = "SHA256SUMS";

const gzip = promisify(gzipBuffer);

/** Exports made before are no part of the next one. */
export function isExport(name: string): boolean {
  return name.endsWith("-export.zip");
}

/** A run's files as they are given away, by name, with their SHA-256 sums last: `sha256sum -c SHA256SUMS` checks them. */
export async function bundleOf(artifacts: readonly Artifact[]): Promise<BundleFile[]> {
  const files = await Promise.all(
    artifacts
      .filter(({ name }) => !isExport(name))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(async ({ name, bytes }): Promise<BundleFile> =>
        name === "history.jsonl" && bytes.length > largestPlainBytes
          ? { name: `${name}.gz`, bytes: await gzip(bytes) }
          : { name, bytes },
      ),
  );
  const sums = files.map(({ name, bytes }) => `${sha256(bytes)}  ${name}\n`).join("");
  return [...files, { name: sumsFile, bytes: Buffer.from(sums) }];
}

/** The files as one ZIP, in a folder named for the run; made outside the event loop. */
export function zipOf(runId: string, files: readonly BundleFile[]): Promise<Buffer> {
  const tree: AsyncZippable = Object.fromEntries(
    files.map(({ name, bytes }) => [
      `${runId}/${name}`,
      [new Uint8Array(bytes), { level: /\.(gz|png)$/.test(name) ? 0 : 6 }],
    ]),
  );
  return new Promise((resolve, reject) => {
    zip(tree, (error, data) => {
      if (error === null) resolve(Buffer.from(data));
      else reject(error);
    });
  });
}

export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
