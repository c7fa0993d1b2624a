/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `exopf conflicts`: who is in whose way, by claims and grants alone.
 */
#include "exo/abi/err.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/conflicts.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SCHEMA "exopf.conflicts/1"
#define LIMIT  100u

static const char help[] =
    "usage: exopf conflicts [options] [BINDING...]\n"
    "\n"
    "Compare what bindings claim and owners were granted, without any trace, "
    "as\n"
    "'replay --policy exclusive' would: claims of two owners with packets in\n"
    "common, claims outside their owners' grants, owners without a grant,\n"
    "grants of two owners with packets in common; each with a packet that "
    "shows\n"
    "it. A binding that states no claim claims all of its owner's grants.\n"
    "\n"
    "  -f, --file FILE    bindings and grants, one a line\n"
    "      --grant GRANT  OWNER 'REGION' RIGHT[,RIGHT...]\n"
    "      --emit-witness PAT\n"
    "                     write the packets to captures: PAT has {n} for the\n"
    "                     number of the finding, or is a directory; of a\n"
    "                     .pcap or .pcapng without {n}, the first packet\n"
    "      --limit N      show N findings of a kind (100), count the others\n"
    "      --json         as JSON, schema exopf.conflicts/1\n"
    "  -h, --help         this text\n"
    "\n"
    "Exit status: 0 there is no conflict, 1 there are some.\n"
    "\n"
    "examples:\n"
    "  exopf conflicts --grant \"a 'tcp port 80' exclusive\" \\\n"
    "    --grant \"b 'tcp port 443' exclusive\" \\\n"
    "    \"web,owner=a,claim='tcp dst port 80'=\" tls,owner=b= ||\n"
    "    [ $? = 1 ]\n";

enum {
	OPT_GRANT = 256,
	OPT_EMIT,
	OPT_LIMIT,
	OPT_JSON
};

static const struct option options[] = {
	{ "file", required_argument, NULL, 'f' },
	{ "grant", required_argument, NULL, OPT_GRANT },
	{ "emit-witness", required_argument, NULL, OPT_EMIT },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct job {
	struct cmd_bindings set;
	struct conf conf;
	const char **lists, **grants;
	size_t nlists, ngrants;
	const char *emit;
	uint64_t limit;
	bool json, shown; /* shown: there is an object already */
};

/* --- witnesses in files ---------------------------------------------------------- */

static int no_memory(void)
{
	cmd_say("out of memory");
	return CMD_FAULT;
}

/* Whether a pattern is one capture, for the first witness. */
static bool is_file(const char *pattern)
{
	return strstr(pattern, "{n}") == NULL && tr_out_path_ok(pattern) &&
	       !tr_out_is_stdout(pattern);
}

/* The path of a finding's witness; the caller's to free(). */
static char *path_of(const char *pattern, size_t number)
{
	const char *at = strstr(pattern, "{n}");
	char *path;
	int n;

	if (is_file(pattern))
		n = asprintf(&path, "%s", pattern);
	else if (at == NULL)
		n = asprintf(&path, "%s/%zu.pcap", pattern, number);
	else
		n = asprintf(&path, "%.*s%zu%s", (int)(at - pattern), pattern,
		    number, at + 3);
	return n < 0 ? NULL : path;
}

/* An output set that writes over nothing that was read. */
static struct tr_outs *outs_for(const struct job *job)
{
	struct tr_outs *set = tr_outs_new(NULL);
	int err = set == NULL ? -1 : 0;

	for (size_t i = 0; err == 0 && i < job->nlists; i++)
		err = tr_outs_guard(set, job->lists[i]);
	for (uint32_t i = 0; err == 0 && i < job->set.n; i++)
		if (job->set.v[i].file != NULL)
			err = tr_outs_guard(set, job->set.v[i].file);
	if (err == 0)
		return set;
	tr_outs_free(set);
	return NULL;
}

static int write_all(const struct job *job, struct tr_outs *set)
{
	struct tr_error err;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < job->conf.n; i++) {
		char *path;

		if (!job->conf.v[i].x.made)
			continue;
		path = path_of(job->emit, i + 1);
		if (path == NULL)
			return no_memory();
		if (cmd_witness_file(set, path, &job->conf.v[i].x, &err) != 0) {
			cmd_say("--emit-witness %s", err.msg);
			ret = CMD_FAULT;
		}
		free(path);
		if (is_file(job->emit))
			break;
	}
	return ret;
}

static int emit(const struct job *job)
{
	struct tr_outs *set;
	struct tr_error err;
	int ret;

	if (job->emit == NULL || conf_is_clean(&job->conf))
		return 0;
	if (strstr(job->emit, "{n}") == NULL && !is_file(job->emit) &&
	    mkdir(job->emit, 0777) != 0 && errno != EEXIST) {
		cmd_say("--emit-witness %s: %s", job->emit, strerror(errno));
		return CMD_FAULT;
	}
	set = outs_for(job);
	if (set == NULL)
		return no_memory();
	ret = write_all(job, set);
	if (tr_outs_close(set, &err) != 0 && ret == 0) {
		cmd_say("--emit-witness %s", err.msg);
		ret = CMD_FAULT;
	}
	tr_outs_free(set);
	return ret;
}

/* --- the command ----------------------------------------------------------------- */

static int run_job(struct job *job)
{
	int ret;

	job->conf.set = &job->set;
	job->conf.limit = (uint32_t)job->limit;
	ret = conf_run(&job->conf);
	if (ret != 0) {
		cmd_say("%s", cmd_region_failure(ret));
		return CMD_FAULT;
	}
	ret = emit(job);
	if (ret != 0)
		return ret;
	job->shown = true;
	if (!job->json)
		conf_show(&job->conf, stdout);
	else if (conf_json(&job->conf, stdout) != 0)
		return CMD_FAULT;
	return conf_is_clean(&job->conf) ? CMD_YES : CMD_NO;
}

/* Files first, then what is on the command line, as replay does. */
static int load(const struct cmd *self, struct job *job, int argc, char **argv)
{
	char err[CMD_BINDING_ERR];

	for (size_t i = 0; i < job->nlists; i++) {
		if (cmd_bindings_read(&job->set, job->lists[i], err) != 0) {
			cmd_say("%s", err);
			return CMD_FAULT;
		}
	}
	for (size_t i = 0; i < job->ngrants; i++)
		if (cmd_grants_add(
		        &job->set.grants, job->grants[i], NULL, 0, err) != 0)
			return cmd_usage(self, "--grant: %s", err);
	for (int i = optind; i < argc; i++)
		if (cmd_bindings_add(&job->set, argv[i], err) != 0)
			return cmd_usage(self, "%s", err);
	if (job->set.n == 0 && job->set.grants.n == 0)
		return cmd_usage(self, "nothing to compare: say -f FILE, or "
		                       "bindings and --grant");
	return 0;
}

static int take(const struct cmd *self, struct job *job, int c, char **argv)
{
	switch (c) {
	case 'f':
		job->lists[job->nlists++] = optarg;
		return 0;
	case OPT_GRANT:
		job->grants[job->ngrants++] = optarg;
		return 0;
	case OPT_EMIT:
		job->emit = optarg;
		return 0;
	case OPT_LIMIT:
		if (cmd_number(optarg, 0, UINT32_MAX, &job->limit))
			return 0;
		return cmd_usage(self, "--limit %s: a number, from 0", optarg);
	case OPT_JSON:
		job->json = true;
		return 0;
	default:
		return cmd_bad_option(self, c, argv);
	}
}

static int parse(const struct cmd *self, struct job *job, int argc, char **argv)
{
	int c, ret;

	while ((c = getopt_long(argc, argv, ":f:h", options, NULL)) != -1) {
		if (c == 'h')
			return cmd_help(self);
		ret = take(self, job, c, argv);
		if (ret != 0)
			return ret;
	}
	cmd_keep(job->json);
	ret = load(self, job, argc, argv);
	if (ret == 0)
		ret = run_job(job);
	if (ret == CMD_FAULT)
		return cmd_fail(job->json && !job->shown, SCHEMA, ret);
	return cmd_finish(ret);
}

static int run(const struct cmd *self, int argc, char **argv)
{
	struct job job = { .limit = LIMIT };
	int ret;

	job.lists = calloc((size_t)argc, sizeof(*job.lists));
	job.grants = calloc((size_t)argc, sizeof(*job.grants));
	ret = job.lists == NULL || job.grants == NULL
	          ? no_memory()
	          : parse(self, &job, argc, argv);
	conf_free(&job.conf);
	cmd_bindings_free(&job.set);
	free(job.lists);
	free(job.grants);
	return ret;
}

const struct cmd cmd_conflicts = {
	.name = "conflicts",
	.summary = "claims and grants that are in each other's way",
	.help = help,
	.run = run,
};
