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
  # Refused with "Missing … from lock file"? See deploy/complete-lock-file.mjs.
  npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json "$stamp"
fi
