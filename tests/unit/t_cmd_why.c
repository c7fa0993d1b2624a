/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/why*.c, story.c: ways, slices, ranges in words, packets found. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/hosted/diag.h"
#include "exo/hosted/lines.h"
#include "exo/hosted/map_arg.h"
#include "exo/hosted/story.h"
#include "exo/hosted/why_show.h"
#include "exo/isa/text.h"
#include "tests/support/oom.h"

static struct why why;
static struct exo_insn insns[256];
static struct vf_input in;
static const struct vf_limits limits;

/* Judge assembler text; why is what came of it. */
static int ask(uint32_t type, const char *text, const char *map)
{
	static struct exo_map_def def;
	struct isa_asm_error err;
	uint32_t n = 0;

	ck_assert_int_eq(isa_asm(text, strlen(text), insns, 256, &n, &err), 0);
	in = (struct vf_input){ .insns = insns, .ninsns = n, .type = type };
	if (map != NULL) {
		ck_assert(cmd_map_arg(map, &def));
		in.maps = &def;
		in.nmaps = 1;
	}
	return why_ask(&why, &in, &limits);
}

static void teardown(void)
{
	why_free(&why);
}

/* The note of the row at an instruction; NULL: it is not in the slice. */
static const char *note(uint32_t pc)
{
	uint32_t i;

	for (i = 0; i < why.nrows; i++) {
		if (why.row[i].pc == pc)
			return why.row[i].note;
	}
	return NULL;
}

/*
 * Words
 */

static const struct {
	struct vf_scalar s;
	const char *want;
} scalars[] = {
	{ { .t = { 7, 0 } }, "7" },
	{ { .t = { (uint64_t)-8, 0 } }, "-8" },
	{ { .t = { 0, 0xfffc }, .r = { 0, 0xfffc, 0, 0xfffc } },
	    "0 to 65532, a multiple of 4" },
	{ { .t = { 1, 0xfe }, .r = { 1, 255, 1, 255 } }, "1 to 255, odd" },
	{ { .t = { 0, UINT64_MAX },
	      .r = { 0, UINT64_MAX, INT64_MIN, INT64_MAX },
	      .h = { 0, UINT32_MAX, INT32_MIN, INT32_MAX } },
	    "any number" },
	{ { .t = { 0, UINT64_MAX },
	      .r = { 0, UINT64_MAX, INT64_MIN, INT64_MAX },
	      .h = { 0, 60, 0, 60 } },
	    "any number with a lower half of 0 to 60" },
	{ { .t = { 0, UINT64_MAX }, .r = { 0, UINT64_MAX, -4, 4 } },
	    "-4 to 4" },
	{ { .t = { 0, UINT64_MAX }, .r = { 0, UINT64_MAX, INT64_MIN, 4 } },
	    "at most 4" },
	{ { .t = { 0, UINT64_MAX }, .r = { 0, UINT64_MAX, -4, INT64_MAX } },
	    "-4 or more" },
	{ { .t = { 0, UINT64_MAX },
	      .r = { (uint64_t)INT64_MIN, UINT64_MAX, INT64_MIN, -1 } },
	    "any negative number" },
	{ { .t = { 0, UINT64_MAX },
	      .r = { 5, UINT64_MAX, INT64_MIN, INT64_MAX } },
	    "5 or more" },
	{ { .t = { 0, UINT64_MAX }, .r = { 2, 0xfffffff, 2, 0xfffffff } },
	    "2 to 0xfffffff" },
};

START_TEST(scalars_in_words)
{
	char text[128];
	struct exo_fmt f;

	exo_fmt_init(&f, text, sizeof(text));
	why_scalar(&f, &scalars[_i].s);
	ck_assert_str_eq(text, scalars[_i].want);
}
END_TEST

static const struct {
	struct vf_reg r;
	const char *want;
} registers[] = {
	{ { .kind = EXO_REG_UNINIT }, "not set" },
	{ { .kind = EXO_REG_CTX }, "context" },
	{ { .kind = EXO_REG_CTX, .off = 4 }, "context + 4" },
	{ { .kind = EXO_REG_STACK, .frame = 1, .off = -8 }, "r10 - 8" },
	{ { .kind = EXO_REG_STACK, .frame = 0, .off = -8 },
	    "the caller's r10 - 8" },
	{ { .kind = EXO_REG_PKT,
	      .off = 14,
	      .proven = 35,
	      .s = { .t = { 0, 63 }, .r = { 0, 60, 0, 60 } } },
	    "packet + 14 + (0 to 60), 20 bytes proven from there" },
	{ { .kind = EXO_REG_PKT, .off = 14 },
	    "packet + 14, no byte proven there" },
	{ { .kind = EXO_REG_PKT_END }, "end of the packet" },
	{ { .kind = EXO_REG_MEM, .off = 1, .proven = 3 },
	    "memory + 1, 1 byte proven from there" },
	{ { .kind = EXO_REG_MEM, .id = VF_ID_SIZE, .proven = 1 },
	    "end of the memory" },
	{ { .kind = EXO_REG_PKT_META, .off = -4 },
	    "metadata - 4, no byte proven there" },
	{ { .kind = EXO_REG_MAP, .map = 3 }, "map 3" },
	{ { .kind = EXO_REG_MAP_VALUE, .map = 2, .off = 8 },
	    "value of map 2 + 8" },
	{ { .kind = EXO_REG_MAP_VALUE_OR_NULL, .map = 2 },
	    "value of map 2, or null" },
	{ { .kind = EXO_REG_MAP_KEY, .map = 2 }, "key of map 2" },
	{ { .kind = EXO_REG_RING, .proven = 16 }, "record, of 16 bytes" },
	{ { .kind = EXO_REG_RING_OR_NULL, .proven = 16 },
	    "record, of 16 bytes, or null" },
	{ { .kind = EXO_REG_FUNC }, "a function" },
};

START_TEST(registers_in_words)
{
	char text[128];
	struct exo_fmt f;

	exo_fmt_init(&f, text, sizeof(text));
	why_reg(&f, &registers[_i].r, 1, NULL);
	ck_assert_str_eq(text, registers[_i].want);
}
END_TEST

START_TEST(a_map_of_the_command_line)
{
	struct exo_map_def def = { .kind = 99 };
	char text[CMD_MAP_TEXT];

	ck_assert(cmd_map_arg("array,4, 48 1\trdonly", &def));
	ck_assert_str_eq(cmd_map_text(&def, text), "array 4 48 1 rdonly");
	ck_assert(cmd_map_arg("hash 8 16 4 wronly", &def));
	ck_assert_str_eq(cmd_map_text(&def, text), "hash 8 16 4 wronly");
	ck_assert(cmd_map_arg("lpm_trie 8 16 4", &def));
	ck_assert_uint_eq(def.flags, EXO_MAP_NO_PREALLOC);
	ck_assert(!cmd_map_arg("array 4 48", &def));
	ck_assert(!cmd_map_arg("array 4 48 1 rdonly wronly", &def));
	ck_assert(!cmd_map_arg("array 4 48 1 always", &def));
	ck_assert(!cmd_map_arg("tree 4 48 1", &def));
	ck_assert(!cmd_map_arg("array 4 x 1", &def));
	ck_assert(!cmd_map_arg("array 4 48 4294967296", &def));
	ck_assert_uint_eq(def.key_size, 8);
}
END_TEST

START_TEST(lines_of_a_text)
{
	static const char text[] = "; comment\n"
	                           "r0 = 1 ll ; two slots\n"
	                           "\n"
	                           "  on: \n"
	                           "7: (b7) r0 = 2\n"
	                           ".insn 0x18, 0, 0, 0\n"
	                           ".insn 0, 0, 0, 0\n"
	                           "out: exit";
	static const uint32_t want[] = { 2, 2, 5, 6, 7, 8 };
	struct isa_asm_error err;
	uint32_t n = 0, i, *line;

	ck_assert_int_eq(isa_asm(text, strlen(text), insns, 256, &n, &err), 0);
	ck_assert_uint_eq(n, 6);
	line = cmd_lines_of(text, strlen(text), insns, n);
	ck_assert_ptr_nonnull(line);
	for (i = 0; i < n; i++)
		ck_assert_uint_eq(line[i], want[i]);
	free(line);
	/* more instructions than the text has */
	ck_assert_ptr_null(cmd_lines_of(text, 20, insns, n));
}
END_TEST

/* Lines of files: whoever made the image wrote them. */
START_TEST(lines_of_files)
{
	static const struct exo_image_line lines[] = {
		{ 1, 0, 10, 7u << 10 | 3 }, { 3, 0, 19, 9u << 10 },
		{ 5, 0, 10, 3 }, /* of no line */
	};
	static const char texts[] = "/a/b\x1b/c.c\0r\tx = 1;\0\x1b[2J\n";
	const struct exo_image img = { .lines = lines,
		.nlines = 3,
		.texts = texts,
		.texts_len = sizeof(texts) };
	const struct exo_image none = { .lines = NULL };
	struct cmd_source s = { .n = 7 };
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	ck_assert_int_eq(cmd_source_take(&s, &none, 0, 9), 0);
	ck_assert_ptr_null(cmd_source_at(&s, 0));
	ck_assert_int_eq(cmd_source_take(&s, &img, 0, UINT32_MAX), 0);
	ck_assert_ptr_null(cmd_source_at(&s, 0));
	ck_assert_ptr_eq(cmd_source_at(&s, 1), s.lines);
	ck_assert_ptr_eq(cmd_source_at(&s, 2), s.lines);
	ck_assert_ptr_eq(cmd_source_at(&s, 4), s.lines + 1);
	ck_assert_ptr_null(cmd_source_at(&s, UINT32_MAX));
	ck_assert_ptr_null(cmd_source_begins(&s, 2));
	ck_assert_ptr_eq(cmd_source_begins(&s, 3), s.lines + 1);
	ck_assert_ptr_nonnull(f);
	cmd_source_print(f, &s, s.lines);
	cmd_source_print(f, &s, s.lines + 1);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_str_eq(text, "; c.c:7: r x = 1;\n; c.c:9: \\x1b[2J\\x0a\n");
	free(text);
	cmd_source_free(&s);
}
END_TEST

/*
 * Slices
 */

#define HEADER                   \
	"r0 = 0\n"               \
	"r2 = *(u32 *)(r1 +0)\n" \
	"r3 = *(u32 *)(r1 +4)\n" \
	"r4 = r2\n"              \
	"r4 += 34\n"             \
	"if r4 > r3 goto out\n"

START_TEST(the_way_of_a_packet_pointer)
{
	ck_assert_int_eq(ask(EXO_PROG_XDP,
	                     HEADER "r5 = *(u8 *)(r2 +14)\n"
	                            "r6 = *(u8 *)(r2 +15)\n"
	                            "if r5 < 5 goto out\n"
	                            "r5 &= 15\n"
	                            "r2 += r5\n"
	                            "r6 += 1\n"
	                            "r0 = *(u16 *)(r2 +22)\n"
	                            "out: exit\n",
	                     NULL),
	    -EXO_EREFUSED);
	ck_assert_uint_eq(why.report.code, VF_PKT_OOB);
	ck_assert_uint_eq(why.report.insn, 12);
	ck_assert_uint_eq(why.length, 13);
	ck_assert_uint_eq(why.jumps, 2);
	ck_assert_uint_eq(why_last(&why)->r[5].s.r.umax, 15);
	ck_assert_str_eq(note(1), "r2: packet, no byte proven there");
	ck_assert_str_eq(
	    note(5), "not taken; r2: packet, 34 bytes proven from there");
	ck_assert_str_eq(note(6), "r5: 0 to 255");
	ck_assert_str_eq(note(8), "not taken; r5: 5 to 255");
	ck_assert_str_eq(note(9), "r5: 0 to 15");
	ck_assert_str_eq(
	    note(10), "r2: packet + (0 to 15), no byte proven there");
	/* what has nothing to do with it */
	ck_assert_ptr_null(note(0));
	ck_assert_ptr_null(note(7));
	ck_assert_ptr_null(note(11));
	ck_assert_ptr_nonnull(strstr(why.hint, "compare r2 + 24 with data_end, "
	                                       "which r3 holds"));
	ck_assert_str_eq(why.reason, "it takes 2 bytes at packet + 22 + (0 to "
	                             "15); proven to exist is no byte there");
}
END_TEST

START_TEST(through_a_spill_and_a_function)
{
	ck_assert_int_eq(ask(EXO_PROG_SOCKET,
	                     "r6 = r1\n"
	                     "r0 = *(u8 *)skb[3]\n"
	                     "*(u64 *)(r10 -8) = r0\n"
	                     "r0 = 1\n"
	                     "r1 = *(u64 *)(r10 -8)\n"
	                     "call f\n"
	                     "r2 = r10\n"
	                     "r2 += r0\n"
	                     "*(u8 *)(r2 -100) = 1\n"
	                     "exit\n"
	                     "f: r0 = r1\n"
	                     "r0 <<= 1\n"
	                     "exit\n",
	                     NULL),
	    -EXO_EREFUSED);
	ck_assert_uint_eq(why.report.code, VF_STACK_OOB);
	ck_assert_str_eq(note(1), "r0: 0 to 255");
	ck_assert_str_eq(note(2), "keeps it on the stack; r0: 0 to 255");
	ck_assert_ptr_null(note(3));
	ck_assert_str_eq(note(4), "r1: 0 to 255");
	ck_assert_str_eq(note(5), "hands it over");
	ck_assert_str_eq(note(11), "r0: 0 to 510, a multiple of 2");
	ck_assert_str_eq(note(12), "returns it; r0: 0 to 510, a multiple of 2");
	ck_assert_ptr_nonnull(strstr(why.hint, "and must be 0 to 99"));
	ck_assert_int_eq(why.search, WHY_SEARCH_FOUND);
	ck_assert_uint_ge(why.world.byte[3], 50);
}
END_TEST

START_TEST(a_helper_makes_it_void)
{
	ck_assert_int_eq(ask(EXO_PROG_XDP,
	                     "r6 = *(u32 *)(r1 +0)\n"
	                     "r2 = 0\n"
	                     "call xdp_adjust_head\n"
	                     "r0 = *(u8 *)(r6 +0)\n"
	                     "exit\n",
	                     NULL),
	    -EXO_EREFUSED);
	ck_assert_uint_eq(why.report.code, VF_NOT_POINTER);
	ck_assert_str_eq(note(0), "r6: packet, no byte proven there");
	ck_assert_str_eq(note(2), "r6: any number");
	ck_assert_int_eq(why.search, WHY_SEARCH_FOUND);
}
END_TEST

START_TEST(what_was_left_not_set)
{
	ck_assert_int_eq(ask(EXO_PROG_SOCKET,
	                     "r2 = 1\n"
	                     "call get_prandom_u32\n"
	                     "if r0 == 0 goto on\n"
	                     "r2 = 2\n"
	                     "on: r0 = r2\n"
	                     "exit\n",
	                     NULL),
	    -EXO_EREFUSED);
	ck_assert_uint_eq(why.report.code, VF_UNINIT_REG);
	ck_assert_str_eq(note(1), "leaves r1 to r5 not set");
	ck_assert_str_eq(note(2), "taken");
	ck_assert_ptr_null(note(0));
	ck_assert_int_eq(why.search, WHY_SEARCH_NONE);
}
END_TEST

START_TEST(a_place_that_is_visited_often_is_one_row)
{
	ck_assert_int_eq(ask(EXO_PROG_SOCKET,
	                     "r0 = 0\n"
	                     "r2 = r10\n"
	                     "loop: r2 -= 8\n"
	                     "*(u64 *)(r2 +0) = 1\n"
	                     "r0 += 1\n"
	                     "if r0 < 100 goto loop\n"
	                     "exit\n",
	                     NULL),
	    -EXO_EREFUSED);
	ck_assert_uint_eq(why.report.code, VF_STACK_OOB);
	ck_assert_uint_eq(why.nrows, 2);
	ck_assert_uint_eq(why.row[1].pc, 2);
	ck_assert_uint_eq(why.row[1].times, 65);
	ck_assert_str_eq(why.row[1].note, "r2: r10 - 520");
	ck_assert_int_eq(why.search, WHY_SEARCH_FOUND);
}
END_TEST

START_TEST(no_way_leads_to_bad_structure)
{
	ck_assert_int_eq(
	    ask(EXO_PROG_SOCKET, "r10 = 1\nexit\n", NULL), -EXO_EREFUSED);
	ck_assert_uint_eq(why.report.code, VF_FP_WRITE);
	ck_assert_uint_eq(why.length, 0);
	ck_assert_uint_eq(why.nrows, 0);
	ck_assert_ptr_null(why_last(&why));
	ck_assert_str_eq(why.hint, cmd_diag_find(VF_FP_WRITE)->hint);
}
END_TEST

/*
 * Packets
 */

static const char deep[] = HEADER "r5 = *(u16 *)(r2 +12)\n"
                                  "if r5 != 0x0008 goto out\n"
                                  "r5 = *(u8 *)(r2 +23)\n"
                                  "if r5 != 6 goto out\n"
                                  "r5 = *(u32 *)(r2 +26)\n"
                                  "r5 = be32 r5\n"
                                  "if r5 != 0x0a000001 goto out\n"
                                  "r0 = *(u16 *)(r2 +33)\n"
                                  "out: exit\n";

START_TEST(a_packet_for_a_missing_check)
{
	ck_assert_int_eq(ask(EXO_PROG_XDP, deep, NULL), -EXO_EREFUSED);
	ck_assert_uint_eq(why.report.code, VF_PKT_OOB);
	ck_assert_int_eq(why.search, WHY_SEARCH_FOUND);
	ck_assert_uint_eq(why.world.n, 34);
	ck_assert_uint_eq(why.world.byte[12], 8);
	ck_assert_uint_eq(why.world.byte[13], 0);
	ck_assert_uint_eq(why.world.byte[23], 6);
	ck_assert_uint_eq(why.world.byte[26], 10);
	ck_assert_uint_eq(why.world.byte[29], 1);
	ck_assert_uint_le(why.tries, WHY_TRIES);
}
END_TEST

START_TEST(its_twin_has_none)
{
	char text[sizeof(deep)];

	memcpy(text, deep, sizeof(deep));
	memcpy(strstr(text, "+33"), "+32", 3);
	ck_assert_int_eq(ask(EXO_PROG_XDP, text, NULL), 0);
	ck_assert_int_eq(why.search, WHY_SEARCH_NONE);
	ck_assert_uint_eq(why.nrows, 0);
}
END_TEST

START_TEST(no_packet_where_there_is_none)
{
	/* r5 * r5 is never 3 modulo 4, which the verifier does not know */
	ck_assert_int_eq(ask(EXO_PROG_XDP,
	                     HEADER "r5 = *(u8 *)(r2 +0)\n"
	                            "r5 *= r5\n"
	                            "r5 &= 3\n"
	                            "if r5 != 3 goto out\n"
	                            "r0 = *(u8 *)(r2 +40)\n"
	                            "out: exit\n",
	                     NULL),
	    -EXO_EREFUSED);
	ck_assert_uint_eq(why.report.code, VF_PKT_OOB);
	ck_assert_int_eq(why.search, WHY_SEARCH_FAILED);
	ck_assert(why.timed_out || why.tries == WHY_TRIES);
}
END_TEST

START_TEST(memory_of_a_mem_program)
{
	ck_assert_int_eq(ask(EXO_PROG_MEM,
	                     "r0 = 0\n"
	                     "if r2 < 8 goto out\n"
	                     "r3 = *(u8 *)(r1 +7)\n"
	                     "if r3 != 0x42 goto out\n"
	                     "r0 = *(u64 *)(r1 +1)\n"
	                     "out: exit\n",
	                     NULL),
	    -EXO_EREFUSED);
	ck_assert_uint_eq(why.report.code, VF_MEM_OOB);
	ck_assert_int_eq(why.search, WHY_SEARCH_FOUND);
	ck_assert_uint_eq(why.world.n, 8);
	ck_assert_uint_eq(why.world.byte[7], 0x42);
	ck_assert_str_eq(note(1), "not taken; the memory has 8 bytes or more");
	ck_assert_ptr_nonnull(strstr(why.hint, "which r2 holds, is 9 or more"));
}
END_TEST

#define LOOKUP                   \
	"*(u32 *)(r10 -4) = 7\n" \
	"r2 = r10\n"             \
	"r2 += -4\n"             \
	"r1 = map[id:0]\n"       \
	"call map_lookup_elem\n" \
	"if r0 == 0 goto out\n"  \
	"r1 = *(u32 *)(r0 +4)\n" \
	"if r1 > 60 goto out\n"  \
	"r0 += r1\n"             \
	"r0 = *(u32 *)(r0 +0)\n" \
	"exit\n"                 \
	"out: r0 = 0\n"          \
	"exit\n"

START_TEST(the_content_of_a_map)
{
	ck_assert_int_eq(
	    ask(EXO_PROG_SOCKET, LOOKUP, "hash 4 48 16"), -EXO_EREFUSED);
	ck_assert_uint_eq(why.report.code, VF_VALUE_OOB);
	ck_assert_int_eq(why.search, WHY_SEARCH_FOUND);
	ck_assert_uint_eq(why.world.nvalues, 1);
	ck_assert_uint_gt(why.world.value[0][4], 44);
	ck_assert_uint_le(why.world.value[0][4], 60);
	why_free(&why);
	ck_assert_int_eq(ask(EXO_PROG_SOCKET, LOOKUP, "hash 4 64 16"), 0);
}
END_TEST

/*
 * Stories
 */

START_TEST(every_code_has_its_story)
{
	const struct cmd_diag *row = cmd_diag_at((uint32_t)_i);
	struct cmd_told *t = calloc(1, sizeof(*t));
	const struct cmd_story *s;
	int ret;

	ck_assert_ptr_nonnull(t);
	ck_assert_ptr_nonnull(row);
	s = cmd_story_find(row->code);
	ck_assert_msg(s != NULL, "VF%u has no story", row->code);
	ret = cmd_story_tell(s, false, t);
	ck_assert_msg((ret == -EXO_EREFUSED || ret == -EXO_EBUDGET) &&
	                  t->why.report.code == row->code,
	    "VF%u: its program: %d, VF%u", row->code, ret, t->why.report.code);
	cmd_story_free(t);
	memset(t, 0, sizeof(*t));
	ret = cmd_story_tell(s, true, t);
	ck_assert_msg(ret == 0, "VF%u, repaired: %d, VF%u at %u", row->code,
	    ret, t->why.report.code, t->why.report.insn);
	cmd_story_free(t);
	free(t);
}
END_TEST

static int codes(void)
{
	uint32_t i = 0;

	while (cmd_diag_at(i) != NULL)
		i++;
	return (int)i;
}

START_TEST(what_the_terminal_shows)
{
	static uint32_t line[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
		14, 15 };
	const struct cmd_source src = { .line = line };
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(ask(EXO_PROG_XDP, deep, NULL), -EXO_EREFUSED);
	why_show(f, &why, &src, "> ");
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(strncmp(text, "VF404: ", 7), 0);
	ck_assert_ptr_nonnull(strstr(
	    text, "\n> at instruction 13, line 14: r0 = *(u16 *)(r2 +33)\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n> it takes bytes 33 to 34 of the "
	                                   "packet; proven to exist are bytes "
	                                   "0 to 33 only\n"));
	ck_assert_ptr_nonnull(
	    strstr(text, "\n> r2: packet, 34 bytes proven from there\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n>   5: if r4 > r3"));
	ck_assert_ptr_nonnull(strstr(text, "> with this packet of 34 bytes"));
	ck_assert_ptr_nonnull(
	    strstr(text, "\n> hint: compare r2 + 35 with data_end"));
	free(text);
}
END_TEST

/*
 * Memory
 */

/* Each run of it makes a world. */
static const char not_null[] = "*(u32 *)(r10 -4) = 7\n"
                               "r2 = r10\n"
                               "r2 += -4\n"
                               "r1 = map[id:0]\n"
                               "call map_lookup_elem\n"
                               "r0 = *(u8 *)(r0 +0)\n"
                               "exit\n";

static int judge_once(void *arg)
{
	static struct exo_map_def def;
	struct isa_asm_error err;
	uint32_t n = 0;
	int ret;

	(void)arg;
	(void)isa_asm(not_null, strlen(not_null), insns, 256, &n, &err);
	(void)cmd_map_arg("hash 4 48 1", &def);
	in = (struct vf_input){ .insns = insns,
		.ninsns = n,
		.type = EXO_PROG_SOCKET,
		.maps = &def,
		.nmaps = 1 };
	ret = why_ask(&why, &in, &limits);
	why_free(&why);
	return ret == -EXO_EREFUSED ? 0 : -1;
}

START_TEST(each_allocation_fails)
{
	ck_assert_uint_gt(test_oom_loop(judge_once, NULL), 20);
}
END_TEST

static int tell_once(void *arg)
{
	struct cmd_told *t = calloc(1, sizeof(*t));
	int ret;

	(void)arg;
	if (t == NULL)
		return -1;
	ret = cmd_story_tell(cmd_story_find(VF_PKT_OOB), false, t);
	cmd_story_free(t);
	free(t);
	return ret == -EXO_EREFUSED ? 0 : -1;
}

START_TEST(each_allocation_of_a_story_fails)
{
	ck_assert_uint_gt(test_oom_loop(tell_once, NULL), 10);
}
END_TEST

Suite *t_cmd_why_suite(void)
{
	Suite *s = suite_create("t_cmd_why");
	TCase *tc = tcase_create("why");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_loop_test(
	    tc, scalars_in_words, 0, sizeof(scalars) / sizeof(scalars[0]));
	tcase_add_loop_test(tc, registers_in_words, 0,
	    sizeof(registers) / sizeof(registers[0]));
	tcase_add_test(tc, a_map_of_the_command_line);
	tcase_add_test(tc, lines_of_a_text);
	tcase_add_test(tc, lines_of_files);
	tcase_add_test(tc, the_way_of_a_packet_pointer);
	tcase_add_test(tc, through_a_spill_and_a_function);
	tcase_add_test(tc, a_helper_makes_it_void);
	tcase_add_test(tc, what_was_left_not_set);
	tcase_add_test(tc, a_place_that_is_visited_often_is_one_row);
	tcase_add_test(tc, no_way_leads_to_bad_structure);
	tcase_add_test(tc, a_packet_for_a_missing_check);
	tcase_add_test(tc, its_twin_has_none);
	tcase_add_test(tc, no_packet_where_there_is_none);
	tcase_add_test(tc, memory_of_a_mem_program);
	tcase_add_test(tc, the_content_of_a_map);
	tcase_add_loop_test(tc, every_code_has_its_story, 0, codes());
	tcase_add_test(tc, what_the_terminal_shows);
	suite_add_tcase(s, tc);
	tc = tcase_create("oom");
	tcase_add_test(tc, each_allocation_fails);
	tcase_add_test(tc, each_allocation_of_a_story_fails);
	suite_add_tcase(s, tc);
	return s;
}
