#!/bin/sh
# A program of the image (jupyter, potstill, node, bash …) is run as it is; anything else is an argument of potstill.
set -eu
if [ "$#" -eq 0 ] || ! command -v "$1" >/dev/null 2>&1; then
  set -- potstill "$@"
fi
exec "$@"
