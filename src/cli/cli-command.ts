/** Where a command line program reads and writes; given, so that a test can read what it says. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  env: Readonly<Record<string, string | undefined>>;
}

/** One word after `aftershock`, e.g. `aftershock heal`. A file in src/cli/ and a line in its table. */
export interface CliCommand {
  name: string;
  summary: string;
  /** What `--help` prints after the summary: options, examples, exit codes. */
  usage: string;
  /**
   * Resolves to the exit code: 0 done, 1 failed, 2 wrong usage or configuration, others as its `usage` says. Rejects with AftershockError for what
   * a person can mend; its sentence and hint are printed.
   */
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}
