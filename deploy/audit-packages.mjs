// npm run audit: asks the registry whether a package of the lock file has a known weakness of high or critical severity.
// Exit 1 if so. Where the registry does not answer, or answers no such question, it says that nothing was looked at, and
// exits 0: being offline is no weakness. It is not a part of `npm test`, whose result must depend on this tree alone.
//   node deploy/audit-packages.mjs [--registry URL]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("..", import.meta.url));
const patience = ["--fetch-retries=1", "--fetch-timeout=15000"];
const { stdout, error } = spawnSync(
  "npm",
  ["audit", "--audit-level=high", "--json", "--package-lock-only", ...patience, ...process.argv.slice(2)],
  { cwd: folder, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
);

let answer;
try {
  answer = JSON.parse(stdout);
} catch {
  answer = { message: error?.message ?? "npm printed no JSON" };
}

if (answer.auditReportVersion === undefined) {
  const why = answer.error?.summary || answer.message || "no reason given";
  console.log(`Packages were NOT audited: the registry does not answer (${String(why).split("\n")[0]}).`);
} else {
  const bad = Object.values(answer.vulnerabilities).filter(({ severity }) => ["high", "critical"].includes(severity));
  for (const { name, severity, range, via } of bad) {
    const titles = via.map((one) =>
      typeof one === "string" ? `through ${one}` : `${one.title} ${one.url ?? ""}`.trim(),
    );
    console.log(`${severity}: ${name} ${range}: ${titles.join("; ")}`);
  }
  const { total } = answer.metadata.dependencies;
  const others = Object.keys(answer.vulnerabilities).length - bad.length;
  console.log(
    `${bad.length} of ${total} packages with a known weakness of high or critical severity; ${others} of a lower one.`,
  );
  if (bad.length > 0) process.exitCode = 1;
}
