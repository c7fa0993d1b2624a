# SPDX-License-Identifier: BSD-2-Clause
# The Linux process: the tool, and the façade of the embeddable library.
LIB_SRC  := exo/hosted/lib.c exo/hosted/lib_map.c exo/hosted/lib_options.c \
	exo/hosted/lib_run.c exo/hosted/lib_tail.c \
	exo/hosted/plat_hosted.c exo/hosted/diag.c exo/hosted/code_mem.c \
	exo/hosted/heap.c
TOOL_SRC := $(filter-out $(LIB_SRC),$(sort $(wildcard exo/hosted/*.c)))
# What libexopf.so exports.
LIB_MAP  := exo/hosted/libexopf.map
