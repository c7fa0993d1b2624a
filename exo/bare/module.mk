# SPDX-License-Identifier: BSD-2-Clause
# The kernel for bare x86-64: the core with the machine under it.
KERNEL_SRC := $(sort $(wildcard exo/bare/*.c))
KERNEL_ASM := $(sort $(wildcard exo/bare/*.S))
KERNEL_OBJ := $(patsubst %.c,$(BUILD)/bare/%.o,$(KERNEL_SRC)) \
	$(patsubst %.S,$(BUILD)/bare/%.o,$(KERNEL_ASM))
