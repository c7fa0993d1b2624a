/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of QEMU: see boot.h. Pure. */
#include "exo/hosted/boot.h"

#include "exo/hosted/cmd.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400u

static void add(struct boot_argv *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct boot_argv *a, const char *fmt, ...)
{
	va_list ap;

	if (a->lost || a->n == BOOT_ARGS) {
		a->lost = true;
		return;
	}
	va_start(ap, fmt);
	if (vasprintf(&a->v[a->n], fmt, ap) < 0) {
		a->v[a->n] = NULL;
		a->lost = true;
	} else {
		a->n++;
	}
	va_end(ap);
}

/* Words parted by a space each. */
static void add_words(struct boot_argv *a, const char *words)
{
	while (*words != '\0') {
		int n = (int)strcspn(words, " ");

		add(a, "%.*s", n, words);
		words += n;
		words += *words == ' ';
	}
}

void boot_argv_free(struct boot_argv *a)
{
	for (unsigned i = 0; i < a->n; i++)
		free(a->v[i]);
	*a = (struct boot_argv){ .n = 0 };
}

/* A port at the beginning of *text, and *text at what follows it. */
static bool port(const char **text, uint16_t *out)
{
	size_t n = strcspn(*text, ":");
	char digits[8];
	uint64_t v;

	if (n >= sizeof(digits))
		return false;
	memcpy(digits, *text, n);
	digits[n] = '\0';
	if (!cmd_number(digits, 1, UINT16_MAX, &v))
		return false;
	*out = (uint16_t)v;
	*text += n;
	return true;
}

bool boot_forward_parse(const char *text, struct boot_forward *out)
{
	struct in_addr in;
	size_t n;

	*out = (struct boot_forward){ .address = "10.0.2.15" };
	out->tcp = strncmp(text, "tcp:", 4) == 0;
	if (!out->tcp && strncmp(text, "udp:", 4) != 0)
		return false;
	text += 4;
	if (!port(&text, &out->from) || *text++ != ':')
		return false;
	n = strcspn(text, ":");
	if (text[n] == ':') {
		if (n >= sizeof(out->address))
			return false;
		memcpy(out->address, text, n);
		out->address[n] = '\0';
		if (inet_pton(AF_INET, out->address, &in) != 1)
			return false;
		text += n + 1;
	}
	return port(&text, &out->to) && *text == '\0';
}

bool boot_seconds(const char *text, uint32_t *ms)
{
	size_t n = strcspn(text, ".");
	uint32_t unit = 100, part = 0;
	char whole[8];
	uint64_t s;

	if (n >= sizeof(whole))
		return false;
	memcpy(whole, text, n);
	whole[n] = '\0';
	if (!cmd_number(whole, 0, DAY_S, &s))
		return false;
	text += n;
	if (*text == '.') {
		if (*++text == '\0')
			return false;
		for (; *text >= '0' && *text <= '9' && unit > 0; text++) {
			part += unit * (uint32_t)(*text - '0');
			unit /= 10;
		}
	}
	*ms = (uint32_t)s * 1000 + part;
	return *text == '\0';
}

/* A value among options of QEMU: a comma in it is written twice. */
static char *value(const char *text)
{
	char *copy = malloc(2 * strlen(text) + 1), *to = copy;

	if (copy == NULL)
		return NULL;
	for (; *text != '\0'; text++) {
		*to++ = *text;
		if (*text == ',')
			*to++ = ',';
	}
	*to = '\0';
	return copy;
}

/* QEMU's own network with ports of this machine that lead into it. Without
 * any, nothing leads out of it either: "restrict" would keep back answers of
 * UDP. */
static void user_net(struct boot_argv *a, const struct boot_options *o)
{
	char text[BOOT_FORWARDS * 64] = "";
	size_t n = 0;

	for (unsigned i = 0; i < o->nforward; i++) {
		const struct boot_forward *f = &o->forward[i];

		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    ",hostfwd=%s:127.0.0.1:%u-%s:%u", f->tcp ? "tcp" : "udp",
		    f->from, f->address, f->to);
	}
	add(a, "user,id=n0%s%s", o->nforward == 0 ? ",restrict=on" : "", text);
}

/* An argument that ends in a path. */
static void add_path(struct boot_argv *a, const char *options, const char *path)
{
	char *v = value(path);

	a->lost |= v == NULL;
	add(a, "%s%s", options, v == NULL ? "" : v);
	free(v);
}

static void net(struct boot_argv *a, const struct boot_options *o)
{
	add(a, "-netdev");
	if (o->replay != NULL) {
		add(a, "stream,id=n0,server=off,addr.type=fd,addr.str=%d",
		    BOOT_FD_WIRE);
	} else if (o->net != NULL) {
		add_path(a, "stream,id=n0,server=off,addr.type=unix,addr.path=",
		    o->net);
	} else {
		user_net(a, o);
	}
	add(a, "-device");
	add(a, o->microvm ? "virtio-net-device,netdev=n0"
	                  : "virtio-net-pci,netdev=n0");
}

static void disk(struct boot_argv *a, const struct boot_options *o)
{
	if (o->disk == NULL)
		return;
	add(a, "-blockdev");
	add_path(a,
	    "driver=raw,node-name=d0,file.driver=file,file.filename=", o->disk);
	add(a, "-device");
	add(a, o->microvm ? "virtio-blk-device,drive=d0"
	                  : "virtio-blk-pci,drive=d0");
}

/* The kernel's command line, if there is anything to say. */
static void append(struct boot_argv *a, const struct boot_options *o)
{
	const char *text = o->append == NULL ? "" : o->append;
	const char *ready = o->replay == NULL ? "" : "ready";
	char top[24] = "";

	if (o->top_ms != 0)
		snprintf(top, sizeof(top), "top=%u", o->top_ms);
	if (*text == '\0' && *top == '\0' && *ready == '\0')
		return;
	add(a, "-append");
	add(a, "%s%s%s%s%s", text,
	    *text != '\0' && (*top != '\0' || *ready != '\0') ? " " : "", top,
	    *top != '\0' && *ready != '\0' ? " " : "", ready);
}

void boot_argv_make(struct boot_argv *a, const struct boot_options *o,
    const char *kernel, const char *archive)
{
	add(a, "%s", o->qemu);
	add_words(a, o->microvm
	                 ? "-M microvm -global virtio-mmio.force-legacy=false"
	                 : "-M q35");
	add_words(a, "-accel tcg -cpu max -m");
	add(a, "%u", o->memory);
	add_words(a, "-nodefaults -no-user-config -display none -serial stdio "
	             "-no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4");
	if (o->exact)
		add_words(a, "-icount shift=0,sleep=off");
	net(a, o);
	disk(a, o);
	if (o->gdb)
		add_words(a, "-s -S");
	add(a, "-kernel");
	add(a, "%s", kernel);
	add(a, "-initrd");
	add(a, "%s", archive);
	append(a, o);
}

/* Whether a shell takes it as it stands. */
static bool plain(const char *word)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                           "abcdefghijklmnopqrstuvwxyz"
	                           "0123456789_-+=./:,@%";

	return *word != '\0' && word[strspn(word, safe)] == '\0';
}

/* Append a word; at most 4 bytes for each of it, and 2. */
static char *quote(char *to, const char *word)
{
	if (plain(word))
		return stpcpy(to, word);
	*to++ = '\'';
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			to = stpcpy(to, "'\\''");
		else
			*to++ = *word;
	}
	*to++ = '\'';
	return to;
}

char *boot_shell_line(char *const *argv)
{
	size_t room = 1;
	char *line, *to;

	for (unsigned i = 0; argv[i] != NULL; i++)
		room += 4 * strlen(argv[i]) + 3;
	line = malloc(room);
	if (line == NULL)
		return NULL;
	to = line;
	for (unsigned i = 0; argv[i] != NULL; i++) {
		if (i > 0)
			*to++ = ' ';
		to = quote(to, argv[i]);
	}
	*to = '\0';
	return line;
}
