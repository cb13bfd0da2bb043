import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeRead, judgeWrite } from "../../src/probes/application/http.ts";
import { readPool } from "../../src/probes/application/pool.ts";
import { readIdentity } from "../../src/probes/backup/identity.ts";
import { newestOf } from "../../src/probes/backup/source.ts";
import { readTableBounds } from "../../src/probes/backup/table-bounds.ts";
import { classifyEtcdError, EtcdRefusal, withHeader } from "../../src/probes/etcd/http.ts";
import { requireWholeNumber, textOf, wholeNumber } from "../../src/probes/figure.ts";
import { foldNumbers } from "../../src/probes/fold.ts";
import { decodeRecord, encodeRecord } from "../../src/probes/kafka/record.ts";
import { onlyPrimary, patroniDisagreements, readView } from "../../src/probes/patroni/members.ts";
import { readClusterStatus } from "../../src/probes/rabbitmq/nodes.ts";
import { queueProblem, readQueues } from "../../src/probes/rabbitmq/queues.ts";
import { readEnvironment } from "../../src/probes/rabbitmq/settings.ts";
import { parseInfo, parseMap } from "../../src/probes/redis-sentinel/connection.ts";
import { judgeGuard } from "../../src/probes/redis-sentinel/guards.ts";
import { classifyReadError, classifyWriteError } from "../../src/probes/redis-sentinel/outcome.ts";
import { readSentinelMessage } from "../../src/probes/redis-sentinel/sentinel-events.ts";
import { readReplication } from "../../src/probes/redis-sentinel/views.ts";
import { quantity } from "../../src/cluster/quantity.ts";
import { fileMatcher } from "../../src/run/faults/io-files.ts";
import { growth, hostileText, hostileValue } from "../support/fuzz.ts";
import { always, lines, onlyFigures, told } from "../support/hostile-answers.ts";

/**
 * What servers, programs and the cluster say is read by pure functions; here they are told anything. None may fail in a
 * way that its caller does not expect, and what was not said may not become a figure.
 */

const pods = [{ name: "rabbitmq-0" }, { name: "rabbitmq-1" }];
const names = { nameOf: (host: string) => host };

describe("a figure", () => {
  it.each([
    ["12", 12],
    [" 12\n", 12],
    ["-3", -3],
    ["0", 0],
    [7, 7],
    ["9007199254740991", 2 ** 53 - 1],
  ])("%j is %j", (text, number) => expect(wholeNumber(text)).toBe(number));
  it.each([
    "",
    " ",
    "1e3",
    "0x10",
    "1.5",
    "NaN",
    "12 rows",
    "9".repeat(30),
    null,
    undefined,
    [],
    {},
    true,
    1.5,
    Infinity,
  ])("%j is none", (text) => expect(wholeNumber(text)).toBeNull());
  it("that must be there is asked for by name", () => {
    expect(() => requireWholeNumber("", "the number of rows")).toThrow(
      "the number of rows could not be read: the answer was nothing",
    );
    expect(() => requireWholeNumber("psql: x", "the size")).toThrow('"psql: x"');
    expect(requireWholeNumber("5", "x")).toBe(5);
  });
  it("of anything is a whole number or none", () => {
    always(
      fc.property(hostileValue, (value) => {
        const number = wholeNumber(value);
        expect(number === null || Number.isSafeInteger(number)).toBe(true);
        expect(["string", "object"]).toContain(typeof textOf(value));
      }),
    );
  });
  it("that no client of ours wrote spoils a final read, and is not counted", () => {
    expect(foldNumbers([1, 2, 4])).toEqual([
      [1, 2],
      [4, 4],
    ]);
    expect(() => foldNumbers([1, Number.NaN])).toThrow("something that no client of this run wrote");
  });
});

describe("Redis and Sentinel", () => {
  it("a member that says nothing of its role has none, and no offset of zero", () => {
    expect(readReplication("", names)).toMatchObject({ role: null, offset: null, replicas: [] });
    expect(readReplication("role:master\r\nmaster_repl_offset:\r\nslave0:ip=a,state=online", names)).toMatchObject({
      role: "master",
      offset: null,
      replicas: [{ pod: "a", online: true, offset: null }],
    });
    expect(readReplication("role:slave\r\nslave_repl_offset:5", names)).toMatchObject({ role: "replica", offset: 5 });
  });
  it("a lag that was not told does not hold", () => {
    const lag = (offset: string, of: string): boolean => {
      const view = readReplication(
        `role:master\nmaster_repl_offset:${offset}\nslave0:ip=b,state=online,offset=${of}`,
        names,
      );
      const members = [{ pod: "a", host: "a", ...view }];
      return judgeGuard("replication-lag", { members, sentinels: [] }, {}).ok;
    };
    expect(lag("100", "90")).toBe(true);
    expect(lag("99999999", "90")).toBe(false);
    // Not told by the master: it was taken for zero, and every replica for one that had caught up.
    expect(lag("", "90")).toBe(false);
    expect(lag("100", "")).toBe(false);
  });
  it("whatever INFO, a reply or a message holds", () => {
    const info = fc
      .array(
        fc.tuple(
          fc.constantFrom("role", "master_host", "slave0", "slave_repl_offset", "master_repl_offset", "__proto__"),
          hostileText,
        ),
      )
      .map((all) => all.map(([name, value]) => `${name}:${value}`).join("\r\n"));
    always(fc.property(fc.oneof(info, lines), (text) => onlyFigures([readReplication(text, names), parseInfo(text)])));
    always(fc.property(hostileValue, (reply) => void parseMap(reply)));
    always(
      fc.property(fc.oneof(hostileText, fc.constant("+switch-master")), hostileText, (channel, message) =>
        onlyFigures(readSentinelMessage(channel, message, names)),
      ),
    );
  });
});

describe("errors of clients", () => {
  it("that nobody knows are unknown for a write, and never ok", () => {
    always(
      fc.property(hostileText, hostileText, hostileValue, (name, message, thrown) => {
        const error = Object.assign(new Error(message), { name });
        for (const one of [error, thrown]) {
          expect(["fail", "unknown"]).toContain(classifyWriteError(one).outcome);
          expect(classifyReadError(one).outcome).toBe("fail");
          expect(["fail", "unknown"]).toContain(classifyEtcdError(one).outcome);
        }
        expect(["fail", "unknown"]).toContain(classifyEtcdError(new EtcdRefusal(message, 2)).outcome);
      }),
    );
  });
  it("of the application are judged by their status alone, whatever the body", () => {
    always(
      fc.property(fc.integer({ min: 100, max: 599 }), told("error", "applied"), (status, body) => {
        const write = judgeWrite({ status, body });
        if (write.outcome === "ok") expect(status >= 200 && status < 300).toBe(true);
        if (write.outcome === "fail") expect(status >= 400).toBe(true);
        expect(judgeRead({ status, body }).outcome).toBe(status === 200 ? "ok" : "fail");
      }),
    );
  });
});

describe("etcd", () => {
  it("an answer without a header is no answer, and so says neither zero nor that there are no keys", () => {
    expect(withHeader({ header: { member_id: "1" } })).toEqual({ header: { member_id: "1" } });
    for (const answer of [{}, { header: null }, { header: "x" }, { kvs: [] }]) {
      expect(() => withHeader(answer)).toThrow("what answered is no etcd");
    }
  });
});

describe("Patroni, RabbitMQ, Kafka and the application", () => {
  it("whatever /patroni answers, a member is what it says of itself and no more", () => {
    const fields = [
      "role",
      "state",
      "timeline",
      "xlog",
      "location",
      "replayed_location",
      "replication",
      "application_name",
      "patroni",
      "version",
      "pause",
    ];
    always(
      fc.property(fc.option(told(...fields), { nil: null }), (body) => {
        const view = readView("postgresql-0", body);
        onlyFigures(view);
        if (typeof body?.["role"] !== "string") expect(view.role).toBeNull();
        onlyPrimary([view, view]);
        patroniDisagreements([view]);
      }),
    );
  });
  it("whatever rabbitmqctl prints", () => {
    const cells = fc.array(hostileText, { maxLength: 12 }).map((all) => all.join("\t"));
    always(
      fc.property(
        fc.array(cells).map((all) => all.join("\n")),
        (text) => {
          const queues = readQueues(text, pods);
          onlyFigures(queues);
          queues.forEach(queueProblem);
        },
      ),
    );
    always(
      fc.property(
        fc.oneof(
          lines,
          hostileValue.map((value) => JSON.stringify(value) ?? ""),
        ),
        (text) => {
          for (const setting of readEnvironment("rabbitmq-0", text)) expect(typeof setting.value).toBe("string");
          try {
            onlyFigures(readClusterStatus("rabbitmq-0", text, pods));
          } catch (error) {
            expect(error).toBeInstanceOf(SyntaxError);
          }
        },
      ),
    );
    const status = told(
      "versions",
      "running_nodes",
      "partitions",
      "alarms",
      "rabbitmq_version",
      "rabbit",
      "kernel",
      "net_ticktime",
    );
    always(
      fc.property(status, (value) => {
        onlyFigures(readClusterStatus("rabbitmq-0", JSON.stringify(value), pods));
        readEnvironment("rabbitmq-0", JSON.stringify(value));
      }),
    );
    expect(readQueues("q\tclassic\t\t\t\t\trunning\tmany\t", pods)[0]).toMatchObject({ messages: null });
  });
  it("a record of a topic is the client's own, or none", () => {
    always(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.integer({ min: 1, max: 1e9 }),
        hostileText,
        (bytes, seq, client) => {
          expect(decodeRecord(client, encodeRecord(client, seq))).toBe(seq);
          expect(decodeRecord(`${client}x`, encodeRecord(client, seq))).toBeNull();
          expect(decodeRecord(client, Buffer.from(bytes))).toBeNull();
          expect(decodeRecord(client, null)).toBeNull();
        },
      ),
    );
  });
  it("a pool that leaves out a count is no pool", () => {
    const counts = ["total", "active", "idle", "connecting", "waiting", "created", "broken", "connectErrors"];
    always(
      fc.property(told("figures", "settings", "servers", "max", ...counts), (body) => onlyFigures(readPool(body))),
    );
    const figures = Object.fromEntries(counts.map((name) => [name, 1]));
    expect(readPool({ figures })).toMatchObject({ total: 1 });
    expect(readPool({ figures: { ...figures, broken: undefined } })).toBeNull();
  });
});

describe("backups", () => {
  it("a listing that does not begin with the time is an error, and no empty folder", () => {
    expect(newestOf("1000\n900 5 /b/a.dump")).toEqual({
      newest: { name: "/b/a.dump", bytes: 5, ageMs: 100_000 },
      count: 1,
    });
    expect(newestOf("1000")).toEqual({ newest: null, count: 0 });
    for (const text of ["", "900 5 /b/a.dump", "date: not found\n900 5 /b/a.dump"]) {
      expect(() => newestOf(text)).toThrow("the time of the place where the backups are could not be read");
    }
  });
  it("whatever a listing, an identity or bounds hold", () => {
    always(fc.property(lines, (text) => onlyFigures(newestOf(`1000\n${text}`))));
    always(
      fc.property(lines, (text) => {
        const { systemIdentifier, address } = readIdentity(text);
        // Half an identity is none.
        if (systemIdentifier === null) expect(address).toBeUndefined();
        try {
          onlyFigures(readTableBounds(text));
        } catch (error) {
          expect(error).toMatchObject({ code: "bad_parameter" });
        }
      }),
    );
  });
});

describe("long answers take time in proportion to their length", () => {
  it.each<[string, (length: number) => () => unknown]>([
    ["INFO", (length) => () => readReplication(`role:slave\n${"slave0:ip=a,".repeat(length / 12)}`, names)],
    ["a table of queues", (length) => () => readQueues(`q\tt\t<${".1".repeat(length / 2)}\t`, pods)],
    ["a listing", (length) => () => newestOf(`1000\n${"1 1 x\n".repeat(length / 6)}`)],
    ["a glob", (length) => () => fileMatcher(`/${"a*/".repeat(Math.min(length, 120) / 3)}`)("/a/a/a")],
    ["a quantity", (length) => () => quantity("1".repeat(length))],
    ["bounds", (length) => () => readTableBounds("t:1..,".repeat(length / 6))],
  ])("%s", (_what, work) => expect(growth(6000, work)).toBeLessThan(60));
});
