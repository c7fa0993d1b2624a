# SPDX-License-Identifier: BSD-2-Clause
# The list of freestanding sources: the core of every flavour, and no other.
CORE_SRC := \
	$(sort $(wildcard exo/lib/*.c)) \
	$(sort $(wildcard exo/isa/*.c)) \
	$(sort $(wildcard exo/space/*.c)) \
	$(sort $(wildcard exo/maps/*.c)) \
	$(sort $(wildcard verifier/*.c)) \
	$(sort $(wildcard exo/jit/*.c)) \
	$(sort $(wildcard exo/core/*.c))
