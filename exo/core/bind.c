/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secure bindings: image -> parse -> verify -> publish, and the way back.
 *
 * Binding is the slow and careful side. Whatever it reads from the libOS it
 * reads once: the image is copied before anything looks at it. Decoding
 * acquires all that publishing needs; any failure gives it back in reverse,
 * and publishing itself cannot fail.
 *
 * Waiting
 *	What takes long comes first: the program is proven, its accept condition
 *	found, it and those in its slots are compiled, its claim is read and its
 *	rules are found. That may wait while others run (pause.c), so it depends
 *	on nothing but the arguments, the image and a copy of the key's region,
 *	and all that it makes is the caller's alone. Then, without a pause, the
 *	key and the limits are looked at again, and only now whatever others
 *	could change: tables, claims.
 *
 *	Putting the rules into an index takes long again, if they are many. From
 *	here on there is a binding like any other: it is in all lists, its claim
 *	is in others' way, and whoever ends its key ends it, too. But it is not
 *	live: no packet is its, and nobody is told of it. After each pause it is
 *	looked up anew. When all rules are there it is made live, without a pause.
 */
#include "exo/abi/err.h"
#include "exo/core/demux_int.h"
#include "exo/core/image.h"
#include "exo/core/pause.h"
#include "exo/core/tails.h"
#include "exo/core/world_int.h"
#include "verifier/accept.h"

#define SHORT 1000u /* instructions that are compiled without a pause */

/* What proving and decoding acquired. */
struct bind_job {
	struct pause waits;
	struct exo_pause *pause; /* that, or NULL */
	struct exo_arena arena;  /* of what is accepted */
	struct vf_accept acc;
	struct key_rec *key;
	uint8_t *image;       /* our private copy, */
	struct exo_image img; /* taken apart */
	struct vf_prog *prog;
	struct exo_world *world, *twin;
	struct jit_code *code;
	struct linkset *set;
	bool all;                     /* the claim is every packet */
	struct sp_region where, mine; /* the claim; of the link type */
	struct rules rules;
	struct region *claim; /* a share of it */
	struct claim *shared;
	bool joined;  /* shared is published already */
	bool ruled;   /* it is in a domain, or was about to be */
	bool follows; /* it counts among its owner's that do */
	struct region *near;
	struct binding *b;
	uint64_t name;
};

static int args_check(const struct exo_core *core, const struct env *env,
    const struct exo_call_bind *a, struct key_rec **key)
{
	uint32_t right = a->mode == EXO_BIND_FIRST       ? EXO_RIGHT_FIRST
	                 : a->mode == EXO_BIND_EXCLUSIVE ? EXO_RIGHT_EXCLUSIVE
	                                                 : EXO_RIGHT_TAP;
	int err = key_check(core, &a->key, right, key);

	if (err != 0)
		return err;
	if ((a->flags & EXO_BIND_FOLLOW) != 0 &&
	    (a->key.rights & EXO_RIGHT_FOLLOW) == 0)
		return -EXO_EPERM;
	if (a->mode < EXO_BIND_TAP || a->mode > EXO_BIND_EXCLUSIVE)
		return -EXO_EINVAL;
	if ((a->flags & ~(EXO_BIND_FOLLOW | EXO_BIND_ASH)) != 0 ||
	    ((a->flags & EXO_BIND_FOLLOW) != 0 &&
	        a->mode != EXO_BIND_EXCLUSIVE) ||
	    witness_check(&a->witness) != 0)
		return -EXO_EINVAL;
	if (a->snap != 0 && env->ring.shared == NULL)
		return -EXO_EINVAL;
	if (a->image_size > EXO_IMAGE_MAX)
		return -EXO_E2BIG;
	if (a->image_size < sizeof(struct exo_image_hdr))
		return -EXO_EIMAGE;
	return (a->flags & EXO_BIND_ASH) == 0 ? 0 : ash_check(core, a);
}

int steps_check(const struct exo_core *core, uint32_t rights, uint64_t steps)
{
	if (steps > EXO_STEPS_DEFAULT && (rights & EXO_RIGHT_STEPS) == 0)
		return -EXO_EPERM;
	return steps > core->cfg.steps ? -EXO_E2BIG : 0;
}

int image_take(struct env *env, uint64_t u_at, uint32_t size, uint8_t **bytes,
    struct exo_image *img, struct exo_report *report)
{
	uint32_t bad;
	int err;

	*bytes = exo_mem_get(&env->mem, size);
	if (*bytes == NULL)
		return -EXO_ENOMEM;
	err = plat_copy_in(env->plat, *bytes, u_at, size);
	if (err != 0)
		return err;
	err = exo_image_parse(*bytes, size, img, &bad);
	if (err != 0)
		report->off = bad;
	return err;
}

/* Copy the image in, take it apart and prove it. */
static int image_verify(struct exo_core *core, struct env *env,
    const struct exo_call_bind *a, struct bind_job *job,
    struct exo_report *report)
{
	struct vf_limits limits = { core->cfg.verify_insns,
		core->cfg.verify_mem, job->pause };
	struct vf_input in = {
		.refuse_leaks = true,
		/* others see it, too, but of a handler's copy */
		.no_pkt_write = (a->flags & EXO_BIND_ASH) == 0,
	};
	struct vf_const consts[EXO_MAPS_MAX];
	struct exo_image *img = &job->img;
	int err;

	err =
	    image_take(env, a->image, a->image_size, &job->image, img, report);
	if (err == 0 && img->type == EXO_PROG_MEM)
		err = -EXO_EINVAL; /* takes no packet */
	if (err != 0)
		return err;
	in.insns = img->insns;
	in.ninsns = img->ninsns;
	in.type = img->type;
	in.maps = img->maps;
	in.nmaps = img->nmaps;
	in.consts = consts;
	in.nconsts = exo_image_consts(img, consts);
	err = effect_check(img);
	if (err == 0 && (a->flags & EXO_BIND_ASH) != 0 &&
	    img->type != EXO_PROG_XDP)
		err = -EXO_EINVAL;
	if (err != 0)
		return err;
	err = vf_verify(&in, &limits, &env->mem, &job->prog, report);
	if (!budget_work(env, report->explored) && err == 0)
		err = -EXO_EBUDGET;
	if (err != 0)
		return err;
	return steps_check(
	    core, a->key.rights, vf_prog_facts(job->prog)->max_steps);
}

/* Find out what it accepts. */
static int accept_find(struct exo_core *core, struct env *env,
    const struct exo_call_bind *a, struct bind_job *job)
{
	struct sp_work w;
	int err;

	region_work(core, env, &job->arena, &w);
	w.of = &rules_universe;
	w.pause = job->pause;
	err = vf_accept(job->prog, a->linktype, &w, &job->acc);
	if ((a->flags & EXO_BIND_ASH) != 0)
		job->acc.pure = false; /* what it sends is an effect */
	if (!budget_work(env, core->cfg.region_steps - w.left) && err == 0)
		err = -EXO_EBUDGET;
	return err;
}

int code_compile(struct exo_core *core, struct env *env,
    struct exo_world *world, const struct vf_prog *prog, uint64_t pending,
    struct exo_pause *pause, struct jit_code **out)
{
	uint64_t limit = core->cfg.code == 0 ? CODE_PER_ENV : core->cfg.code;
	struct jit_options opt = {
		.passes = ~core->cfg.without,
		.harden = core->cfg.harden,
		.mem = core->cfg.compile_mem == 0 ? COMPILE_MEM
		                                  : core->cfg.compile_mem,
		.cpu = core->cpu,
		.pause = pause,
	};
	uint64_t used = env->code + pending;
	struct jit_env names;
	int err = 0;

	if (limit < used + CODE_GRAIN)
		return -EXO_ELIMIT;
	if ((opt.harden & JIT_HARDEN_BLIND) != 0) {
		err = plat_random(&opt.seed, sizeof(opt.seed));
		if (err != 0)
			return err;
	}
	limit = (limit - used) / CODE_GRAIN * CODE_GRAIN;
	opt.limit = limit < JIT_CODE_MAX ? (uint32_t)limit : JIT_CODE_MAX;
	if (world != NULL)
		names = world_jit(world);
	err = jit_compile(
	    prog, world == NULL ? NULL : &names, &opt, &env->mem, out);
	return err == -EXO_E2BIG ? -EXO_ELIMIT : err;
}

/* What is claimed, inside what the key is about. The key may end while this waits: what
 * is compared is a copy. */
static int claim_read(struct exo_core *core, struct env *env,
    const struct exo_call_bind *a, struct bind_job *job, struct sp_work *w,
    struct sp_cube *why)
{
	struct sp_region theirs = { NULL, 0 };
	int rc = args_check(core, env, a, &job->key);

	if (rc != 0)
		return rc;
	job->all = a->claim.at == 0 && job->key->region == NULL;
	rc = region_copy(w, job->key->region, &theirs);
	if (rc != 0 || a->claim.at == 0) {
		job->where = theirs;
		return rc;
	}
	rc = region_read(env, &a->claim, w, &job->where);
	if (rc == 0)
		rc = sp_inside(w, job->where, theirs, why);
	return rc < 0 ? rc : rc == 0 ? -EXO_EOUTSIDE : 0;
}

/* Find what is claimed, and the rules. */
static int claim_prove(struct exo_core *core, struct env *env,
    const struct exo_call_bind *a, struct bind_job *job)
{
	struct sp_cube why;
	struct sp_work w;
	int err, shown = 0;

	region_work_in(core, &job->arena, &w);
	w.pause = job->pause;
	err = claim_read(core, env, a, job, &w, &why);
	if (err == 0 && a->mode != EXO_BIND_TAP)
		err = claim_of_link(&w, a->linktype, job->where, &job->mine);
	if (err == 0) {
		w.of = &rules_universe;
		err = rules_find(&w, &job->acc, a->snap,
		    job->all ? NULL : &job->where, &job->rules);
	}
	if (!budget_work(env, core->cfg.region_steps - w.left) && err == 0)
		err = -EXO_EBUDGET;
	if (err == -EXO_EOUTSIDE)
		shown = witness_show(core, env, &why, NULL, &a->witness);
	return shown != 0 ? shown : err;
}

/* A share of what is claimed. */
static int claim_keep(struct exo_core *core, struct env *env,
    const struct exo_call_bind *a, struct bind_job *job)
{
	if (a->claim.at != 0)
		return region_keep(core, &env->mem, job->where, &job->claim);
	job->claim = region_share(job->key->region);
	return 0;
}

/* Claim packets: nobody else's, and what is lent to nobody. */
static int claim(struct exo_core *core, struct env *env,
    const struct exo_call_bind *a, struct bind_job *job, struct sp_work *w,
    struct sp_cube *why, const struct claim **other)
{
	int err = claim_keep(core, env, a, job);

	if (err != 0 || a->mode == EXO_BIND_TAP)
		return err;
	job->joined = claim_find(
	    core, job->set, job->key, env, job->claim, a->mode, &job->shared);
	if (!job->joined)
		err = claim_check(core, w, job->set, env, job->claim, job->mine,
		    a->mode, why, other);
	if (err == 0)
		err = claim_lent(w, job->key, job->mine, why);
	if (err != 0 || job->joined)
		return err;
	err = claim_near_reserve(core, job->set);
	if (err != 0)
		return err;
	job->shared = exo_mem_get(&env->mem, sizeof(*job->shared));
	if (job->shared == NULL)
		return -EXO_ENOMEM;
	*job->shared = (struct claim){ .env = env,
		.region = job->claim,
		.key = job->key,
		.mode = a->mode };
	return 0;
}

/* Some binding of a claim. */
static const struct binding *binding_of(
    const struct linkset *set, const struct claim *c)
{
	for (uint32_t i = 0; c != NULL && i < set->n; i++)
		if (set->v[i]->shared == c)
			return set->v[i];
	return NULL;
}

static int claim_decode(struct exo_core *core, struct env *env,
    const struct exo_call_bind *a, struct bind_job *job)
{
	const struct claim *other = NULL;
	struct exo_arena arena;
	struct sp_cube why;
	struct sp_work w;
	int err, shown = 0;

	region_work(core, env, &arena, &w);
	err = claim(core, env, a, job, &w, &why, &other);
	if (err == 0 && (a->flags & EXO_BIND_FOLLOW) != 0)
		err = follow_claim(core, env, job->claim, &w, &job->near);
	if (!budget_work(env, core->cfg.region_steps - w.left) && err == 0)
		err = -EXO_EBUDGET;
	if ((a->key.rights & EXO_RIGHT_TELL) == 0)
		other = NULL;
	if (err == -EXO_ECONFLICT || err == -EXO_ELENT)
		shown = witness_show(core, env, &why,
		    err == -EXO_ECONFLICT ? binding_of(job->set, other) : NULL,
		    &a->witness);
	exo_arena_free(&arena);
	if (err == 0 && (a->flags & EXO_BIND_FOLLOW) != 0) {
		err = follow_join(core, env);
		job->follows = err == 0;
	}
	if (err == 0 && job->claim != NULL && core->seen == NULL) {
		core->seen =
		    exo_mem_get(&core->mem, BATCH * sizeof(*core->seen));
		err = core->seen == NULL ? -EXO_ENOMEM : 0;
	}
	return shown != 0 ? shown : err;
}

/* Make the binding, with room for its rules. */
static int binding_make(struct exo_core *core, struct env *env,
    const struct exo_call_bind *a, struct bind_job *job)
{
	struct binding *b = job->b;

	b->name = job->name;
	b->tag = a->tag;
	b->env = env;
	b->key = job->key;
	b->prog = job->prog;
	b->world = job->world;
	b->twin = job->twin;
	b->set = job->set;
	b->claim = job->claim;
	b->priority = a->priority;
	b->mode = a->mode;
	b->snap = a->snap;
	b->follows = job->follows;
	b->near = job->near;
	b->ash = (a->flags & EXO_BIND_ASH) != 0;
	if (b->ash)
		b->send = ash_key(&a->send);
	job->ruled = true;
	return rules_begin(core, b, &job->acc, &job->rules);
}

/* Whether the packet path may ever run it. Who asks in order runs each program
 * of a table; that table is not asked in order again once it has a binding
 * without code (by_index() in demux.c). The index runs one only where a packet
 * is in a rule that is not sure. */
static bool may_be_asked(
    const struct exo_core *core, const struct bind_job *job)
{
	return !job->b->sure || job->set->n < core->cfg.linear;
}

/* The same as far as can be said before; what is short need not be made ahead. */
static bool may_be_needed(const struct exo_core *core,
    const struct exo_call_bind *a, const struct bind_job *job)
{
	const struct linkset *set = linkset_find(core, a->linktype);
	bool sure = job->acc.pure && job->acc.exact && core->vm == NULL &&
	            (a->snap == 0 || job->acc.keep != 0);
	uint32_t n;

	(void)vf_prog_insns(job->prog, &n);
	return !sure || set == NULL || set->n < core->cfg.linear ||
	       (job->pause != NULL && n > SHORT);
}

static int limits_check(const struct exo_core *core, const struct env *env)
{
	if (budget_over(env))
		return -EXO_EBUDGET;
	return core->binds.live >= core->cfg.bindings ? -EXO_ELIMIT : 0;
}

/* All that takes long; it may wait. */
static int bind_prove(struct exo_core *core, struct env *env,
    const struct exo_call_bind *a, struct bind_job *job,
    struct exo_report *report)
{
	bool ash = (a->flags & EXO_BIND_ASH) != 0;
	int err = args_check(core, env, a, &job->key);

	if (err == 0)
		err = limits_check(core, env);
	if (err == 0)
		err = image_verify(core, env, a, job, report);
	if (err == 0)
		err = accept_find(core, env, a, job);
	if (err == 0)
		err = effect_worlds(core, env, &job->img, job->prog, ash,
		    &job->world, &job->twin);
	if (err == 0 && may_be_needed(core, a, job))
		err = code_compile(core, env, job->world, job->prog, 0,
		    job->pause, &job->code);
	if (err == 0 && job->img.ntails > 0)
		err = tails_decode(core, env, a->key.rights, ash, &job->img,
		    job->prog, job->code, job->world, job->twin, job->pause,
		    report);
	if (err == 0)
		err = claim_prove(core, env, a, job);
	return err;
}

/* What others may change, or ask about: nobody runs until it is in all lists. */
static int bind_decode(struct exo_core *core, struct env *env,
    const struct exo_call_bind *a, struct bind_job *job)
{
	int err = args_check(core, env, a, &job->key);

	if (err == 0)
		err = limits_check(core, env);
	if (err == 0)
		err = linkset_reserve(core, env, a->linktype, &job->set);
	if (err == 0)
		err = claim_decode(core, env, a, job);
	if (err != 0)
		return err;
	job->b = exo_pool_take(&core->binds, &job->name);
	return job->b == NULL ? -EXO_ENOMEM : binding_make(core, env, a, job);
}

uint64_t code_grains(const struct jit_code *code)
{
	uint32_t size = 0;

	if (code != NULL)
		(void)jit_bytes(code, &size);
	return ((uint64_t)size + CODE_GRAIN - 1) / CODE_GRAIN * CODE_GRAIN;
}

/* Code is charged to its owner, who has a limit of it, in the grains in which
 * platforms keep it; the core's total is of its bytes. */
void count_code(struct exo_core *core, const struct binding *b, bool more)
{
	uint64_t grains = code_grains(b->code), bytes;
	struct exo_tails_facts tails = { .n = 0 };
	uint32_t size = 0;

	if (b->code != NULL)
		(void)jit_bytes(b->code, &size);
	if (b->world != NULL)
		exo_world_tails(b->world, CODE_GRAIN, &tails);
	grains += tails.grains;
	bytes = size + tails.code;
	b->env->code += more ? grains : 0 - grains;
	core->stat.code += more ? bytes : 0 - bytes;
}

/* From now on all that the call made is the binding's. */
static void bind_enroll(
    struct exo_core *core, struct env *env, struct bind_job *job)
{
	struct binding *b = job->b;
	uint32_t n;

	b->code = job->code;
	b->type = vf_prog_type(job->prog);
	b->stat.max_steps = steps_of(job->prog, job->world);
	(void)vf_prog_insns(job->prog, &n);
	b->stat.insns = n;
	count_code(core, b, true);
	b->env_prev = &env->bindings;
	b->env_next = env->bindings;
	if (b->env_next != NULL)
		b->env_next->env_prev = &b->env_next;
	env->bindings = b;
	env->nbindings++;
	b->key_prev = &job->key->bindings;
	b->key_next = job->key->bindings;
	if (b->key_next != NULL)
		b->key_next->key_prev = &b->key_next;
	job->key->bindings = b;
	if (job->shared != NULL)
		claim_publish(core, job->set, job->shared, b);
	job->set->pending++;
}

/* Its rules are there: room for it among those that packets find, and its code. */
static int bind_finish(struct exo_core *core, struct env *env,
    const struct exo_call_bind *a, struct bind_job *job)
{
	int err = rules_insert(core, job->name, &job->rules, job->pause);
	struct binding *b = exo_pool_find(&core->binds, job->name);

	job->b = b;
	if (b == NULL)
		return -EXO_ESTALE;
	if (err == 0)
		err = linkset_reserve(core, env, a->linktype, &job->set);
	if (err != 0)
		return err;
	count_code(core, b, false);
	if (!may_be_asked(core, job)) {
		jit_free(b->code, &env->mem);
		b->code = NULL;
	} else if (b->code == NULL) {
		err = code_compile(
		    core, env, b->world, b->prog, 0, NULL, &b->code);
	}
	count_code(core, b, true);
	return err;
}

/* Publish: the packet path sees it. */
static void bind_invoke(
    struct exo_core *core, struct exo_call_bind *a, const struct bind_job *job)
{
	struct binding *b = job->b;

	if (b->code != NULL) {
		b->run = jit_way(b->code)->entry;
		b->keeps = jit_way(b->code)->keeps;
		b->looks =
		    core->vm != NULL || b->world != NULL || jit_looks(b->code);
	}
	rules_end(b);
	if (b->shared != NULL)
		b->shared->live++;
	b->set->pending--;
	linkset_insert(core, b->set, b);
	a->out_binding = job->name;
}

/* Give back what was made before there was a binding. */
static void bind_undo(
    struct exo_core *core, struct env *env, struct bind_job *job)
{
	if (job->ruled)
		rules_withdraw(core, job->b);
	if (job->b != NULL)
		exo_pool_put(&core->binds, job->name);
	jit_free(job->code, &env->mem);
	exo_world_free(job->world);
	exo_world_free(job->twin);
	vf_prog_free(job->prog, &env->mem);
	if (!job->joined)
		exo_mem_put(&env->mem, job->shared, sizeof(*job->shared));
	region_drop(job->claim);
	region_drop(job->near);
	if (job->follows)
		follow_leave(env);
	linkset_tidy(core, job->set);
}

int call_bind(struct exo_core *core, struct env *env, struct exo_call_bind *a)
{
	struct exo_report report = { .insn = EXO_REPORT_NOWHERE,
		.widened = EXO_REPORT_NOWHERE,
		.reg = EXO_REPORT_NOREG };
	struct bind_job job = { .key = NULL };
	bool enrolled = false;
	int err;

	exo_arena_init(&job.arena, &env->mem);
	job.pause = pause_begin(&job.waits, core, env);
	err = bind_prove(core, env, a, &job, &report);
	if (err == 0)
		err = bind_decode(core, env, a, &job);
	if (err == 0) {
		bind_enroll(core, env, &job);
		enrolled = true;
		err = bind_finish(core, env, a, &job);
	}
	/* the report goes out before anything is published: a bad address
	 * for it is the caller's fault, and refuses */
	if (a->report != 0 &&
	    plat_copy_out(env->plat, a->report, &report, sizeof(report)) != 0 &&
	    err == 0)
		err = -EXO_EINVAL;
	exo_mem_put(&env->mem, job.image, a->image_size);
	exo_arena_free(&job.arena);
	if (err == 0) {
		bind_invoke(core, a, &job);
		return 0;
	}
	if (!enrolled)
		bind_undo(core, env, &job);
	else if (job.b != NULL)
		binding_withdraw(core, job.b);
	core->stat.refused++;
	return err;
}

struct binding *binding_find(
    const struct exo_core *core, const struct env *env, uint64_t name)
{
	struct binding *b = exo_pool_find(&core->binds, name);

	return b != NULL && b->env == env ? b : NULL;
}

void binding_withdraw(struct exo_core *core, struct binding *b)
{
	if (b->live)
		linkset_remove(core, b->set, b);
	else
		b->set->pending--;
	rules_withdraw(core, b);
	claim_withdraw(b);
	region_drop(b->claim);
	region_drop(b->near);
	if (b->follows)
		follow_leave(b->env);
	b->env->nbindings--;
	*b->env_prev = b->env_next;
	if (b->env_next != NULL)
		b->env_next->env_prev = b->env_prev;
	*b->key_prev = b->key_next;
	if (b->key_next != NULL)
		b->key_next->key_prev = b->key_prev;
	count_code(core, b, false);
	jit_free(b->code, &b->env->mem);
	exo_world_free(b->world);
	exo_world_free(b->twin);
	vf_prog_free(b->prog, &b->env->mem);
	linkset_tidy(core, b->set);
	exo_pool_put(&core->binds, b->name);
}

bool exo_binding_each(const struct exo_core *core, uint32_t *index,
    uint64_t *binding, uint64_t *env, struct exo_bind_stat *out)
{
	const struct binding *b;

	do
		b = exo_pool_next(&core->binds, index, binding);
	while (b != NULL && !b->live);
	if (b == NULL)
		return false;
	*env = b->env->name;
	*out = b->stat;
	return true;
}

const uint8_t *exo_binding_code(
    const struct exo_core *core, uint64_t binding, uint32_t *size)
{
	const struct binding *b = exo_pool_find(&core->binds, binding);

	return b == NULL || b->code == NULL ? NULL : jit_bytes(b->code, size);
}

const struct exo_insn *exo_binding_insns(
    const struct exo_core *core, uint64_t binding, uint32_t *n)
{
	const struct binding *b = exo_pool_find(&core->binds, binding);

	return b == NULL ? NULL : vf_prog_insns(b->prog, n);
}
