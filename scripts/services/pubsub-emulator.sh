#!/usr/bin/env bash
# Google's Pub/Sub emulator: a Java program that comes with the Google Cloud CLI (component
# pubsub-emulator, or the package google-cloud-cli-pubsub-emulator). It needs no login. Where it is
# elsewhere, PUBSUB_EMULATOR_JAR names it.
NAME=pubsub-emulator
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"

emulator_jar() {
  if [ -n "${PUBSUB_EMULATOR_JAR:-}" ]; then echo "$PUBSUB_EMULATOR_JAR"; return; fi
  local gcloud root jar
  gcloud=$(command -v gcloud) && root=$(dirname "$(dirname "$(readlink -f "$gcloud")")")
  for jar in ${root:+"$root"/platform/pubsub-emulator/lib/*.jar} \
    $(dpkg -L google-cloud-cli-pubsub-emulator 2>/dev/null | grep '\.jar$'); do
    [ -f "$jar" ] && { echo "$jar"; return; }
  done
  return 1
}

svc_install() {
  emulator_jar >/dev/null || svc_die "no emulator found; install it with the Google Cloud CLI, or set PUBSUB_EMULATOR_JAR"
  command -v java >/dev/null || svc_apt default-jre-headless
}

svc_start() {
  exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx512m -jar "$(emulator_jar)" --host=127.0.0.1 --port="$1"
}

svc_ready() { [ "$(curl -fsS -m 2 "http://127.0.0.1:$1/")" = Ok ]; }
svc_env() { echo "export PUBSUB_EMULATOR_HOST=127.0.0.1:$1"; }

svc_main "$@"
