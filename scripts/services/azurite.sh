#!/usr/bin/env bash
# Azurite, Microsoft's own emulator of Azure Blob Storage, in memory. It checks signatures. Needs
# Node.js 18 or newer with npm.
NAME=azurite
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"
AZURITE=3.35.0
ACCOUNT=socorro
# Azure's keys are in base 64; this one opens nothing but the emulator.
KEY=$(printf 'no secret at all' | base64)

svc_install() {
  [ "$(cat "$SVC_DIR/.version" 2>/dev/null)" = "$AZURITE" ] && return 0
  command -v npm >/dev/null || svc_die "needs Node.js with npm"
  svc_say "installing with npm $(npm --version)"
  npm install --no-save --no-fund --no-audit --omit=dev --loglevel=error --prefix "$SVC_DIR" "azurite@$AZURITE" >&2 &&
    printf %s "$AZURITE" >"$SVC_DIR/.version"
}
svc_start() {
  exec env AZURITE_ACCOUNTS="$ACCOUNT:$KEY" \
    "$SVC_DIR/node_modules/.bin/azurite-blob" --inMemoryPersistence --disableTelemetry --silent \
    --blobHost 127.0.0.1 --blobPort "$1"
}
svc_ready() { svc_port_open "$1"; }
svc_env() {
  cat <<EOF
export SOCORRO_TEST_AZURE_ENDPOINT=http://127.0.0.1:$1/$ACCOUNT
export AZURE_STORAGE_ACCOUNT_NAME=$ACCOUNT
export AZURE_STORAGE_ACCOUNT_KEY=$KEY
EOF
}

svc_main "$@"
