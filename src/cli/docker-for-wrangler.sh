#!/bin/sh
# The docker command as wrangler gets it. It lists containers only in order to remove them, so it is shown none: the stack removes its own.
[ "$1" = ps ] && exit 0
exec "$RENDERIO_DOCKER_BIN" "$@"
