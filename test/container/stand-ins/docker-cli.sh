#!/bin/sh
# Debian's docker CLI for wrangler, which calls a newer one: without options that it lacks, and content with an image that is there already.
docker=${REAL_DOCKER:-/usr/bin/docker}
if [ "$1" = pull ] && "$docker" image inspect "$2" >/dev/null 2>&1; then exit 0; fi
for argument; do
  shift
  case $argument in
    --load | --provenance=*) ;;
    *) set -- "$@" "$argument" ;;
  esac
done
exec "$docker" "$@"
