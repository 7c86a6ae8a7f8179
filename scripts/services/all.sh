#!/usr/bin/env bash
# Start, stop or show several services:  eval "$(all.sh start s3-localstack pubsub-emulator)"
# Without names: the set that the default test run needs.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cmd=${1:-start}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- s3-localstack
rc=0
if [ "$cmd" = start ]; then
  # Side by side: LocalStack's seven seconds hide the others.
  pids=() out=$(mktemp -d)
  trap 'rm -rf "$out"' EXIT
  for s in "$@"; do "$here/$s.sh" start >"$out/$s" & pids+=($!); done
  for p in "${pids[@]}"; do wait "$p" || rc=1; done
  for s in "$@"; do cat "$out/$s"; done
else
  for s in "$@"; do "$here/$s.sh" "$cmd" || rc=1; done
fi
exit $rc
