/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Load a filter image, run packets, and read what it counted: in the map `counts`,
 * or in its first one.
 *
 * build: cc maps.c $(pkg-config --cflags --libs exopf)
 * usage: maps IMAGE, which `exopf compile -o IMAGE ...` wrote
 */
#include <exopf/exopf.h>

#include <inttypes.h>
#include <stdio.h>

/* Ethernet and IPv4 headers: byte 23 is the protocol. */
static unsigned char frame[60] = { [12] = 0x08, [14] = 0x45 };

/* Read a whole file of at most n bytes; 0: it cannot be. */
static size_t read_file(const char *path, void *to, size_t n)
{
	FILE *f = fopen(path, "rb");
	size_t got = f != NULL ? fread(to, 1, n, f) : 0;

	if (f != NULL)
		fclose(f);
	return got;
}

static exopf_program *load(const char *path)
{
	static unsigned char image[1 << 20];
	struct exopf_options options = { .size = sizeof(options) };
	struct exopf_report report;
	exopf_program *program;
	int ret;

	options.max_steps = 100000; /* a run is short */
	options.memory = 64u << 20; /* and so are maps */
	ret = exopf_load_image_with(image,
	    read_file(path, image, sizeof(image)), &options, &report, &program);
	if (ret != 0)
		fprintf(stderr, "%s: %s\n%s\n", path, exopf_strerror(ret),
		    report.text);
	return program;
}

/* Print elements that are not 0, of keys of 4 bytes and values of 8. */
static int show(const exopf_program *program, uint32_t map)
{
	struct exopf_map_info info;
	uint32_t key, *from = NULL;
	uint64_t value;

	if (exopf_map_info(program, map, &info) != 0 ||
	    info.def.key_size != sizeof(key) ||
	    info.def.value_size != sizeof(value))
		return 1;
	while (exopf_map_next_key(program, map, from, &key) == 0) {
		from = &key;
		if (exopf_map_lookup(program, map, &key, &value) == 0 &&
		    value != 0)
			printf("%" PRIu32 ": %" PRIu64 "\n", key, value);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const unsigned char protocols[] = { 6, 17, 6, 1, 6 };
	const struct exopf_packet packet = { frame, sizeof(frame), 0, 0,
		0x0800 };
	exopf_program *program = argc == 2 ? load(argv[1]) : NULL;
	uint32_t map = 0;
	uint64_t r0;
	size_t i;
	int ret = program != NULL ? 0 : 1;

	for (i = 0; ret == 0 && i < sizeof(protocols); i++) {
		frame[23] = protocols[i];
		ret = exopf_run_packet(program, &packet, &r0);
	}
	if (ret == 0) {
		(void)exopf_map_find(program, "counts", &map);
		ret = show(program, map);
	}
	exopf_free(program);
	return ret == 0 ? 0 : 1;
}
