#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Boot the demonstration of docs/exokernel.md, with a disk that is gone afterwards.
#
# usage: run.sh [OPTION...]; BUILD names the folder with exopf; options are those of
# exopf boot. The exit status is that of exopf boot.

src=$(cd "$(dirname "$0")" && pwd)
BUILD=${BUILD:-$src/../../build}
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
truncate -s 1M "$tmp/disk" || exit 2
"$BUILD/exopf" boot --exact --timeout "${limit:-60}" --append 'slot_us=1000' \
    --disk "$tmp/disk" "$@" "$src/demo.conf"
