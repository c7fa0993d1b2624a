/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/run_engine.c and run_both.c: one program on both engines, and
 * where two runs differ. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/hosted/cmd.h"
#include "exo/hosted/run.h"
#include "exo/isa/text.h"
#include "tests/support/oom.h"

static uint8_t bytes[16];
static struct run_job job;
static struct run_result r[2];
static char text[200];

/* A job for this program; nothing of it is to be freed. */
static void prepare(const char *program, uint32_t type, size_t n)
{
	static struct exo_insn insns[64];
	struct isa_asm_error err;

	memset(&job, 0, sizeof(job));
	memset(bytes, 0, sizeof(bytes));
	ck_assert_int_eq(isa_asm(program, strlen(program), insns, 64,
	                     &job.program.code.n, &err),
	    0);
	job.program.code.insns = insns;
	job.program.type = type;
	job.engine = RUN_BOTH;
	job.bytes = bytes;
	job.nbytes = n;
	job.fuel = 1000;
}

static void run_both(void)
{
	memset(r, 0, sizeof(r));
	ck_assert_int_eq(run_interp(&job, &r[0]), 0);
	ck_assert_int_eq(run_jit(&job, &r[1]), 0);
}

static bool differ(void)
{
	return run_differ(&job, &r[0], &r[1], text, sizeof(text));
}

static void done(void)
{
	run_result_free(&r[0]);
	run_result_free(&r[1]);
}

START_TEST(results)
{
	prepare("r0 = 7\nexit\n", EXO_PROG_MEM, 0);
	run_both();
	ck_assert_uint_eq(r[0].r0, 7);
	ck_assert_uint_eq(r[1].r0, 7);
	ck_assert_uint_eq(r[0].steps, 2);
	ck_assert_uint_eq(r[0].code, 0);
	ck_assert_uint_gt(r[1].code, 0);
	ck_assert(!differ());
	r[1].r0 = 8;
	ck_assert(differ());
	ck_assert_str_eq(
	    text, "r0 is 0x7 in the interpreter, 0x8 in compiled code");
	r[0].end = ISA_END_LOAD;
	ck_assert(differ());
	ck_assert_str_eq(text,
	    "the interpreter ends in a trap at instruction 1, compiled code "
	    "with r0 0x8");
	done();
}
END_TEST

START_TEST(memory)
{
	prepare("r0 = 0\nif r2 != 4 goto out\n*(u16 *)(r1 +1) = 513\n"
	        "out: exit\n",
	    EXO_PROG_MEM, 4);
	run_both();
	ck_assert_mem_eq(r[0].mem, "\0\1\2\0", 4);
	ck_assert_mem_eq(r[1].mem, "\0\1\2\0", 4);
	ck_assert_mem_eq(bytes, "\0\0\0\0", 4);
	ck_assert(!differ());
	r[1].mem[3] = 9;
	ck_assert(differ());
	ck_assert_str_eq(text, "byte 3 of memory is 0x00 after the "
	                       "interpreter, 0x09 after compiled code");
	done();
}
END_TEST

START_TEST(packets)
{
	prepare("r2 = 2\ncall xdp_adjust_head#44\nr0 = 2\nexit\n", EXO_PROG_XDP,
	    16);
	run_both();
	ck_assert(!differ());
	exo_world_vm(r[0].world)->pkt.caplen--;
	ck_assert(differ());
	ck_assert_str_eq(text, "the packet has 13 bytes after the interpreter, "
	                       "14 after compiled code");
	done();
	/* a load past the packet: 0, to whoever asked */
	prepare("r6 = r1\nr0 = *(u8 *)skb[100]\nr0 = 1\nexit\n",
	    EXO_PROG_SOCKET, 16);
	run_both();
	ck_assert_int_eq(r[0].end, ISA_END_REJECT);
	ck_assert(!differ());
	done();
}
END_TEST

#define KEEP                                               \
	"*(u32 *)(r10 -4) = 1\nr1 = map[id:0]\nr2 = r10\n" \
	"r2 += -4\nr3 = r2\nr4 = 0\ncall map_update_elem#2\nr0 = 0\nexit\n"

START_TEST(maps)
{
	static const uint32_t kinds[] = { EXO_MAP_ARRAY, EXO_MAP_HASH };
	uint32_t one = 1, two = 2;
	int i;

	for (i = 0; i < 2; i++) {
		prepare(KEEP, EXO_PROG_XDP, 16);
		job.maps[0] = (struct exo_map_def){ .kind = kinds[i],
			.key_size = 4,
			.value_size = 4,
			.max_entries = 4 };
		job.nmaps = 1;
		run_both();
		ck_assert(!differ());
		ck_assert_int_eq(
		    exo_world_update(r[1].world, 0, &one, &two), 0);
		ck_assert(differ());
		ck_assert_str_eq(text, "map 0 holds something else");
		ck_assert_int_eq(
		    exo_world_update(r[0].world, 0, &one, &two), 0);
		ck_assert(!differ());
		ck_assert_int_eq(
		    exo_world_update(r[0].world, 0, &two, &two), 0);
		ck_assert(differ());
		done();
	}
}
END_TEST

START_TEST(records)
{
	uint32_t n;

	prepare("*(u64 *)(r10 -8) = 5\nr1 = map[id:0]\nr2 = r10\nr2 += -8\n"
	        "r3 = 8\nr4 = 0\ncall ringbuf_output#130\nr0 = 0\nexit\n",
	    EXO_PROG_XDP, 16);
	job.maps[0] = (struct exo_map_def){ .kind = EXO_MAP_RINGBUF,
		.max_entries = 4096 };
	job.nmaps = 1;
	run_both();
	ck_assert(!differ());
	done();
	run_both();
	ck_assert_ptr_nonnull(exo_world_record(r[1].world, 0, &n));
	ck_assert(differ());
	done();
}
END_TEST

/* The engines on their own: what is refused, what is no program. */
START_TEST(not_run)
{
	FILE *was = stderr;
	char *said;
	size_t n;

	stderr = open_memstream(&said, &n);
	prepare("r0 = *(u8 *)(r1 +0)\nexit\n", EXO_PROG_MEM, 1);
	memset(r, 0, sizeof(r));
	ck_assert_int_eq(run_interp(&job, &r[0]), 0);
	ck_assert_int_eq(r[0].end, ISA_END_EXIT);
	ck_assert_int_eq(run_jit(&job, &r[1]), CMD_NO);
	ck_assert(r[1].compiled.refused);
	done();
	prepare("r0 = 1\nexit\n", EXO_PROG_MEM, 1);
	job.fuel = 1;
	memset(r, 0, sizeof(r));
	ck_assert_int_eq(run_jit(&job, &r[1]), CMD_NO);
	ck_assert(!r[1].compiled.refused);
	job.program.code.insns[0].code = 0xff;
	ck_assert_int_eq(run_interp(&job, &r[0]), 0);
	ck_assert_int_eq(r[0].end, ISA_END_OPCODE);
	done();
	fclose(stderr);
	stderr = was;
	ck_assert_ptr_nonnull(strstr(said, "refused VF409"));
	free(said);
}
END_TEST

static int run_again(void *arg)
{
	unsigned engine = *(unsigned *)arg;
	int ret;

	memset(r, 0, sizeof(r));
	ret = engine == RUN_INTERP ? run_interp(&job, &r[0])
	                           : run_jit(&job, &r[1]);
	done();
	return ret;
}

START_TEST(memory_runs_out)
{
	unsigned engine = _i == 0 ? RUN_INTERP : RUN_JIT;
	FILE *was = stderr;
	FILE *sink = fopen("/dev/null", "w");

	ck_assert_ptr_nonnull(sink);
	stderr = sink;
	prepare(KEEP, EXO_PROG_XDP, 16);
	job.maps[0] = (struct exo_map_def){ .kind = EXO_MAP_HASH,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 4 };
	job.nmaps = 1;
	test_oom_loop(run_again, &engine);
	stderr = was;
	fclose(sink);
}
END_TEST

Suite *t_cmd_run_suite(void)
{
	Suite *s = suite_create("t_cmd_run");
	TCase *tc = tcase_create("run"), *oom = tcase_create("oom");

	tcase_add_test(tc, results);
	tcase_add_test(tc, memory);
	tcase_add_test(tc, packets);
	tcase_add_test(tc, maps);
	tcase_add_test(tc, records);
	tcase_add_test(tc, not_run);
	suite_add_tcase(s, tc);
	tcase_add_loop_test(oom, memory_runs_out, 0, 2);
	suite_add_tcase(s, oom);
	return s;
}
