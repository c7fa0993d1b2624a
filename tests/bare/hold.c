/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long a call may hold the kernel: "claims" derives keys of more and more cubes, and
 * binds what is claimed by as many; "watch" never rests, and sees for how long it does not
 * run: a slot of the other's, and what its calls take beyond that (hold.sh). "prints"
 * owes what the console took behind the ends of its slots, and so does "traps", which has
 * something else come before the timer.
 */
#include "libos-net/rt/pct.h"
#include "tests/bare/stage.h"

#define CUBES  EXO_REGION_CUBES
#define ATOMS  4u /* of each cube */
#define LOOKS  100000u
#define PRINTS 400u
#define TF     0x100

/* exo/space/fields.inc */
#define IP_SRC 21u
#define IP_DST 22u
#define SPORT  50u
#define DPORT  51u

static struct {
	struct exo_region_hdr hdr;
	struct exo_atom a[CUBES * ATOMS];
} region;

static struct exo_pe *page;
static uint8_t stack[16384];

static uint64_t ticks(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

/* The cubes are apart by their ports; `masks`: each has one of so many sets of bits. */
static void fill(uint32_t n, uint32_t masks)
{
	static const uint16_t field[ATOMS] = { IP_SRC, IP_DST, SPORT, DPORT };

	region.hdr =
	    (struct exo_region_hdr){ EXO_REGION_VERSION, n, n * ATOMS, 0 };
	for (uint32_t i = 0; i < n * ATOMS; i++) {
		uint64_t all = i % ATOMS < 2 ? UINT32_MAX : UINT16_MAX;
		uint64_t mask =
		    i % ATOMS == 0 ? all << i / ATOMS % masks & all : all;

		region.a[i] = (struct exo_atom){ .cube = i / ATOMS,
			.field = field[i % ATOMS],
			.mask = mask,
			.value = (i / ATOMS * 0x10001u) & mask,
			.hi = all };
	}
}

static uint32_t region_size(void)
{
	return (uint32_t)(sizeof(region.hdr) +
	                  region.hdr.natoms * sizeof(region.a[0]));
}

/* A copy of each packet that is claimed. */
static int64_t bind(uint32_t mode, uint64_t *name)
{
	struct stage_image image;
	struct exo_call_bind a = { .key = page->key,
		.image = (uintptr_t)&image,
		.linktype = 1,
		.claim = { (uintptr_t)&region, region_size(), 0 },
		.mode = mode,
		.snap = 128 };
	int64_t err;

	stage_each(&image);
	a.image_size = image.hdr.size;
	err = lnet_call(EXO_CALL_BIND_NR, &a, sizeof(a));
	*name = a.out_binding;
	return err;
}

static void derive(void)
{
	struct exo_call_derive a = { .key = page->key,
		.region = { (uintptr_t)&region, region_size(), 0 },
		.rights = EXO_RIGHT_TAP };
	struct exo_call_revoke r;

	CHECK(lnet_call(EXO_CALL_DERIVE_NR, &a, sizeof(a)) == 0);
	r.key = a.out_key;
	CHECK(lnet_call(EXO_CALL_REVOKE_NR, &r, sizeof(r)) == 0);
}

static void bind_and_unbind(uint32_t mode)
{
	struct exo_call_unbind u = { 0 };

	CHECK(bind(mode, &u.binding) == 0);
	CHECK(lnet_call(EXO_CALL_UNBIND_NR, &u, sizeof(u)) == 0);
}

static void claims(void)
{
	static const uint32_t masks[] = { 1, 16 };

	for (uint32_t n = 256; n <= CUBES; n *= 4)
		for (unsigned k = 0; k < 2; k++) {
			fill(n, masks[k]);
			derive();
			bind_and_unbind(EXO_BIND_TAP);
			bind_and_unbind(EXO_BIND_EXCLUSIVE);
		}
}

static void watch(void)
{
	uint64_t last = ticks(), most = 0;

	while (lnet_pct_find("claims") != 0)
		for (uint32_t i = 0; i < LOOKS; i++) {
			uint64_t now = ticks();

			most = now - last > most ? now - last : most;
			last = now;
		}
	check_say("away", most / 1000);
}

/* Behind a call: it goes on without that. */
void lnet_on_exception(struct exo_frame *f)
{
	CHECK(f->vector == 1);
	f->rflags &= ~(uint64_t)TF;
}

static int64_t print(const struct exo_call_print *a)
{
	return lnet_call(EXO_CALL_PRINT_NR, (void *)(uintptr_t)a, sizeof(*a));
}

/* The same, and an exception is the first thing behind it. */
static int64_t print_and_trap(const struct exo_call_print *a)
{
	int64_t err;

	__asm__ volatile("pushfq; orq %[tf], (%%rsp); popfq; syscall"
	                 : "=a"(err)
	                 : "a"((uint64_t)EXO_CALL_PRINT_NR), "D"(a),
	                 "S"(sizeof(*a)), [tf] "i"(TF)
	                 : "rcx", "r11", "memory", "cc");
	return err;
}

/* Some calls end behind the slot that they began in. */
static void prints(int64_t (*call)(const struct exo_call_print *a))
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	const volatile struct exo_state *s =
	    (const void *)(uintptr_t)EXO_STATE_AT;
	static char text[EXO_PRINT_MAX];
	struct exo_call_print a = { (uintptr_t)text, sizeof(text) };
	uint64_t from;

	for (uint32_t i = 0; i < sizeof(text); i++)
		text[i] = 'x';
	for (uint32_t i = 0; i < PRINTS; i++)
		CHECK(call(&a) == 0);
	for (from = s->now; s->now == from;)
		(void)lnet_yield();
	CHECK(s->env[0].env == page->env && s->env[0].excess_ns > 0);
}

int lnet_main(struct exo_pe *pe)
{
	page = pe;
	lnet_upcalls(pe, stack, sizeof(stack));
	if (same_text(pe->arg, "claims"))
		claims();
	else if (same_text(pe->arg, "prints"))
		prints(print);
	else if (same_text(pe->arg, "traps"))
		prints(print_and_trap);
	else
		watch();
	return 0;
}
