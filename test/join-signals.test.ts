import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { joinSignals } from "../src/join-signals.ts";

const module = fileURLToPath(new URL("../src/join-signals.ts", import.meta.url));

/** What `script` prints, in a process whose garbage `collect()` takes. */
async function printed(script: string): Promise<string> {
  const text = `
    import { joinSignals } from ${JSON.stringify(module)};
    const collect = async () => {
      for (let at = 0; at < 5; at += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        globalThis.gc();
      }
    };
    ${script}`;
  const args = ["--expose-gc", "--import", "tsx", "--input-type=module", "--eval", text];
  return (await promisify(execFile)(process.execPath, args, { timeout: 25_000 })).stdout.trim();
}

describe("joined signals", () => {
  it("abort with the first of theirs, and with its reason", () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const joined = joinSignals(joinSignals(first.signal, AbortSignal.timeout(60_000)), second.signal);
    expect(joined.aborted).toBe(false);
    first.abort("stop");
    second.abort("too late");
    expect(joined.reason).toBe("stop");
  });
  it("keep a deadline that nothing else refers to any more", async () => {
    const script = `
      const make = () => joinSignals(joinSignals(new AbortController().signal, AbortSignal.timeout(300)));
      const aborted = new Promise((resolve) => make().addEventListener("abort", () => resolve("aborted"), { once: true }));
      await collect();
      const forgotten = new Promise((resolve) => setTimeout(() => resolve("forgotten"), 8000));
      console.log(await Promise.race([aborted, forgotten]));
      process.exit(0);`;
    expect(await printed(script)).toBe("aborted");
  });
  it("know of an abort that nobody listened for, though who aborted is gone", async () => {
    const script = `
      let controller = new AbortController();
      const joined = joinSignals(controller.signal);
      controller.abort("stop");
      controller = null;
      await collect();
      console.log(joined.aborted, joined.reason);`;
    expect(await printed(script)).toBe("true stop");
  });
});
