/* SPDX-License-Identifier: BSD-2-Clause */
/* How many instructions libpcap's evaluator takes for a packet: the classic
 * programs of bench_jit, run one step at a time. */
#include "tests/bench/jit_engine.h"

struct classic {
	const struct jb_pkt *p;
	uint32_t a, x;
	bool past; /* a load went past the end */
};

static uint32_t load(struct classic *c, uint64_t at, uint32_t size)
{
	uint32_t v = 0, i;

	if (at + size > c->p->caplen) {
		c->past = true;
		return 0;
	}
	for (i = 0; i < size; i++)
		v = v << 8 | c->p->data[at + i];
	return v;
}

/* One instruction; returns how many to leave out. */
static uint32_t step(struct classic *c, const struct flt_cbpf *in)
{
	static const uint32_t sizes[] = { 4, 2, 1, 0 };
	uint32_t size = sizes[in->code >> 3 & 3];
	bool yes = false;

	switch (in->code) {
	case 0x20: /* ld, ldh, ldb [k] */
	case 0x28:
	case 0x30:
		c->a = load(c, in->k, size);
		return 0;
	case 0x40: /* the same of [x + k] */
	case 0x48:
	case 0x50:
		c->a = load(c, (uint64_t)c->x + in->k, size);
		return 0;
	case 0xb1: /* ldxb 4*([k]&0xf) */
		c->x = (load(c, in->k, 1) & 15) * 4;
		return 0;
	case 0x05:
		return in->k;
	case 0x15:
		yes = c->a == in->k;
		break;
	case 0x25:
		yes = c->a > in->k;
		break;
	case 0x35:
		yes = c->a >= in->k;
		break;
	case 0x45:
		yes = (c->a & in->k) != 0;
		break;
	default:
		jb_die("no step for classic code %#x", in->code);
	}
	return yes ? in->jt : in->jf;
}

uint64_t jb_classic_steps(const struct jb_row *row, const struct jb_pkt *p)
{
	struct classic c = { .p = p };
	const struct flt_cbpf *in = row->classic;
	uint64_t steps = 1;

	for (; in->code != 0x06 && !c.past; steps++)
		in += 1 + step(&c, in);
	return steps;
}
