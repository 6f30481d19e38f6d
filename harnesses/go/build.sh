#!/bin/sh
# Builds the harness from Debian's packages of Go libraries, without the network.
set -eu
cd "$(dirname "$0")"

export GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOCACHE="$PWD/build/cache"
# A library that does not come as a module does not know its own version; its package does.
version=$(dpkg-query --show --showformat '${Version}' golang-github-rs-cors-dev)
go build -ldflags "-X main.middlewareVersion=${version%-*}" -o build/rs-cors .
