/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tshark says of packets, as canonical fields, and where it may differ.
 *
 * It dissects packets with no protocol but those of the canonical parser, so
 * that there are neither tunnels nor guesses, and without reassembly. The first
 * headers that it tells of count: those in ICMP errors are behind.
 *
 * Where it differs from the parser on purpose there is a licence, a row of
 * tshark_licence.c whose function looks at the bytes.
 */
#ifndef TESTS_SUPPORT_TSHARK_H
#define TESTS_SUPPORT_TSHARK_H

#include "exo/space/space.h"

#define TSHARK_ABSENT UINT64_MAX

bool tshark_is_there(void);

/**
 * Have n packets dissected. For each of them, in order, told() gets its index,
 * the effective fields by enum sp_field, TSHARK_ABSENT where there is none, and
 * the protocols by tshark's names. Returns NULL, or what went wrong.
 */
const char *tshark_ask(const struct sp_packet *p, size_t n,
    void (*told)(size_t i, const uint64_t *x, const char *protocols));

/* A field of which tshark says something else. */
struct tshark_differ {
	const struct sp_packet *p;
	const struct sp_view *v;
	enum sp_field field;
	uint64_t theirs, ours; /* TSHARK_ABSENT: none */
};

/** Whether it may; counted. */
bool tshark_licensed(const struct tshark_differ *d);

/** Print how often each licence was used. */
void tshark_licences_show(void);

#endif
