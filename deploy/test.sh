#!/bin/sh
# npm test: installs what is missing, then types, lint, format, architecture, and every test against real servers.
# With arguments only those tests: npm test -- test/lab
set -eu
here=$(dirname "$0")
sh "$here/node-packages.sh"
cd "$here/.."
sh deploy/system-packages.sh --tests
KUBECTL=$(sh deploy/fetch-kubectl.sh)
# Says by itself why there is none; the tests that need it are then reported as skipped.
sh deploy/fetch-kafka.sh >/dev/null || [ $? = 3 ]
PATH="$PATH:/usr/sbin:/sbin"
export KUBECTL PATH
bin=node_modules/.bin
echo "Types"
"$bin/tsc" --noEmit
echo "Lint"
"$bin/oxlint" --type-aware --quiet
echo "Format"
"$bin/oxfmt" --check >/dev/null || { echo "Not formatted: npm run format" >&2; "$bin/oxfmt" --list-different >&2 || true; exit 1; }
echo "Tests"
result=$(mktemp)
trap 'rm -f "$result"' EXIT
status=0
"$bin/vitest" run --reporter=default --reporter=json --outputFile.json="$result" "$@" || status=$?
node -e '
  const r = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
  const failedFiles = r.testResults.filter((f) => f.status === "failed" && f.assertionResults.every((t) => t.status !== "failed")).length;
  const failed = r.numFailedTests + failedFiles;
  // vitest also fails for errors that belong to no test: an unhandled rejection, no test found.
  const outside = failed === 0 && process.argv[2] !== "0" ? " (and errors outside any test, see above)" : "";
  console.log(`${r.numPassedTests} passed, ${failed} failed, ${r.numPendingTests + r.numTodoTests} skipped${outside}`);
  if (r.numPassedTests === 0) process.exit(1);
' "$result" "$status" || status=1
exit "$status"
