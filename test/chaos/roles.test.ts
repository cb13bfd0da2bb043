import { describe, expect, it } from "vitest";
import type { Child } from "../../src/embedded/child.ts";
import { rolesOf } from "./roles.ts";

/** A double of the stack: programs that are ready when the test says so, since the order of these moments is the point. */
function programs() {
  const alive = new Set<string>();
  const waiting: Array<() => void> = [];
  const child = (name: string): Child => {
    alive.add(name);
    return {
      pid: 0,
      logged: async () => undefined,
      running: () => alive.has(name),
      stop: () => Promise.resolve(),
      kill: () => void alive.delete(name),
    };
  };
  let number = 1;
  const start = (role: string) => async (): Promise<Child> => {
    number += 1;
    const made = child(`${role}-${number}`);
    await new Promise<void>((resolve) => waiting.push(resolve));
    return made;
  };
  const roles = rolesOf({
    bot: child("bot-1"),
    worker: child("worker-1"),
    startBot: start("bot"),
    startWorker: start("worker"),
  });
  const allReady = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) {
      waiting.splice(0).forEach((ready) => ready());
      await Promise.resolve();
    }
  };
  return { roles, alive, allReady };
}

describe("the bot and the worker of the chaos suite", () => {
  it("are one each after a kill that met a restart: the one that was being started is killed, too", async () => {
    const { roles, alive, allReady } = programs();
    await roles.kill("worker");
    const first = roles.restart("worker");
    await Promise.resolve();
    const killed = roles.kill("worker").then(() => roles.restart("worker"));
    await Promise.resolve();
    while (alive.size !== 2 || !roles.worker().running()) await allReady();
    await Promise.all([first, killed, allReady()]);
    expect([...alive].filter((name) => name.startsWith("worker"))).toHaveLength(1);
    expect(roles.worker().running()).toBe(true);
  });
  it("are known by their newest when both were started again at once, each by itself", async () => {
    const { roles, alive, allReady } = programs();
    await Promise.all([roles.kill("worker"), roles.kill("bot")]);
    const both = Promise.all([roles.restart("worker"), roles.restart("bot")]);
    await Promise.resolve();
    await allReady();
    await both;
    expect([roles.worker().running(), roles.bot().running()]).toEqual([true, true]);
    expect(alive.size).toBe(2);
  });
});
