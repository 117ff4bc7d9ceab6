#!/usr/bin/env bash
# Checks the types of the console's pages: check_types.sh FOLDER, where they were built.
set -euo pipefail
[[ -x $1/node_modules/.bin/tsc ]] || { echo "SKIPPED: built without the console's pages"; exit 77; }
cd "$1"
node_modules/.bin/tsc --noEmit
echo "types are sound"
