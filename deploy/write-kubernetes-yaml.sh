#!/bin/sh
# Prints the plain manifests, made from the Helm chart: sh deploy/write-kubernetes-yaml.sh > deploy/kubernetes.yaml
set -eu
cd "$(dirname "$0")/.."
helm=$(sh deploy/fetch-helm.sh)
cat <<'TEXT'
# Aftershock in a cluster without Helm, made from the chart by deploy/write-kubernetes-yaml.sh. Before it:
#   kubectl create namespace aftershock
#   the Secrets aftershock and aftershock-migration: docs/deploy.md
# Change approvers in the ConfigMap; docs/deploy.md says how rights are narrowed to your namespaces.
TEXT
"$helm" template aftershock deploy/helm/aftershock --namespace aftershock --kube-version 1.32 --values deploy/plain-values.yaml
