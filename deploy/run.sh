#!/bin/sh
# Runs one of the project's programs after installing what is missing: sh deploy/run.sh src/embedded/demo.ts [flags]
set -eu
here=$(dirname "$0")
sh "$here/node-packages.sh"
cd "$here/.."
entry=$1
case " $* " in
  *" --help "*) ;;
  *) sh deploy/system-packages.sh ;;
esac
# Kafka comes from no package: fetched here, where it can be seen, and not in the lab when somebody waits for it.
case " $* " in
  *" --help "*) ;;
  *" kafka-"*) sh deploy/fetch-kafka.sh >/dev/null ;;
esac
shift
# nft and ip live there, and not every root shell has them in PATH.
PATH="$PATH:/usr/sbin:/sbin"
export PATH
exec node --import tsx "$entry" "$@"
