#!/bin/sh
# Installs what the lab, the demo and the tests need from the distribution (Debian, Ubuntu), once.
#
#   deploy/system-packages.sh [--tests] [--chaos] [--list] [--help]
#
#   --tests  also what only the tests need (a browser, Prometheus, Alertmanager)
#   --chaos  also what only the long suite needs (npm run test:chaos): clocks that jump
#   --list   print what is missing and why, install nothing; exit 1 if anything is missing
#
# Where it may not install (another distribution, no root and no sudo, no network) it says what to type instead.
# Services are not started and no PostgreSQL cluster is created: the project starts its own, in a temporary folder.
set -eu

tests=no
chaos=no
list=no
for argument in "$@"; do
  case "$argument" in
    --tests) tests=yes ;;
    --chaos) chaos=yes ;;
    --list) list=yes ;;
    --help) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "unknown option $argument; see --help" >&2; exit 2 ;;
  esac
done

PATH="$PATH:/usr/sbin:/sbin"
missing=""
need() { # program package reason
  if ! command -v "$1" >/dev/null 2>&1; then
    missing="$missing $2"
    echo "  $2: $3"
  fi
}

report=$(
  need redis-server redis-server "Redis for the lab and the queue"
  need redis-cli redis-tools "Redis client, used inside the lab's pods"
  need etcd etcd-server "etcd for the lab"
  need etcdctl etcd-client "etcd client, used inside the lab's pods"
  need rabbitmq-server rabbitmq-server "RabbitMQ for the lab"
  need curl curl "HTTP client, used inside the lab's pods"
  need patroni patroni "PostgreSQL failover for the lab"
  need nft nftables "packet filters for partitions in the lab"
  need ip iproute2 "network of the lab"
  need unshare util-linux "namespaces of the lab's pods"
  need setpriv util-linux "ends child processes with their parent"
  need python3 python3 "disk faults in the lab"
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || echo "  postgresql: the bot's own database, and the lab's"
  if [ "$chaos" = yes ]; then
    ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || echo "  libfaketime: clocks that jump, in the long suite"
  fi
  if [ "$tests" = yes ]; then
    need prometheus prometheus "stop conditions by its queries, in the tests; and promtool"
    need prometheus-alertmanager prometheus-alertmanager "stop conditions by firing alerts, in the tests"
  fi
  if [ "$tests" = yes ] && [ -z "${CHROME_BIN:-}" ]; then
    command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 \
      || command -v chromium-browser >/dev/null 2>&1 || echo "  chromium: the end-to-end test in a browser"
  fi
)
[ -n "$report" ] || exit 0
packages=$(printf '%s\n' "$report" | sed 's/^ *\([^:]*\):.*/\1/' | sort -u | tr '\n' ' ')

echo "These system packages are missing:"
printf '%s\n' "$report"
[ "$list" = no ] || exit 1

by_hand() {
  echo "$1" >&2
  echo "Install them by hand, then start again:" >&2
  echo "  apt-get install --no-install-recommends $packages" >&2
  exit 2
}
command -v apt-get >/dev/null 2>&1 || by_hand "This is neither Debian nor Ubuntu (there is no apt-get)."
if [ "$(id -u)" = 0 ]; then sudo=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo="sudo"
elif command -v sudo >/dev/null 2>&1 && [ -t 0 ]; then sudo="sudo"
else by_hand "Installing needs root, and sudo is not to be had here."; fi

# Ubuntu's chromium package only installs a snap, which does not run in containers.
if [ -f /etc/os-release ] && grep -q '^ID=ubuntu' /etc/os-release; then
  case " $packages " in
    *" chromium "*)
      packages=$(printf '%s' "$packages" | sed 's/chromium//')
      echo "On Ubuntu no browser is installed (its package is a snap). The browser test runs when google-chrome or"
      echo "chromium is in PATH or CHROME_BIN names one, and is reported as skipped otherwise."
      ;;
  esac
  [ -n "$(printf '%s' "$packages" | tr -d ' ')" ] || exit 0
fi

echo "Installing from the distribution: $packages"
policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.d/aftershock.conf
made_policy=no
made_cluster=no
undo() {
  [ "$made_policy" = no ] || $sudo rm -f "$policy"
  [ "$made_cluster" = no ] || $sudo rm -f "$cluster"
}
trap undo EXIT
trap 'exit 130' INT TERM HUP
# Packages must not start servers on this machine, nor create a database cluster.
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
  $sudo chmod 755 "$policy"
  made_policy=yes
fi
if [ ! -e "$cluster" ]; then
  $sudo mkdir -p "$(dirname "$cluster")"
  echo "create_main_cluster = false" | $sudo tee "$cluster" >/dev/null
  made_cluster=yes
fi
log=$(mktemp)
install() {
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q -o DPkg::Lock::Timeout=120 --no-install-recommends $packages >"$log" 2>&1
}
if ! install; then
  echo "Refreshing the package lists"
  $sudo apt-get update -q >>"$log" 2>&1 || true
  if ! install; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    by_hand "The packages could not be installed (see above)."
  fi
fi
rm -f "$log"
echo "Installed."
