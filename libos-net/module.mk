# SPDX-License-Identifier: BSD-2-Clause
# Network library OSes; freestanding as well, for they also run in ring 3.
LIBOS_SRC := $(sort $(wildcard libos-net/*.c))
