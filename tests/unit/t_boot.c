/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/boot_argv.c, boot_files.c, boot_wire.c: arguments, QEMU's command line,
 * quoting, the files that boot.conf names, frames on a wire. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exo/hosted/boot.h"
#include "exo/hosted/boot_wire.h"
#include "exo/hosted/trace.h"
#include "exo/lib/bytes.h"
#include "tests/support/oom.h"

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *text;
	bool good, tcp;
	uint16_t from, to;
	const char *address;
} forwards[] = {
	{ "udp:5007:7", true, false, 5007, 7, "10.0.2.15" },
	{ "tcp:1:65535", true, true, 1, 65535, "10.0.2.15" },
	{ "udp:5007:10.0.2.16:7", true, false, 5007, 7, "10.0.2.16" },
	{ "udp:5007:255.255.255.255:7", true, false, 5007, 7,
	    "255.255.255.255" },
	{ "", false, false, 0, 0, "" },
	{ "udp", false, false, 0, 0, "" },
	{ "udp:", false, false, 0, 0, "" },
	{ "udp:5007", false, false, 0, 0, "" },
	{ "udp:5007:", false, false, 0, 0, "" },
	{ "udp:5007:7:", false, false, 0, 0, "" },
	{ "udp:5007:7:8", false, false, 0, 0, "" },
	{ "udp:0:7", false, false, 0, 0, "" },
	{ "udp:5007:65536", false, false, 0, 0, "" },
	{ "udp:5007:7x", false, false, 0, 0, "" },
	{ "udp: 5007:7", false, false, 0, 0, "" },
	{ "udp:5007:10.0.2:7", false, false, 0, 0, "" },
	{ "udp:5007:10.0.2.16,x=y:7", false, false, 0, 0, "" },
	{ "udp:5007:1000.1000.1000.1000:7", false, false, 0, 0, "" },
	{ "icmp:5007:7", false, false, 0, 0, "" },
	{ "udp:00000000000005007:7", false, false, 0, 0, "" },
};

START_TEST(forward)
{
	struct boot_forward f;

	ck_assert_int_eq(
	    boot_forward_parse(forwards[_i].text, &f), forwards[_i].good);
	if (!forwards[_i].good)
		return;
	ck_assert_int_eq(f.tcp, forwards[_i].tcp);
	ck_assert_uint_eq(f.from, forwards[_i].from);
	ck_assert_uint_eq(f.to, forwards[_i].to);
	ck_assert_str_eq(f.address, forwards[_i].address);
}
END_TEST

static const struct {
	const char *text;
	bool good;
	uint32_t ms;
} times[] = {
	{ "0", true, 0 },
	{ "2", true, 2000 },
	{ "0.25", true, 250 },
	{ "1.5", true, 1500 },
	{ "0.001", true, 1 },
	{ "86400", true, 86400000 },
	{ "86401", false, 0 },
	{ "0.0001", false, 0 },
	{ "1.", false, 0 },
	{ ".5", false, 0 },
	{ "", false, 0 },
	{ "-1", false, 0 },
	{ "1s", false, 0 },
	{ "1.5s", false, 0 },
	{ "1.5.5", false, 0 },
	{ "00000000001", false, 0 },
};

START_TEST(seconds)
{
	uint32_t ms;

	ck_assert_int_eq(boot_seconds(times[_i].text, &ms), times[_i].good);
	if (times[_i].good)
		ck_assert_uint_eq(ms, times[_i].ms);
}
END_TEST

/* The line without what is the same in all of them. */
static char *line_of(const struct boot_options *o)
{
	struct boot_argv argv = { .n = 0 };
	char *line, *from, *to;

	boot_argv_make(&argv, o, "K", "A");
	ck_assert(!argv.lost);
	ck_assert_ptr_null(argv.v[argv.n]);
	line = boot_shell_line(argv.v);
	boot_argv_free(&argv);
	from = strstr(line, " -nodefaults");
	to = strstr(line, "iosize=4 ");
	ck_assert(from != NULL && to != NULL);
	memmove(from, to + 8, strlen(to + 8) + 1);
	return line;
}

static void is_line(const struct boot_options *o, const char *want)
{
	char *line = line_of(o);

	ck_assert_str_eq(line, want);
	free(line);
}

/* The kernel's command line. */
static void is_append(const struct boot_options *o, const char *want)
{
	char *line = line_of(o), *at = strstr(line, "-append ");

	ck_assert_ptr_nonnull(at);
	ck_assert_str_eq(at + 8, want);
	free(line);
}

START_TEST(command_line)
{
	struct boot_options o = { .qemu = "Q", .memory = 64 };

	is_line(&o, "Q -M q35 -accel tcg -cpu max -m 64 "
	            "-netdev user,id=n0,restrict=on "
	            "-device virtio-net-pci,netdev=n0 -kernel K -initrd A");
	o.forward[0] = (struct boot_forward){ false, 5007, 7, "10.0.2.15" };
	o.forward[1] = (struct boot_forward){ true, 80, 8080, "10.0.2.16" };
	o.nforward = 2;
	o.gdb = true;
	o.exact = true;
	is_line(&o, "Q -M q35 -accel tcg -cpu max -m 64 "
	            "-icount shift=0,sleep=off "
	            "-netdev user,id=n0,hostfwd=udp:127.0.0.1:5007-10.0.2.15:7,"
	            "hostfwd=tcp:127.0.0.1:80-10.0.2.16:8080 "
	            "-device virtio-net-pci,netdev=n0 -s -S -kernel K "
	            "-initrd A");
	o = (struct boot_options){ .qemu = "Q",
		.memory = 64,
		.microvm = true,
		.net = "a,b c",
		.append = "tap it" };
	is_line(&o,
	    "Q -M microvm -global virtio-mmio.force-legacy=false "
	    "-accel tcg -cpu max -m 64 -netdev 'stream,id=n0,server=off,"
	    "addr.type=unix,addr.path=a,,b c' "
	    "-device virtio-net-device,netdev=n0 -kernel K -initrd A "
	    "-append 'tap it'");
	o = (struct boot_options){ .qemu = "Q", .memory = 64, .disk = "a,b" };
	is_line(&o, "Q -M q35 -accel tcg -cpu max -m 64 "
	            "-netdev user,id=n0,restrict=on "
	            "-device virtio-net-pci,netdev=n0 -blockdev "
	            "driver=raw,node-name=d0,file.driver=file,"
	            "file.filename=a,,b -device virtio-blk-pci,drive=d0 "
	            "-kernel K -initrd A");
	o.microvm = true;
	is_line(&o, "Q -M microvm -global virtio-mmio.force-legacy=false "
	            "-accel tcg -cpu max -m 64 "
	            "-netdev user,id=n0,restrict=on "
	            "-device virtio-net-device,netdev=n0 -blockdev "
	            "driver=raw,node-name=d0,file.driver=file,"
	            "file.filename=a,,b -device virtio-blk-device,drive=d0 "
	            "-kernel K -initrd A");
	o = (struct boot_options){ .qemu = "Q", .memory = 64, .replay = "x" };
	is_line(&o, "Q -M q35 -accel tcg -cpu max -m 64 -netdev "
	            "stream,id=n0,server=off,addr.type=fd,addr.str=4 "
	            "-device virtio-net-pci,netdev=n0 -kernel K -initrd A "
	            "-append ready");
	o.append = "tap";
	is_line(&o, "Q -M q35 -accel tcg -cpu max -m 64 -netdev "
	            "stream,id=n0,server=off,addr.type=fd,addr.str=4 "
	            "-device virtio-net-pci,netdev=n0 -kernel K -initrd A "
	            "-append 'tap ready'");
}
END_TEST

/* What the kernel is told of snapshots, beside other words. */
START_TEST(command_line_of_top)
{
	struct boot_options o = {
		.qemu = "Q", .memory = 64, .replay = "x", .top_ms = 250
	};

	is_append(&o, "'top=250 ready'");
	o.replay = NULL;
	is_append(&o, "top=250");
	o.append = "tap";
	is_append(&o, "'tap top=250'");
	o.replay = "x";
	is_append(&o, "'tap top=250 ready'");
}
END_TEST

/* As many forwards as there may be, each as long as it can be. */
START_TEST(command_line_at_its_longest)
{
	struct boot_options o = { .qemu = "Q", .memory = 64 };
	char *line, *p;
	unsigned n = 0;

	o.nforward = BOOT_FORWARDS;
	for (unsigned i = 0; i < BOOT_FORWARDS; i++)
		o.forward[i] = (struct boot_forward){ true, 65535, 65535,
			"255.255.255.255" };
	line = line_of(&o);
	for (p = line; (p = strstr(p, "-255.255.255.255:65535")) != NULL; p++)
		n++;
	ck_assert_uint_eq(n, BOOT_FORWARDS);
	free(line);
}
END_TEST

/* A shell takes the line apart into what it was made of. */
START_TEST(quoting)
{
	static const char *const words[] = { "printf", "<%s>", "plain", "",
		"a b", "it's", "''", "$HOME `x` \"y\" \\", "*?[a]", "~",
		"a;b|c&d", "line\nend", "#x", "!x", "a=b", "{a,b}" };
	char *argv[COUNT(words) + 1] = { NULL }, *line, got[512];
	char want[512] = "", *to = want;
	FILE *f;
	size_t n;

	for (int i = 0; i < COUNT(words); i++)
		argv[i] = strdup(words[i]);
	line = boot_shell_line(argv);
	f = popen(line, "r");
	ck_assert_ptr_nonnull(f);
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	ck_assert_int_eq(pclose(f), 0);
	for (int i = 2; i < COUNT(words); i++)
		to += sprintf(to, "<%s>", words[i]);
	ck_assert_str_eq(got, want);
	for (int i = 0; i < COUNT(words); i++)
		free(argv[i]);
	free(line);
}
END_TEST

static const struct {
	const char *text, *names; /* each with a ';' */
} confs[] = {
	{ "", "" },
	{ "env a b.elf", "b.elf;" },
	{ "env a b.elf\n", "b.elf;" },
	{ "recv tcp\nsend udp\n  env   a   b.elf  arg=x\n# env c d.elf\n"
	  "env e f.elf end=fault:14\n\nenvy g h.elf\n",
	    "b.elf;f.elf;" },
	{ "env\nenv a\nenv a \nenv a b", ";;;b;" },
	{ "env\ta b.elf\nenv a\tb c.elf\n", "c.elf;" },
	{ "\n\n\nenv a b", "b;" },
};

START_TEST(conf_names)
{
	const char *text = confs[_i].text, *name;
	size_t at = 0, size;
	char got[64] = "", *to = got;

	while (boot_conf_next(text, strlen(text), &at, &name, &size))
		to += sprintf(to, "%.*s;", (int)size, name);
	ck_assert_str_eq(got, confs[_i].names);
}
END_TEST

START_TEST(conf_default)
{
	size_t n = strlen(boot_conf_default), at = 0, size;
	unsigned count = 0;
	const char *name;

	while (boot_conf_next(boot_conf_default, n, &at, &name, &size)) {
		ck_assert_uint_eq(size, 8);
		ck_assert_mem_eq(name, "echo.elf", 8);
		count++;
	}
	ck_assert_uint_eq(count, 2);
}
END_TEST

/* A trace of frames of these lengths; each is filled with its number. */
static void write_trace(const char *path, const uint32_t *len, unsigned n)
{
	static uint8_t frame[70000];
	uint8_t head[24] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0 };
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	exo_put_le32(head + 16, 262144);
	exo_put_le32(head + 20, 1);
	fwrite(head, 1, 24, f);
	for (unsigned i = 0; i < n; i++) {
		memset(head, 0, 8);
		exo_put_le32(head + 8, len[i]);
		exo_put_le32(head + 12, len[i]);
		fwrite(head, 1, 16, f);
		memset(frame, (int)i, len[i]);
		fwrite(frame, 1, len[i], f);
	}
	fclose(f);
}

static void put_frame(int fd, uint8_t with, uint32_t n, uint32_t piece)
{
	static uint8_t bytes[4 + 2000];

	exo_put_be32(bytes, n);
	memset(bytes + 4, with, n);
	for (uint32_t at = 0; at < n + 4; at += piece) {
		uint32_t k = n + 4 - at < piece ? n + 4 - at : piece;

		ck_assert_int_eq(write(fd, bytes + at, k), k);
	}
}

/* The captured packets are those of which lengths are given; the first ones went out. */
static void is_capture(
    const char *path, const uint32_t *len, unsigned n, unsigned sent)
{
	struct tr_error err;
	struct tr_reader *r = tr_open(path, NULL, &err);
	struct tr_pkt p;
	struct tr_opts opts;
	struct tr_opt o;
	uint64_t before = 0;

	ck_assert_ptr_nonnull(r);
	for (unsigned i = 0; i < n; i++) {
		ck_assert_int_eq(tr_batch(r, &p, 1, &err), 1);
		ck_assert_uint_eq(p.caplen, len[i]);
		ck_assert_uint_eq(p.wirelen, len[i]);
		ck_assert_uint_ge(p.ts_ns, before);
		before = p.ts_ns;
		opts = tr_iface_at(r, p.ifid)->opts;
		ck_assert(tr_opt_next(&opts, &o));
		ck_assert_uint_eq(o.code, TR_OPT_IF_NAME);
		ck_assert_mem_eq(
		    o.value, i < sent ? "sent" : "received", o.len);
	}
	ck_assert_int_eq(tr_batch(r, &p, 1, &err), 0);
	tr_close(r);
}

static bool quiet_close(struct boot_wire *w, int want)
{
	FILE *out = stdout, *err = stderr;
	int ret;

	stdout = stderr = fopen("/dev/null", "w");
	ret = boot_wire_close(w, stdout);
	fclose(stdout);
	stdout = out;
	stderr = err;
	return ret == want;
}

struct folder {
	char path[32], trace[64], capture[64];
};

static void folder_make(struct folder *d)
{
	strcpy(d->path, "/tmp/t_boot.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(d->path));
	snprintf(d->trace, sizeof(d->trace), "%s/in.pcap", d->path);
	snprintf(d->capture, sizeof(d->capture), "%s/out.pcapng", d->path);
}

static void folder_remove(const struct folder *d)
{
	unlink(d->trace);
	unlink(d->capture);
	rmdir(d->path);
}

/* What is empty or too long stays away; answers come in pieces of any size. */
START_TEST(wire)
{
	static const uint32_t in[] = { 60, 0, 1514, 1, 65536 };
	static const uint32_t all[] = { 60, 1514, 1, 100, 2000, 0, 61 };
	static uint8_t got[2000];
	struct folder d;
	struct boot_wire *w;
	int peer;

	folder_make(&d);
	write_trace(d.trace, in, 5);
	w = boot_wire_open(d.trace, d.capture);
	ck_assert_ptr_nonnull(w);
	peer = boot_wire_take_peer(w);
	ck_assert(!boot_wire_over(w));
	boot_wire_receive(w);
	boot_wire_send(w);
	ck_assert(boot_wire_over(w));
	ck_assert_int_eq(recv(peer, got, sizeof(got), 0), 60 + 1514 + 1 + 12);
	ck_assert_uint_eq(exo_be32(got), 60);
	ck_assert_uint_eq(got[4 + 59], 0);
	ck_assert_uint_eq(exo_be32(got + 64), 1514);
	ck_assert_uint_eq(got[64 + 4 + 1513], 2);
	ck_assert_uint_eq(exo_be32(got + 64 + 1518), 1);
	put_frame(peer, 9, 100, 3);
	boot_wire_receive(w);
	put_frame(peer, 9, 2000, 5000);
	put_frame(peer, 9, 0, 5000);
	ck_assert_int_eq(write(peer, "\0", 1), 1);
	boot_wire_receive(w);
	ck_assert_uint_eq(boot_wire_frames(w), 6);
	ck_assert_int_eq(write(peer, "\0\0\x3d", 3), 3);
	memset(got, 0, sizeof(got));
	ck_assert_int_eq(write(peer, got, 61), 61);
	close(peer);
	boot_wire_receive(w);
	ck_assert_int_eq(boot_wire_fd(w), -1);
	ck_assert(quiet_close(w, 0));
	is_capture(d.capture, all, 7, 3);
	folder_remove(&d);
}
END_TEST

START_TEST(wire_that_is_cut)
{
	uint32_t in[1000];
	struct folder d;
	struct boot_wire *w;
	int peer;

	for (unsigned i = 0; i < 1000; i++)
		in[i] = 1500;
	folder_make(&d);
	write_trace(d.trace, in, 1000);
	w = boot_wire_open(d.trace, NULL);
	ck_assert_ptr_nonnull(w);
	peer = boot_wire_take_peer(w);
	boot_wire_send(w);
	ck_assert(!boot_wire_over(w)); /* 1.5 MB fit into no socket */
	close(peer);
	boot_wire_send(w);
	ck_assert(boot_wire_over(w));
	ck_assert(quiet_close(w, 1));
	folder_remove(&d);
}
END_TEST

START_TEST(wire_out_of_step)
{
	static const uint32_t in[] = { 60 };
	struct folder d;
	struct boot_wire *w;
	FILE *err = stderr;
	int peer;

	folder_make(&d);
	write_trace(d.trace, in, 1);
	w = boot_wire_open(d.trace, NULL);
	peer = boot_wire_take_peer(w);
	boot_wire_send(w);
	ck_assert_int_eq(write(peer, "\xff\0\0\0x", 5), 5);
	stderr = fopen("/dev/null", "w");
	boot_wire_receive(w);
	fclose(stderr);
	stderr = err;
	ck_assert_int_eq(boot_wire_fd(w), -1);
	ck_assert(quiet_close(w, 2));
	close(peer);
	folder_remove(&d);
}
END_TEST

static int make_line(void *arg)
{
	const struct boot_options o = {
		.qemu = "Q", .net = "a,b", .memory = 1
	};
	struct boot_argv argv = { .n = 0 };
	char *line = NULL;

	(void)arg;
	boot_argv_make(&argv, &o, "K", "A");
	if (!argv.lost)
		line = boot_shell_line(argv.v);
	boot_argv_free(&argv);
	free(line);
	return line == NULL ? -1 : 0;
}

START_TEST(without_memory)
{
	test_oom_loop(make_line, NULL);
}
END_TEST

Suite *t_boot_suite(void)
{
	Suite *s = suite_create("t_boot");
	TCase *tc = tcase_create("boot");
	TCase *oom = tcase_create("oom");

	tcase_add_loop_test(tc, forward, 0, COUNT(forwards));
	tcase_add_loop_test(tc, seconds, 0, COUNT(times));
	tcase_add_test(tc, command_line);
	tcase_add_test(tc, command_line_of_top);
	tcase_add_test(tc, command_line_at_its_longest);
	tcase_add_test(tc, quoting);
	tcase_add_loop_test(tc, conf_names, 0, COUNT(confs));
	tcase_add_test(tc, conf_default);
	tcase_add_test(tc, wire);
	tcase_add_test(tc, wire_that_is_cut);
	tcase_add_test(tc, wire_out_of_step);
	suite_add_tcase(s, tc);
	tcase_add_test(oom, without_memory);
	suite_add_tcase(s, oom);
	return s;
}
