/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shared object of jit_dpdk_so.h: librte_bpf, linked statically so that
 * its inner steps can be timed.
 *
 * No environment of DPDK's is set up: librte_bpf wants of it a few bytes for
 * the result of a conversion only, and finds the C library's here.
 */
#define ALLOW_EXPERIMENTAL_API
#include <rte_bpf.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/bench/jit_dpdk_so.h"

/* libpcap's header declares the other bpf_validate(). */
struct bpf_program {
	unsigned bf_len;
	struct bpf_insn *bf_insns;
};

/* librte_bpf's own, not in its headers. */
int bpf_validate(struct rte_bpf *bpf);
int bpf_jit(struct rte_bpf *bpf);

void *rte_zmalloc(const char *type, size_t size, unsigned align)
{
	(void)type;
	(void)align;
	return calloc(1, size);
}

void rte_free(void *p)
{
	free(p);
}

static void *mbuf(const uint8_t *data, uint32_t len)
{
	struct rte_mbuf *m = aligned_alloc(64, sizeof(*m));

	if (m == NULL)
		abort();
	memset(m, 0, sizeof(*m));
	memcpy(&m->buf_addr, &data, sizeof(data));
	m->buf_len = m->data_len = (uint16_t)len;
	m->pkt_len = len;
	m->nb_segs = 1;
	return m;
}

static void *convert(const void *classic, uint32_t n)
{
	struct bpf_program p = { .bf_len = n };

	memcpy(&p.bf_insns, &classic, sizeof(classic)); /* it is only read */
	return rte_bpf_convert(&p);
}

static void *load(const void *param)
{
	return rte_bpf_load(param);
}

static void free_prog(void *prog)
{
	rte_bpf_destroy(prog);
}

/* load() left it read-only, and begins on a page. */
static void open_up(void *prog)
{
	if (mprotect(prog, 4096, PROT_READ | PROT_WRITE) != 0)
		abort();
}

static int validate(void *prog)
{
	return bpf_validate(prog);
}

static int jit(void *prog)
{
	struct rte_bpf_jit before, after;
	int ret;

	rte_bpf_get_jit(prog, &before);
	ret = bpf_jit(prog);
	rte_bpf_get_jit(prog, &after);
	if (ret == 0 && before.func != NULL && before.func != after.func) {
		void *p;

		memcpy(&p, &before.func, sizeof(p));
		munmap(p, before.sz);
	}
	return ret;
}

static jd_fn *code(void *prog)
{
	struct rte_bpf_jit j;

	if (rte_bpf_get_jit(prog, &j) != 0)
		return NULL;
	return j.func;
}

extern const struct jd_api jd_api;
__attribute__((visibility("default"))) const struct jd_api jd_api = {
	.mbuf = mbuf,
	.convert = convert,
	.load = load,
	.free_param = rte_free,
	.free_prog = free_prog,
	.open_up = open_up,
	.validate = validate,
	.jit = jit,
	.code = code,
};
