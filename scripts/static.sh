#!/bin/sh
# Every check that runs nothing of ours. All of them run, so that one red run tells everything.
cd -- "$(dirname -- "$0")/.." || exit 1
PATH=$PWD/node_modules/.bin:$PATH
code=0
check() {
	echo "-- $*"
	"$@" || code=1
}
check biome lint --error-on-warnings
check node scripts/check-imports.mjs
check node scripts/write-biome-overrides.mjs --check
check biome format
check tsc -p tsconfig.json --noEmit
check knip
exit "$code"
