/* SPDX-License-Identifier: BSD-2-Clause */
/* A snapshot of the kernel for programs: see top_show.h. */
#include "exo/hosted/top_show.h"

#include "exo/hosted/json.h"

static void rate(struct cmd_json *j, const struct top *t, const char *key,
    uint64_t was, uint64_t is)
{
	uint64_t milli;

	if (top_rate(t, was, is, &milli))
		cmd_json_milli(j, key, milli);
	else
		cmd_json_null(j, key);
}

static void one_env(struct cmd_json *j, const struct top *t,
    const struct exo_env_row *r, unsigned place)
{
	static const struct exo_env_row none;
	const struct exo_env_row *was = top_env_before(t, r->env);

	if (was == NULL)
		was = &none;
	cmd_json_object(j, NULL);
	cmd_json_str(j, "label", r->label);
	if (place != 0)
		cmd_json_u64(j, "place", place);
	else
		cmd_json_null(j, "place");
	cmd_json_str(j, "does", top_state_text(r->state));
#define EXO_ENV_FIELD(field, meaning) cmd_json_u64(j, #field, r->field);
#include "exo/abi/state.inc"
#undef EXO_ENV_FIELD
	cmd_json_object(j, "per_s");
	rate(j, t, "ran_ns", was->ran_ns, r->ran_ns);
	rate(j, t, "turns", was->turns, r->turns);
	rate(j, t, "upcalls", was->upcalls, r->upcalls);
	rate(j, t, "faults", was->faults, r->faults);
	rate(j, t, "refills", was->refills, r->refills);
	rate(j, t, "preloaded", was->preloaded, r->preloaded);
	rate(j, t, "delivered", was->delivered, r->delivered);
	rate(j, t, "dropped", was->dropped, r->dropped);
	rate(j, t, "unpaid", was->unpaid, r->unpaid);
	cmd_json_end(j);
	cmd_json_end(j);
}

static void one_bind(
    struct cmd_json *j, const struct top *t, const struct exo_bind_row *r)
{
	static const struct exo_bind_row none;
	const struct exo_bind_row *was = top_bind_before(t, r->binding);

	if (was == NULL)
		was = &none;
	cmd_json_object(j, NULL);
	cmd_json_str(j, "owner", top_label(&t->now, r->env));
#define EXO_BIND_FIELD(field, meaning) cmd_json_u64(j, #field, r->field);
#include "exo/abi/state.inc"
#undef EXO_BIND_FIELD
	cmd_json_object(j, "per_s");
	rate(j, t, "evaluated", was->evaluated, r->evaluated);
	rate(j, t, "matched", was->matched, r->matched);
	rate(j, t, "delivered", was->delivered, r->delivered);
	rate(j, t, "dropped", was->dropped, r->dropped);
	rate(j, t, "unpaid", was->unpaid, r->unpaid);
	cmd_json_end(j);
	cmd_json_end(j);
}

void top_json(FILE *f, const struct top *t)
{
	const struct top_shot *s = &t->now;
	struct cmd_json j;

	cmd_json_begin(&j, f);
	cmd_json_str(&j, "schema", TOP_JSON_SCHEMA);
#define EXO_STATE_FIELD(field, meaning) \
	cmd_json_u64(&j, #field, s->state.field);
#include "exo/abi/state.inc"
#undef EXO_STATE_FIELD
	cmd_json_array(&j, "environments");
	for (unsigned i = 0; i < EXO_STATE_ENVS; i++)
		if (s->state.env[i].env != 0)
			one_env(&j, t, &s->state.env[i], i + 1);
	for (unsigned i = 0; i < s->nended; i++)
		one_env(&j, t, &s->ended[i], 0);
	cmd_json_end(&j);
	cmd_json_array(&j, "bindings");
	for (unsigned i = 0; i < s->nbinds; i++)
		one_bind(&j, t, &s->bind[i]);
	cmd_json_end(&j);
	cmd_json_array(&j, "owners");
	for (unsigned i = 0; i < s->nslots; i++)
		cmd_json_u64(&j, NULL, s->owner[i]);
	cmd_json_end(&j);
	cmd_json_finish(&j);
}
