# SPDX-License-Identifier: BSD-2-Clause
# Front-ends; expr.c is the only user of libpcap in the product.
FILTERS_SRC := $(sort $(wildcard filters/*.c))
