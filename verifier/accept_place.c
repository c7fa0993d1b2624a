/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which bytes are which fields, as far as a way knows.
 *
 * These are the rules of exo/space/parse.c read backwards. A byte at a constant
 * offset is a field's only where the way's atoms fix all that decides where the
 * field lies: type0 lies where the link type says; what follows a TPID is a tag
 * if the type before it is known to be one; the network header lies behind a
 * type that is known and no TPID. IPv4's transport header lies 4 * ihl behind,
 * and any offset that has that form is counted from there.
 *
 * An atom that says that a field is there, whatever its number, says that so
 * many bytes are captured, and the other way about, the way's other atoms
 * given: see take() there. vf_field_end() gives that number.
 */
#include "verifier/accept_int.h"

static bool fixed(const struct vf_way *w, enum sp_field f, uint64_t *x)
{
	const struct sp_atom *a = vf_way_atom(w, (uint8_t)f);

	if (a == NULL || a->absent || a->lo != a->hi)
		return false;
	*x = a->lo;
	return true;
}

/* Behind the type of a link header: tags, then the network header. */
static void typed(
    const struct vf_way *w, struct vf_layout *l, uint32_t type, uint32_t after)
{
	uint64_t t;

	l->at[SP_H_TYPED] = type;
	if (!fixed(w, SP_TYPE0, &t))
		return;
	if (sp_is_tpid(t)) {
		l->at[SP_H_TAG0] = after;
		after += 4;
		if (!fixed(w, SP_TYPE1, &t))
			return;
		if (sp_is_tpid(t)) {
			l->at[SP_H_TAG1] = after;
			after += 4;
			if (!fixed(w, SP_TYPE2, &t))
				return;
		}
	}
	l->type = (uint32_t)t;
	l->net = after;
}

/* NULL is in the order of a little-endian host. */
static void family(const struct vf_way *w, struct vf_layout *l, bool host)
{
	uint64_t af;

	l->at[SP_H_AF] = 0;
	if (!fixed(w, SP_AF, &af))
		return;
	if (host)
		af = __builtin_bswap32((uint32_t)af);
	l->net = 4;
	if (af == 2)
		l->type = 0x0800;
	else if (af == 24 || af == 28 || af == 30)
		l->type = 0x86dd;
}

static void link_header(const struct vf_way *w, struct vf_layout *l)
{
	uint64_t type = 0;

	switch (l->link) {
	case SP_LINK_ETHERNET:
		l->at[SP_H_ETH] = 0;
		typed(w, l, 12, 14);
		break;
	case SP_LINK_SLL:
		typed(w, l, 14, 16);
		break;
	case SP_LINK_SLL2:
		typed(w, l, 0, 20);
		break;
	case SP_LINK_NULL:
		family(w, l, true);
		break;
	case SP_LINK_LOOP:
		family(w, l, false);
		break;
	case SP_LINK_RAW:
		if (fixed(w, SP_TYPE, &type))
			l->type = (uint32_t)type;
		break;
	case SP_LINK_IPV4:
		l->type = 0x0800;
		break;
	case SP_LINK_IPV6:
		l->type = 0x86dd;
		break;
	default:
		break;
	}
}

/* No number of the atom is an extension header's. */
static bool is_plain(const struct sp_atom *nh)
{
	struct sp_atom a;

	if (nh == NULL || nh->absent)
		return false;
	if (nh->lo == nh->hi)
		return !sp_is_ext(nh->lo);
	for (unsigned x = 0; x < 256; x++) {
		a = sp_is(SP_IP6_NH, x);
		if (sp_is_ext(x) && sp_tidy(&a, 255) && vf_atom_and(&a, nh))
			return false;
	}
	return true;
}

static void net_header(const struct vf_way *w, struct vf_layout *l)
{
	const struct sp_atom *a;
	uint64_t nh;

	switch (l->type) {
	case 0x0800:
		l->at[SP_H_IP4] = l->net;
		a = vf_way_atom(w, SP_IP_VHL);
		if (a != NULL && !a->absent && (a->mask & 15) == 15)
			l->at[SP_H_L4] = l->net + 4 * (uint32_t)(a->value & 15);
		break;
	case 0x86dd:
		l->at[SP_H_IP6] = l->net;
		if (is_plain(vf_way_atom(w, SP_IP6_NH)))
			l->at[SP_H_L4] = l->net + 40;
		else if (fixed(w, SP_IP6_NH, &nh))
			l->at[SP_H_IP6X] = l->net;
		break;
	case 0x0806:
	case 0x8035:
		l->at[SP_H_ARP] = l->net;
		break;
	default:
		break;
	}
}

/* What is there at least, by the atoms that say that something is. */
static void lengths(const struct vf_way *w, struct vf_layout *l)
{
	enum sp_field counts;
	uint32_t end, *most;

	for (uint32_t i = 0; i < w->n; i++) {
		const struct sp_atom *a = &w->a[i];

		if (a->absent)
			continue;
		counts = (enum sp_field)a->field;
		end = (uint32_t)a->lo;
		if (counts != SP_CAPLEN && counts != SP_L4_LEFT &&
		    !vf_field_end(l, a->field, &counts, &end))
			continue;
		most = counts == SP_CAPLEN ? &l->caplen : &l->left;
		*most = *most < end ? end : *most;
	}
	end = l->at[SP_H_L4];
	if (end == SP_NOWHERE)
		return;
	if (l->left != 0 && l->caplen < end + l->left)
		l->caplen = end + l->left;
	else if (l->caplen > end + l->left)
		l->left = l->caplen - end;
}

static void find_layout(
    const struct vf_acc *a, const struct vf_way *w, struct vf_layout *l)
{
	*l = (struct vf_layout){ .link = a->link };
	for (unsigned i = 0; i < VF_HEADERS; i++)
		l->at[i] = SP_NOWHERE;
	link_header(w, l);
	if (l->type != 0)
		net_header(w, l);
	lengths(w, l);
}

/* What is asked of a way is asked a few times before it has another atom. */
void vf_layout(struct vf_acc *a, const struct vf_way *w, struct vf_layout *l)
{
	if (w->said != a->last)
		find_layout(a, w, &a->layout);
	a->last = w->said;
	*l = a->layout;
}

/* Which bit of the field a byte's bit is, if the field lies there. */
static bool within(uint32_t field, uint32_t from, unsigned number, uint8_t *bit)
{
	const struct sp_field_row *r = &sp_field_row[field];
	unsigned first = (from + r->byte) * 8;

	if (number < first || number - first >= r->bits)
		return false;
	*bit = (uint8_t)(r->bits - 1 - (number - first));
	return true;
}

/* Of the headers that lie somewhere; their fields are in a row, in the order of
 * headers, and one of another header is behind the last. */
static const uint8_t first_field[SP_H_L4 + 1] = {
	[SP_H_ETH] = SP_ETH_DST,
	[SP_H_TYPED] = SP_TYPE0,
	[SP_H_TAG0] = SP_TCI0,
	[SP_H_TAG1] = SP_TCI1,
	[SP_H_AF] = SP_AF,
	[SP_H_IP4] = SP_IP_VHL,
	[SP_H_IP6] = SP_IP6_VTF,
	[SP_H_IP6X] = SP_IP6_XNH,
	[SP_H_ARP] = SP_ARP_HRD,
	[SP_H_L4] = SP_L4_0,
};

bool vf_place(
    const struct vf_layout *l, unsigned source, uint8_t *field, uint8_t *bit)
{
	unsigned base = (source - VF_BIT_SOURCE) >> 14;
	unsigned number = (source - VF_BIT_SOURCE) & 0x3fff;

	if (base == VF_BASE_LEN || base == VF_BASE_CAPLEN) {
		*field = base == VF_BASE_LEN ? SP_LEN : SP_CAPLEN;
		*bit = (uint8_t)(31 - number);
		return true;
	}
	for (uint32_t h = SP_H_ETH; h <= SP_H_L4; h++) {
		uint32_t from = l->at[h];

		if (base == VF_BASE_L4)
			from = h == SP_H_L4 ? 0 : SP_NOWHERE;
		if (from == SP_NOWHERE)
			continue;
		for (uint32_t f = first_field[h]; sp_field_row[f].header == h;
		     f++) {
			if (!within(f, from, number, bit))
				continue;
			*field = (uint8_t)f;
			return true;
		}
	}
	return false;
}

/* 4 * (the lower half of the network header's first byte), and a constant. */
bool vf_is_l4(const struct vf_layout *l, const struct vf_sym *v, uint64_t *k)
{
	if (l->type != 0x0800 || v->add < l->net || v->add > INT32_MAX)
		return false;
	for (unsigned i = 0; i < 64; i++) {
		unsigned want = i < 2 || i > 5
		                    ? VF_BIT_0
		                    : VF_BIT_SOURCE + l->net * 8 + 9 - i;

		if (v->bit[i] != want)
			return false;
	}
	*k = v->add - l->net;
	return true;
}

bool vf_field_end(const struct vf_layout *l, uint8_t field,
    enum sp_field *counts, uint32_t *end)
{
	const struct sp_field_row *r = &sp_field_row[field];

	*end = r->byte + r->bits / 8u;
	*counts = SP_L4_LEFT;
	if (r->header == SP_H_L4)
		return true;
	*counts = SP_CAPLEN;
	if (l->at[r->header] == SP_NOWHERE)
		return false;
	*end += l->at[r->header];
	return true;
}
