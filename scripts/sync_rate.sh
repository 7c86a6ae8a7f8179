#!/usr/bin/env bash
# How fast `socorro s3 sync` and `aws s3 sync` put the same tree of crashes into the same S3 server, one
# after the other, by turns:
#   eval "$(scripts/services/s3-localstack.sh start)"
#   cargo build --release -p socorro-cli
#   scripts/sync_rate.sh [CRASHES [ROUNDS]]
# A crash is a raw crash, a list of dump names and a dump of 150 KB. SOCORRO_BIN names another program.
set -euo pipefail

crashes=${1:-1000} rounds=${2:-3}
root=$(cd "$(dirname "$0")/.." && pwd)
program=${SOCORRO_BIN:-$root/target/release/socorro}
unset SOCORRO_BIN
export AWS_ENDPOINT_URL=${SOCORRO_TEST_S3_ENDPOINT:?set it to the address of an S3 server}
export AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-test} AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-test}
export AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-us-east-1} AWS_EC2_METADATA_DISABLED=true

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
day=20261126
mkdir -p "$work/tree/v1/raw_crash/$day" "$work/tree/v1/dump_names" "$work/tree/v1/dump"
for ((number = 0; number < crashes; number++)); do
  id=$(printf '%08x-cbbf-4589-a673-34f800261126' "$number")
  printf '{"ProductName": "Fantasy", "number": "%s"}' "$number" >"$work/tree/v1/raw_crash/$day/$id"
  printf '["upload_file_minidump"]' >"$work/tree/v1/dump_names/$id"
  head -c 150000 /dev/urandom >"$work/tree/v1/dump/$id"
done

# seconds NAME COMMAND...: how long it takes with a new bucket, and what is there in the end.
seconds() {
  local name=$1 bucket begin end count
  shift
  bucket=sync-rate-$$-$RANDOM-$RANDOM
  "$program" s3 mb "s3://$bucket" >/dev/null
  begin=$(date +%s.%N)
  "$@" "$work/tree" "s3://$bucket/" >/dev/null
  end=$(date +%s.%N)
  count=$("$program" s3 ls --recursive "s3://$bucket/" | wc -l)
  [ "$count" -eq $((crashes * 3)) ] || { echo "$name put $count objects" >&2; exit 1; }
  "$program" s3 rb --force "s3://$bucket" >/dev/null
  awk -v begin="$begin" -v end="$end" -v crashes="$crashes" -v name="$name" \
    'BEGIN { took = end - begin; printf "%-16s %6.1f s  %6.0f crashes/s\n", name, took, crashes / took; print took >"'"$work/took"'" }'
  cat "$work/took" >>"$work/$name"
}

for ((round = 0; round < rounds; round++)); do
  seconds socorro "$program" s3 sync --no-progress
  seconds aws aws s3 sync --no-progress
done
paste "$work/socorro" "$work/aws" | awk '{ ours += $1; theirs += $2 } END { printf "aws takes %.2f times as long\n", theirs / ours }'
