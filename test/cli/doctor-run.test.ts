import { describe, expect, it } from "vitest";
import { unknown, warning, well, wrong } from "../../src/cli/doctor/line.ts";
import { once } from "../../src/cli/doctor/once.ts";
import { countLines, exitCodeOf, printGroups } from "../../src/cli/doctor/print.ts";
import { runChecks } from "../../src/cli/doctor/run-checks.ts";

describe("what goes wrong on the way", () => {
  const asked = {} as Parameters<typeof runChecks>[1];
  it("a check that does not end, or fails, is unknown, and holds up nobody", async () => {
    const checks = [
      () => new Promise<never>(() => undefined),
      () => Promise.reject(new Error("no such thing")),
      () => Promise.resolve([well("good")]),
    ];
    expect(await runChecks([{ title: "Redis", checks }], asked, 50)).toEqual([
      {
        title: "Redis",
        lines: [unknown("A check did not end within 0.05 s."), unknown("A check failed: no such thing"), well("good")],
      },
    ]);
  });

  it("is asked once, and says every reason that there is", async () => {
    let count = 0;
    const learnt = once(() => {
      count += 1;
      return Promise.reject(new AggregateError([new Error("refused ::1"), new Error("refused 127.0.0.1")]));
    });
    expect((await Promise.all([learnt(), learnt()])).map((one) => !one.ok && one.why)).toEqual([
      "refused ::1; refused 127.0.0.1",
      "refused ::1; refused 127.0.0.1",
    ]);
    expect(count).toBe(1);
  });
});

describe("what is printed", () => {
  const groups = [
    { title: "Slack", lines: [well("good"), wrong("bad hunter2-hunter2", "type\nthis")] },
    { title: "Redis", lines: [warning("so so", "that"), unknown("dark")] },
  ];
  it("has what mends a line below it, the counts at the end, and no secret", () => {
    expect(printGroups(groups, ["hunter2-hunter2"])).toBe(
      "Slack\n  ✔ good\n  ✘ bad …\n      type\n      this\n\nRedis\n  ! so so\n      that\n  ? dark\n\n1 well, 1 wrong, 1 to look at, 1 not seen\n",
    );
  });
  it("ends with 1 for what is wrong; strictly also for what is not certainly well", () => {
    const counts = countLines(groups);
    expect(exitCodeOf(counts, "wrong")).toBe(1);
    expect(exitCodeOf({ ...counts, wrong: 0 }, "wrong")).toBe(0);
    expect(exitCodeOf({ ...counts, wrong: 0 }, "strict")).toBe(1);
    expect(exitCodeOf({ well: 9, wrong: 0, warning: 0, unknown: 0 }, "strict")).toBe(0);
  });
});
