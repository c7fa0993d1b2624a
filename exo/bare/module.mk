# SPDX-License-Identifier: BSD-2-Clause
# The kernel for bare x86-64: the core with the machine under it; and programs for its
# environments.
KERNEL_SRC := $(sort $(wildcard exo/bare/*.c))
KERNEL_ASM := $(sort $(wildcard exo/bare/*.S))
KERNEL_OBJ := $(patsubst %.c,$(BUILD)/bare/%.o,$(KERNEL_SRC)) \
	$(patsubst %.S,$(BUILD)/bare/%.o,$(KERNEL_ASM))
# What each of those is made of; libraries of it only what it needs.
RT_OBJ := $(patsubst %,$(BUILD)/ring3/libos-net/rt/%.o,start rt bind vm \
	vm_policy fork) \
	$(BUILD)/ring3/exo/bare/mem.o
RING3_LIB := $(patsubst %.c,$(BUILD)/ring3/%.o,$(LIBOS_SRC))
RING3_MAIN := $(filter-out %_hosted.c,$(sort $(wildcard tests/bare/*.c))) \
	$(sort $(wildcard libos-net/*/main.c))
RING3_OBJ := $(patsubst %.c,$(BUILD)/ring3/%.o,$(RING3_MAIN))
RING3 := $(patsubst %,$(BUILD)/ring3/%.elf,\
	$(notdir $(patsubst %/main,%,$(RING3_MAIN:.c=))))
# Of it, what needs no machine: tests link it, too.
DEVICE_SRC := $(addprefix exo/bare/,cpio.c elf.c multiboot.c pct.c quota.c vblk.c vdev.c vnet.c \
	vq.c vq_packed.c vq_split.c)
# Delivery records, which programs of the host make, too; and of the library OSes,
# what they take out of rings with.
RECORDS_SRC := $(addprefix exo/bare/,capture.c cpio.c records.c word.c)
# What is started; with stubs for the environments.
CONF_SRC := $(addprefix exo/bare/,conf.c cpio.c word.c)
# What manages memory, wherever that lies: tests put it into their own.
MEMORY_SRC := $(addprefix exo/bare/,frames.c heap.c)
# Environments and their tables.
SPACE_SRC := $(addprefix exo/bare/,env.c family.c load.c paging.c revoke.c \
	space.c upcall.c)
# The way in from ring 3, with the tables that it walks; fuzz_bare_call is its machine.
ENTRY_SRC := $(SPACE_SRC) $(addprefix exo/bare/,call.c plat_bare.c \
	sleep.c slots.c state.c)
KERNEL_OBJ += $(BUILD)/bare/libos-net/tap.o
# Calls between environments.
RT_OBJ += $(patsubst %,$(BUILD)/ring3/libos-net/rt/%.o,pct pct_enter)
# What the two of the demonstration share.
DEMO_OBJ := $(patsubst %,$(BUILD)/ring3/libos-net/demo/%.o,line pages)
