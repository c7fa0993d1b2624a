/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors as programs see them: helpers answer with Linux's numbers, negated
 * (asm-generic/errno-base.h, errno.h), so that programs written for Linux
 * find what they expect. They never travel inside the kernel: see err.h.
 */
#ifndef EXO_ABI_PROG_ERR_H
#define EXO_ABI_PROG_ERR_H

enum exo_prog_err {
	EXO_P_EPERM = 1,   /* the map stays as it began; no program gets this */
	EXO_P_ENOENT = 2,  /* no such element */
	EXO_P_E2BIG = 7,   /* past the end, or no room for another element */
	EXO_P_EAGAIN = 11, /* no room now */
	EXO_P_ENOMEM = 12, /* the packet has no room for it */
	EXO_P_EACCES = 13, /* a size that is not allowed */
	EXO_P_EFAULT = 14, /* outside the packet */
	EXO_P_EEXIST = 17, /* the element exists already */
	EXO_P_EINVAL = 22, /* a bad argument */
	EXO_P_ENOSPC = 28, /* the consumer has no room */
};

#endif
