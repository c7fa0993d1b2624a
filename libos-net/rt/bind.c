/* SPDX-License-Identifier: BSD-2-Clause */
/* Bindings from ring 3: see bind.h. */
#include "libos-net/rt/bind.h"

#include <stddef.h>

#include "exo/abi/ctx.h"
#include "exo/abi/err.h"
#include "exo/abi/image.h"
#include "exo/abi/insn.h"
#include "libos-net/rt/sys.h"

#define ETHERNET 1u
#define WHOLE    65535u
#define TRIES    1000u /* to send a packet */

static int bind(const struct exo_key *key, const struct exo_key *send,
    const void *image, uint32_t size, uint64_t *name)
{
	struct exo_call_bind a = { .key = *key,
		.image = (uintptr_t)image,
		.image_size = size,
		.linktype = ETHERNET,
		.mode = EXO_BIND_EXCLUSIVE,
		.snap = WHOLE };
	int err;

	if (send != NULL) {
		a.send = *send;
		a.flags = EXO_BIND_ASH;
	}
	err = (int)lnet_call(EXO_CALL_BIND_NR, &a, sizeof(a));
	*name = a.out_binding;
	return err;
}

int lnet_bind_all(const struct exo_key *key, uint64_t *name)
{
	static const struct {
		struct exo_image_hdr hdr;
		struct exo_image_section row;
		struct exo_insn insns[2];
	} image = {
		{ EXO_IMAGE_MAGIC, EXO_IMAGE_VERSION, EXO_PROG_SOCKET,
		    sizeof(image), 1, 0 },
		{ EXO_SEC_INSNS, sizeof(image.hdr) + sizeof(image.row),
		    sizeof(image.insns), 0 },
		{ { .code = EXO_ALU64 | EXO_MOV | EXO_K, .imm = -1 },
		    { .code = EXO_JMP | EXO_EXIT } },
	};
	return bind(key, NULL, &image, sizeof(image), name);
}

int lnet_bind_ash(const struct exo_key *key, const struct exo_key *send,
    const void *image, uint32_t size, uint64_t *name)
{
	return bind(key, send, image, size, name);
}

int lnet_send_patient(
    const struct exo_key *key, const uint8_t *frame, uint32_t n)
{
	int err = (int)lnet_send_packet(key, frame, n);

	for (uint32_t i = 0; i < TRIES && err == -EXO_ELIMIT; i++) {
		(void)lnet_yield();
		err = (int)lnet_send_packet(key, frame, n);
	}
	return err;
}
