# SPDX-License-Identifier: BSD-2-Clause
# Front-ends; expr.c is the only user of libpcap in the product, elf.c of libbpf.
FILTERS_SRC := $(sort $(wildcard filters/*.c))
