#!/bin/sh
# LocalStack runs this when it is ready.
set -eu
awslocal s3 mb s3://dev-bucket
