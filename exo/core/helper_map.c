/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers on the elements of maps. */
#include "exo/core/world_int.h"

int helper_map_lookup_elem(struct helper *h)
{
	const uint8_t *value = map_lookup(h->map, h->p[2]);

	h->r[0] = 0;
	if (value != NULL)
		h->r[0] = world_gives(
		    h->w, value, world_value_addr(h->map, h->map_nr, value));
	return ISA_HELPER_DONE;
}

int helper_map_update_elem(struct helper *h)
{
	return helper_gives(h, map_update(h->map, h->p[2], h->p[3], h->r[4]));
}

int helper_map_delete_elem(struct helper *h)
{
	return helper_gives(h, map_delete(h->map, h->p[2]));
}

int helper_map_push_elem(struct helper *h)
{
	return helper_gives(h, map_queue_push(h->map, h->p[2], h->r[3]));
}

int helper_map_pop_elem(struct helper *h)
{
	return helper_gives(h, map_queue_pop(h->map, h->p[2]));
}

int helper_map_peek_elem(struct helper *h)
{
	return helper_gives(h, map_queue_peek(h->map, h->p[2]));
}
