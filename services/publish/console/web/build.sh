#!/usr/bin/env bash
# Builds the console's pages into one C++ file (see ../pages.h).
#   build.sh FOLDER OUT.cc [INSTEAD.cc]     FOLDER: for packages and what is made; kept for the next time
# NODE and NPM name the programs. Packages are those of package-lock.json, from npm's registry; where they
# cannot be had, INSTEAD becomes OUT, or it fails.
set -euo pipefail
web=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$1
out=$2
instead=${3-}
mkdir -p "$folder"
rm -rf "$folder/src"
cp -r "$web/src" "$web/package.json" "$web/package-lock.json" "$web/tsconfig.json" "$web/build.mjs" "$folder"
cd "$folder"
if ! cmp -s package-lock.json node_modules/.made-of; then
  if ! "${NPM:-npm}" ci --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1 </dev/null; then
    tail -n 15 npm.log >&2
    [[ -n $instead ]] || exit 1
    echo "WARNING: npm cannot get the console's packages: built without its pages" >&2
    cp "$instead" "$out"
    exit 0
  fi
  cp package-lock.json node_modules/.made-of
fi
"${NODE:-node}" build.mjs "$out"
