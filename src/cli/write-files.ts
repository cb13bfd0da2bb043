import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../errors.ts";
import { sizeText } from "../findings/words.ts";
import type { Terminal } from "./cli-command.ts";

/** Writes files to a folder, which it makes, and names each. False, with the reason on standard error, when it could not. */
export async function writeFiles(
  directory: string,
  files: ReadonlyArray<{ name: string; bytes: Buffer }>,
  terminal: Terminal,
): Promise<boolean> {
  try {
    await mkdir(directory, { recursive: true });
    for (const { name, bytes } of files) {
      // Who did what is nobody else's business: only their owner may read them.
      await writeFile(join(directory, name), bytes, { mode: 0o600 });
      terminal.out(`${join(directory, name)}  ${sizeText(bytes.length)}\n`);
    }
    return true;
  } catch (error) {
    terminal.err(`The files could not be written to ${directory}: ${messageOf(error)}\n`);
    return false;
  }
}
