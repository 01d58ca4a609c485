#!/bin/sh
# What `npm run test:escape` runs: every attack on every engine and runtime, and the scorecard of it.
set -u
cd -- "$(dirname -- "$0")/.." || exit 1
results=$PWD/dist/escape-results
rm -rf "$results"
SANDBOX_ESCAPE_RESULTS=$results sh scripts/test.sh escape/escape-
code=$?
mkdir -p docs
node dist/test-build/test/escape/write-scorecard.js "$results" docs/escape-scorecard.md || exit 1
exit "$code"
