import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import { unreadable, type BackupSource, type FoundBackup } from "./source.ts";

type Sdk = typeof import("@aws-sdk/client-s3");

export interface S3Place {
  bucket: string;
  prefix: string;
  region: string;
  /** Empty: AWS itself; otherwise a store that speaks S3, addressed by path. */
  endpoint: string;
}

/**
 * Objects below a prefix; the newest is by LastModified. Credentials come from the worker's environment only (the SDK's
 * default chain), never from a parameter, which everybody in the channel could read.
 */
export function s3Source(place: S3Place, now: () => number): BackupSource {
  const where = `s3://${place.bucket}/${place.prefix}`;
  const using = async <T>(work: (client: S3Client, sdk: Sdk) => Promise<T>): Promise<T> => {
    // Loaded when it is needed: it is large, and most runs look into no bucket.
    const sdk = await import("@aws-sdk/client-s3");
    const client = new sdk.S3Client({
      region: place.region,
      maxAttempts: 3,
      ...(place.endpoint === "" ? {} : { endpoint: place.endpoint, forcePathStyle: true }),
    });
    try {
      return await work(client, sdk);
    } catch (error) {
      throw unreadable(where, s3Problem(error));
    } finally {
      client.destroy();
    }
  };
  return {
    where,
    find: (signal) =>
      using(async (client, { ListObjectsV2Command }) => {
        let newest: FoundBackup | null = null;
        let count = 0;
        let token: string | undefined;
        do {
          const page = await client.send(
            new ListObjectsV2Command({ Bucket: place.bucket, Prefix: place.prefix, ContinuationToken: token }),
            { abortSignal: signal },
          );
          for (const { Key: name, Size: bytes, LastModified: modified } of page.Contents ?? []) {
            // Keys that end in a slash stand for folders in some tools.
            if (name === undefined || name.endsWith("/") || bytes === undefined || modified === undefined) continue;
            count += 1;
            const ageMs = now() - modified.getTime();
            if (newest === null || ageMs < newest.ageMs) newest = { name, bytes, ageMs };
          }
          token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
        } while (token !== undefined);
        return { newest, count };
      }),
    read: ({ name }, sink, signal) =>
      using(async (client, { GetObjectCommand }) => {
        const { Body: body } = await client.send(new GetObjectCommand({ Bucket: place.bucket, Key: name }), {
          abortSignal: signal,
        });
        if (body === undefined) throw new Error("the object has no content");
        await pipeline(body as Readable, sink, { signal });
      }),
  };
}

/** `AccessDenied (403)`; a message may quote what was sent, so only its first words are kept when there is no code. */
function s3Problem(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const status = "$metadata" in error ? (error.$metadata as { httpStatusCode?: number }).httpStatusCode : undefined;
  if (status !== undefined) return `${error.name} (HTTP ${status})`;
  return `${error.name}: ${error.message.slice(0, 120)}`;
}
