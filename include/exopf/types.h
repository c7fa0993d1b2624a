/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libexopf: what its headers share. Include <exopf/exopf.h> for all of it.
 */
#ifndef EXOPF_TYPES_H
#define EXOPF_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A verified program, and the maps that are its own. */
typedef struct exopf_program exopf_program;

/** What a program expects behind its first argument. */
enum exopf_type {
	EXOPF_TYPE_MEM = 1,    /* r1: memory, r2: its size in bytes */
	EXOPF_TYPE_XDP = 2,    /* r1: struct xdp_md of Linux; r0: XDP_* */
	EXOPF_TYPE_SOCKET = 3, /* r1: struct __sk_buff; r0: bytes to keep */
	EXOPF_TYPE_TC = 4      /* r1: struct __sk_buff; r0: TC_ACT_* */
};

/** What functions return: 0, or one of these, negative. A function returns no
 * other than those that its description names. */
enum exopf_error {
	EXOPF_OK = 0,
	EXOPF_EINVAL = -1,      /* an argument makes no sense */
	EXOPF_ENOMEM = -2,      /* out of memory, or past the limit of it */
	EXOPF_EPERM = -3,       /* the map stays as it began */
	EXOPF_ENOENT = -6,      /* there is no such element, or no more */
	EXOPF_E2BIG = -7,       /* larger than may be; no such index; full */
	EXOPF_EIMAGE = -8,      /* not a filter image */
	EXOPF_EREFUSED = -9,    /* the verifier refused: see the report */
	EXOPF_EBUDGET = -10,    /* a proof or a run would cost too much */
	EXOPF_ETRAP = -15,      /* interpreted, it trapped: a bug of ours */
	EXOPF_ENOENTROPY = -17, /* the system has no random bytes */
	EXOPF_EEXIST = -101,    /* the element exists already */
	EXOPF_ENOSPC = -102,    /* a trie is full */
	EXOPF_EAGAIN = -103     /* another thread writes it all the time */
};

/** What an error means, in a few words; never NULL. */
const char *exopf_strerror(int error);

/** The library's version, such as "0.1.0". */
const char *exopf_version(void);

#ifdef __cplusplus
}
#endif

#endif
