/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Application-specific handlers: programs that answer packets in the kernel.
 *
 * A handler runs on a copy of the packet, with room around it, so whatever it writes is
 * its own. What it wants to send is that copy, and it is looked at when the program has
 * ended: it leaves only if nobody had the packet before, if the key that the handler was
 * bound with has the copy in its region, and if a token is there. So a handler cannot
 * send as somebody else, and not more than ASH_RATE packets a second of packet time.
 *
 * The key is named by what the kernel calls it: one that was revoked lets nothing out.
 */
#include "exo/abi/ctx.h"
#include "exo/abi/err.h"
#include "exo/core/core_int.h"
#include "exo/core/world_int.h"
#include "exo/lib/bytes.h"
#include "exo/lib/mem.h"

#define XDP_PASS   2u /* actions, Linux's numbers */
#define XDP_TX     3u
#define ASH_RATE   100000u /* packets a second, of one owner, ... */
#define ASH_BURST  1000u   /* ... and at once */
#define NS_A_TOKEN (1000000000u / ASH_RATE)
#define ETHERNET   1u

int ash_check(const struct exo_core *core, const struct exo_call_bind *a)
{
	struct key_rec *key;

	if (a->mode == EXO_BIND_TAP || a->linktype != ETHERNET)
		return -EXO_EINVAL;
	if (core->cfg.send == NULL)
		return -EXO_ENOSYS;
	return key_check(core, &a->send, EXO_RIGHT_TRANSMIT, &key);
}

uint64_t ash_key(const struct exo_key *key)
{
	return key->epoch << 32 | key->slot;
}

int ash_room(struct exo_world *w)
{
	static const uint8_t zeroes[EXO_TRANSMIT_MAX];
	const struct isa_pkt longest = { .data = zeroes,
		.caplen = EXO_TRANSMIT_MAX,
		.wirelen = EXO_TRANSMIT_MAX };

	return exo_world_pkt(w, &longest);
}

/* The judge does the same; false: it ends, answers or leaves the packet otherwise. */
static bool agrees(
    const struct binding *b, const struct isa_pkt *pkt, uint64_t r0)
{
	const struct isa_pkt *ours = &exo_world_vm(b->world)->pkt, *theirs;
	uint32_t n;
	const struct exo_insn *insns = vf_prog_insns(b->prog, &n);
	enum isa_end end;
	uint64_t other;

	isa_point(&b->twin->vm, b->type, insns, n);
	(void)exo_world_pkt(b->twin, pkt);
	end = exo_world_run(b->twin, b->stat.max_steps, &other);
	theirs = &exo_world_vm(b->twin)->pkt;
	return end == ISA_END_EXIT && other == r0 &&
	       ours->caplen == theirs->caplen &&
	       memcmp(ours->data, theirs->data, ours->caplen) == 0;
}

enum ash_does ash_run(
    struct exo_core *core, struct binding *b, const struct exo_pkt *p)
{
	const struct isa_pkt pkt = { .data = p->data,
		.caplen = p->caplen,
		.wirelen = p->wirelen,
		.ifindex = p->ifindex,
		.protocol = p->caplen < 14 ? 0 : exo_be16(p->data + 12) };
	uint64_t r0;

	if (p->caplen > EXO_TRANSMIT_MAX || p->caplen < p->wirelen)
		return ASH_PASSES;
	core->now = p->time_ns;
	(void)exo_world_pkt(b->world, &pkt); /* there is room: ash_room() */
	r0 = world_exec(b->world, b->code, b->type);
	if (b->twin != NULL && !agrees(b, &pkt, r0))
		b->stat.differed++;
	if ((uint32_t)r0 == XDP_TX)
		return ASH_SENDS;
	return (uint32_t)r0 == XDP_PASS ? ASH_PASSES : ASH_LEAVES;
}

/* Take a token of its owner's. Time that goes back brings none. */
static bool token(struct env *env, uint64_t now)
{
	uint64_t more =
	    now > env->ash_ns ? (now - env->ash_ns) / NS_A_TOKEN : 0;

	if (env->ash_ns == 0 || more > ASH_BURST - env->ash_tokens) {
		env->ash_tokens = ASH_BURST;
		env->ash_ns = now;
	} else {
		env->ash_tokens += (uint32_t)more;
		env->ash_ns += more * NS_A_TOKEN;
	}
	if (env->ash_tokens == 0)
		return false;
	env->ash_tokens--;
	return true;
}

/* Whether the key lets a packet out. */
static bool lets(
    const struct exo_core *core, uint64_t name, const struct isa_pkt *out)
{
	const struct key_rec *key = exo_pool_find(&core->keys, name);
	const struct sp_packet raw = { out->data, out->caplen, out->caplen,
		ETHERNET };
	struct sp_view v;

	if (key == NULL || out->caplen < EXO_TRANSMIT_MIN ||
	    out->caplen > EXO_TRANSMIT_MAX)
		return false;
	if (key->region == NULL)
		return true;
	sp_parse(&raw, &v);
	return sp_region_has(key->region->r, &v);
}

void ash_commit(
    struct exo_core *core, struct binding *b, const struct exo_pkt *p)
{
	const struct isa_pkt *out = &exo_world_vm(b->world)->pkt;

	if (!lets(core, b->send, out) || !token(b->env, p->time_ns) ||
	    core->cfg.send(core->cfg.send_arg, b->env->plat, out->data,
	        out->caplen) != 0) {
		b->stat.withheld++;
		core->stat.unsent++;
		return;
	}
	b->stat.replied++;
	core->stat.sent++;
}
