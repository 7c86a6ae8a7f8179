#!/usr/bin/env bash
# `aws s3` for the buckets of Socorro's environment: endpoint, region and keys come from its settings.
#   scripts/socorro_aws_s3.sh mb s3://dev-bucket/
#   scripts/socorro_aws_s3.sh sync ./crashdata s3://dev-bucket/
# It is `socorro s3`. The program is taken from SOCORRO_BIN, from PATH, or from this checkout.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
named=${SOCORRO_BIN:-}
# It is no setting of the program, which would say so.
unset SOCORRO_BIN
for program in "$named" "$(command -v socorro || true)" \
  "$root/target/release/socorro" "$root/target/debug/socorro"; do
  if [ -n "$program" ] && [ -x "$program" ]; then
    exec "$program" s3 "$@"
  fi
done
echo "socorro_aws_s3.sh: there is no program socorro on PATH; build it with: cargo build --release" >&2
exit 1
