/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls between environments, each of which has a part that its argument names
 * (pct.conf): a server that looks at every register and its clients, a chain, those who
 * cannot be called or end in the middle, and whose time it all is.
 */
#include <stdbool.h>

#include "exo/abi/phys.h"
#include "tests/bare/fpu.h"
#include "tests/bare/pct_lib.h"

#define CLIENTS 3u
#define CALLS   10000u
#define SENDS   100u
#define ASK     0x51e55a5c0ffee001u /* as the first word: how many? */
#define FILL    0xa1u               /* of the first client's vectors */
#define TURNS   20u
#define CHILD   0x10000000u /* where its code is, in both */

static struct exo_pe *page;
static _Alignas(16) uint8_t call_stack[16384];
static uint64_t rng;

static uint64_t any(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

_Noreturn static void serve(void)
{
	lnet_pct_serve(page, call_stack, sizeof(call_stack));
}

/* --- a server --------------------------------------------------------------------- */

/* What there is at its entry points, before anything else. */
extern struct entered {
	_Alignas(16) uint8_t fx[512];
	uint64_t rax, rsi, rcx, r11, rsp;
} pct_entered;
struct entered pct_entered;
extern const uint8_t pct_enter_call[], pct_enter_send[];

#define ENTER(name, then)                             \
	__asm__(".globl " #name "\n" #name ":\n"      \
	        "	fxsave64 pct_entered(%rip)\n"       \
	        "	movq %rax, pct_entered+512(%rip)\n" \
	        "	movq %rsi, pct_entered+520(%rip)\n" \
	        "	movq %rcx, pct_entered+528(%rip)\n" \
	        "	movq %r11, pct_entered+536(%rip)\n" \
	        "	movq %rsp, pct_entered+544(%rip)\n" \
	        "	jmp " #then "\n")

ENTER(pct_enter_call, lnet_enter_call);
ENTER(pct_enter_send, lnet_enter_send);

static struct client {
	uint64_t name, calls, sends, sum;
} clients[CLIENTS];
static uint32_t nbye;

static struct client *client_of(uint64_t name)
{
	unsigned i = 0;

	while (i < CLIENTS && clients[i].name != 0 && clients[i].name != name)
		i++;
	CHECK(i < CLIENTS);
	clients[i].name = name;
	return &clients[i];
}

/* Nothing but what the kernel says is there, and no client's vectors. */
static void look(uint64_t how, const uint8_t *entry)
{
	const struct entered *e = &pct_entered;

	CHECK(e->rax == 0 && e->rsi == how);
	CHECK(e->rcx == (uintptr_t)entry && e->r11 == 0x202);
	CHECK(e->rsp == page->call_stack);
	for (uint8_t v = FILL; v < FILL + CLIENTS; v++) {
		for (unsigned i = 0; i < 16; i++)
			CHECK(!fpu_all(e->fx + 160 + 16 * i, 16, v));
		for (unsigned i = 0; i < 8; i++)
			CHECK(!fpu_all(e->fx + 32 + 16 * i, 10, v));
	}
}

static uint64_t turned(uint64_t v, unsigned i, uint64_t name)
{
	return (v << (i + 1) | v >> (63 - i)) ^ name;
}

static void rpc_call(uint64_t caller, uint64_t m[WORDS])
{
	struct client *c = client_of(caller);

	look(0, pct_enter_call);
	if (m[0] == ASK) {
		m[1] = c->calls;
		m[2] = c->sends;
		m[3] = c->sum;
		return;
	}
	c->calls++;
	for (unsigned i = 0; i < WORDS; i++)
		m[i] = turned(m[i], i, caller);
}

static void rpc_send(uint64_t caller, uint64_t m[WORDS])
{
	struct client *c = client_of(caller);

	look(1, pct_enter_send);
	if (m[0] == BYE && ++nbye == CLIENTS)
		lnet_quit(0);
	if (m[0] == BYE)
		return;
	c->sends++;
	for (unsigned i = 0; i < WORDS; i++)
		c->sum = c->sum * 31 + m[i];
}

static void rpc_server(void)
{
	page->call_stack = (uintptr_t)call_stack + sizeof(call_stack);
	page->entry_sync = (uintptr_t)pct_enter_call;
	page->entry_async = (uintptr_t)pct_enter_send;
	lnet_pct_accept();
}

/* Registers outside the message are the caller's still, or SYSRET's. */
static void look_behind(uint64_t server)
{
	register uint64_t r11 __asm__("r11");
	uint64_t rdi = server, rsi = 0, rcx;
	int64_t ret;

	do {
		(void)lnet_yield();
		__asm__ volatile(
		    "pushq %%rbp\n"
		    "	movl $32, %%eax\n"
		    "	syscall\n"
		    "	popq %%rbp"
		    : "=a"(ret), "+D"(rdi), "+S"(rsi), "=c"(rcx), "=r"(r11)
		    :
		    : "rdx", "rbx", "r8", "r9", "r10", "r12", "r13", "r14",
		    "r15", "memory");
		CHECK(rdi == server && rsi == 0);
		CHECK((r11 & ~(uint64_t)0x8d5) == 0x202);
		CHECK(rcx > 0x400000 && rcx < 0x500000);
	} while (ret == -EXO_EAGAIN);
	CHECK(ret == 0);
}

static void rpc_client(void)
{
	uint64_t server = find("rpc_server"), m[WORDS], was[WORDS], sum = 0;
	uint8_t v = (uint8_t)(FILL + page->env % CLIENTS);

	for (uint32_t n = 0; n < CALLS; n++) {
		for (unsigned i = 0; i < WORDS; i++)
			m[i] = was[i] = any();
		if (n % 100 == 0)
			fpu_fill(v);
		CHECK(patiently(server, 0, m) == 0);
		if (n % 100 == 0)
			fpu_still(v);
		for (unsigned i = 0; i < WORDS; i++)
			CHECK(m[i] == turned(was[i], i, page->env));
	}
	look_behind(server);
	for (uint32_t n = 0; n < SENDS; n++) {
		for (unsigned i = 0; i < WORDS; i++) {
			m[i] = was[i] = any();
			sum = sum * 31 + m[i];
		}
		CHECK(patiently(server, 1, m) == 0);
		for (unsigned i = 0; i < WORDS; i++)
			CHECK(m[i] == was[i]);
	}
	m[0] = ASK;
	CHECK(patiently(server, 0, m) == 0);
	CHECK(m[1] == CALLS + 1 && m[2] == SENDS && m[3] == sum);
	CHECK(tell(server, BYE) == 0);
}

/* --- a chain ---------------------------------------------------------------------- */

static void chain_first(void)
{
	uint64_t second = find("chain_second"), m[WORDS];

	for (uint64_t n = 0; n < 1000; n++) {
		m[0] = n;
		CHECK(patiently(second, 0, m) == 0);
		CHECK(m[0] == n + 11 && m[1] == page->env && m[2] == second);
	}
	CHECK(tell(second, BYE) == 0);
}

static void chain_second(uint64_t caller, uint64_t m[WORDS])
{
	uint64_t self[WORDS] = { 0 };

	/* who waits cannot be called */
	CHECK(lnet_pct_call(caller, self) == -EXO_EAGAIN);
	m[0] += 1;
	m[1] = caller;
	CHECK(patiently(find("chain_third"), 0, m) == 0);
}

static void chain_third(uint64_t caller, uint64_t m[WORDS])
{
	m[0] += 10;
	m[2] = caller;
}

/* --- who cannot be called --------------------------------------------------------- */

/* First it has no entry point for calls, then none for what is sent. */
static void shut(void)
{
	page->call_stack = (uintptr_t)call_stack + sizeof(call_stack);
	page->entry_async = (uintptr_t)lnet_enter_send;
	lnet_pct_accept();
}

static void shut_send(void)
{
	page->entry_sync = (uintptr_t)lnet_enter_call;
	page->entry_async = 0;
}

static void never_accepts(void)
{
	while (lnet_pct_find("refused") == 0)
		(void)lnet_yield();
	while (lnet_pct_find("refused") != 0)
		(void)lnet_yield();
}

static void refused(void)
{
	uint64_t busy = find("never_accepts"), to = find("shut"), m[WORDS];

	for (uint64_t how = 0; how < 2; how++) {
		CHECK(lnet_pct(busy, how, m) == -EXO_EAGAIN);
		CHECK(lnet_pct(page->env, how, m) == -EXO_EAGAIN);
		CHECK(lnet_pct(busy + ((uint64_t)1 << 32), how, m) ==
		      -EXO_ESTALE);
		CHECK(lnet_pct(busy + 64, how, m) == -EXO_ESTALE);
		CHECK(lnet_pct(0, how, m) == -EXO_ESTALE);
		CHECK(lnet_pct(UINT64_MAX, how, m) == -EXO_ESTALE);
	}
	CHECK(lnet_pct(busy, 2, m) == -EXO_EINVAL);
	CHECK(patiently(to, 0, m) == -EXO_EINVAL);
	CHECK(lnet_pct_send(to, m) == 0);
	CHECK(patiently(to, 1, m) == -EXO_EINVAL);
	CHECK(lnet_pct_call(to, m) == -EXO_ESTALE);
	CHECK(lnet_pct_call(to, m) == -EXO_ESTALE);
}

/* --- ends ------------------------------------------------------------------------- */

static void left_alone(void)
{
	static const char *const labels[] = { "exits_in_call",
		"faults_in_call" };

	for (unsigned i = 0; i < 2; i++) {
		uint64_t name = find(labels[i]), m[WORDS] = { 1, 2, 3 };

		CHECK(patiently(name, 0, m) == -EXO_ESTALE);
		CHECK(m[0] == 1 && m[1] == 2 && m[2] == 3);
		CHECK(lnet_pct_call(name, m) == -EXO_ESTALE);
	}
}

static void fault(void)
{
	__asm__ volatile("movb (%0), %%al" : : "r"(0) : "rax", "memory");
}

/* A child that calls whom rdi names, and exits if it goes on. */
extern const uint8_t pct_child[], pct_child_end[];
__asm__("pct_child:\n"
        "	xorl %esi, %esi\n"
        "	movl $32, %eax\n" /* EXO_CALL_PCT_NR */
        "	syscall\n"
        "	movabs $0x7fffff000000, %rdi\n" /* EXO_PE_AT: zeroes */
        "	movl $8, %esi\n"
        "	movl $18, %eax\n" /* EXO_CALL_EXIT_NR */
        "	syscall\n"
        "	ud2\n"
        "pct_child_end:\n");

static struct exo_call_env_new child;
static bool ended;

static void enter_page(
    const struct exo_key *env, const struct exo_key *frame, uint64_t bits)
{
	struct exo_pte e = { CHILD, EXO_PTE_PRESENT | bits, *frame };
	struct exo_call_pte a = { .entries = (uintptr_t)&e, .n = 1 };

	if (env != NULL)
		a.env = *env;
	CHECK(lnet_call(EXO_CALL_PTE_NR, &a, sizeof(a)) == 0);
}

static void start_child(void)
{
	struct exo_key frame;
	struct exo_call_frames f = { (uintptr_t)&frame, 1, EXO_ANY };
	struct exo_call_env_start s = { .rip = CHILD, .rdi = page->env };
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	uint8_t *code = (uint8_t *)(uintptr_t)CHILD;

	child.frames = 1;
	CHECK(lnet_call(EXO_CALL_ENV_NEW_NR, &child, sizeof(child)) == 0);
	CHECK(lnet_call(EXO_CALL_FRAMES_NR, &f, sizeof(f)) == 0);
	enter_page(NULL, &frame, EXO_PTE_WRITE | EXO_PTE_NX);
	for (const uint8_t *p = pct_child; p < pct_child_end; p++)
		*code++ = *p;
	enter_page(&child.out_key, &frame, 0);
	s.key = child.out_key;
	s.rip = (uint64_t)1 << 47; /* where IRETQ would fault */
	CHECK(lnet_call(EXO_CALL_ENV_START_NR, &s, sizeof(s)) == -EXO_EINVAL);
	s.rip = CHILD;
	CHECK(lnet_call(EXO_CALL_ENV_START_NR, &s, sizeof(s)) == 0);
}

/* Ended by whom it called, it is not there to be answered, at once and later. */
static void caller_ends_call(uint64_t caller, uint64_t m[WORDS])
{
	struct exo_call_env_end a = { child.out_key };
	uint64_t none[WORDS];

	m[0] = ended;
	if (caller != child.out_env)
		return;
	CHECK(answer(page->env) == -EXO_ESTALE);
	CHECK(lnet_call(EXO_CALL_ENV_END_NR, &a, sizeof(a)) == 0);
	CHECK(lnet_pct_call(caller, none) == -EXO_ESTALE);
	CHECK(answer(caller) == -EXO_ESTALE);
	(void)lnet_yield();
	CHECK(answer(caller) == -EXO_ESTALE);
	CHECK(lnet_pct_call(caller, none) == -EXO_ESTALE);
	ended = true;
}

static void caller_ends(void)
{
	start_child();
	serve();
}

static void goes_on(void)
{
	uint64_t name = find("caller_ends"), m[WORDS] = { 0 };

	while (m[0] == 0) {
		(void)lnet_yield();
		CHECK(patiently(name, 0, m) == 0);
	}
	CHECK(tell(name, BYE) == 0);
}

/* --- time ------------------------------------------------------------------------- */

static uint64_t turns_of(const char *label)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	const volatile struct exo_state *s = (void *)(uintptr_t)EXO_STATE_AT;
	uint64_t name = lnet_pct_find(label);

	for (uint32_t i = 0; name != 0 && i < EXO_STATE_ENVS; i++)
		if (s->env[i].env == name)
			return s->env[i].turns;
	return 0;
}

static void donee_call(uint64_t m[WORDS])
{
	uint64_t own = turns_of("donee"), others = turns_of("peer");

	while (turns_of("peer") < others + TURNS)
		continue;
	m[0] = turns_of("donee") - own;
	m[1] = turns_of("peer") - others;
}

/* It has its own turns and its caller's. */
static void donor(void)
{
	uint64_t name = find("donee"), m[WORDS];

	CHECK(patiently(name, 0, m) == 0);
	CHECK(m[1] >= TURNS && 2 * m[0] >= 3 * m[1]);
	CHECK(tell(name, BYE) == 0);
}

static void peer(void)
{
	while (lnet_pct_find("donor") == 0)
		(void)lnet_yield();
	while (lnet_pct_find("donor") != 0)
		continue;
}

/* --- all of them ------------------------------------------------------------------ */

void lnet_on_call(uint64_t caller, uint64_t m[WORDS])
{
	if (same_text(page->arg, "rpc_server"))
		rpc_call(caller, m);
	else if (same_text(page->arg, "chain_second"))
		chain_second(caller, m);
	else if (same_text(page->arg, "chain_third"))
		chain_third(caller, m);
	else if (same_text(page->arg, "shut"))
		lnet_quit(0);
	else if (same_text(page->arg, "exits_in_call"))
		lnet_quit(7);
	else if (same_text(page->arg, "faults_in_call"))
		fault();
	else if (same_text(page->arg, "caller_ends"))
		caller_ends_call(caller, m);
	else if (same_text(page->arg, "donee"))
		donee_call(m);
}

void lnet_on_send(uint64_t caller, uint64_t m[WORDS])
{
	if (same_text(page->arg, "rpc_server"))
		rpc_send(caller, m);
	else if (same_text(page->arg, "shut"))
		shut_send();
	else if (m[0] == BYE) {
		if (same_text(page->arg, "chain_second"))
			CHECK(tell(find("chain_third"), BYE) == 0);
		lnet_quit(0);
	}
}

static const struct {
	const char *name;
	void (*part)(void);
} parts[] = {
	{ "rpc_server", rpc_server },
	{ "rpc_client", rpc_client },
	{ "chain_first", chain_first },
	{ "chain_second", serve },
	{ "chain_third", serve },
	{ "refused", refused },
	{ "shut", shut },
	{ "never_accepts", never_accepts },
	{ "left_alone", left_alone },
	{ "exits_in_call", serve },
	{ "faults_in_call", serve },
	{ "caller_ends", caller_ends },
	{ "goes_on", goes_on },
	{ "donee", serve },
	{ "donor", donor },
	{ "peer", peer },
};

int lnet_main(struct exo_pe *pe)
{
	page = pe;
	rng = pe->env * 0x9e3779b97f4a7c15u + 1;
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (same_text(pe->arg, parts[i].name)) {
			parts[i].part();
			return 0;
		}
	return 1;
}
