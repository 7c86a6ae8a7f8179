#!/usr/bin/env bash
# Google Cloud Storage, a part of its JSON API, in memory. It ignores conditions on writes.
NAME=gcs-emulator
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"
GCS=2026.7.19

svc_install() { svc_venv 10 "gcs-$GCS" "gcp-storage-emulator==$GCS"; }
svc_start() { exec "$SVC_DIR/venv/bin/gcp-storage-emulator" start --host=127.0.0.1 --port="$1" --in-memory; }
svc_ready() { curl -fsS -m 2 -o /dev/null "http://127.0.0.1:$1/"; }
svc_env() {
  cat <<EOF
export SOCORRO_TEST_GCS_ENDPOINT=http://127.0.0.1:$1
EOF
}

svc_main "$@"
