#!/bin/sh
# npm run test:conformance: installs what is missing, then asks a cluster, or the lab, whether it keeps the contract of
# Chaos Mesh that Aftershock stands on (test/conformance). See -- --help.
set -eu
here=$(dirname "$0")
sh "$here/node-packages.sh"
cd "$here/.."
case " $* " in
  *" --help "* | *" --list "*) ;;
  *)
    # A cluster of one's own needs nothing of this machine but the client.
    case " $* " in
      *" --kubeconfig"*) ;;
      *) sh deploy/system-packages.sh --tests ;;
    esac
    KUBECTL=$(sh deploy/fetch-kubectl.sh 1.32)
    export KUBECTL
    ;;
esac
PATH="$PATH:/usr/sbin:/sbin"
export PATH
exec node --import tsx test/conformance/main.ts "$@"
