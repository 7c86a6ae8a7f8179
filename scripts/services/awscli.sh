#!/usr/bin/env bash
# Amazon's command line, which some tests compare ours with: only to be installed, there is nothing to
# start. `awscli.sh install` puts it into the cache, `awscli.sh env` says where tests find it.
NAME=awscli
. "$(dirname "${BASH_SOURCE[0]}")/_lib.sh"
# botocore follows from it: each release of one pins the other.
AWSCLI=1.45.11

svc_install() { svc_venv 10 "awscli-$AWSCLI" "awscli==$AWSCLI"; }

SVC_DIR=$SVC_ROOT/$NAME
mkdir -p "$SVC_DIR"
case ${1:-install} in
  install) svc_install && echo "export SOCORRO_TEST_AWS=$SVC_DIR/venv/bin/aws" ;;
  env) echo "export SOCORRO_TEST_AWS=$SVC_DIR/venv/bin/aws" ;;
  clean) rm -rf "$SVC_DIR" ;;
  *) svc_die "commands: install env clean" ;;
esac
