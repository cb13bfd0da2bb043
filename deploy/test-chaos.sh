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
case " $* " in
  *" --help "*) ;;
  *)
    # What is killed and started again all the time is the built service: it starts in half the time.
    npm run --silent build
    CHAOS_MAIN="$PWD/dist/src/main.js"
    export CHAOS_MAIN
    ;;
esac
exec node --import tsx test/chaos/main.ts "$@"
