#!/usr/bin/env bash
# Fetches crashes from Crash Stats, stores them, and publishes them for processing.
#   scripts/process_crashes.sh [--pause] CRASHID …
#   scripts/process_crashes.sh < crashids.txt
# It is `socorro process-crashes`. The program is taken from SOCORRO_BIN, from PATH, or from this
# checkout.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
for program in "${SOCORRO_BIN:-}" "$(command -v socorro || true)" \
  "$root/target/release/socorro" "$root/target/debug/socorro"; do
  if [ -n "$program" ] && [ -x "$program" ]; then
    exec "$program" process-crashes "$@"
  fi
done
echo "process_crashes.sh: there is no program socorro on PATH; build it with: cargo build --release" >&2
exit 1
