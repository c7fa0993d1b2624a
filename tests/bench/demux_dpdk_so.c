/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shared object of demux_dpdk_so.h.
 *
 * rte_hash has the ids as data beside its keys and is asked 32 at a time;
 * rte_acl has a rule of five exact fields for each flow. Both parse as the
 * yardstick does. Memory is of plain pages, as it is for all others.
 */
#define ALLOW_EXPERIMENTAL_API
#include <rte_acl.h>
#include <rte_eal.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/demux_dpdk_so.h"

/* As rte_acl wants it: the first field is a byte, the others 32 bits together;
 * big-endian. */
struct key {
	uint8_t proto, zero[3];
	uint32_t src, dst;
	uint16_t sport, dport;
};

enum {
	FIELDS = 5,
};

static const struct rte_acl_field_def field[FIELDS] = {
	{ RTE_ACL_FIELD_TYPE_BITMASK, 1, 0, 0, offsetof(struct key, proto) },
	{ RTE_ACL_FIELD_TYPE_MASK, 4, 1, 1, offsetof(struct key, src) },
	{ RTE_ACL_FIELD_TYPE_MASK, 4, 2, 2, offsetof(struct key, dst) },
	{ RTE_ACL_FIELD_TYPE_RANGE, 2, 3, 3, offsetof(struct key, sport) },
	{ RTE_ACL_FIELD_TYPE_RANGE, 2, 4, 3, offsetof(struct key, dport) },
};

RTE_ACL_RULE_DEF(rule, FIELDS);

/* It binds the thread to one processor; what comes later wants them all. */
static int init(void)
{
	static char name[] = "bench_demux", huge[] = "--no-huge",
	            conf[] = "--no-shconf", pci[] = "--no-pci",
	            tele[] = "--no-telemetry", log[] = "--log-level=1",
	            m[] = "-m", size[] = "2048";
	char *argv[] = { name, huge, conf, pci, tele, log, m, size, NULL };
	cpu_set_t cpus;
	int ret;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
		return -1;
	ret = rte_eal_init(8, argv);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) != 0)
		return -1;
	return ret < 0 ? -1 : 0;
}

static inline int parse(const struct sp_packet *p, struct key *k)
{
	const uint8_t *d = p->data;
	uint16_t type, frag;

	memset(k, 0, sizeof(*k));
	if (p->link != SP_LINK_ETHERNET || p->caplen < 38)
		return 0;
	memcpy(&type, d + 12, 2);
	memcpy(&frag, d + 20, 2);
	if (type != 0x0008 || d[14] != 0x45 || (frag & 0xff3f) != 0 ||
	    ((uint32_t)(d[23] == 6) | (uint32_t)(d[23] == 17)) == 0)
		return 0;
	k->proto = d[23];
	memcpy(&k->src, d + 26, 8);
	memcpy(&k->sport, d + 34, 4);
	return 1;
}

static struct key key_of(const struct dx_flow *f)
{
	return (struct key){ .proto = f->proto,
		.src = f->src,
		.dst = f->dst,
		.sport = f->sport,
		.dport = f->dport };
}

static void *hash_new(const struct dx_flow *f, uint32_t n)
{
	struct rte_hash_parameters p = { .name = "flows",
		.entries = n < 8 ? 8 : n + n / 8,
		.key_len = sizeof(struct key),
		.hash_func = rte_hash_crc,
		.extra_flag = RTE_HASH_EXTRA_FLAGS_EXT_TABLE };
	struct rte_hash *h = rte_hash_create(&p);

	for (uint32_t i = 0; h != NULL && i < n; i++) {
		struct key k = key_of(&f[i]);

		if (rte_hash_add_key_data(h, &k, (void *)(uintptr_t)i) != 0) {
			rte_hash_free(h);
			return NULL;
		}
	}
	return h;
}

static void hash_find(
    void *h, const struct sp_packet *p, uint32_t n, uint32_t *id)
{
	struct key key[DX_BATCH];
	const void *at[DX_BATCH];
	void *data[DX_BATCH];
	uint64_t hit;

	for (; n > 0; n -= DX_BATCH, p += DX_BATCH, id += DX_BATCH) {
		for (uint32_t i = 0; i < DX_BATCH; i++)
			__builtin_prefetch(p[i].data);
		for (uint32_t i = 0; i < DX_BATCH; i++) {
			(void)parse(&p[i], &key[i]);
			at[i] = &key[i];
		}
		hit = 0;
		rte_hash_lookup_bulk_data(h, at, DX_BATCH, &hit, data);
		for (uint32_t i = 0; i < DX_BATCH; i++)
			id[i] = (hit >> i & 1) != 0
			            ? (uint32_t)(uintptr_t)data[i]
			            : DX_NONE;
	}
}

static void hash_free(void *h)
{
	rte_hash_free(h);
}

static void set_rule(struct rule *r, const struct dx_flow *f, uint32_t i)
{
	memset(r, 0, sizeof(*r));
	r->data.category_mask = 1;
	r->data.priority = 1;
	r->data.userdata = i + 1;
	r->field[0].value.u8 = f->proto;
	r->field[0].mask_range.u8 = 0xff;
	r->field[1].value.u32 = __builtin_bswap32(f->src);
	r->field[1].mask_range.u32 = 32;
	r->field[2].value.u32 = __builtin_bswap32(f->dst);
	r->field[2].mask_range.u32 = 32;
	r->field[3].value.u16 = __builtin_bswap16(f->sport);
	r->field[3].mask_range.u16 = r->field[3].value.u16;
	r->field[4].value.u16 = __builtin_bswap16(f->dport);
	r->field[4].mask_range.u16 = r->field[4].value.u16;
}

static void acl_free(void *a)
{
	rte_acl_free(a);
}

static void *acl_new(const struct dx_flow *f, uint32_t n)
{
	struct rte_acl_param p = { .name = "flows",
		.socket_id = SOCKET_ID_ANY,
		.rule_size = RTE_ACL_RULE_SZ(FIELDS),
		.max_rule_num = n };
	struct rte_acl_config cfg = { .num_categories = 1,
		.num_fields = FIELDS };
	struct rte_acl_ctx *a = rte_acl_create(&p);
	struct rule r;
	int bad = 0;

	if (a == NULL)
		return NULL;
	memcpy(cfg.defs, field, sizeof(field));
	for (uint32_t i = 0; i < n && bad == 0; i++) {
		set_rule(&r, &f[i], i);
		bad = rte_acl_add_rules(a, (const struct rte_acl_rule *)&r, 1);
	}
	if (bad == 0)
		bad = rte_acl_build(a, &cfg);
	if (bad == 0)
		return a;
	acl_free(a);
	return NULL;
}

static void acl_find(
    void *a, const struct sp_packet *p, uint32_t n, uint32_t *id)
{
	struct key key[DX_BATCH];
	const uint8_t *at[DX_BATCH];
	uint32_t found[DX_BATCH];

	for (; n > 0; n -= DX_BATCH, p += DX_BATCH, id += DX_BATCH) {
		for (uint32_t i = 0; i < DX_BATCH; i++)
			__builtin_prefetch(p[i].data);
		for (uint32_t i = 0; i < DX_BATCH; i++) {
			(void)parse(&p[i], &key[i]);
			at[i] = (const uint8_t *)&key[i];
		}
		rte_acl_classify(a, at, found, DX_BATCH, 1);
		for (uint32_t i = 0; i < DX_BATCH; i++)
			id[i] = found[i] - 1; /* none: 0 */
	}
}

extern const struct dd_api dd_api;
__attribute__((visibility("default"))) const struct dd_api dd_api = {
	.init = init,
	.hash_new = hash_new,
	.hash_find = hash_find,
	.hash_free = hash_free,
	.acl_new = acl_new,
	.acl_find = acl_find,
	.acl_free = acl_free,
};
