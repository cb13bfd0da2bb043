import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { startRedis, type EmbeddedRedis } from "../../src/embedded/redis.ts";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { commandsOf, unreadLines } from "../docs/commands.ts";
import { answers, needsMore } from "../docs/shell/expected.ts";
import { wrongLine } from "../docs/shell/judge.ts";
import { openReader, type Reader } from "../docs/shell/reader.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = [
  "README.md",
  ...readdirSync(`${root}docs`).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
].map((name) => ({ name, markdown: readFileSync(root + name, "utf8") }));
/** Of `aftershock`, what is run here besides what other programs take from it; its other words are run in test/docs. */
const really = /^aftershock (?:rbac|halt|resume|heal|migrate|audit (?:verify(?! --expect)|export|show))\b/;
const linesOf = (name: string, markdown: string) =>
  commandsOf(name, markdown).filter(
    ({ kind, text, notRun }) => notRun === null && (kind === "shell" || (kind === "aftershock" && really.test(text))),
  );
const reasonFor = (line: string) => needsMore.find(([pattern]) => pattern.test(line))?.[1];
const all = pages.flatMap(({ name, markdown }) => linesOf(name, markdown));
/** Lines of a page that are typed: all that may be; of `aftershock` what no page before it has. */
const toType = (page: string) =>
  all.filter(
    ({ where, text, kind }, at) =>
      where.startsWith(`${page}:`) &&
      reasonFor(text) === undefined &&
      (kind === "shell" || all.findIndex((earlier) => earlier.text === text) === at),
  );

describe.skipIf(process.getuid?.() !== 0)("the lines of the documentation, typed on the lab as the cluster", () => {
  const directory = mkdtempSync(join(tmpdir(), "aftershock-docs-"));
  let lab: LaunchedLab;
  let db: TestDatabase;
  let redis: EmbeddedRedis;
  let reader: Reader;
  const admin = (args: string, input = "") => kubectlOk(lab.kubeconfigPath, args.split(" "), input);
  const wrong = (line: string) => wrongLine(reader, line, (manifests) => admin("apply -f -", manifests));

  beforeAll(async () => {
    [lab, db, redis] = await Promise.all([launchLab({ directory }), startTestDatabase(), startRedis(directory)]);
    await insertTestRun(db.database);
    vi.stubEnv("KUBECONFIG", lab.kubeconfigPath);
    reader = openReader({
      KUBECONFIG: lab.kubeconfigPath,
      DATABASE_URL: db.url,
      MIGRATION_DATABASE_URL: db.url,
      REDIS_URL: redis.url,
    });
  });
  beforeEach(async () => {
    await admin("delete namespace aftershock --ignore-not-found");
    await reader.type('psql "$DATABASE_URL" -c "drop role if exists aftershock_bot"');
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    reader?.leave();
    await redis?.stop();
    await db?.stop();
    await lab?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it.each(pages.filter(({ name }) => toType(name).length > 0))(
    "$name",
    { timeout: 240_000 },
    async ({ name, markdown }) => {
      reader.readPage(markdown);
      const found: string[] = [];
      for (const { where, text } of toType(name)) {
        const problem = await wrong(text);
        if (problem !== null) found.push(`${where}: ${text}: ${problem}`);
      }
      expect(found).toEqual([]);
    },
  );

  describe("a wrong line is found", () => {
    it.each([
      ["an option that kubectl does not know", "kubectl get pods -n cache --lables", /unknown flag/],
      ["a resource that is misspelt", "kubectl get pdos -n cache", /doesn't have a resource type/],
      ["a file that is not there", "kubectl apply -f deploy/kubernets.yaml", /does not exist/],
      ["a secret from a file that no page has written", "kubectl create secret generic a --from-file=tokn", /tokn/],
      ["a kind of secret that there is not", "kubectl create secret genric a --from-literal=a=b", /ends with 1/],
      ["a right that nobody has", "kubectl auth can-i list pods -n cache --as nobody", /ends with 1/],
      ["something else said", "kubectl get pods -n cache -l app=nobody -L role", /not \//],
      ["values that are elsewhere", "helm install a deploy/helm/aftershock --values valeus.yaml", /valeus/],
      [
        "a value that the chart does not have",
        "helm install a deploy/helm/aftershock --set worker.replica=3",
        /additional properties/,
      ],
      [
        "a configuration that the service does not take",
        "helm install a deploy/helm/aftershock --set config.approvals.approvers={U0123ABCD} --set config.healing.deletWithin=1s",
        /deletWithin/,
      ],
      ["an option that helm does not know", "helm upgrade --instal a deploy/helm/aftershock", /unknown flag/],
      [
        "a program that hands on what is refused",
        "npx aftershock rbac --formt yaml | kubectl apply -f -",
        /ends with 1/,
      ],
      ["a database that is not there", "psql postgres://127.0.0.1:1/x -c 'select 1'", /ends with 2/],
    ])("%s", async (_what, line, said) => {
      expect(await wrong(line)).toMatch(said);
    });
  });
});

describe("the lists about them", () => {
  it("say why a line is not run, and no line is missed", () => {
    expect(pages.flatMap(({ name, markdown }) => unreadLines(name, markdown))).toEqual([]);
    expect(unreadLines("x.md", "```sh\nkubectl get pods\n# why\n\nfrobnicate --all\n```")).toEqual([
      "x.md:5: frobnicate --all",
    ]);
    const left = all.flatMap(({ where, text }) => reasonFor(text)?.replace(/^/, `${where}: ${text}: needs `) ?? []);
    process.stdout.write(`${all.length - left.length} lines typed; ${left.length} not:\n${left.join("\n")}\n`);
    expect(left).toHaveLength(16);
    expect(all.length - left.length).toBeGreaterThan(20);
  });
  it("hold nothing that no page has any more", () => {
    const unused = [...answers, ...needsMore].filter(([pattern]) => !all.some(({ text }) => pattern.test(text)));
    expect(unused).toEqual([]);
  });
});
