/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `exopf region`: what a region is, and what of it is in another.
 */
#include "exo/abi/err.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/json.h"
#include "exo/hosted/region_text.h"
#include "exo/hosted/witness.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "exopf.region/1"

static const char help[] =
    "usage: exopf region [options] REGION\n"
    "\n"
    "Print a region of packets in its canonical form, with a packet that is "
    "in\n"
    "it. A region is written as docs/regions.md says: tcpdump's words, fields\n"
    "by name, and, or, not, parentheses.\n"
    "\n"
    "  --and REGION      only what is in this one as well; may be repeated\n"
    "  --minus REGION    without what is in this one; may be repeated\n"
    "  --in REGION       ask whether all of it is in this one; if not, the\n"
    "                    packet is one that is outside\n"
    "  --witness FILE    write the packet to a capture: .pcap or .pcapng\n"
    "  --json            as JSON, schema exopf.region/1\n"
    "  -h, --help        this text\n"
    "\n"
    "--and and --minus work from left to right. Exit status: 0 some packet is\n"
    "in it, or with --in all of it is inside; 1 no; 2 it is no region.\n"
    "\n"
    "examples:\n"
    "  exopf region 'udp dst port 53 and dst host 10.0.0.0/8'\n"
    "  exopf region --and 'dst net 10.0.0.0/8' --minus 'port 22' tcp\n"
    "  exopf region --in 'net 10.0.0.0/8' 'tcp and src host 10.1.2.3'\n"
    "  exopf region --json arp\n";

enum {
	OPT_AND = 256,
	OPT_MINUS,
	OPT_IN,
	OPT_WITNESS,
	OPT_JSON
};

static const struct option options[] = {
	{ "and", required_argument, NULL, OPT_AND },
	{ "minus", required_argument, NULL, OPT_MINUS },
	{ "in", required_argument, NULL, OPT_IN },
	{ "witness", required_argument, NULL, OPT_WITNESS },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct step {
	int what; /* OPT_AND or OPT_MINUS */
	const char *text;
};

struct job {
	struct cmd_region_work k;
	struct step *steps;
	size_t nsteps;
	const char *in, *file;
	bool json, shown;     /* shown: there is an object already */
	struct sp_region r;   /* the region that was asked about */
	bool yes;             /* the answer */
	struct cmd_witness x; /* if any packet shows it */
};

/* Read one text; option is what it stands behind. */
static int read_one(struct job *job, const char *option, const char *text,
    struct sp_region *out)
{
	char why[CMD_REGION_WHY];

	cmd_region_again(&job->k);
	if (cmd_region_read(&job->k, text, strlen(text), out, why) == 0)
		return 0;
	cmd_say("%s%s", option, why);
	return CMD_FAULT;
}

static int failed(int err)
{
	cmd_say("%s", cmd_region_failure(err));
	return CMD_FAULT;
}

static int work_out(struct job *job, const char *text)
{
	int ret = read_one(job, "", text, &job->r);

	for (size_t i = 0; ret == 0 && i < job->nsteps; i++) {
		const struct step *s = &job->steps[i];
		bool minus = s->what == OPT_MINUS;
		struct sp_region by;

		ret = read_one(
		    job, minus ? "--minus: " : "--and: ", s->text, &by);
		if (ret != 0)
			return ret;
		cmd_region_again(&job->k);
		ret = minus ? sp_minus(&job->k.w, job->r, by, &job->r)
		            : sp_and(&job->k.w, job->r, by, &job->r);
		if (ret == 0)
			ret = sp_minimise(&job->k.w, job->r, &job->r);
		if (ret != 0)
			ret = failed(ret);
	}
	return ret;
}

/* Whether it is in another, or has a packet; and one that shows it. */
static int answer(struct job *job)
{
	struct sp_region by = { NULL, 0 };
	struct sp_cube out;
	int rc;

	if (job->in != NULL && read_one(job, "--in: ", job->in, &by) != 0)
		return CMD_FAULT;
	cmd_region_again(&job->k);
	rc = job->in != NULL ? sp_inside(&job->k.w, job->r, by, &out)
	                     : sp_empty(&job->k.w, job->r);
	if (rc < 0)
		return failed(rc);
	job->yes = (rc != 0) == (job->in != NULL);
	cmd_region_again(&job->k);
	if (job->in != NULL && !job->yes)
		rc = cmd_witness_make(
		    &job->k, (struct sp_region){ &out, 1 }, &job->x);
	else
		rc = cmd_witness_make(&job->k, job->r, &job->x);
	return rc < 0 ? failed(rc) : 0;
}

static int write_file(struct job *job)
{
	struct tr_outs *set = tr_outs_new(NULL);
	struct tr_error err;
	int ret;

	if (set == NULL)
		return failed(-EXO_ENOMEM);
	ret = cmd_witness_file(set, job->file, &job->x, &err);
	if (tr_outs_close(set, ret == 0 ? &err : NULL) != 0 || ret != 0) {
		cmd_say("--witness %s", err.msg);
		ret = CMD_FAULT;
	}
	tr_outs_free(set);
	return ret;
}

static void show(const struct job *job, const char *text)
{
	char line[CMD_WITNESS_LINE];
	struct exo_fmt f;

	puts(text);
	if (job->in != NULL)
		puts(job->yes ? "inside: yes" : "inside: no");
	if (job->r.n == 0) {
		puts("empty: no packet is in it");
		return;
	}
	exo_fmt_init(&f, line, sizeof(line));
	cmd_witness_line(&f, &job->x);
	printf("%s %s\n",
	    job->in != NULL && !job->yes ? "outside:" : "packet:", line);
}

static int show_json(struct job *job, const char *text)
{
	struct cmd_json j;
	int ret;

	job->shown = true;
	cmd_json_begin(&j, stdout);
	cmd_json_str(&j, "schema", SCHEMA);
	cmd_json_str(&j, "region", text);
	cmd_json_u64(&j, "cubes", job->r.n);
	cmd_json_bool(&j, "empty", job->r.n == 0);
	if (job->in != NULL)
		cmd_json_bool(&j, "inside", job->yes);
	else
		cmd_json_null(&j, "inside");
	ret = cmd_witness_json(&j, "witness", &job->x);
	if (ret != 0)
		ret = failed(ret);
	cmd_json_array(&j, "errors");
	cmd_json_kept(&j);
	cmd_json_end(&j);
	cmd_json_finish(&j);
	return ret;
}

static int run_job(struct job *job, const char *region)
{
	char *text;
	int ret = work_out(job, region);

	if (ret == 0)
		ret = answer(job);
	if (ret == 0 && job->file != NULL)
		ret = write_file(job);
	if (ret != 0)
		return ret;
	text = cmd_region_text(job->r, CMD_REGION_SHOWN);
	if (text == NULL)
		return failed(-EXO_ENOMEM);
	if (job->json)
		ret = show_json(job, text);
	else
		show(job, text);
	free(text);
	if (ret != 0)
		return ret;
	return job->yes ? CMD_YES : CMD_NO;
}

static int take(const struct cmd *self, struct job *job, int c, char **argv)
{
	switch (c) {
	case OPT_AND:
	case OPT_MINUS:
		job->steps[job->nsteps++] = (struct step){ c, optarg };
		return 0;
	case OPT_IN:
		job->in = optarg;
		return 0;
	case OPT_WITNESS:
		job->file = optarg;
		return 0;
	case OPT_JSON:
		job->json = true;
		return 0;
	default:
		return cmd_bad_option(self, c, argv);
	}
}

/* Read the arguments and do what they say. */
static int parse(const struct cmd *self, struct job *job, int argc, char **argv)
{
	int c, ret;

	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h')
			return cmd_help(self);
		ret = take(self, job, c, argv);
		if (ret != 0)
			return ret;
	}
	cmd_keep(job->json);
	if (optind + 1 == argc)
		ret = run_job(job, argv[optind]);
	else if (optind == argc)
		ret =
		    cmd_usage(self, "no region: say one, as in 'tcp port 80'");
	else
		ret = cmd_usage(
		    self, "one region, in quotes: %s", argv[optind + 1]);
	if (ret == CMD_FAULT)
		return cmd_fail(job->json && !job->shown, SCHEMA, ret);
	return cmd_finish(ret);
}

static int run(const struct cmd *self, int argc, char **argv)
{
	struct job *job = calloc(1, sizeof(*job));
	int ret;

	if (job != NULL)
		job->steps = calloc((size_t)argc, sizeof(*job->steps));
	if (job == NULL || job->steps == NULL) {
		free(job);
		cmd_say("out of memory");
		return CMD_FAULT;
	}
	cmd_region_begin(&job->k);
	ret = parse(self, job, argc, argv);
	cmd_region_end(&job->k);
	free(job->steps);
	free(job);
	return ret;
}

const struct cmd cmd_region = {
	.name = "region",
	.summary = "what a region of packets is",
	.help = help,
	.run = run,
};
