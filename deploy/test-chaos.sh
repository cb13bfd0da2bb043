#!/bin/sh
# npm run test:chaos: installs what is missing, then puts the bot itself through chaos (test/chaos). See -- --help.
set -eu
here=$(dirname "$0")
sh "$here/node-packages.sh"
cd "$here/.."
case " $* " in
  *" --help "*) ;;
  *) sh deploy/system-packages.sh --tests ;;
esac
KUBECTL=$(sh deploy/fetch-kubectl.sh)
PATH="$PATH:/usr/sbin:/sbin"
export KUBECTL PATH
exec node --import tsx test/chaos/main.ts "$@"
