#!/usr/bin/env bash
# `aws s3` for the buckets of Socorro's environment: endpoint, region and keys come from its settings.
# It is `socorro s3`, under the name of Socorro's script.
#
#   scripts/socorro_aws_s3.sh mb s3://dev-bucket/
#   scripts/socorro_aws_s3.sh sync ./crashdata s3://dev-bucket/

set -euo pipefail

exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../socorro-cmd" s3 "$@"
