/* SPDX-License-Identifier: BSD-2-Clause */
/* What Linux wants to know of functions before helpers may call them. */
#ifndef TESTS_GUEST_FUNCS_H
#define TESTS_GUEST_FUNCS_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/bpf.h>

#define FUNCS_MAX 256u

/** Does a program hand the address of a function to a helper? */
bool funcs_wanted(const struct bpf_insn *insns, uint32_t n);

/**
 * Describe the functions of a program: each is static, without arguments,
 * and returns int. info holds FUNCS_MAX rows. Returns how many there are, 0
 * when they are too many.
 */
uint32_t funcs_find(
    const struct bpf_insn *insns, uint32_t n, struct bpf_func_info *info);

/** Load the types that those rows name. Returns a descriptor, or -1. */
int funcs_types(void);

#endif
