/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether some packet is in a cube, of packets as the parser sees them.
 *
 * Most cubes where nobody lives are found out by what headers need of each
 * other; the rest by going through the forms.
 */
#include "exo/space/region.h"

#include "exo/space/form.h"
#include "exo/space/space_int.h"

/* Fields that are there whenever one of a header is. */
static const uint64_t needs[SP_HEADERS] = {
	[SP_H_TAG0] = SP_BIT(SP_TYPE0),
	[SP_H_TAG1] = SP_BIT(SP_TYPE0) | SP_BIT(SP_TAGS) | SP_BIT(SP_TCI0) |
	              SP_BIT(SP_TYPE1),
	[SP_H_IP4] = SP_BIT(SP_TYPE),
	[SP_H_IP6] = SP_BIT(SP_TYPE),
	[SP_H_IP6X] = SP_BIT(SP_TYPE) | SP_FIRST_TO(SP_IP6_VTF, SP_IP6_DST2),
	[SP_H_ARP] = SP_BIT(SP_TYPE),
	[SP_H_L4] = SP_BIT(SP_TYPE) | SP_BIT(SP_L4_LEFT),
	[SP_H_PORTS] = SP_BIT(SP_TYPE) | SP_BIT(SP_FRAG) | SP_BIT(SP_PROTO),
	[SP_H_ICMP] = SP_BIT(SP_TYPE) | SP_BIT(SP_FRAG) | SP_BIT(SP_PROTO),
	[SP_H_TCP] = SP_BIT(SP_TYPE) | SP_BIT(SP_FRAG) | SP_BIT(SP_PROTO) |
	             SP_BIT(SP_SPORT) | SP_BIT(SP_DPORT),
};

/* Fields of which not two kinds are in a packet. */
static const uint64_t apart[][3] = {
	{ SP_FIRST_TO(SP_IP_VHL, SP_IP_DST),
	    SP_FIRST_TO(SP_IP6_VTF, SP_IP6_XNH),
	    SP_FIRST_TO(SP_ARP_HRD, SP_ARP_TPA) },
	{ SP_FIRST_TO(SP_ARP_HRD, SP_ARP_TPA), SP_BIT(SP_IP6_XNH),
	    SP_LITERAL4 },
	{ SP_FIRST_TO(SP_ARP_HRD, SP_ARP_TPA), SP_SEEN_FIELDS, 0 },
	{ SP_FIRST_TO(SP_ICMP_TYPE, SP_ICMP_CODE),
	    SP_BIT(SP_SPORT) | SP_BIT(SP_DPORT) | SP_BIT(SP_TCP_FLAGS), 0 },
	{ SP_BIT(SP_AF), SP_FIRST_TO(SP_ETH_DST, SP_TYPE2) | SP_BIT(SP_TAGS),
	    0 },
};

/* Those of the same header that lie before a field, too, are there. */
static uint64_t earlier(uint32_t f)
{
	uint64_t out = 0;

	if (sp_field_row[f].header <= SP_H_SEEN)
		return f == SP_PROTO ? SP_BIT(SP_FRAG) | SP_BIT(SP_TYPE)
		       : f == SP_FRAG || f == SP_L4_LEFT ? SP_BIT(SP_TYPE)
		                                         : 0;
	for (uint32_t i = f;
	     i-- > 0 && sp_field_row[i].header == sp_field_row[f].header;)
		out |= SP_BIT(i);
	return out | needs[sp_field_row[f].header];
}

/* Whether which fields are there, and which are not, cannot be. */
static bool excluded(uint64_t there, uint64_t gone)
{
	for (uint64_t left = there; left != 0; left &= left - 1)
		if ((earlier((uint32_t)__builtin_ctzll(left)) & gone) != 0)
			return true;
	for (uint32_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++)
		for (uint32_t k = 0; k < 3; k++)
			if ((there & apart[i][k]) != 0 &&
			    (there & apart[i][(k + 1) % 3]) != 0)
				return true;
	return false;
}

static uint64_t max_of(uint32_t field)
{
	return sp_max((enum sp_field)field);
}

static int place(struct sp_search *s)
{
	uint32_t cap;

	return sp_place(s, 0, &cap);
}

static int inhabited(struct sp_work *w, const struct sp_cube *c)
{
	struct sp_search s;

	sp_search_init(&s, w, c, place, NULL);
	if (excluded(s.asked & ~s.gone, s.gone))
		return 0;
	return sp_forms(&s);
}

const struct sp_universe sp_packets = { max_of, inhabited };
