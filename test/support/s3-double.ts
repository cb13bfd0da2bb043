import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A test double of an S3 store, since none can be had here: ListObjectsV2 with pages and GetObject, path style, over
 * HTTP, from memory. It checks no signature; it only asks that there is one, with the access key that it knows.
 */
export interface S3Double {
  endpoint: string;
  put(bucket: string, key: string, content: Buffer, modified: Date): void;
  /** Breaks off the next content after so many bytes. */
  breakAfter(bytes: number): void;
  stop(): Promise<void>;
}

const keysPerPage = 2;

export async function startS3Double(accessKey: string): Promise<S3Double> {
  const buckets = new Map<string, Map<string, { content: Buffer; modified: Date }>>();
  let breakAfter: number | null = null;
  const error = (response: ServerResponse, status: number, code: string): void => {
    response.writeHead(status, { "content-type": "application/xml" });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code} of the double</Message></Error>`);
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? "/", "http://double");
    const [, bucketName = "", ...rest] = url.pathname.split("/");
    const key = decodeURIComponent(rest.join("/"));
    const signed = new RegExp(`Credential=${accessKey}/`).test(request.headers.authorization ?? "");
    if (!signed) return error(response, 403, "AccessDenied");
    const bucket = buckets.get(bucketName);
    if (bucket === undefined) return error(response, 404, "NoSuchBucket");
    if (key !== "") {
      const object = bucket.get(key);
      if (object === undefined) return error(response, 404, "NoSuchKey");
      response.writeHead(200, { "content-length": object.content.length });
      if (breakAfter === null) return void response.end(object.content);
      response.write(object.content.subarray(0, breakAfter), () => response.destroy());
      breakAfter = null;
      return;
    }
    if (url.searchParams.get("list-type") !== "2") return error(response, 400, "InvalidRequest");
    const prefix = url.searchParams.get("prefix") ?? "";
    const keys = [...bucket.keys()].filter((name) => name.startsWith(prefix)).toSorted();
    const from = Number(url.searchParams.get("continuation-token") ?? 0);
    const page = keys.slice(from, from + keysPerPage);
    const more = from + keysPerPage < keys.length;
    const contents = page.map((name) => {
      const { content, modified } = bucket.get(name) ?? { content: Buffer.alloc(0), modified: new Date() };
      return `<Contents><Key>${name}</Key><LastModified>${modified.toISOString()}</LastModified><Size>${content.length}</Size></Contents>`;
    });
    response.writeHead(200, { "content-type": "application/xml" });
    response.end(
      `<?xml version="1.0"?><ListBucketResult><Name>${bucketName}</Name><IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${from + keysPerPage}</NextContinuationToken>` : ""}${contents.join("")}</ListBucketResult>`,
    );
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    put: (bucket, key, content, modified) => {
      const objects = buckets.get(bucket) ?? new Map<string, { content: Buffer; modified: Date }>();
      buckets.set(bucket, objects.set(key, { content, modified }));
    },
    breakAfter: (bytes) => (breakAfter = bytes),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
