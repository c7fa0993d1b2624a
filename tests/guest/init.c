/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's only process: loads programs, says what its kernel says.
 *
 * It reads /programs (tests/guest/wire.h), or the second serial line where
 * `wire=1` is on the kernel's command line, loads each program through bpf(2)
 * with the capabilities of each mode, and writes lines to port 0xe9, which
 * QEMU puts into a file byte by byte, so that none is lost when the kernel
 * dies:
 *
 *	kernel RELEASE
 *	ready                         programs are read from now on
 *	b LINE                        the program is about to be loaded
 *	r LINE MODE ERRNO INSNS TEXT  the kernel's answer: 0 or an error, how
 *	                              many instructions it explored, and what
 *	                              it said, lines joined by " | "
 *	t LINE MODE TAINT             the kernel found a fault in itself
 *	end LINE                      that was the last one
 *
 * `from=N` on the kernel's command line skips the lines before N,
 * `patience=N` lets go of a program after N ms: the answer is then EAGAIN,
 * 11. Nothing here can fail but by a flaw of the guest: then it says `fault WHAT`.
 *
 * Never run it anywhere but in a guest: it is for programs that make kernels
 * fall.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

#include "tests/guest/funcs.h"
#include "tests/guest/wire.h"

#define PORT     0xe9
#define LOG_SIZE (64u << 10)
#define TEXT     200u /* bytes of an answer */
#define STATS    4u   /* log level: errors and totals only */
#define CACHED   256u /* maps that are kept open */

static char answer[LOG_SIZE];
static int types;            /* that functions have */
static long patience = 1000; /* milliseconds for one program */

static void say(const char *text)
{
	outsb(PORT, text, strlen(text));
}

static _Noreturn void leave(void)
{
	sync();
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static _Noreturn void fault(const char *what)
{
	char line[160];

	snprintf(line, sizeof(line), "fault %s: %s\n", what, strerror(errno));
	say(line);
	leave();
}

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fault(path);
	close(fd);
}

static unsigned taint(void)
{
	char text[32] = { 0 };
	int fd = open("/proc/sys/kernel/tainted", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		fault("tainted");
	close(fd);
	return (unsigned)strtoul(text, NULL, 10);
}

/*
 * Capabilities: of the effective set only, so that they come back
 */

static void set_mode(unsigned mode)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct now[2];

	if (syscall(SYS_capget, &head, now) != 0)
		fault("capget");
	now[0].effective = mode == WIRE_ALL ? now[0].permitted : 0;
	now[1].effective = mode == WIRE_ALL ? now[1].permitted : 0;
	if (mode == WIRE_LEAKS) {
		now[0].effective |= 1u << CAP_NET_ADMIN;
		now[1].effective |= 1u << (CAP_BPF - 32);
	}
	if (syscall(SYS_capset, &head, now) != 0)
		fault("capset");
}

/*
 * Maps: one of each shape, used by all programs that name it
 */

static int new_map(const struct wire_map *m)
{
	union bpf_attr attr = { 0 };

	attr.map_type = m->type;
	attr.key_size = m->key;
	attr.value_size = m->value;
	attr.max_entries = m->max;
	attr.map_flags = m->flags;
	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

/* A map of this shape for a program of this type, other than those in
 * `taken`, of n. A program array keeps to the first type that names it. */
static int find_map(
    const struct wire_map *m, uint32_t type, const int *taken, uint32_t n)
{
	static struct {
		struct wire_map shape;
		uint32_t owner;
		int fd;
	} cache[CACHED];
	static uint32_t used;
	uint32_t owner = m->type == BPF_MAP_TYPE_PROG_ARRAY ? type : 0, i, k;

	for (i = 0; i < used; i++) {
		for (k = 0; k < n && taken[k] != cache[i].fd; k++)
			;
		if (k == n && cache[i].owner == owner &&
		    memcmp(&cache[i].shape, m, sizeof(*m)) == 0)
			return cache[i].fd;
	}
	if (used == CACHED)
		fault("too many maps");
	cache[used].shape = *m;
	cache[used].owner = owner;
	cache[used].fd = new_map(m);
	if (cache[used].fd < 0)
		return -1; /* the kernel refuses this shape */
	return cache[used++].fd;
}

/*
 * Programs
 */

/* References become descriptors, or one that is none. */
static void link_maps(
    struct bpf_insn *in, uint32_t n, const int *fds, uint32_t nmaps)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (in[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (in[i].src_reg == BPF_PSEUDO_MAP_FD ||
		    in[i].src_reg == BPF_PSEUDO_MAP_VALUE)
			in[i].imm =
			    (uint32_t)in[i].imm < nmaps ? fds[in[i].imm] : -1;
		i++;
	}
}

/* What the kernel said, but for the totals; and how many instructions. */
static unsigned long digest(char *log, char *text, size_t size)
{
	unsigned long insns = 0;
	size_t at = 0;
	char *line, *rest = log;

	text[0] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (strncmp(line, "processed ", 10) == 0) {
			insns = strtoul(line + 10, NULL, 10);
			continue;
		}
		if (*line == '\0' ||
		    strncmp(line, "verification time", 17) == 0 ||
		    strncmp(line, "stack depth", 11) == 0)
			continue;
		at += (size_t)snprintf(
		    text + at, size - at, "%s%s", at == 0 ? "" : " | ", line);
		if (at >= size)
			at = size - 1;
	}
	return insns;
}

static void set_alarm(long ms)
{
	const struct itimerval t = { .it_value = {
		                         ms / 1000, ms % 1000 * 1000 } };

	setitimer(ITIMER_REAL, &t, NULL);
}

static void try_load(
    const struct wire_prog *p, const struct bpf_insn *insns, unsigned mode)
{
	static struct bpf_func_info info[FUNCS_MAX];
	union bpf_attr attr = { 0 };
	char text[TEXT], line[TEXT + 80];
	unsigned long explored;
	int fd, err;

	answer[0] = '\0';
	attr.prog_type = p->type;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = p->ninsns;
	attr.license = (uintptr_t) "GPL";
	attr.log_buf = (uintptr_t)answer;
	attr.log_size = sizeof(answer);
	attr.log_level = STATS;
	if (funcs_wanted(insns, p->ninsns)) {
		attr.prog_btf_fd = (uint32_t)types;
		attr.func_info = (uintptr_t)info;
		attr.func_info_rec_size = sizeof(info[0]);
		attr.func_info_cnt = funcs_find(insns, p->ninsns, info);
	}
	set_mode(mode);
	set_alarm(patience);
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	err = fd < 0 ? errno : 0;
	set_alarm(0);
	set_mode(WIRE_ALL);
	if (fd >= 0)
		close(fd);
	answer[sizeof(answer) - 1] = '\0';
	explored = digest(answer, text, sizeof(text));
	snprintf(line, sizeof(line), "r %u %u %d %lu %s\n", p->line, mode, err,
	    explored, text);
	say(line);
}

static void one(const struct wire_prog *p, const struct wire_map *maps,
    struct bpf_insn *insns)
{
	static unsigned was = UINT32_MAX;
	int fds[WIRE_MAPS];
	char line[80];
	unsigned mode, now;
	uint32_t i;

	if (was == UINT32_MAX)
		was = taint();
	snprintf(line, sizeof(line), "b %u\n", p->line);
	say(line);
	for (i = 0; i < p->nmaps; i++)
		fds[i] = find_map(&maps[i], p->type, fds, i);
	link_maps(insns, p->ninsns, fds, p->nmaps);
	for (mode = 0; mode < WIRE_MODES; mode++) {
		if (mode == WIRE_NONE && p->type != BPF_PROG_TYPE_SOCKET_FILTER)
			continue;
		try_load(p, insns, mode);
		now = taint();
		if (now != was) {
			snprintf(line, sizeof(line), "t %u %u %u\n", p->line,
			    mode, now);
			say(line);
		}
		was = now;
	}
}

/* Read all of n bytes; false: there are no more. */
static bool take(int fd, void *to, size_t n)
{
	uint8_t *at = to;
	size_t have = 0;

	while (have < n) {
		ssize_t got = read(fd, at + have, n - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			fault("read");
		if (got == 0 && have == 0)
			return false;
		if (got == 0)
			fault("a record is cut");
		have += (size_t)got;
	}
	return true;
}

static void all(int fd, uint32_t from)
{
	static struct bpf_insn insns[WIRE_INSNS];
	struct wire_map maps[WIRE_MAPS];
	struct wire_prog p = { 0 };
	char line[40];

	while (take(fd, &p, sizeof(p))) {
		if (p.magic != WIRE_MAGIC || p.nmaps > WIRE_MAPS ||
		    p.ninsns > WIRE_INSNS)
			fault("a record is none");
		if (p.nmaps > 0 && !take(fd, maps, p.nmaps * sizeof(maps[0])))
			fault("a record has no maps");
		if (p.ninsns > 0 &&
		    !take(fd, insns, p.ninsns * sizeof(insns[0])))
			fault("a record has no instructions");
		if (p.line >= from)
			one(&p, maps, insns);
	}
	snprintf(line, sizeof(line), "end %u\n", p.line);
	say(line);
}

/* The file, or the second serial line, where `wire` is on the command line. */
static int programs(void)
{
	struct termios raw;
	int fd;

	if (getenv("wire") == NULL)
		return open("/programs", O_RDONLY | O_CLOEXEC);
	mkdir("/dev", 0700);
	mknod("/dev/wire", S_IFCHR | 0600, makedev(4, 65));
	fd = open("/dev/wire", O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || tcgetattr(fd, &raw) != 0)
		return -1;
	cfmakeraw(&raw);
	cfsetspeed(&raw, B115200);
	return tcsetattr(fd, TCSANOW, &raw) == 0 ? fd : -1;
}

/* So that the verifier, which looks for signals, gives up. */
static void too_long(int sig)
{
	(void)sig;
}

int main(void)
{
	const struct sigaction act = { .sa_handler = too_long };
	const char *from = getenv("from"), *most = getenv("patience");
	struct utsname name;
	char line[160];
	int fd;

	/* QEMU's port, and nobody else's, reads as its own number. */
	if (getpid() != 1 || ioperm(PORT, 1, 1) != 0 || inb(PORT) != PORT) {
		fputs("this is a guest's init: it runs nowhere else\n", stderr);
		return 2;
	}
	mkdir("/proc", 0700);
	if (mount("proc", "/proc", "proc", 0, NULL) != 0)
		fault("/proc");
	put_file("/proc/sys/kernel/unprivileged_bpf_disabled", "0");
	put_file("/proc/sys/kernel/printk_ratelimit", "0");
	sigaction(SIGALRM, &act, NULL);
	if (most != NULL)
		patience = strtol(most, NULL, 10);
	uname(&name);
	snprintf(
	    line, sizeof(line), "kernel %s %s\n", name.release, name.version);
	say(line);
	types = funcs_types();
	if (types < 0)
		fault("types");
	fd = programs();
	if (fd < 0)
		fault("programs");
	say("ready\n");
	all(fd, from == NULL ? 0 : (uint32_t)strtoul(from, NULL, 10));
	leave();
}
