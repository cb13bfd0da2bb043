#!/bin/sh
# Installs the npm packages when they are missing or the lock file has changed. Prints nothing when all is there.
set -eu
cd "$(dirname "$0")/.."

if ! command -v node >/dev/null 2>&1; then
  echo "Aftershock needs Node.js 20.20 or newer; node was not found." >&2
  exit 2
fi
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 20) ? 0 : 1)'; then
  echo "Aftershock needs Node.js 20.20 or newer; this is $(node --version)." >&2
  exit 2
fi

stamp=node_modules/.aftershock-installed
if [ ! -f "$stamp" ] || ! cmp -s package-lock.json "$stamp"; then
  echo "Installing npm packages (package-lock.json)"
  # Not `npm ci`: it refuses a lock file that lacks the optional packages of other platforms, which a registry mirror
  # may not have. `npm install` takes the same locked versions; the lock file is put back as it was.
  lock=$(mktemp)
  cp package-lock.json "$lock"
  status=0
  npm install --no-save --no-audit --no-fund --loglevel=error || status=$?
  cp "$lock" package-lock.json
  rm -f "$lock"
  [ "$status" = 0 ] || exit "$status"
  cp package-lock.json "$stamp"
fi
