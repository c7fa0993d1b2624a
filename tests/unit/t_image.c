/* SPDX-License-Identifier: BSD-2-Clause */
/* The image parser: every field that can be wrong, wrong in turn. */
#include <check.h>
#include <string.h>

#include "exo/abi/ctx.h"
#include "exo/abi/err.h"
#include "exo/core/image.h"

#define HDR sizeof(struct exo_image_hdr)
#define ROW sizeof(struct exo_image_section)

/* header, two rows, two instructions, a name of five characters */
static struct {
	_Alignas(8) struct exo_image_hdr hdr;
	struct exo_image_section row[2];
	struct exo_insn insns[2];
	char name[8];
} img;
#define SIZE ((uint32_t)(sizeof(img) - 3))

static void setup(void)
{
	memset(&img, 0, sizeof(img));
	img.hdr = (struct exo_image_hdr){
		.magic = EXO_IMAGE_MAGIC,
		.version = EXO_IMAGE_VERSION,
		.type = EXO_PROG_SOCKET,
		.size = SIZE,
		.nsections = 2,
	};
	img.row[0] = (struct exo_image_section){
		.kind = EXO_SEC_INSNS, .off = HDR + 2 * ROW, .size = 16
	};
	img.row[1] = (struct exo_image_section){
		.kind = EXO_SEC_NAME, .off = HDR + 2 * ROW + 16, .size = 5
	};
	memcpy(img.name, "hello", 5);
}

static int parse(uint32_t size, struct exo_image *out, uint32_t *bad)
{
	*bad = 12345;
	return exo_image_parse((const uint8_t *)&img, size, out, bad);
}

START_TEST(a_good_image)
{
	struct exo_image out;
	uint32_t bad;

	ck_assert_int_eq(parse(SIZE, &out, &bad), 0);
	ck_assert_uint_eq(out.type, EXO_PROG_SOCKET);
	ck_assert_uint_eq(out.ninsns, 2);
	ck_assert_ptr_eq(out.insns, img.insns);
	ck_assert_uint_eq(out.name_len, 5);
	ck_assert_mem_eq(out.name, "hello", 5);
	ck_assert_ptr_null(out.source);
	img.row[1].kind = EXO_SEC_SOURCE;
	ck_assert_int_eq(parse(SIZE, &out, &bad), 0);
	ck_assert_ptr_null(out.name);
	ck_assert_uint_eq(out.source_len, 5);
}
END_TEST

/* An image whose two maps begin with something. */
static struct {
	_Alignas(8) struct exo_image_hdr hdr;
	struct exo_image_section row[3];
	struct exo_insn insns[1];
	struct exo_map_def maps[2];
	struct exo_image_init a;
	uint8_t abytes[16];
	struct exo_image_init b;
	uint8_t bbytes[8];
} two;
#define TWO_AT  ((uint32_t)offsetof(__typeof__(two), a))
#define TWO_LEN 40u

static int parse_two(struct exo_image_init a, struct exo_image_init b,
    uint32_t len, struct exo_image *out, uint32_t *bad)
{
	two.hdr = img.hdr;
	two.hdr.nsections = 3;
	two.hdr.size = TWO_AT + len;
	two.row[0] =
	    (struct exo_image_section){ EXO_SEC_INSNS, HDR + 3 * ROW, 8, 0 };
	two.row[1] = (struct exo_image_section){ EXO_SEC_MAPS,
		HDR + 3 * ROW + 8, 40, 0 };
	two.row[2] = (struct exo_image_section){ EXO_SEC_INIT, TWO_AT, len, 0 };
	two.a = a;
	two.b = b;
	return exo_image_parse((const uint8_t *)&two, two.hdr.size, out, bad);
}

/* Of maps that are there, ascending, whole. */
static const struct {
	struct exo_image_init a, b;
	uint32_t len, bad; /* bad: from the section's start; len: good */
} begin_rows[] = {
	{ { 0, 16 }, { 1, 8 }, TWO_LEN, TWO_LEN },
	{ { 0, 9 }, { 1, 1 }, TWO_LEN, TWO_LEN },
	{ { 0, 16 }, { 0, 8 }, TWO_LEN, 24 },
	{ { 1, 16 }, { 0, 8 }, TWO_LEN, 24 },
	{ { 2, 16 }, { 1, 8 }, TWO_LEN, 0 },
	{ { 0, 0 }, { 1, 8 }, TWO_LEN, 0 },
	{ { 0, 16 }, { 1, 9 }, TWO_LEN, 24 },
	{ { 0, 33 }, { 1, 8 }, TWO_LEN, 0 },
	{ { 0, UINT32_MAX }, { 1, 8 }, TWO_LEN, 0 },
	{ { 0, UINT32_MAX - 6 }, { 1, 8 }, TWO_LEN, 0 },
	{ { 0, 16 }, { 1, 8 }, TWO_LEN - 1, 24 },
	{ { 0, 16 }, { 1, 8 }, 28, 24 },
};

START_TEST(beginnings_of_maps)
{
	const uint32_t len = begin_rows[_i].len, want = begin_rows[_i].bad;
	struct exo_image out;
	uint32_t bad;
	int err;

	err = parse_two(begin_rows[_i].a, begin_rows[_i].b, len, &out, &bad);
	ck_assert_int_eq(err, want == len ? 0 : -EXO_EIMAGE);
	if (err != 0)
		ck_assert_uint_eq(bad, TWO_AT + want);
}
END_TEST

START_TEST(one_beginning_after_the_other)
{
	struct exo_image out;
	uint32_t pos = 0, map, size;

	ck_assert_int_eq(
	    parse_two(begin_rows[0].a, begin_rows[0].b, TWO_LEN, &out, &map),
	    0);
	ck_assert_ptr_eq(
	    exo_image_init_next(&out, &pos, &map, &size), two.abytes);
	ck_assert(map == 0 && size == 16);
	ck_assert_ptr_eq(
	    exo_image_init_next(&out, &pos, &map, &size), two.bbytes);
	ck_assert(map == 1 && size == 8);
	ck_assert_ptr_null(exo_image_init_next(&out, &pos, &map, &size));
}
END_TEST

/* An image of three instructions, two lines and eight bytes of texts. */
static struct {
	_Alignas(8) struct exo_image_hdr hdr;
	struct exo_image_section row[3];
	struct exo_insn insns[3];
	struct exo_image_line lines[2];
	char texts[8];
} told;
#define LINES_AT ((uint32_t)offsetof(__typeof__(told), lines))
#define TEXTS_AT ((uint32_t)offsetof(__typeof__(told), texts))

/* Of instructions that are there, ascending; texts that are; bad: from the
 * image's start, 0: it is good. */
static const struct {
	struct exo_image_line a, b;
	uint32_t nlines, ntexts, last, bad;
} line_rows[] = {
	{ { 0, 0, 4, 1 }, { 2, 4, 7, 1 }, 32, 8, 0, 0 },
	{ { 1, 0, 0, 0 }, { 2, 0, 0, UINT32_MAX }, 32, 8, 0, 0 },
	{ { 0, 0, 4, 1 }, { 0, 4, 7, 1 }, 32, 8, 0, LINES_AT + 16 },
	{ { 1, 0, 4, 1 }, { 0, 4, 7, 1 }, 32, 8, 0, LINES_AT + 16 },
	{ { 0, 0, 4, 1 }, { 3, 4, 7, 1 }, 32, 8, 0, LINES_AT + 16 },
	{ { UINT32_MAX, 0, 4, 1 }, { 0, 4, 7, 1 }, 32, 8, 0, LINES_AT },
	{ { 0, 8, 4, 1 }, { 2, 4, 7, 1 }, 32, 8, 0, LINES_AT },
	{ { 0, 0, 4, 1 }, { 2, 4, 8, 1 }, 32, 8, 0, LINES_AT + 16 },
	{ { 0, 0, UINT32_MAX, 1 }, { 2, 4, 7, 1 }, 32, 8, 0, LINES_AT },
	{ { 0, 0, 4, 1 }, { 2, 4, 7, 1 }, 31, 8, 0, LINES_AT },
	{ { 0, 0, 4, 1 }, { 2, 4, 7, 1 }, 0, 8, 0, LINES_AT },
	{ { 0, 0, 4, 1 }, { 2, 4, 7, 1 }, 32, 0, 0, TEXTS_AT },
	{ { 0, 0, 4, 1 }, { 2, 4, 7, 1 }, 32, 8, 'x', TEXTS_AT },
};

START_TEST(lines_of_an_image)
{
	const uint32_t want = line_rows[_i].bad;
	struct exo_image out;
	uint32_t bad = 0;
	int err;

	told.hdr = img.hdr;
	told.hdr.nsections = 3;
	told.hdr.size = TEXTS_AT + line_rows[_i].ntexts;
	told.row[0] =
	    (struct exo_image_section){ EXO_SEC_INSNS, HDR + 3 * ROW, 24, 0 };
	told.row[1] = (struct exo_image_section){ EXO_SEC_LINES, LINES_AT,
		line_rows[_i].nlines, 0 };
	told.row[2] = (struct exo_image_section){ EXO_SEC_TEXTS, TEXTS_AT,
		line_rows[_i].ntexts, 0 };
	told.lines[0] = line_rows[_i].a;
	told.lines[1] = line_rows[_i].b;
	memcpy(told.texts, "a.c\0r0;", 8);
	told.texts[7] = (char)line_rows[_i].last;
	err =
	    exo_image_parse((const uint8_t *)&told, told.hdr.size, &out, &bad);
	ck_assert_int_eq(err, want == 0 ? 0 : -EXO_EIMAGE);
	ck_assert_uint_eq(bad, want);
	if (err != 0)
		return;
	ck_assert_ptr_eq(out.lines, told.lines);
	ck_assert_uint_eq(out.nlines, 2);
	ck_assert_ptr_eq(out.texts, told.texts);
	/* without texts there is nothing that they could say */
	told.hdr.nsections = 2;
	told.hdr.size = TEXTS_AT;
	err = exo_image_parse((const uint8_t *)&told, TEXTS_AT, &out, &bad);
	ck_assert_int_eq(err, -EXO_EIMAGE);
	ck_assert_uint_eq(bad, LINES_AT);
}
END_TEST

/* An image of two maps, six fields and four bytes of texts. */
static struct {
	_Alignas(8) struct exo_image_hdr hdr;
	struct exo_image_section row[4];
	struct exo_insn insns[1];
	struct exo_map_def maps[2];
	struct exo_image_field fields[6];
	char texts[4];
} held;
#define FIELDS_AT ((uint32_t)offsetof(__typeof__(held), fields))

#define F(name, map, of, kind, depth)                          \
	{                                                      \
		(name), 0, 8, 0, (map), (of), (kind), (depth), \
		{                                              \
			0, 0, 0                                \
		}                                              \
	}
static const struct exo_image_field good_fields[6] = {
	F(0, 0, 0, 0, 0),
	F(1, 0, 1, EXO_FIELD_SIGNED, 1),
	F(1, 0, 2, EXO_FIELD_STRUCT, 1),
	F(1, 0, 2, EXO_FIELD_STRUCT, 2),
	F(1, 0, 2, EXO_FIELD_BYTES, 3),
	F(0, 1, 0, 0, 0),
};

/* One field that is another, and which one is to blame. */
static const struct {
	uint32_t at;
	struct exo_image_field is;
	uint32_t blamed; /* 6: none */
} field_rows[] = {
	{ 0, F(0, 0, 0, 0, 0), 6 },
	{ 0, F(4, 0, 0, 0, 0), 0 },                /* no such text */
	{ 0, F(0, 2, 0, 0, 0), 0 },                /* no such map */
	{ 0, F(0, 0, 0, 1, 0), 0 },                /* a map has no kind */
	{ 0, F(0, 0, 1, 0, 0), 0 },                /* nor is it a key */
	{ 0, F(0, 0, 1, EXO_FIELD_CHAR, 1), 0 },   /* the map comes first */
	{ 0, F(0, 1, 0, 0, 0), 1 },                /* of another map */
	{ 1, F(1, 0, 1, 0, 1), 1 },                /* no kind */
	{ 1, F(1, 0, 1, 7, 1), 1 },                /* nor that */
	{ 1, F(1, 0, 3, EXO_FIELD_CHAR, 1), 1 },   /* of what? */
	{ 1, F(1, 0, 2, EXO_FIELD_CHAR, 1), 2 },   /* two roots */
	{ 1, F(1, 0, 1, EXO_FIELD_CHAR, 2), 1 },   /* no root */
	{ 2, F(1, 0, 2, EXO_FIELD_CHAR, 1), 3 },   /* which has no parts */
	{ 3, F(1, 0, 2, EXO_FIELD_STRUCT, 3), 3 }, /* too deep */
	{ 3, F(1, 0, 1, EXO_FIELD_STRUCT, 2), 3 }, /* the key again */
	{ 4, F(1, 0, 2, EXO_FIELD_BYTES, 2), 6 },  /* a second part */
	{ 4, F(1, 0, 2, EXO_FIELD_BYTES, 1), 4 },  /* a second root */
	{ 4, F(1, 0, 2, EXO_FIELD_BYTES, 9), 4 },  /* beyond all depth */
	{ 5, F(0, 0, 0, 0, 0), 5 },                /* the same map again */
	{ 5, F(0, 1, 1, EXO_FIELD_BYTES, 1), 5 },  /* without its own */
};

static int parse_held(uint32_t size, struct exo_image *out, uint32_t *bad)
{
	held.hdr = img.hdr;
	held.hdr.nsections = 4;
	held.hdr.size = sizeof(held);
	held.row[0] =
	    (struct exo_image_section){ EXO_SEC_INSNS, HDR + 4 * ROW, 8, 0 };
	held.row[1] = (struct exo_image_section){ EXO_SEC_MAPS,
		HDR + 4 * ROW + 8, 40, 0 };
	held.row[2] =
	    (struct exo_image_section){ EXO_SEC_FIELDS, FIELDS_AT, size, 0 };
	held.row[3] = (struct exo_image_section){ EXO_SEC_TEXTS,
		FIELDS_AT + sizeof(held.fields), 4, 0 };
	memcpy(held.texts, "abc", 4);
	return exo_image_parse((const uint8_t *)&held, sizeof(held), out, bad);
}

START_TEST(fields_of_an_image)
{
	const uint32_t blamed = field_rows[_i].blamed;
	struct exo_image out;
	uint32_t bad;
	int err;

	memcpy(held.fields, good_fields, sizeof(held.fields));
	held.fields[field_rows[_i].at] = field_rows[_i].is;
	err = parse_held(sizeof(held.fields), &out, &bad);
	ck_assert_int_eq(err, blamed == 6 ? 0 : -EXO_EIMAGE);
	if (err == 0) {
		ck_assert_uint_eq(out.nfields, 6);
		ck_assert_ptr_eq(out.fields, held.fields);
		held.fields[4].zero[2] = 1;
		err = parse_held(sizeof(held.fields), &out, &bad);
		ck_assert_int_eq(err, -EXO_EIMAGE);
		ck_assert_uint_eq(bad, FIELDS_AT + 4 * 24);
		return;
	}
	ck_assert_uint_eq(bad, FIELDS_AT + blamed * 24);
	ck_assert_int_eq(parse_held(25, &out, &bad), -EXO_EIMAGE);
	ck_assert_int_eq(parse_held(0, &out, &bad), -EXO_EIMAGE);
}
END_TEST

/* The maps that it names: a whole number of definitions, not too many. */
START_TEST(maps_of_an_image)
{
	static struct {
		_Alignas(8) struct exo_image_hdr hdr;
		struct exo_image_section row[2];
		struct exo_insn insns[1];
		struct exo_map_def maps[EXO_MAPS_MAX + 1];
	} m;
	static const struct {
		uint32_t size;
		int err;
	} sizes[] = { { 20, 0 }, { 40, 0 }, { 64 * 20, 0 },
		{ 65 * 20, -EXO_EIMAGE }, { 0, -EXO_EIMAGE },
		{ 19, -EXO_EIMAGE }, { 21, -EXO_EIMAGE } };
	struct exo_image out;
	uint32_t bad;

	m.hdr = img.hdr;
	m.row[0] =
	    (struct exo_image_section){ EXO_SEC_INSNS, HDR + 2 * ROW, 8, 0 };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t n = sizes[i].size;

		m.row[1] = (struct exo_image_section){ EXO_SEC_MAPS,
			HDR + 2 * ROW + 8, n, 0 };
		m.hdr.size = HDR + 2 * ROW + 8 + n;
		ck_assert_int_eq(exo_image_parse((const uint8_t *)&m,
		                     m.hdr.size, &out, &bad),
		    sizes[i].err);
		if (sizes[i].err == 0) {
			ck_assert_ptr_eq(out.maps, m.maps);
			ck_assert_uint_eq(out.nmaps, n / 20);
		} else {
			ck_assert_uint_eq(bad, HDR + 2 * ROW + 8);
		}
	}
}
END_TEST

/* one wrong field each: where it is, how wide, what it becomes, and the
 * offset that is blamed */
static const struct {
	const char *what;
	uint32_t off, width;
	uint32_t value, blamed;
} wrong[] = {
	{ "magic", 0, 4, 0x46504f59, 0 },
	{ "version 0", 4, 2, 0, 4 },
	{ "version 2", 4, 2, 2, 4 },
	{ "type 0", 6, 2, 0, 6 },
	{ "type beyond the last", 6, 2, EXO_PROG_TYPE_MAX + 1, 6 },
	{ "size too small", 8, 4, SIZE - 1, 8 },
	{ "size too large", 8, 4, SIZE + 1, 8 },
	{ "no section", 12, 2, 0, HDR },
	{ "more rows than bytes", 12, 2, 0xffff, 12 },
	{ "flags", 14, 2, 1, 14 },
	{ "kind 0", HDR, 4, 0, HDR },
	{ "kind unknown", HDR, 4, EXO_SEC_KIND_MAX + 1, HDR },
	{ "kind huge", HDR, 4, UINT32_MAX, HDR },
	{ "kind twice", HDR + ROW, 4, EXO_SEC_INSNS, HDR + ROW },
	{ "reserved", HDR + 12, 4, 1, HDR },
	{ "offset unaligned", HDR + 4, 4, HDR + 2 * ROW + 4, HDR + 4 },
	{ "offset in the table", HDR + 4, 4, HDR, HDR + 4 },
	{ "offset outside", HDR + 4, 4, 1u << 20, HDR + 4 },
	{ "offset wraps", HDR + 4, 4, UINT32_MAX - 7, HDR + 4 },
	{ "length outside", HDR + 8, 4, 32, HDR + 4 },
	{ "length wraps", HDR + 8, 4, UINT32_MAX, HDR + 4 },
	{ "length 0", HDR + 8, 4, 0, HDR + 2 * ROW },
	{ "half an instruction", HDR + 8, 4, 12, HDR + 2 * ROW },
	{ "sections overlap", HDR + ROW + 4, 4, HDR + 2 * ROW + 8,
	    HDR + ROW + 4 },
	{ "name empty", HDR + ROW + 8, 4, 0, HDR + 2 * ROW + 16 },
	{ "name not printable", HDR + 2 * ROW + 16, 1, 0x1f,
	    HDR + 2 * ROW + 16 },
	{ "name with DEL", HDR + 2 * ROW + 17, 1, 0x7f, HDR + 2 * ROW + 16 },
};

START_TEST(one_wrong_field)
{
	struct exo_image out = { .ninsns = 99 };
	uint32_t bad;
	int err;

	memcpy(
	    (uint8_t *)&img + wrong[_i].off, &wrong[_i].value, wrong[_i].width);
	err = parse(SIZE, &out, &bad);
	ck_assert_msg(err == -EXO_EIMAGE, "%s: %d", wrong[_i].what, err);
	ck_assert_msg(bad == wrong[_i].blamed, "%s: offset %u blamed",
	    wrong[_i].what, bad);
	ck_assert_uint_eq(out.ninsns, 99); /* untouched */
}
END_TEST

/* Programs for tail calls: 6 instructions, and rows that say where they begin. */
static const struct {
	const char *what;
	uint32_t n, wrong; /* rows; the first that is wrong, n: none */
	struct exo_image_tail row[3];
} tail_rows[] = {
	{ "one", 1, 1, { { 2, 0, 0, 0 } } },
	{ "two programs", 2, 2, { { 2, 0, 0, 0 }, { 5, 0, 3, 0 } } },
	{ "one in two slots", 3, 3,
	    { { 2, 0, 0, 0 }, { 2, 0, 3, 0 }, { 3, 0, 3, 0 } } },
	{ "the first program", 1, 0, { { 0, 0, 0, 0 } } },
	{ "behind the end", 2, 1, { { 2, 0, 0, 0 }, { 6, 0, 0, 0 } } },
	{ "descending", 2, 1, { { 3, 0, 0, 0 }, { 2, 0, 1, 0 } } },
	{ "no such map", 1, 0, { { 2, 2, 0, 0 } } },
	{ "another kind of map", 1, 0, { { 2, 1, 0, 0 } } },
	{ "no such slot", 2, 1, { { 2, 0, 3, 0 }, { 2, 0, 4, 0 } } },
	{ "reserved", 1, 0, { { 2, 0, 0, 1 } } },
};
#define NTAIL_ROWS ((int)(sizeof(tail_rows) / sizeof(tail_rows[0])))

START_TEST(tails_are_where_programs_go)
{
	static struct family {
		struct exo_image_hdr hdr;
		struct exo_image_section row[3];
		struct exo_insn insns[6];
		struct exo_map_def maps[2];
		struct exo_image_tail tails[3];
	} m = {
		.hdr = { EXO_IMAGE_MAGIC, EXO_IMAGE_VERSION, EXO_PROG_XDP,
		    sizeof(m), 3, 0 },
		.row = { { EXO_SEC_INSNS, offsetof(struct family, insns), 48,
		             0 },
		    { EXO_SEC_MAPS, offsetof(struct family, maps), 40, 0 },
		    { EXO_SEC_TAILS, offsetof(struct family, tails), 0, 0 } },
		.maps = { { EXO_MAP_PROG_ARRAY, 4, 4, 4, 0 },
		    { EXO_MAP_ARRAY, 4, 4, 4, 0 } },
	};
	uint32_t n = tail_rows[_i].n, wrong_row = tail_rows[_i].wrong, bad;
	struct exo_image out;
	int err;

	memcpy(m.tails, tail_rows[_i].row, sizeof(m.tails));
	m.row[2].size = n * (uint32_t)sizeof(m.tails[0]);
	m.hdr.size = m.row[2].off + m.row[2].size;
	err = exo_image_parse((const uint8_t *)&m, m.hdr.size, &out, &bad);
	ck_assert_msg(err == (wrong_row == n ? 0 : -EXO_EIMAGE), "%s: %d",
	    tail_rows[_i].what, err);
	if (err != 0) {
		ck_assert_uint_eq(bad, m.row[2].off + 16 * wrong_row);
		return;
	}
	ck_assert_uint_eq(out.ninsns, 2);
	ck_assert_uint_eq(out.total, 6);
	ck_assert_uint_eq(out.ntails, n);
	ck_assert_uint_eq(
	    exo_image_tail_size(&out, 0), n == 1 ? 4 : m.tails[n - 1].insn - 2);
	ck_assert_uint_eq(
	    exo_image_tail_size(&out, n - 1), 6 - m.tails[n - 1].insn);
}
END_TEST

START_TEST(every_shorter_image_is_refused)
{
	struct exo_image out;
	uint32_t bad;

	for (uint32_t n = 0; n < SIZE; n++) {
		ck_assert_int_eq(parse(n, &out, &bad), -EXO_EIMAGE);
		if (n >= HDR)
			img.hdr.size = n; /* even when the header agrees */
		ck_assert_int_eq(parse(n, &out, &bad), -EXO_EIMAGE);
		img.hdr.size = SIZE;
	}
}
END_TEST

Suite *t_image_suite(void)
{
	Suite *s = suite_create("image");
	TCase *t = tcase_create("image");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_good_image);
	tcase_add_loop_test(t, lines_of_an_image, 0,
	    (int)(sizeof(line_rows) / sizeof(line_rows[0])));
	tcase_add_loop_test(t, fields_of_an_image, 0,
	    (int)(sizeof(field_rows) / sizeof(field_rows[0])));
	tcase_add_test(t, maps_of_an_image);
	tcase_add_loop_test(t, beginnings_of_maps, 0,
	    (int)(sizeof(begin_rows) / sizeof(begin_rows[0])));
	tcase_add_test(t, one_beginning_after_the_other);
	tcase_add_loop_test(
	    t, one_wrong_field, 0, sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_loop_test(t, tails_are_where_programs_go, 0, NTAIL_ROWS);
	tcase_add_test(t, every_shorter_image_is_refused);
	suite_add_tcase(s, t);
	return s;
}
