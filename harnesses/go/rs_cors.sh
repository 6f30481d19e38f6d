#!/bin/sh
# Runs the harness that build.sh has built.
exec "$(dirname "$0")/build/rs-cors"
