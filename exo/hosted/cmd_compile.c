/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `exopf compile`: write a program as a filter image.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/map_arg.h"
#include "exo/hosted/program.h"

#include "exo/core/world.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: exopf compile -o FILE [options] EXPR\n"
    "       exopf compile -o FILE [options] FILE.o[:FUNCTION]\n"
    "       exopf compile -o FILE [options] --raw HEX|-\n"
    "       exopf compile -o FILE [options] --asm FILE|-\n"
    "\n"
    "Write a program as a filter image: its instructions, maps, what they\n"
    "begin with, and the text or lines of C that it was made from. The other\n"
    "commands take the file where they take FILE.o. An image is not verified:\n"
    "whoever takes it does that.\n"
    "\n"
    "  EXPR              a tcpdump expression; several words are joined\n"
    "  FILE.o            a program of an object that was compiled for BPF, or\n"
    "                    an image\n"
    "  --raw HEX         instructions as hexadecimal, '-': standard input\n"
    "  --asm FILE        assembler text\n"
    "  -o, --output FILE the image; '-': standard output\n"
    "  --name NAME       its name, 64 printable characters at most\n"
    "  --type TYPE       what --raw or --asm is for: socket (the default),\n"
    "                    xdp, tc, mem\n"
    "  --map DEF         a map of --raw or --asm, as for 'exopf verify'\n"
    "  --linktype NAME   link type for EXPR, by name or number (EN10MB)\n"
    "  -O, --no-optimize leave out libpcap's optimiser\n"
    "  --strip           leave out the source: text, and lines of C\n"
    "  -h, --help        this text\n"
    "\n"
    "examples:\n"
    "  exopf compile -o web.xi 'tcp port 80'\n"
    "  exopf replay -r pcaps/web4.pcap web=web.xi\n";

struct job {
	struct cmd_program_args args;
	struct cmd_program_more more;
	struct exo_map_def maps[EXO_WORLD_MAPS];
	const char *output;
};

enum {
	OPT_RAW = 256,
	OPT_ASM,
	OPT_NAME,
	OPT_TYPE,
	OPT_MAP,
	OPT_LINKTYPE,
	OPT_STRIP,
};

static const struct option options[] = {
	{ "raw", required_argument, NULL, OPT_RAW },
	{ "asm", required_argument, NULL, OPT_ASM },
	{ "output", required_argument, NULL, 'o' },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "type", required_argument, NULL, OPT_TYPE },
	{ "map", required_argument, NULL, OPT_MAP },
	{ "linktype", required_argument, NULL, OPT_LINKTYPE },
	{ "no-optimize", no_argument, NULL, 'O' },
	{ "strip", no_argument, NULL, OPT_STRIP },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int take(const struct cmd *self, struct job *job, int c, char **argv)
{
	switch (c) {
	case OPT_RAW:
		job->args.raw = optarg;
		return 0;
	case OPT_ASM:
		job->args.assembly = optarg;
		return 0;
	case 'o':
		job->output = optarg;
		return 0;
	case OPT_NAME:
		job->more.name = optarg;
		return 0;
	case OPT_TYPE:
		return cmd_program_type(self, &job->args, optarg);
	case OPT_MAP:
		return cmd_map_take(self, optarg, job->maps, &job->more.nmaps);
	case OPT_LINKTYPE:
		return cmd_program_linktype(self, &job->args, optarg);
	case 'O':
		job->args.no_optimize = true;
		return 0;
	case OPT_STRIP:
		job->more.bare = true;
		return 0;
	default:
		return cmd_bad_option(self, c, argv);
	}
}

/* Write all of an image. Returns 0 or -1 with errno. */
static int put(int fd, const struct flt_image *img)
{
	uint32_t at = 0;

	while (at < img->size) {
		ssize_t n = write(fd, img->bytes + at, img->size - at);

		if (n < 0 && errno != EINTR)
			return -1;
		at += n < 0 ? 0 : (uint32_t)n;
	}
	return 0;
}

/* Write a file anew. What fails half-way is cut to nothing: it is no image. */
static int write_file(const char *path, const struct flt_image *img)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int why = fd < 0 || put(fd, img) != 0 ? errno : 0;

	if (fd >= 0 && why != 0)
		(void)!ftruncate(fd, 0);
	if (fd >= 0 && close(fd) != 0 && why == 0)
		why = errno;
	if (why == 0)
		return 0;
	cmd_say("%s: cannot be written: %s", path, strerror(why));
	return CMD_FAULT;
}

static int write_out(
    const struct cmd *self, const char *path, const struct flt_image *img)
{
	if (strcmp(path, "-") != 0)
		return write_file(path, img);
	if (isatty(STDOUT_FILENO))
		return cmd_usage(self, "an image is nothing for a terminal: "
		                       "say -o FILE");
	fwrite(img->bytes, 1, img->size, stdout);
	return 0;
}

static int compile(const struct cmd *self, struct job *job)
{
	struct flt_image img = { NULL, 0 };
	struct cmd_program p;
	int ret;

	if (job->output == NULL)
		return cmd_usage(self, "where to? say -o FILE");
	ret = cmd_program_load(self, &job->args, &p);
	if (ret != 0)
		return ret;
	job->more.maps = job->maps;
	if (p.object && job->more.nmaps > 0)
		ret = cmd_usage(self, "--map: a file's program has its own");
	if (ret == 0)
		ret = cmd_program_some(&job->args, &p);
	if (ret == 0)
		ret = cmd_program_image(&p, &job->args, &job->more, &img);
	if (ret == 0)
		ret = write_out(self, job->output, &img);
	flt_image_free(&img);
	cmd_program_free(&p);
	return ret;
}

static int run(const struct cmd *self, int argc, char **argv)
{
	struct job job = { .args.linktype = CMD_LINKTYPE_DEFAULT };
	char *expr;
	int c, ret;

	while ((c = getopt_long(argc, argv, ":o:Oh", options, NULL)) != -1) {
		if (c == 'h')
			return cmd_help(self);
		ret = take(self, &job, c, argv);
		if (ret != 0)
			return ret;
	}
	expr = cmd_program_join(argc, argv, optind);
	if (expr == NULL) {
		cmd_say("out of memory");
		return CMD_FAULT;
	}
	job.args.expr = optind < argc ? expr : NULL;
	ret = compile(self, &job);
	free(expr);
	return cmd_finish(ret);
}

const struct cmd cmd_compile = {
	.name = "compile",
	.summary = "write a program as a filter image",
	.help = help,
	.run = run,
};
