#!/usr/bin/env bash
# Fetches crashes, stores them, publishes them for processing: `socorro process-crashes`, under the
# name of Socorro's script.
#
#   scripts/process_crashes.sh [--pause] CRASHID …
#   scripts/process_crashes.sh < crashids.txt

set -euo pipefail

exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../socorro-cmd" process-crashes "$@"
