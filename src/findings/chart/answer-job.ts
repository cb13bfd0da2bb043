/** What a drawing process does: reads its job as JSON from standard input, and writes what came of it to standard output. */
export function answerJob(draw: (job: unknown) => Buffer | string): void {
  const main = async (): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    process.stdout.write(draw(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
  };
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  });
}
