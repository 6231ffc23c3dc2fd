#!/bin/sh
# The docker CLI of one stack among several that use an engine: it lists the containers of the objects in the state folder OWN_STATE and no others.
if [ "$1" = ps ]; then
  set -- "$@" --filter name=of-an-object-that-there-is-not
  for file in "$OWN_STATE"/v3/do/renderio-Executor/*.sqlite; do
    set -- "$@" --filter "name=$(basename "$file" .sqlite)"
  done
fi
exec "${OWN_DOCKER:-docker}" "$@"
