import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import type { Stack } from "../../src/embedded/stack.ts";

/** Something that was written during a run: where, and its text. */
export interface Written {
  where: string;
  text: string;
}

/** Everything that bot and worker wrote: their logs and configuration, every table, every key of Redis, Slack. */
export async function everythingWritten(stack: Stack): Promise<Written[]> {
  return [
    ...logs(stack.directory),
    ...(await postgresRows(stack.postgres.url)),
    ...(await redisKeys(stack.redis.url)),
    ...(await stack.slack.messages()).map((message) => ({ where: "Slack", text: JSON.stringify(message) })),
  ];
}

function logs(directory: string): Written[] {
  return readdirSync(directory)
    .filter((name) => /^(bot|worker)-\d+\.(log|yaml)$/.test(name))
    .map((name) => ({ where: `file ${name}`, text: readFileSync(join(directory, name), "utf8") }));
}

async function postgresRows(url: string): Promise<Written[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
    );
    const written: Written[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ text: string }>(`select t::text as text from "${name}" t`);
      written.push(...rows.map(({ text }) => ({ where: `table ${name}`, text })));
    }
    // As text a file is hexadecimal.
    const { rows: files } = await client.query<{ name: string; bytes: Buffer }>(
      "select name, bytes from run_artifacts",
    );
    written.push(...files.map(({ name, bytes }) => ({ where: `artifact ${name}`, text: bytes.toString("latin1") })));
    return written;
  } finally {
    await client.end();
  }
}

async function redisKeys(url: string): Promise<Written[]> {
  const redis = new Redis(url);
  const read: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
    string: (key) => redis.get(key),
    hash: (key) => redis.hgetall(key),
    list: (key) => redis.lrange(key, 0, -1),
    set: (key) => redis.smembers(key),
    zset: (key) => redis.call("ZRANGE", key, "0", "-1", "WITHSCORES"),
    stream: (key) => redis.call("XRANGE", key, "-", "+"),
  };
  try {
    const keys = await redis.keys("*");
    return await Promise.all(
      keys.map(async (key) => {
        const type = await redis.type(key);
        const value = read[type];
        if (value === undefined) throw new Error(`Redis has a ${type}, which is not read`);
        return { where: "Redis", text: `${key} ${JSON.stringify(await value(key))}` };
      }),
    );
  } finally {
    redis.disconnect();
  }
}

/** Which secret stands where, plainly or encoded as secrets get encoded; once per place. */
export function findSecrets(written: readonly Written[], secrets: Readonly<Record<string, string>>): string[] {
  const forms = Object.entries(secrets).flatMap(([name, secret]) =>
    [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString("base64"),
      Buffer.from(secret).toString("hex"),
    ].map((form) => ({ name, form })),
  );
  const found = written.flatMap(({ where, text }) =>
    forms.filter(({ form }) => text.includes(form)).map(({ name }) => `${name} in ${where}`),
  );
  return [...new Set(found)].toSorted();
}
