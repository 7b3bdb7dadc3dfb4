#!/usr/bin/env bash
# Installs a folder's npm packages by its lockfile: tools/install.sh FOLDER.
# Not by `npm ci`: that refuses a lockfile without the optional packages of other platforms, which not every registry
# mirror carries.
set -euo pipefail
cd "$1"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! npm install --no-save --no-audit --no-fund >"$log" 2>&1; then
  echo "failed: npm install (in $1)" >&2
  tail -n 15 "$log" >&2
  echo "next: check the network and the npm registry's settings, then run make again" >&2
  exit 1
fi
