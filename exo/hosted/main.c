/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tool `exopf`: finds the subcommand; `exopf version`, `exopf help`.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/json.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const struct cmd cmd_version, cmd_helper;

static const struct cmd *const commands[] = {
	&cmd_replay,
	&cmd_map,
	&cmd_verify,
	&cmd_dump,
	&cmd_compile,
	&cmd_run,
	&cmd_region,
	&cmd_conflicts,
	&cmd_boot,
	&cmd_explain,
	&cmd_doctor,
	&cmd_version,
	&cmd_helper,
};

/* What people try as well. */
static const struct {
	const char *option, *name;
} aliases[] = {
	{ "--help", "help" },
	{ "-h", "help" },
	{ "--version", "version" },
	{ "-V", "version" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct cmd *find(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(aliases); i++) {
		if (strcmp(aliases[i].option, name) == 0)
			name = aliases[i].name;
	}
	for (i = 0; i < COUNT(commands); i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

static void print_help(FILE *f)
{
	size_t i;

	fputs("usage: exopf COMMAND [arguments]\n"
	      "\n"
	      "An exokernel for packets: filters are verified, bound and run "
	      "over traces.\n"
	      "\n"
	      "commands:\n",
	    f);
	for (i = 0; i < COUNT(commands); i++)
		fprintf(
		    f, "  %-11s%s\n", commands[i]->name, commands[i]->summary);
	fputs("\n"
	      "'exopf COMMAND --help' tells more. Exit status: 0 yes, 1 no, "
	      "2 wrong usage\n"
	      "or failed input or output, 3 two of our own engines disagree.\n"
	      "\n"
	      "examples:\n"
	      "  exopf replay -r pcaps/web4.pcap web='tcp port 80' "
	      "dns='udp port 53'\n"
	      "  exopf verify tcp port 80\n"
	      "  exopf dump 'icmp or icmp6'\n",
	    f);
}

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* What version and help have in common: their two options. Returns true when
 * the command is to go on, false when *ret says how to exit. */
static bool take_options(
    const struct cmd *self, int argc, char **argv, bool *json, int *ret)
{
	int c;

	*json = false;
	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c != 'j') {
			*ret = c == 'h' ? cmd_help(self)
			                : cmd_bad_option(self, c, argv);
			return false;
		}
		*json = true;
	}
	cmd_keep(*json);
	return true;
}

static int run_version(const struct cmd *self, int argc, char **argv)
{
	struct cmd_json j;
	bool json;
	int ret;

	if (!take_options(self, argc, argv, &json, &ret))
		return ret;
	if (optind < argc) {
		ret = cmd_usage(self, "it takes no argument: %s", argv[optind]);
		return cmd_fail(json, "exopf.version/1", ret);
	}
	if (!json) {
		printf("exopf " EXOPF_VERSION "\n");
		return cmd_finish(CMD_YES);
	}
	cmd_json_begin(&j, stdout);
	cmd_json_str(&j, "schema", "exopf.version/1");
	cmd_json_str(&j, "version", EXOPF_VERSION);
	cmd_json_finish(&j);
	return cmd_finish(CMD_YES);
}

static const struct cmd cmd_version = {
	.name = "version",
	.summary = "print the version",
	.help = "usage: exopf version [--json]\n"
	        "\n"
	        "Print the version of the tool.\n"
	        "\n"
	        "  --json            as JSON, schema exopf.version/1\n"
	        "  -h, --help        this text\n"
	        "\n"
	        "examples:\n"
	        "  exopf version\n"
	        "  exopf version --json\n",
	.run = run_version,
};

static int no_such_command(const char *name)
{
	cmd_say("there is no command '%s'; 'exopf help' lists them", name);
	return CMD_FAULT;
}

static void help_json(const struct cmd *const *list, size_t n, bool whole)
{
	struct cmd_json j;
	size_t i;

	cmd_json_begin(&j, stdout);
	cmd_json_str(&j, "schema", "exopf.help/1");
	cmd_json_array(&j, "commands");
	for (i = 0; i < n; i++) {
		cmd_json_object(&j, NULL);
		cmd_json_str(&j, "name", list[i]->name);
		cmd_json_str(&j, "summary", list[i]->summary);
		if (whole)
			cmd_json_str(&j, "help", list[i]->help);
		cmd_json_end(&j);
	}
	cmd_json_end(&j);
	cmd_json_finish(&j);
}

/* Returns 0, or an exit status: then nothing was printed. */
static int show_help(const struct cmd *self, int argc, char **argv, bool json)
{
	const struct cmd *cmd;

	if (argc > 1)
		return cmd_usage(self, "one command at most: %s", argv[1]);
	if (argc == 0 && json) {
		help_json(commands, COUNT(commands), false);
	} else if (argc == 0) {
		print_help(stdout);
	} else {
		cmd = find(argv[0]);
		if (cmd == NULL)
			return no_such_command(argv[0]);
		if (json)
			help_json(&cmd, 1, true);
		else
			fputs(cmd->help, stdout);
	}
	return 0;
}

static int run_help(const struct cmd *self, int argc, char **argv)
{
	bool json;
	int ret;

	if (!take_options(self, argc, argv, &json, &ret))
		return ret;
	ret = show_help(self, argc - optind, argv + optind, json);
	if (ret != 0)
		return cmd_fail(json, "exopf.help/1", ret);
	return cmd_finish(CMD_YES);
}

static const struct cmd cmd_helper = {
	.name = "help",
	.summary = "show the help of a command",
	.help = "usage: exopf help [--json] [COMMAND]\n"
	        "\n"
	        "Show the help of a command, as 'exopf COMMAND --help' does; "
	        "without one,\n"
	        "list all commands.\n"
	        "\n"
	        "  --json            as JSON, schema exopf.help/1\n"
	        "  -h, --help        this text\n"
	        "\n"
	        "examples:\n"
	        "  exopf help\n"
	        "  exopf help replay\n"
	        "  exopf help --json\n",
	.run = run_help,
};

/* A closed descriptor below 3 would be given to the first file that is opened,
 * and what is said would go into it. Read-only, so that writing fails. */
static void keep_standard_streams(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", O_RDONLY);
	}
}

int main(int argc, char **argv)
{
	const struct cmd *cmd;

	keep_standard_streams();
	/* Writing to what nobody reads any more is an error like any other. */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		print_help(stderr);
		return CMD_FAULT;
	}
	cmd = find(argv[1]);
	if (cmd == NULL)
		return no_such_command(argv[1]);
	return cmd->run(cmd, argc - 1, argv + 1);
}
