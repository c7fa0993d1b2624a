/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tool `exopf`: finds the subcommand.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/json.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const struct cmd *const commands[] = {
	&cmd_replay,
	&cmd_verify,
	&cmd_dump,
	&cmd_run,
	&cmd_explain,
	&cmd_doctor,
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct cmd *find(const char *name)
{
	size_t i;

	for (i = 0; i < NCOMMANDS; i++) {
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
	for (i = 0; i < NCOMMANDS; i++)
		fprintf(
		    f, "  %-10s%s\n", commands[i]->name, commands[i]->summary);
	fputs("  version   print the version\n"
	      "  help      show the help of a command\n"
	      "\n"
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

static int version(int argc, char **argv)
{
	struct cmd_json j;

	if (argc == 2 && strcmp(argv[1], "--json") == 0) {
		cmd_json_begin(&j, stdout);
		cmd_json_str(&j, "schema", "exopf.version/1");
		cmd_json_str(&j, "version", EXOPF_VERSION);
		cmd_json_finish(&j);
		return cmd_finish(CMD_YES);
	}
	if (argc > 1) {
		cmd_say("version takes no argument but --json: %s", argv[1]);
		return CMD_FAULT;
	}
	printf("exopf " EXOPF_VERSION "\n");
	return cmd_finish(CMD_YES);
}

static int no_such_command(const char *name)
{
	cmd_say("there is no command '%s'; 'exopf help' lists them", name);
	return CMD_FAULT;
}

static int help(int argc, char **argv)
{
	const struct cmd *cmd;

	if (argc < 2) {
		print_help(stdout);
		return cmd_finish(CMD_YES);
	}
	cmd = find(argv[1]);
	return cmd != NULL ? cmd_help(cmd) : no_such_command(argv[1]);
}

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
	const char *name;

	keep_standard_streams();
	/* Writing to what nobody reads any more is an error like any other. */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		print_help(stderr);
		return CMD_FAULT;
	}
	name = argv[1];
	if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 ||
	    strcmp(name, "-h") == 0)
		return help(argc - 1, argv + 1);
	if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0 ||
	    strcmp(name, "-V") == 0)
		return version(argc - 1, argv + 1);
	cmd = find(name);
	if (cmd == NULL)
		return no_such_command(name);
	return cmd->run(cmd, argc - 1, argv + 1);
}
