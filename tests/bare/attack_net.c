/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attacks on what is shared on the network: packets of others, the wire, the kernel's
 * time and memory. By their names, as in attack.c; a victim's address is 10.0.2.15, the
 * attackers' is 10.0.2.66 (victim.conf).
 */
#include "tests/bare/stage.h"

#include "exo/abi/region.h"
#include "exo/abi/ring.h"

#define LONGEST 60000u /* instructions */

static struct exo_pe *page;
static unsigned nmine; /* bindings that were seen */
static uint64_t names[4096];
static struct {
	struct exo_image_hdr hdr;
	struct exo_image_section row;
	struct exo_insn insns[LONGEST];
} image;

/* --- the wire ----------------------------------------------------------------- */

static uint8_t packet[1600];

/* Ethernet, IPv4, UDP from 10.0.2.host. */
static void make_packet(uint8_t host)
{
	static const uint8_t head[42] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 66,
		8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 2, 0, 10,
		0, 2, 1, 0, 7, 0, 7, 0, 8, 0, 0 };

	for (unsigned i = 0; i < sizeof(head); i++)
		packet[i] = head[i];
	packet[29] = host;
}

static int64_t send_from(const struct exo_key *key, uint64_t at, uint32_t n)
{
	struct exo_call_transmit a = { *key, at, n, 0 };

	return lnet_call(EXO_CALL_TRANSMIT_NR, &a, sizeof(a));
}

static void send_spoofed(void)
{
	static const uint8_t types[][2] = { { 0x86, 0xdd }, { 0x81, 0 },
		{ 8, 6 }, { 0x88, 0xcc }, { 0, 0 } };

	for (unsigned host = 0; host < 256; host++) {
		if (host == 66)
			continue;
		make_packet((uint8_t)host);
		CHECK(send_from(&page->send, (uintptr_t)packet, 42) ==
		      -EXO_EOUTSIDE);
	}
	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		make_packet(66);
		packet[12] = types[i][0];
		packet[13] = types[i][1];
		CHECK(send_from(&page->send, (uintptr_t)packet, 42) ==
		      -EXO_EOUTSIDE);
	}
	make_packet(66);
	for (uint32_t n = EXO_TRANSMIT_MIN; n < 30; n++) /* no source */
		CHECK(send_from(&page->send, (uintptr_t)packet, n) ==
		      -EXO_EOUTSIDE);
}

static void send_without_key(void)
{
	struct exo_key none = { 0 }, more = page->key;

	make_packet(66);
	CHECK(send_from(&none, (uintptr_t)packet, 42) == -EXO_EBADKEY);
	CHECK(send_from(&page->key, (uintptr_t)packet, 42) == -EXO_EPERM);
	more.rights |= EXO_RIGHT_TRANSMIT;
	CHECK(send_from(&more, (uintptr_t)packet, 42) == -EXO_EBADKEY);
	more = page->send;
	more.region = EXO_REGION_ALL;
	if (page->send.region != EXO_REGION_ALL)
		CHECK(send_from(&more, (uintptr_t)packet, 42) == -EXO_EBADKEY);
}

static void send_kernel(void)
{
	static const uint64_t at[] = { 0, KERNEL_TEXT, DIRECT_MAP,
		0x0000800000000000u, 0x00007ffffffff000u, UINT64_MAX,
		UINT64_MAX - 41, EXO_PE_AT + 4096 - 41, EXO_RING_AT - 1 };

	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		CHECK(send_from(&page->send, at[i], 42) == -EXO_EINVAL);
}

static void send_sizes(void)
{
	for (uint32_t n = 0; n < EXO_TRANSMIT_MIN; n++)
		CHECK(send_from(&page->send, (uintptr_t)packet, n) ==
		      -EXO_EINVAL);
	CHECK(send_from(&page->send, (uintptr_t)packet, 1515) == -EXO_E2BIG);
	CHECK(send_from(&page->send, (uintptr_t)packet, UINT32_MAX) ==
	      -EXO_E2BIG);
}

/* What is its own, as much as there is. */
static void send_flood(void)
{
	make_packet(66);
	for (unsigned i = 0; i < 2000; i++) {
		int64_t err = send_from(&page->send, (uintptr_t)packet, 42);

		CHECK(err == 0 || err == -EXO_ELIMIT);
	}
}

/* Until the queue is full for this one: who is at the other end does not read. */
static void send_until_full(void)
{
	static int full;
	unsigned n = 0;

	make_packet(66);
	while (!full && n < 20000 &&
	       send_from(&page->send, (uintptr_t)packet, 1000) == 0)
		n++;
	CHECK(full || n < 20000);
	full = 1;
	(void)send_from(&page->send, (uintptr_t)packet, 1000);
}

/* A few, now and then, each of which is taken, however full the queue is for others. */
static void send_few(void)
{
	static unsigned turns;

	make_packet(15);
	packet[37] = 77; /* to this port */
	if (turns < 4 * 8 && turns % 4 == 0) {
		packet[35] = (uint8_t)turns;
		CHECK(send_from(&page->send, (uintptr_t)packet, 60) == 0);
	}
	turns++;
}

/* --- the ring ----------------------------------------------------------------- */

static struct exo_ring *ring(void)
{
	return (struct exo_ring *)EXO_RING_AT;
}

static void ring_tails(void)
{
	uint64_t head = ring()->head;
	const uint64_t tail[] = { head + 8, head + 1, head - 8, head - 3, 0,
		UINT64_MAX, UINT64_MAX - 7, (uint64_t)1 << 63, head + 65536 };

	for (unsigned i = 0; i < sizeof(tail) / sizeof(tail[0]); i++) {
		ring()->tail = tail[i];
		(void)lnet_yield();
	}
}

static void ring_heads(void)
{
	ring()->head = UINT64_MAX;
	ring()->size = UINT32_MAX;
	(void)lnet_yield();
	ring()->head = 0;
	ring()->size = 0;
	ring()->dropped = UINT64_MAX;
	(void)lnet_yield();
}

static void ring_noise(void)
{
	for (uint64_t i = 0; i < sizeof(struct exo_ring) + page->ring_size; i++)
		((volatile uint8_t *)ring())[i] = (uint8_t)(i * 151 + 255);
	(void)lnet_yield();
}

/* --- packets of others --------------------------------------------------------- */

/* Every packet, as a claim. */
static struct {
	struct exo_region_hdr hdr;
} any = { { EXO_REGION_VERSION, 1, 0, 0 } };

static int64_t bind_any(uint32_t mode, int claim)
{
	struct stage_image small;
	struct exo_call_bind a = { .key = page->key,
		.image = (uintptr_t)&small,
		.linktype = 1,
		.mode = mode,
		.priority = INT32_MAX,
		.snap = 65535 };

	stage_each(&small);
	a.image_size = small.hdr.size;
	if (claim)
		a.claim = (struct exo_span){ (uintptr_t)&any, sizeof(any), 0 };
	return lnet_call(EXO_CALL_BIND_NR, &a, sizeof(a));
}

/* Beyond the key's region. */
static void bind_outside(void)
{
	CHECK(bind_any(EXO_BIND_TAP, 1) == -EXO_EOUTSIDE);
	CHECK(bind_any(EXO_BIND_FIRST, 1) == -EXO_EOUTSIDE);
	CHECK(bind_any(EXO_BIND_EXCLUSIVE, 1) == -EXO_EOUTSIDE);
}

/* With a key to all, but a victim has some. */
static void bind_conflict(void)
{
	CHECK(bind_any(EXO_BIND_EXCLUSIVE, 0) == -EXO_ECONFLICT);
	CHECK(bind_any(EXO_BIND_FIRST, 0) == -EXO_ECONFLICT);
}

static void revoke_forged(void)
{
	struct exo_call_revoke a;

	for (unsigned bit = 0; bit < 8 * sizeof(a.key); bit++) {
		int64_t ret;

		a.key = page->key;
		((uint8_t *)&a.key)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ret = lnet_call(EXO_CALL_REVOKE_NR, &a, sizeof(a));
		CHECK(ret == -EXO_EBADKEY || ret == -EXO_ESTALE);
	}
}

/* By any name that a binding may have. */
static void stat_others(void)
{
	struct exo_call_stat s = { 0 };
	struct exo_call_slot p = { 0 };

	for (uint64_t i = 0; i < 4096; i++) {
		int64_t err;

		s.binding = p.binding = i % 128 | (i / 128) << 32;
		err = lnet_call(EXO_CALL_STAT_NR, &s, sizeof(s));
		CHECK(err == -EXO_ENOENT || err == 0);
		nmine += err == 0;
		CHECK(lnet_call(EXO_CALL_SLOT_NR, &p, sizeof(p)) < 0);
	}
	CHECK(nmine <= 2); /* those of stage.h */
	nmine = 0;
}

/* --- programs ------------------------------------------------------------------ */

static void put(
    uint32_t i, uint8_t code, uint8_t regs, int16_t off, int32_t imm)
{
	image.insns[i] = (struct exo_insn){ code, regs, off, imm };
}

static int64_t bind_image(uint32_t n)
{
	uint32_t bytes = n * sizeof(struct exo_insn);
	uint32_t head = sizeof(image.hdr) + sizeof(image.row);
	uint64_t name;
	int64_t err;

	image.hdr = (struct exo_image_hdr){ EXO_IMAGE_MAGIC, EXO_IMAGE_VERSION,
		EXO_PROG_SOCKET, head + bytes, 1, 0 };
	image.row = (struct exo_image_section){ EXO_SEC_INSNS, head, bytes, 0 };
	err =
	    stage_bind(&page->key, &image, image.hdr.size, EXO_BIND_TAP, &name);
	if (err == 0)
		CHECK(lnet_call(EXO_CALL_UNBIND_NR,
		          &(struct exo_call_unbind){ name },
		          sizeof(struct exo_call_unbind)) == 0);
	return err;
}

#define MOV_K (EXO_ALU64 | EXO_MOV | EXO_K)
#define ADD_K (EXO_ALU64 | EXO_ADD | EXO_K)
#define EXIT  (EXO_JMP | EXO_EXIT)

static int refused(int64_t err)
{
	return err == -EXO_EREFUSED || err == -EXO_EBUDGET ||
	       err == -EXO_E2BIG || err == -EXO_ENOMEM || err == -EXO_ELIMIT;
}

static void straight(uint32_t n)
{
	int64_t err;

	put(0, MOV_K, 0, 0, 0);
	for (uint32_t i = 1; i + 1 < n; i++)
		put(i, ADD_K, 0, 0, (int32_t)i);
	put(n - 1, EXIT, 0, 0, 0);
	err = bind_image(n);
	CHECK(err == 0 || refused(err));
}

static void bomb_long(void)
{
	straight(4000);
}

/* As long as the verifier takes: others run meanwhile. */
static void bomb_longest(void)
{
	straight(LONGEST);
}

/* Two ways at each step, and no two of them alike: r0 is a sum of bits of a packet. */
static void bomb_branches(void)
{
	uint32_t n = 0;
	int64_t err;

	put(n++, EXO_ALU64 | EXO_MOV | EXO_X, 0x16, 0, 0);
	put(n++, MOV_K, 7, 0, 0);
	for (uint32_t i = 0; i < 60; i++) {
		put(n++, EXO_LD | EXO_ABS | EXO_B, 0, 0, (int32_t)i);
		put(n++, EXO_JMP | EXO_JGT | EXO_K, 0, 1, 127);
		put(n++, ADD_K, 7, 0, 1 << i % 30);
		put(n++, EXO_JMP | EXO_JSET | EXO_K, 0, 1, 1);
		put(n++, EXO_ALU64 | EXO_MUL | EXO_K, 7, 0, 3);
	}
	/* what was added up is looked at */
	for (uint32_t i = 0; i < 60; i++) {
		put(n++, EXO_JMP | EXO_JEQ | EXO_K, 7, 1, (int32_t)(i * 977));
		put(n++, ADD_K, 7, 0, 1);
	}
	put(n++, EXO_ALU64 | EXO_MOV | EXO_X, 0x70, 0, 0);
	put(n++, EXIT, 0, 0, 0);
	err = bind_image(n);
	CHECK(err == 0 || refused(err));
}

static void bomb_loop(void)
{
	put(0, MOV_K, 0, 0, 0);
	put(1, EXO_JMP | EXO_JA, 0, -1, 0);
	put(2, EXIT, 0, 0, 0);
	CHECK(refused(bind_image(3)));
}

/* It ends, after longer than anybody waits. */
static void bomb_long_loop(void)
{
	put(0, MOV_K, 0, 0, 0);
	put(1, ADD_K, 0, 0, 1);
	put(2, EXO_JMP | EXO_JLT | EXO_K, 0, -2, 0x7fffffff);
	put(3, EXIT, 0, 0, 0);
	CHECK(refused(bind_image(4)));
}

static void bomb_recursion(void)
{
	put(0, EXO_JMP | EXO_CALL, 0x10, 0, -1);
	put(1, EXIT, 0, 0, 0);
	CHECK(refused(bind_image(2)));
}

static uint32_t random_state = 1;

static uint32_t chance(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state >> 8;
}

/* Programs of any bytes. */
static void bomb_noise(void)
{
	for (unsigned k = 0; k < 200; k++) {
		for (uint32_t i = 0; i < 16; i++)
			put(i, (uint8_t)chance(), (uint8_t)chance(),
			    (int16_t)(chance() % 16), (int32_t)chance());
		put(15, EXIT, 0, 0, 0);
		CHECK(bind_image(16) < 0);
	}
}

/* --- the kernel's memory --------------------------------------------------------- */

/* Until there is no more; then all of it is given back. mem= says how much. */
static void many_bindings(void)
{
	uint32_t n = 0;
	int64_t err = 0;

	while (n < sizeof(names) / sizeof(names[0]) && err == 0) {
		err = stage_bind_each(&page->key, EXO_BIND_TAP, &names[n]);
		n += err == 0;
	}
	CHECK(n > 10);
	CHECK(err == -EXO_ENOMEM || err == -EXO_ELIMIT);
	while (n > 0) {
		struct exo_call_unbind u = { names[--n] };

		CHECK(lnet_call(EXO_CALL_UNBIND_NR, &u, sizeof(u)) == 0);
	}
}

static void many_keys(void)
{
	struct exo_call_derive a = { .key = page->key,
		.rights = EXO_RIGHT_TAP | EXO_RIGHT_DERIVE };
	struct exo_call_revoke r;
	uint32_t n = 0;
	int64_t err;

	CHECK(lnet_call(EXO_CALL_DERIVE_NR, &a, sizeof(a)) == 0);
	r.key = a.key = a.out_key; /* what ends all of those below it */
	do {
		err = lnet_call(EXO_CALL_DERIVE_NR, &a, sizeof(a));
		n++;
	} while (err == 0 && n < 1000000);
	CHECK(n > 10);
	CHECK(err == -EXO_ENOMEM || err == -EXO_ELIMIT);
	CHECK(lnet_call(EXO_CALL_REVOKE_NR, &r, sizeof(r)) == 0);
}

/* A map that is larger than all it may have. */
static void large_maps(void)
{
	static const uint32_t entries[] = { 1u << 20, 1u << 31, UINT32_MAX };
	struct stage_map_image m;
	uint64_t name;

	stage_make_map(&m);
	for (unsigned i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		m.map.max_entries = entries[i];
		CHECK(stage_bind(
		          &page->key, &m, m.hdr.size, EXO_BIND_TAP, &name) < 0);
	}
	m.map.max_entries = 1; /* it was for its size */
	CHECK(stage_bind(&page->key, &m, m.hdr.size, EXO_BIND_TAP, &name) == 0);
	CHECK(lnet_call(EXO_CALL_UNBIND_NR, &(struct exo_call_unbind){ name },
	          sizeof(struct exo_call_unbind)) == 0);
}
/* --- the console, and time --------------------------------------------------------- */

static void print_flood(void)
{
	unsigned n = 0;

	while (n < 20000 && lnet_print("x") == 0)
		n++;
	CHECK(n <= 10000);
}

static void yield_storm(void)
{
	for (unsigned i = 0; i < 2000; i++)
		CHECK(lnet_yield() == 0);
}

static void call_storm(void)
{
	struct exo_call_null a = { 0 };

	for (unsigned i = 0; i < 20000; i++)
		CHECK(lnet_call(EXO_CALL_NULL_NR, &a, sizeof(a)) == 0);
}

/* Filters that run for each packet, and print lines that are long to make, as many
 * as a filter has steps for. */
static void slow_filters(void)
{
	static const uint8_t head = sizeof(image.hdr) + sizeof(image.row);
	static int bound;
	uint64_t name;
	uint32_t n = 0;

	if (bound) {
		(void)lnet_yield();
		return;
	}
	put(n++, MOV_K, 9, 0, 0);
	for (int16_t i = 0; i < 4; i++) /* "%20lx%20lx%20lx" */
		put(n++, EXO_ST | EXO_MEM | EXO_W, 10, (int16_t)(4 * i - 16),
		    (int32_t[]){
		        0x6c303225, 0x30322578, 0x3225786c, 0x786c30 }[i]);
	put(n++, EXO_ALU64 | EXO_MOV | EXO_X, 0xa1, 0, 0);
	put(n++, ADD_K, 1, 0, -16);
	put(n++, MOV_K, 2, 0, 16);
	for (uint8_t reg = 3; reg <= 5; reg++)
		put(n++, MOV_K, reg, 0, -1);
	put(n++, EXO_JMP | EXO_CALL, 0, 0, 6);
	put(n++, ADD_K, 9, 0, 1);
	put(n++, EXO_JMP | EXO_JLT | EXO_K, 9, -9, 15);
	put(n++, MOV_K, 0, 0, 0);
	put(n++, EXIT, 0, 0, 0);
	image.hdr = (struct exo_image_hdr){ EXO_IMAGE_MAGIC, EXO_IMAGE_VERSION,
		EXO_PROG_SOCKET, head + n * 8, 1, 0 };
	image.row = (struct exo_image_section){ EXO_SEC_INSNS, head, n * 8, 0 };
	for (uint32_t i = 0; i < 20; i++)
		CHECK(stage_bind(&page->key, &image, image.hdr.size,
		          EXO_BIND_TAP, &name) == 0);
	bound = 1;
}

static void busy(void)
{
	for (volatile uint64_t i = 0; i < 20000000; i++)
		continue;
}

static const struct stage_attack attacks[] = {
	ATTACK(send_spoofed),
	ATTACK(send_without_key),
	ATTACK(send_kernel),
	ATTACK(send_sizes),
	ATTACK(send_flood),
	ATTACK(send_until_full),
	ATTACK(send_few),
	ATTACK(slow_filters),
	ATTACK(ring_tails),
	ATTACK(ring_heads),
	ATTACK(ring_noise),
	ATTACK(bind_outside),
	ATTACK(bind_conflict),
	ATTACK(revoke_forged),
	ATTACK(stat_others),
	ATTACK(bomb_long),
	ATTACK(bomb_longest),
	ATTACK(bomb_branches),
	ATTACK(bomb_loop),
	ATTACK(bomb_long_loop),
	ATTACK(bomb_recursion),
	ATTACK(bomb_noise),
	ATTACK(many_bindings),
	ATTACK(many_keys),
	ATTACK(large_maps),
	ATTACK(print_flood),
	ATTACK(yield_storm),
	ATTACK(call_storm),
	ATTACK(busy),
};

int lnet_main(struct exo_pe *pe)
{
	page = pe;
	return stage_main(pe, attacks, sizeof(attacks) / sizeof(attacks[0]));
}
