/* SPDX-License-Identifier: BSD-2-Clause */
#include "exo/space/wire.h"

#include "exo/abi/err.h"
#include "exo/abi/region.h"
#include "exo/lib/arena.h"
#include "exo/lib/bytes.h"

uint32_t sp_wire_size(struct sp_region r)
{
	uint64_t atoms = 0;

	for (uint32_t i = 0; i < r.n; i++)
		atoms += r.v[i].n;
	if (r.n > EXO_REGION_CUBES || atoms > EXO_REGION_ATOMS)
		return 0;
	return (uint32_t)(sizeof(struct exo_region_hdr) +
	                  atoms * sizeof(struct exo_atom));
}

void sp_wire_write(struct sp_region r, void *out)
{
	struct exo_region_hdr *h = out;
	struct exo_atom *to = (struct exo_atom *)(h + 1);

	for (uint32_t i = 0; i < r.n; i++) {
		for (uint32_t k = 0; k < r.v[i].n; k++) {
			const struct sp_atom *a = &r.v[i].a[k];

			*to++ = (struct exo_atom){ i, a->field, a->absent,
				a->mask, a->value, a->lo, a->hi };
		}
	}
	*h = (struct exo_region_hdr){ EXO_REGION_VERSION, r.n,
		(uint32_t)(to - (struct exo_atom *)(h + 1)), 0 };
}

static bool header_ok(const struct exo_region_hdr *h, uint32_t size)
{
	return h->version == EXO_REGION_VERSION && h->zero == 0 &&
	       h->ncubes <= EXO_REGION_CUBES && h->natoms <= EXO_REGION_ATOMS &&
	       size - sizeof(*h) == h->natoms * sizeof(struct exo_atom);
}

/* One atom, whose cube is not below the one before. */
static bool atom_ok(const struct exo_atom *a, uint32_t cube, uint32_t ncubes)
{
	if (a->field >= SP_FIELDS || a->absent > 1)
		return false;
	if (a->absent != 0 && (a->mask | a->value | a->lo | a->hi) != 0)
		return false;
	return a->cube >= cube && a->cube < ncubes;
}

/* The atoms from i on that are of a cube. */
static int read_cube(struct sp_work *w, const struct exo_atom *a, uint32_t n,
    uint32_t cube, uint32_t *i, struct sp_region *out)
{
	uint32_t first = *i, k;
	struct sp_atom *v;

	while (*i < n && a[*i].cube == cube)
		++*i;
	v = exo_arena_get(w->arena, (*i - first + 1) * sizeof(*v));
	if (v == NULL)
		return -EXO_ENOMEM;
	for (k = first; k < *i; k++)
		v[k - first] =
		    (struct sp_atom){ (uint8_t)a[k].field, a[k].absent != 0,
			    a[k].mask, a[k].value, a[k].lo, a[k].hi };
	return sp_conj(w, v, *i - first, out);
}

int sp_wire_read(struct sp_work *w, const void *u_bytes, uint32_t size,
    struct sp_region *out)
{
	const struct exo_region_hdr *h = u_bytes;
	const struct exo_atom *a;
	struct sp_cube *v;
	struct sp_region one;
	uint32_t i, cube, n = 0;
	int rc = 0;

	if (size < sizeof(*h) || !header_ok(h, size))
		return -EXO_EINVAL;
	a = (const struct exo_atom *)(h + 1);
	for (i = 0, cube = 0; i < h->natoms; cube = a[i++].cube)
		if (!atom_ok(&a[i], cube, h->ncubes))
			return -EXO_EINVAL;
	v = exo_arena_get(w->arena, (h->ncubes + 1) * sizeof(*v));
	if (v == NULL)
		return -EXO_ENOMEM;
	for (i = 0, cube = 0; rc == 0 && cube < h->ncubes; cube++) {
		rc = read_cube(w, a, h->natoms, cube, &i, &one);
		if (rc == 0 && one.n > 0)
			v[n++] = one.v[0];
	}
	if (rc == 0)
		*out = (struct sp_region){ v, n };
	return rc;
}
