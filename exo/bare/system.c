/* SPDX-License-Identifier: BSD-2-Clause */
/* The running system: see system.h. */
#include "exo/bare/system.h"

#include "exo/abi/err.h"
#include "exo/bare/apic.h"
#include "exo/bare/call.h"
#include "exo/bare/clock.h"
#include "exo/bare/conf.h"
#include "exo/bare/disk.h"
#include "exo/bare/env.h"
#include "exo/bare/frames.h"
#include "exo/bare/leaks.h"
#include "exo/bare/panic.h"
#include "exo/bare/revoke.h"
#include "exo/bare/sched.h"
#include "exo/bare/serial.h"
#include "exo/bare/sleep.h"
#include "exo/bare/slots.h"
#include "exo/bare/space.h"
#include "exo/bare/spent.h"
#include "exo/bare/state.h"
#include "exo/bare/tap.h"
#include "exo/bare/tlb.h"
#include "exo/bare/vnet.h"
#include "exo/bare/watchdog.h"
#include "exo/bare/x86.h"
#include "exo/core/core.h"
#include "exo/lib/bug.h"

#define BATCH   32u
#define TAKE_NS 1000000u  /* packets are taken in for about so long at once */
#define LOOK_NS 10000000u /* to look again, when nobody can run */
#define LAST_NS 10000000000u /* for packets to go out at the end, at most */

static struct {
	struct exo_core *core;
	struct exo_phys *phys;
	uint32_t failed;      /* environments that did not end as they should */
	bool tap;             /* each of them is a test */
	bool net;             /* there is a network card */
	uint32_t most;        /* of them at once, up to BATCH */
	uint32_t now;         /* ... as long as they take, at present */
	bool stats;           /* are said at the end */
	uint64_t frames_free; /* before the first environment */
	bool ready;           /* to be said, when all environments wait */
	bool leaks;           /* nothing may be left in the end */
	struct vdev dev;
	struct vnet vnet;
	struct exo_pkt batch[BATCH];
} system;

/* Filters that take long are asked about fewer packets before others come to run. */
static void ingest(uint32_t n)
{
	uint64_t from = clock_ns(), took;

	exo_ingest(system.core, system.batch, n);
	took = clock_ns() - from;
	if (took > TAKE_NS && system.now > 1)
		system.now /= 2;
	else if (took < TAKE_NS / 4 && system.now < system.most)
		system.now *= 2;
	if (system.now > system.most)
		system.now = system.most;
}

static uint32_t poll(void *arg)
{
	uint32_t n = 0;

	(void)arg;
	if (!system.net)
		return 0;
	spent_on(SPENT_RING3);
	vnet_quiet(&system.vnet);
	n = vnet_rx(&system.vnet, system.batch, system.now);
	if (n > 0) {
		spent_frames(n);
		spent_on(SPENT_CARD);
		ingest(n);
		spent_on(SPENT_CORE);
		vnet_rx_done(&system.vnet);
	}
	vnet_push(&system.vnet);
	spent_on(SPENT_CARD);
	return n;
}

static bool listen(void *arg)
{
	(void)arg;
	return !system.net || !system.dev.irq || !vnet_ok(&system.vnet) ||
	       vnet_listen(&system.vnet);
}

static void tick(void *arg, uint64_t now)
{
	(void)arg;
	revoke_look(system.phys, now);
	state_show(now);
}

static void wait(void *arg)
{
	(void)arg;
	if (system.ready) {
		serial_str("exopf: all environments wait\n");
		system.ready = false;
	}
	apic_timer(sleep_next(LOOK_NS));
	if (system.net)
		vnet_wait(&system.vnet);
	else
		x86_wait();
	spent_on(SPENT_IDLE);
}

/* The core lets a packet go, of who runs, or a handler's answer to what is taken in.
 * Whoever floods, and whoever does not read at the other end of the wire: each has room
 * in the queue that nobody else gets. */
static int send_packet(
    void *arg, struct plat_env *e, const uint8_t *packet, uint32_t n)
{
	(void)arg;
	if (!system.net || e->wire == 0 ||
	    !vnet_tx(&system.vnet, e->wire, packet, n))
		return -EXO_ELIMIT;
	return 0;
}

/* All that were started are among those who send. */
static void join_wire(void)
{
	_Static_assert(QUOTA_OWNERS >= ENVS_MAX, "each has a name");

	for (unsigned i = 0; system.net && i < env_places(); i++)
		if (env_at(i) != NULL)
			env_at(i)->wire = quota_join(&system.vnet.quota);
}

static void refused(const char *label)
{
	if (system.tap)
		tap_ok(true, label);
}

static void say(const char *what, uint64_t n)
{
	serial_str(what);
	serial_u64(n);
}

/* What became of its entries. */
static void say_entries(const struct plat_env *e)
{
	struct exo_holder_stat s;

	exo_holder_stat(e->holder, &s);
	serial_str("exopf: ");
	serial_str(e->label);
	say(": entries ", s.entered);
	say(", displaced ", s.displaced);
	say(", refilled ", s.refills);
	say(", preloaded ", s.preloaded);
	say(", missed ", s.misses);
	say("; tables ", e->tables);
	say(", dropped ", e->drops);
	say(" times; bytes ", s.mem);
	serial_str("\n");
}

static void ended(void *arg, struct plat_env *e)
{
	static const char *const how[] = { [ENV_EXIT] = "exit, status ",
		[ENV_FAULT] = "exception ",
		[ENV_BAD_STACK] = "a bad upcall stack, cause ",
		[ENV_KILLED] = "killed, " };

	bool as_told =
	    e->end == e->expected &&
	    (e->code == e->expected_code || e->expected_code == ENV_ANY_CODE);

	(void)arg;
	quota_leave(&system.vnet.quota, e->wire);
	disk_end(e->disk);
	if (system.stats)
		say_entries(e);
	state_ended(e);
	if (e->child)
		return; /* its maker says what is to be said */
	if (system.tap)
		tap_ok(as_told, e->label);
	if (as_told)
		return;
	system.failed++;
	serial_str("# ");
	serial_str(e->label);
	serial_str(" ended: ");
	serial_str(how[e->end]);
	serial_u64(e->code);
	serial_str(", at ");
	serial_hex(e->regs.rip);
	serial_str(", about ");
	serial_hex(e->about);
	serial_str("\n");
}

/* What was sent last is on the wire before the machine is off. */
static void finish_sending(void)
{
	uint64_t end = clock_ns() + LAST_NS, look = 0;

	vnet_push(&system.vnet);
	while (!vnet_sent(&system.vnet) && clock_ns() < end) {
		if (clock_ns() >= look) {
			vnet_nudge(&system.vnet);
			look = clock_ns() + LOOK_NS;
		}
		__asm__ volatile("pause");
	}
}

static void done(void *arg)
{
	(void)arg;
	if (system.net)
		finish_sending();
	disk_flush();
	state_last(clock_ns());
	spent_say();
	if (system.stats) {
		serial_str("exopf: frames free before and after: ");
		serial_u64(system.frames_free);
		serial_str(" ");
		serial_u64(frames_free());
		serial_str("\n");
		say("exopf: tables kept what was known ", tlb_kept());
		serial_str(" times\n");
	}
	if (system.leaks && !leaks_none(system.core)) {
		system.failed++;
		if (system.tap)
			tap_ok(false, "nothing is left over");
	}
	if (system.tap)
		tap_end();
	panic_exit(system.failed != 0);
}

static void start_core(const struct machine *m)
{
	const struct exo_core_config cfg = {
		.send = send_packet, .pause = call_pause, .gone = revoke_gone
	};
	uint64_t before;

	leaks_begin();
	exo_assert(exo_core_new(&cfg, &system.core) == 0);
	before = frames_free();
	exo_assert(state_init(m, system.core));
	leaks_keep(before - frames_free());
}

_Noreturn void system_run(const struct machine *m)
{
	static const struct sched_ops ops = { poll, listen, tick, wait, done,
		ended, NULL };
	const struct vnet_config plain = { 0 };

	const char *value;

	exo_assert(apic_init());
	apic_measure();
	system.tap = machine_option(m, "tap", &value) >= 0;
	system.ready = machine_option(m, "ready", &value) >= 0;
	system.leaks = machine_option(m, "leaks", &value) >= 0;
	system.most = (uint32_t)machine_number(m, "batch", BATCH);
	if (system.most == 0 || system.most > BATCH)
		system.most = BATCH;
	system.now = system.most;
	system.stats = machine_option(m, "stats", &value) >= 0;
	if (system.stats)
		spent_start();
	slots_init(m);
	exo_assert(
	    space_init(m, (uint32_t)machine_number(m, "tables", 0),
	        machine_option(m, "forget", &value) >= 0, &system.phys) == 0);
	system.net = vnet_start(&system.vnet, &system.dev, m, 0, &plain);
	disk_start(m);
	start_core(m);
	watchdog_start(m); /* for the start of all environments, too */
	system.frames_free = frames_free();
	if (conf_start(m, system.core, system.phys,
	        system.net ? system.vnet.mac : NULL, refused) <= 0) {
		serial_str("exopf: nothing is started: give it modules with a "
		           "boot.conf\n");
		panic_exit(1);
	}
	space_guard(system.phys);
	join_wire();
	sched_run(&ops);
}
