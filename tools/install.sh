#!/usr/bin/env bash
# Installs a folder's npm packages by its lockfile: tools/install.sh FOLDER.
set -euo pipefail
cd "$1"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! npm ci --no-audit --no-fund >"$log" 2>&1; then
  echo "failed: npm ci (in $1)" >&2
  tail -n 15 "$log" >&2
  echo "next: check the network and the npm registry's settings, then run make again" >&2
  exit 1
fi
