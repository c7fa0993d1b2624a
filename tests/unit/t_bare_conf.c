/* SPDX-License-Identifier: BSD-2-Clause */
/* boot.conf: what is started of it, with which options, and what is said of lines that
 * are wrong. Environments and the console are stubs. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/bare/conf.h"
#include "exo/bare/disk.h"
#include "exo/bare/env.h"
#include "exo/bare/paging.h"
#include "exo/bare/revoke.h"
#include "exo/bare/serial.h"
#include "exo/lib/fmt.h"
#include "exo/space/text.h"

/* plat_test.h's, whose environments are others. */
uint64_t plat_test_blocks(void);

#define MADE 8u

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

static struct {
	uint8_t bytes[4096];
	size_t n;
	struct made {
		struct env_args args;
		char label[32], arg[1024], recv[128], send[128];
	} made[MADE];
	unsigned nmade;
	bool fails; /* env_new() */
	char minted[256], ended[64];
	unsigned nminted;
	char said[512], refused[64];
} t;

static void show(char *to, size_t room, const struct sp_region *r)
{
	struct exo_fmt f;

	exo_fmt_init(&f, to, (uint32_t)room);
	if (r != NULL)
		ck_assert_int_eq(sp_text_print(&f, *r), 0);
}

int __real_env_new(struct exo_core *core, struct exo_phys *phys,
    const struct env_args *args, struct plat_env **out);
int __wrap_env_new(struct exo_core *core, struct exo_phys *phys,
    const struct env_args *args, struct plat_env **out);

/* Whoever has a core makes true ones. */
int __wrap_env_new(struct exo_core *core, struct exo_phys *phys,
    const struct env_args *args, struct plat_env **out)
{
	struct made *m = &t.made[t.nmade];

	if (core != NULL)
		return __real_env_new(core, phys, args, out);
	ck_assert_ptr_null(phys);
	ck_assert_uint_lt(t.nmade, MADE);
	*out = NULL;
	m->args = *args;
	(void)snprintf(m->label, sizeof(m->label), "%s", args->label);
	(void)snprintf(m->arg, sizeof(m->arg), "%s", args->arg);
	show(m->recv, sizeof(m->recv), args->region);
	show(m->send, sizeof(m->send), args->send);
	t.nmade++;
	return t.fails ? -EXO_EIMAGE : 0;
}

/* A disk of 100 blocks. */
int disk_mint(uint32_t first, uint32_t n, bool shared, struct exo_key *out)
{
	size_t at = strlen(t.minted);

	(void)snprintf(t.minted + at, sizeof(t.minted) - at, "%u+%u%s;", first,
	    n, shared ? " shared" : "");
	*out = (struct exo_key){ .res = EXO_RES_DISK, .epoch = ++t.nminted };
	return first < 100 ? 0 : -EXO_EINVAL;
}

/* Most environments have none, whose epoch is 0. */
void disk_end(uint64_t epoch)
{
	size_t at = strlen(t.ended);

	if (epoch != 0)
		(void)snprintf(
		    t.ended + at, sizeof(t.ended) - at, "%u;", (unsigned)epoch);
}

void serial_write(const char *text, uint32_t n)
{
	size_t at = strlen(t.said);

	ck_assert_uint_lt(at + n, sizeof(t.said));
	memcpy(t.said + at, text, n);
}

void serial_u64(uint64_t v)
{
	(void)v;
}

void serial_str(const char *text)
{
	serial_write(text, (uint32_t)strlen(text));
}

static void refused(const char *label)
{
	strncat(t.refused, label, sizeof(t.refused) - strlen(t.refused) - 1);
}

static void file(const char *name, const char *data)
{
	uint8_t *p = t.bytes + t.n;
	size_t size = strlen(data);
	size_t head = (110 + strlen(name) + 1 + 3) & ~(size_t)3;

	ck_assert_uint_lt(t.n + head + size + 4, sizeof(t.bytes));
	(void)snprintf((char *)p, 111,
	    "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 0, 0,
	    0, 0, 1, 0, (unsigned)size, 0, 0, 0, 0, (unsigned)strlen(name) + 1,
	    0);
	memcpy(p + 110, name, strlen(name) + 1);
	memcpy(p + head, data, size);
	t.n += head + ((size + 3) & ~(size_t)3);
}

static int start(const char *conf)
{
	struct machine m = { .initrd = { paging_phys(t.bytes), 0 } };
	uint64_t blocks = plat_test_blocks();
	int ret;

	file("a.elf", "ELF of a");
	file("b.elf", "b");
	if (conf != NULL)
		file("boot.conf", conf);
	m.initrd.size = t.n;
	ret = conf_start(&m, NULL, NULL, mac, refused);
	ck_assert_uint_eq(plat_test_blocks(), blocks);
	return ret;
}

static void setup(void)
{
	memset(&t, 0, sizeof(t));
}

START_TEST(plain)
{
	const struct env_args *a = &t.made[0].args;

	ck_assert_int_eq(
	    start("# nothing\n\n  env one a.elf\nenv two b.elf"), 2);
	ck_assert_str_eq(t.said, "");
	ck_assert_uint_eq(t.nmade, 2);
	ck_assert_str_eq(t.made[0].label, "one");
	ck_assert_str_eq(t.made[1].label, "two");
	ck_assert_uint_eq(a->elf_size, 8);
	ck_assert_mem_eq(a->elf, "ELF of a", 8);
	ck_assert_uint_eq(t.made[1].args.elf_size, 1);
	ck_assert_str_eq(t.made[0].arg, "");
	ck_assert_uint_eq(a->ring_size, 65536);
	ck_assert_uint_eq(a->mem, 0);
	ck_assert_uint_eq(a->rights,
	    EXO_RIGHT_ALL & ~(EXO_RIGHT_DERIVE | EXO_RIGHT_TRANSMIT));
	ck_assert_ptr_null(a->region);
	ck_assert_ptr_null(a->send);
	ck_assert_ptr_eq(a->mac, mac);
}
END_TEST

START_TEST(options)
{
	const struct env_args *a = &t.made[0].args;

	ck_assert_int_eq(
	    start("env one a.elf ring=4096  mem=1000000 arg=x=y,z rights=3\n"),
	    1);
	ck_assert_uint_eq(a->ring_size, 4096);
	ck_assert_uint_eq(a->mem, 1000000);
	ck_assert_uint_eq(a->rights, 3);
	ck_assert_str_eq(t.made[0].arg, "x=y,z");
	ck_assert_uint_eq(a->slots.n, 0);
}
END_TEST

/* Slots of time: one, some in a row, some apart. */
START_TEST(slots)
{
	static const struct {
		const char *text;
		uint32_t first, step, n;
	} row[] = { { "7", 7, 1, 1 }, { "0*4", 0, 1, 4 }, { "3/4*2", 3, 4, 2 },
		{ "4294967295/4294967295*4294967295", UINT32_MAX, UINT32_MAX,
		    UINT32_MAX } };
	const struct env_slots *s = &t.made[0].args.slots;
	char conf[64];

	(void)snprintf(
	    conf, sizeof(conf), "env one a.elf slots=%s", row[_i].text);
	ck_assert_int_eq(start(conf), 1);
	ck_assert_uint_eq(s->first, row[_i].first);
	ck_assert_uint_eq(s->step, row[_i].step);
	ck_assert_uint_eq(s->n, row[_i].n);
}
END_TEST

/* Blocks of the disk, which come back when nothing is started with them. */
START_TEST(disk)
{
	ck_assert_int_eq(start("env a a.elf disk=0+10\nenv b a.elf\n"
	                       "env c a.elf disk=10+5,shared\n"
	                       "env d a.elf disk=99+4294967295 arg=x\n"),
	    4);
	ck_assert_str_eq(t.minted, "0+10;10+5 shared;99+4294967295;");
	ck_assert_str_eq(t.ended, "");
	ck_assert_uint_eq(t.made[0].args.disk.epoch, 1);
	ck_assert_uint_eq(t.made[1].args.disk.res, 0);
	ck_assert_uint_eq(t.made[1].args.disk.epoch, 0);
	ck_assert_uint_eq(t.made[2].args.disk.epoch, 2);
	setup();
	t.fails = true;
	ck_assert_int_eq(start("env a a.elf disk=7+1 end=none"), 1);
	ck_assert_str_eq(t.ended, "1;");
}
END_TEST

/* What it has of the machine; where nothing is said, the kernel says. */
START_TEST(machine)
{
	const struct env_args *a = &t.made[0].args, *b = &t.made[1].args;

	ck_assert_int_eq(start("env one a.elf frames=100 most=200 entries=64 "
	                       "tables=32 children=5\nenv two b.elf"),
	    2);
	ck_assert_uint_eq(a->frames, 100);
	ck_assert_uint_eq(a->most, 200);
	ck_assert_uint_eq(a->entries, 64);
	ck_assert_uint_eq(a->tables, 32);
	ck_assert_uint_eq(a->children, 5);
	ck_assert(!a->child);
	ck_assert_uint_eq(b->frames | b->most | b->entries | b->tables, 0);
	ck_assert_uint_eq(b->children, 0);
}
END_TEST

/* How they are to end. */
START_TEST(ends)
{
	static const struct {
		const char *text;
		int end; /* enum env_end; 0: nothing is said */
		uint64_t code;
	} row[] = { { "", 0, 0 }, { "end=exit", ENV_EXIT, 0 },
		{ "end=exit:7", ENV_EXIT, 7 },
		{ "end=fault", ENV_FAULT, ENV_ANY_CODE },
		{ "end=fault:14", ENV_FAULT, 14 },
		{ "end=stack", ENV_BAD_STACK, ENV_ANY_CODE },
		{ "end=killed", ENV_KILLED, ENV_ANY_CODE } };
	char conf[64];

	(void)snprintf(conf, sizeof(conf), "env one a.elf %s", row[_i].text);
	ck_assert_int_eq(start(conf), 1);
	ck_assert_int_eq(t.made[0].args.expected, row[_i].end);
	ck_assert_uint_eq(t.made[0].args.expected_code, row[_i].code);
}
END_TEST

/* Regions are of the environments behind them, until others are said. */
START_TEST(regions)
{
	ck_assert_int_eq(start("env a a.elf\nrecv udp port 7\nenv b a.elf\n"
	                       "send tcp\nenv c a.elf\nrecv udp\nenv d a.elf"),
	    4);
	ck_assert_str_eq(t.made[0].recv, "");
	ck_assert_ptr_nonnull(t.made[1].args.region);
	ck_assert_str_ne(t.made[1].recv, "");
	ck_assert_ptr_null(t.made[1].args.send);
	ck_assert_str_eq(t.made[2].recv, t.made[1].recv);
	ck_assert_str_ne(t.made[2].send, "");
	ck_assert_str_ne(t.made[3].recv, t.made[2].recv);
	ck_assert_str_eq(t.made[3].send, t.made[2].send);
}
END_TEST

/* What does not fit is cut off, with its NUL. */
START_TEST(long_words)
{
	char conf[1500], *p = conf + sprintf(conf, "env ");

	memset(p, 'l', 40);
	p += 40;
	p += sprintf(p, " a.elf arg=");
	memset(p, 'x', 1200);
	p[1200] = '\0';
	ck_assert_int_eq(start(conf), 1);
	ck_assert_uint_eq(strlen(t.made[0].label), 31);
	ck_assert_uint_eq(strlen(t.made[0].arg), 1023);
}
END_TEST

#define REVOKES \
	"a revocation is LABEL KIND NUMBER AT PATIENCE_MS, 64 of them at most"
static const struct {
	const char *line, *why;
} wrongs[] = { { "env one c.elf", "there is no such module" },
	{ "env one", "there is no such module" },
	{ "env one a.elf rings=1", "an option is malformed" },
	{ "env one a.elf mem=64M", "an option is malformed" },
	{ "env one a.elf mem=18446744073709551616", "an option is malformed" },
	{ "env one a.elf ring=4294967296", "an option is malformed" },
	{ "env one a.elf rights=", "an option is malformed" },
	{ "env one a.elf end=fault:0x0e", "an option is malformed" },
	{ "env one a.elf ring", "an option is malformed" },
	{ "env one a.elf frames=4294967296", "an option is malformed" },
	{ "env one a.elf most=-1", "an option is malformed" },
	{ "env one a.elf frames=21 most=20", "frames= is more than most=" },
	{ "env one a.elf entries=0x10", "an option is malformed" },
	{ "env one a.elf tables=", "an option is malformed" },
	{ "env one a.elf children", "an option is malformed" },
	{ "env one a.elf end=later", "an option is malformed" },
	{ "env one a.elf end=exits", "an option is malformed" },
	{ "env one a.elf end=exi", "an option is malformed" },
	{ "env one a.elf disk=", "an option is malformed" },
	{ "env one a.elf disk=5", "an option is malformed" },
	{ "env one a.elf disk=+5", "an option is malformed" },
	{ "env one a.elf disk=5+", "an option is malformed" },
	{ "env one a.elf disk=5+0", "an option is malformed" },
	{ "env one a.elf disk=5+5+5", "an option is malformed" },
	{ "env one a.elf disk=5+,shared", "an option is malformed" },
	{ "env one a.elf disk=5+5,share", "an option is malformed" },
	{ "env one a.elf disk=,shared", "an option is malformed" },
	{ "env one a.elf disk=4294967296+1", "an option is malformed" },
	{ "env one a.elf disk=0+4294967296", "an option is malformed" },
	{ "env one a.elf disk=100+1",
	    "the disk has no such blocks, or another environment "
	    "does" },
	{ "env one a.elf slots=", "an option is malformed" },
	{ "env one a.elf slots=1/2", "an option is malformed" },
	{ "env one a.elf slots=1*2/2", "an option is malformed" },
	{ "env one a.elf slots=1*2*2", "an option is malformed" },
	{ "env one a.elf slots=1/2/2", "an option is malformed" },
	{ "env one a.elf slots=1/2*", "an option is malformed" },
	{ "env one a.elf slots=/2*1", "an option is malformed" },
	{ "env one a.elf slots=1*0", "an option is malformed" },
	{ "env one a.elf slots=1/2*4294967296", "an option is malformed" },
	{ "env one a.elf end=none", "it can be started" },
	{ "recv no such thing", "that is no region" },
	{ "send (udp", "that is no region" },
	{ "environment one a.elf",
	    "a line begins with env, recv, send or revoke" },
	{ "revoke one frames 1 2", REVOKES }, { "revoke", REVOKES },
	{ "revoke one pages 1 2 3", REVOKES },
	{ "revoke one frames -1 2 3", REVOKES },
	{ "revoke one frames 1 2 1000000001", REVOKES },
	{ "revoke one frames 1 line= 3", REVOKES },
	{ "revoke one frames 1 line=x 3", REVOKES },
	{ "revoke one frames 1 line 3", REVOKES },
	{ "revoke one frames 1 line=1000000001 3", REVOKES } };

START_TEST(wrong)
{
	char conf[128], said[160];

	(void)snprintf(conf, sizeof(conf), "env x b.elf\n%s\nenv y b.elf",
	    wrongs[_i].line);
	(void)snprintf(said, sizeof(said), "boot.conf: %s: %s\n",
	    wrongs[_i].line, wrongs[_i].why);
	ck_assert_int_eq(start(conf), -1);
	ck_assert_str_eq(t.said, said);
	ck_assert_str_eq(t.made[0].label, "x");
	ck_assert_str_ne(t.made[t.nmade - 1].label, "y"); /* none behind it */
}
END_TEST

/* At times, and when there are lines; so many, and no more. */
START_TEST(revocations)
{
	char conf[(REVOKE_PLANS + 1) * 40] = "";
	unsigned n = REVOKE_PLANS + (unsigned)_i;

	for (unsigned i = 0; i < n; i++)
		(void)snprintf(conf + strlen(conf), 40,
		    "revoke one keys 1 %s%u 0\n", i % 2 ? "line=" : "", i);
	ck_assert_int_eq(start(conf), -_i);
	ck_assert_str_eq(t.said,
	    _i == 0 ? "" : "boot.conf: revoke one keys 1 64 0: " REVOKES "\n");
}
END_TEST

START_TEST(not_started)
{
	t.fails = true;
	ck_assert_int_eq(start("env one a.elf end=none\nenv two a.elf"), -1);
	ck_assert_str_eq(t.refused, "one");
	ck_assert_str_eq(
	    t.said, "boot.conf: env two a.elf: it cannot be started\n");
}
END_TEST

START_TEST(nothing)
{
	ck_assert_int_eq(start(_i == 0 ? NULL : _i == 1 ? "" : "#\n\n\n"), 0);
	ck_assert_str_eq(t.said, "");
}
END_TEST

Suite *t_bare_conf_suite(void)
{
	Suite *s = suite_create("bare_conf");
	TCase *c = tcase_create("bare_conf");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_test(c, plain);
	tcase_add_test(c, options);
	tcase_add_test(c, disk);
	tcase_add_test(c, machine);
	tcase_add_loop_test(c, ends, 0, 7);
	tcase_add_loop_test(c, slots, 0, 4);
	tcase_add_test(c, regions);
	tcase_add_test(c, long_words);
	tcase_add_loop_test(c, wrong, 0, sizeof(wrongs) / sizeof(wrongs[0]));
	tcase_add_loop_test(c, revocations, 0, 2);
	tcase_add_test(c, not_started);
	tcase_add_loop_test(c, nothing, 0, 3);
	suite_add_tcase(s, c);
	return s;
}
