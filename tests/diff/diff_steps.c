/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sequences of calls by four libOSes (tests/bare/steps.h) in the kernel's code in a
 * process: frames, tables, slots, keys, bindings, the way in from ring 3. Each result and
 * each table that the kernel shows is held against the model after each step.
 *
 * usage: diff_steps [-q] [-v | -c | -f] [-s SEED] [-n STEPS] [-k SEEDS] [-p 0|1]
 *	-v	a line for each step: what tests/bare/steps.c prints
 *	-c	the boot.conf of such a run
 *	-f	the number of frames that environments share in it
 *	-p	1: libOSes that are asked for something have time, and are told; 0: the
 *		kernel takes them at once. Both, each with half of the seeds, if nothing
 *		is said
 *
 * 200 seeds of 500 steps (10,000 at most: a libOS may write no more lines); -q (or
 * EXOPF_QUICK=1) a fifth of them. Exit: 0 all is well; a
 * difference is said with its seed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exo/bare/cpu.h"
#include "exo/bare/frames.h"
#include "exo/bare/revoke.h"
#include "exo/bare/serial.h"
#include "exo/bare/slots.h"
#include "exo/bare/space.h"
#include "exo/bare/state.h"
#include "exo/bare/tlb.h"
#include "exo/core/core_int.h"
#include "exo/lib/bug.h"
#include "tests/bare/steps_run.h"
#include "tests/support/bare.h"
#include "tests/support/bare_entry.h"
#include "tests/support/ram.h"
#include "tests/support/walk.h"

#include "exo/bare/paging.h"

#define RAM ((uint64_t)16 << 20)
#define RIGHTS                                                   \
	(EXO_RIGHT_TAP | EXO_RIGHT_EXCLUSIVE | EXO_RIGHT_FIRST | \
	    EXO_RIGHT_DERIVE)

#define PATIENCE_MS 1000000u

static struct bare b;
static struct plat_env *env[STEPS_LIBS + 1];
static struct plat_env *here; /* who takes the step */
static struct steps all, sum;
static uint64_t seed = 1, steps = 500, seeds = 200;
static bool lines, conf;
static uint32_t last[RAM / EXO_PAGE]; /* generations */
static enum steps_end how[STEPS_LIBS];

uint8_t *steps_room;
uint64_t steps_room_at = BARE_PAGE;

/* --- this side ---------------------------------------------------------------------- */

int64_t steps_syscall(uint32_t nr, uint64_t size)
{
	here->regs.rax = nr;
	here->regs.rdi = BARE_PAGE;
	here->regs.rsi = size;
	cpus[0].current = here;
	(void)bare_enter_kernel();
	exo_assert(here->state == ENV_RUNNABLE);
	return (int64_t)here->regs.rax;
}

const void *steps_see(uint64_t va)
{
	return env_at_user(here, va, false);
}

/* Whoever dies is taken apart on the kernel's tables. */
void steps_yield(void)
{
	revoke_look(b.phys, bare_clock);
	tlb_use(TLB_KERNEL);
	for (unsigned i = 0; i < env_places(); i++) {
		struct plat_env *e = env_at(i);

		if (e == NULL || e->state != ENV_DEAD)
			continue;
		here = e == here ? NULL : here;
		env_free(e);
	}
	if (here != NULL)
		space_run(here);
}

void steps_refresh(void)
{
	bare_clock += 1000000000;
	state_show(bare_clock);
}

void steps_told(uint32_t told[STEPS_KINDS])
{
	enum exo_kind kind;
	uint64_t deadline;
	uint32_t n;

	while (exo_holder_asked(here->holder, &kind, &n, &deadline))
		told[kind] = steps_larger(told[kind], n);
}

void steps_line(const char *text, uint32_t n)
{
	struct exo_call_print *a = (void *)steps_room;

	if (here == NULL) { /* of all sequences */
		serial_lines("", text, n);
		return;
	}
	*a = (struct exo_call_print){ steps_room_at + STEPS_TABLE, n };
	memcpy(steps_room + STEPS_TABLE, text, n);
	exo_assert(steps_syscall(EXO_CALL_PRINT_NR, sizeof(*a)) == 0);
}

_Noreturn void steps_wrong(const char *what, int line)
{
	fflush(stdout);
	fprintf(stderr,
	    "seed %" PRIu64 ", step %u, -p %u: line %d: not so: %s\n", seed,
	    all.step, all.patient, line, what);
	abort();
}

/* Of whoever prints. */
void serial_lines(const char *who, const char *text, uint32_t n)
{
	(void)who;
	if (lines)
		printf("%.*s\n", (int)n, text);
}

/* --- beyond what libOSes see --------------------------------------------------------- */

/* Every key and every binding of an environment is in the model, as that one's. */
static void look_at_env(uint32_t who)
{
	const struct env *e = env_find(b.core, all.lib[who].env);
	uint32_t i;

	for (const struct key_rec *k = e->keys; k != NULL; k = k->env_next) {
		for (i = 0; i < STEPS_NETS && all.net[i].name != k->name;)
			i++;
		exo_assert(i < STEPS_NETS && all.net[i].owner == who);
		exo_assert(k->env == e && k->rights == all.net[i].rights);
	}
	for (const struct binding *k = e->bindings; k != NULL;
	     k = k->env_next) {
		for (i = 0; i < STEPS_BINDS && all.bind[i].name != k->name;)
			i++;
		exo_assert(i < STEPS_BINDS && all.bind[i].owner == who);
		exo_assert(k->env == e &&
		           k->key->name == all.net[all.bind[i].key].name);
	}
	exo_assert(e->nkeys == model_nets(&all, who));
	exo_assert(e->nbindings == model_binds(&all, who));
}

/* There are no others; nor slots, that nobody has and are not there to be taken. */
static void look_at_core(void)
{
	uint32_t keys = 0, binds = 0, slots = 0;

	for (uint32_t i = 0; i < STEPS_LIBS; i++) {
		keys += model_nets(&all, i);
		binds += model_binds(&all, i);
		slots += model_slots(&all, i);
		if (all.lib[i].alive)
			look_at_env(i);
	}
	exo_assert(b.core->keys.live == keys);
	exo_assert(b.core->binds.live == binds);
	exo_assert(slots_left() == STEPS_SLOTS - slots);
}

/* No frame's generation was ever less; what is in tables is owned, and every table was
 * charged to its environment. */
static void look(void)
{
	uint32_t out = 0;

	for (uint32_t i = 0; i < RAM / EXO_PAGE; i++) {
		exo_assert(b.rows[i].generation >= last[i]);
		last[i] = b.rows[i].generation;
		out += b.rows[i].owner != 0;
	}
	exo_assert(exo_phys_spare(b.phys) == model_spare(&all));
	for (unsigned i = 0; i < env_places(); i++)
		if (env_at(i) != NULL)
			walk(env_at(i), NULL, NULL);
	tlb_check();
	exo_assert(space_ops.left(NULL) == STEPS_POOL - out - space_tables());
	look_at_core();
}

static void go_to(uint32_t who)
{
	here = env[who];
	space_run(here); /* the processor knows of it what it knew */
	tlb_check();
	tlb_touch_all(here);
	steps_room = env_at_user(here, BARE_PAGE, true);
	exo_assert(steps_room != NULL);
}

/* --- a sequence ----------------------------------------------------------------------- */

static const char *const labels[] = { "l0", "l1", "l2", "l3", "clerk" };

static void plan(void)
{
	revoke_init();
	for (uint32_t i = 0; i < STEPS_PLANS; i++) {
		const struct steps_plan *at = &all.plan[i];
		struct revoke_plan p = { .kind = (enum exo_kind)at->kind,
			.n = at->n,
			.by_line = true,
			.at = at->line,
			.patience =
			    at->soon ? 0 : PATIENCE_MS * (uint64_t)1000000 };

		strcpy(p.label, labels[at->who]);
		exo_assert(revoke_plan(&p));
	}
}

static void begin(void)
{
	struct exo_key grant;

	plan();
	for (uint32_t k = 0; k <= STEPS_LIBS; k++) {
		uint32_t i = k == 0 ? STEPS_CLERK : k - 1;
		struct env_args a = { .label = labels[i] };

		if (i < STEPS_LIBS) {
			a.children = STEPS_EACH;
			a.most = STEPS_MOST;
			a.slots = (struct env_slots){ i, 1, 1 };
		}
		env[i] = bare_env(&b, &a);
		exo_assert(env[i] != NULL);
		exo_assert(exo_holder_guarantee(
		               b.phys, env[i]->holder, STEPS_KEPT) == 0);
	}
	steps_refresh();
	for (uint32_t i = 0; i < STEPS_LIBS; i++) {
		exo_assert(
		    exo_grant(b.core, env[i]->name, RIGHTS, NULL, &grant) == 0);
		all.lib[i].env = env[i]->name;
		go_to(i);
		steps_begin(&all, i, &grant);
	}
}

static void add(void)
{
	for (uint32_t i = 0; i < STEPS_NCALLS; i++)
		sum.calls[i] += all.calls[i];
	for (uint32_t i = 0; i < 32; i++)
		sum.codes[i] += all.codes[i];
	sum.step += all.step;
	sum.names += all.names;
	for (uint32_t k = 1; k < STEPS_KINDS; k++) {
		sum.asks[k] += all.asks[k];
		sum.gave[k] += all.gave[k];
		sum.taken[k] += all.taken[k];
		sum.lost[k] += all.lost[k];
	}
}

static void run(uint32_t patient)
{
	memset(&all, 0, sizeof(all));
	if (b.rows != NULL) /* each begins with the same */
		memset(b.rows, 0, RAM / EXO_PAGE * sizeof(*b.rows));
	memset(last, 0, sizeof(last));
	all.patient = patient;
	steps_new(&all, seed, (uint32_t)steps, RAM / EXO_PAGE);
	begin();
	steps_next(&all);
	while (all.turn != STEPS_CLERK) {
		uint32_t who = all.turn;
		enum steps_end end;

		go_to(who);
		end = steps_turn(&all);
		if (end != STEPS_GOES_ON) {
			env_die(env[who], ENV_EXIT, 0);
			how[who] = end;
			steps_yield();
		}
		look();
	}
	go_to(STEPS_CLERK);
	steps_finish(&all);
	tlb_use(TLB_KERNEL);
	env_free(env[STEPS_CLERK]);
	exo_assert(env_count() == 0 && frames_free() == b.free);
	add();
}

static void show_conf(void)
{
	static const char *const kinds[] = { [EXO_KIND_FRAME] = "frames",
		[EXO_KIND_SLOT] = "slots",
		[EXO_KIND_BINDING] = "bindings",
		[EXO_KIND_KEY] = "keys" };

	for (uint32_t i = 0; i < STEPS_PLANS; i++) {
		const struct steps_plan *at = &all.plan[i];

		printf("revoke %s %s %u line=%u %u\n", labels[at->who],
		    kinds[at->kind], at->n, at->line,
		    at->soon ? 0 : PATIENCE_MS);
	}
	printf("env clerk steps.elf arg=clerk:%" PRIu64 ":%" PRIu64
	       ":%u frames=%u ring=0\n",
	    seed, steps, all.patient, STEPS_KEPT);
	for (uint32_t i = 0; i < STEPS_LIBS; i++)
		printf("env l%u steps.elf arg=lib:%u frames=%u most=%u "
		       "children=%u ring=0 rights=%u slots=%u end=%s\n",
		    i, i, STEPS_KEPT, STEPS_MOST, STEPS_EACH, RIGHTS, i,
		    how[i] == STEPS_FAULTS ? "fault:6" : "exit:0");
}

/* All seeds of one kind: how the machine is started does not change. */
static int run_all(uint32_t patient, uint64_t n)
{
	const struct bare_number numbers[] = { { "frames", STEPS_POOL },
		{ "patience_ms", patient ? PATIENCE_MS : 0 },
		{ "slots", STEPS_SLOTS }, { NULL, 0 } };
	const struct machine m = { .nram = 0 };
	const struct exo_core_config cfg = { .gone = revoke_gone };

	bare_numbers = numbers;
	bare_new(&b, RAM, 0, false);
	slots_init(&m);
	exo_assert(exo_core_new(&cfg, &b.core) == 0);
	exo_assert(state_init(&m, b.core));
	b.free = frames_free();
	for (uint64_t i = 0; i < n; i++, seed++) {
		run(patient);
		if (conf)
			show_conf();
	}
	exo_core_free(b.core);
	exo_phys_free(b.phys);
	exo_assert(bare_heap == 0);
	if (n == 1)
		return 0;
	lines = true;
	here = NULL;
	printf("patient: %u, seeds %" PRIu64 "\n", patient, n);
	steps_summary(&sum);
	return 0;
}

/* Frames begin once a process. */
static int run_both(void)
{
	int status = 0;

	for (uint32_t patient = 0; patient < 2; patient++) {
		pid_t pid;
		int s = 1;

		fflush(stdout);
		pid = fork();
		if (pid == 0)
			exit(run_all(patient, seeds / 2));
		if (pid < 0 || waitpid(pid, &s, 0) != pid || s != 0)
			status = 1;
		seed += seeds / 2;
	}
	return status;
}

int main(int argc, char **argv)
{
	bool quick = getenv("EXOPF_QUICK") != NULL;
	int c, patient = -1;

	while ((c = getopt(argc, argv, "qvcfs:n:k:p:")) != -1) {
		if (c == 'q')
			quick = true;
		else if (c == 'v')
			lines = true;
		else if (c == 'c')
			conf = true;
		else if (c == 'f')
			return printf("%u\n", STEPS_POOL) < 0;
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (c == 'n')
			steps = strtoull(optarg, NULL, 0);
		else if (c == 'k')
			seeds = strtoull(optarg, NULL, 0);
		else if (c == 'p')
			patient = atoi(optarg);
		else
			return 2;
	}
	if (patient >= 0)
		return run_all(patient != 0, seeds);
	seeds = quick ? seeds / 5 : seeds;
	return run_both();
}
