import { messageOf } from "../../errors.ts";
import type { Asked, Check } from "./asked.ts";
import { unknown, type Group, type Line } from "./line.ts";
import type { CheckGroup } from "./table.ts";

/** Runs all checks side by side; each ends within `withinMs`, whatever it waits for. Never rejects. */
export function runChecks(groups: readonly CheckGroup[], asked: Asked, withinMs: number): Promise<Group[]> {
  return Promise.all(
    groups.map(async ({ title, checks }) => ({
      title,
      lines: (await Promise.all(checks.map((check) => bounded(check, asked, withinMs)))).flat(),
    })),
  );
}

async function bounded(check: Check, asked: Asked, withinMs: number): Promise<readonly Line[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Line[]>((resolve) => {
    timer = setTimeout(resolve, withinMs, [unknown(`A check did not end within ${withinMs / 1000} s.`)]);
  });
  try {
    return await Promise.race([check(asked), late]);
  } catch (error) {
    return [unknown(`A check failed: ${messageOf(error)}`)];
  } finally {
    clearTimeout(timer);
  }
}
