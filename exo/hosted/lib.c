/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The façade of the embeddable library: programs come and go.
 *
 * Loading: what is proven, compiled, and kept in maps is charged to the
 * program's own memory. Whatever fails half-way is what exopf_free() frees.
 */
#include "exo/hosted/lib.h"

#include "exo/abi/err.h"
#include "exo/core/image.h"
#include "exo/hosted/diag.h"
#include "exo/plat/plat.h"

#include <string.h>

_Static_assert(EXOPF_EINVAL == -EXO_EINVAL && EXOPF_ENOMEM == -EXO_ENOMEM &&
                   EXOPF_EPERM == -EXO_EPERM && EXOPF_ENOENT == -EXO_ENOENT &&
                   EXOPF_E2BIG == -EXO_E2BIG && EXOPF_EIMAGE == -EXO_EIMAGE &&
                   EXOPF_EREFUSED == -EXO_EREFUSED &&
                   EXOPF_EBUDGET == -EXO_EBUDGET &&
                   EXOPF_ENOENTROPY == -EXO_ENOENTROPY,
    "the library's errors are the kernel's");
_Static_assert((int)EXOPF_TYPE_MEM == (int)EXO_PROG_MEM &&
                   (int)EXOPF_TYPE_XDP == (int)EXO_PROG_XDP &&
                   (int)EXOPF_TYPE_SOCKET == (int)EXO_PROG_SOCKET &&
                   (int)EXOPF_TYPE_TC == (int)EXO_PROG_TC,
    "the library's types are the kernel's");

void lib_report(struct exopf_report *to, const struct exo_report *from,
    const struct exo_insn *insns, uint32_t n)
{
	struct exo_fmt f;

	if (to == NULL)
		return;
	to->code = from->code;
	to->insn = from->insn;
	exo_fmt_init(&f, to->text, sizeof(to->text));
	cmd_diag_write(&f, from, insns, n);
}

void lib_report_text(struct exopf_report *report, const char *text)
{
	struct exo_fmt f;

	if (report == NULL)
		return;
	memset(report, 0, sizeof(*report));
	report->insn = EXOPF_NOWHERE;
	exo_fmt_init(&f, report->text, sizeof(report->text));
	exo_fmt_str(&f, text);
}

static uint64_t now(void *arg)
{
	const struct exopf_program *p = arg;

	if (p->options.now != NULL)
		return p->options.now(p->options.arg);
	return plat_clock_ns();
}

static int event(void *arg, uint32_t map, const uint8_t *data, uint32_t size,
    const uint8_t *pkt, uint32_t npkt)
{
	const struct exopf_program *p = arg;

	return p->options.event(p->options.arg, map, data, size, pkt, npkt);
}

/* Give a program its maps. What nobody is to guess is random. */
static int make_world(struct exopf_program *p, const struct exo_image *img)
{
	struct exo_world_config cfg = {
		.mem = &p->mem,
		.maps = img->maps,
		.nmaps = img->nmaps,
		.seed = p->options.seed,
		.now = now,
		.event = p->options.event != NULL ? event : NULL,
		.arg = p,
	};
	int ret = 0;

	if (img->nmaps > 0)
		ret = plat_random(&cfg.hash, sizeof(cfg.hash));
	if (ret == 0 && cfg.seed == 0 && vf_prog_facts(p->prog)->helpers)
		ret = plat_random(&cfg.seed, sizeof(cfg.seed));
	if (ret == 0)
		ret = exo_world_new(&cfg, &p->world);
	if (ret == 0 && exo_world_begin(p->world, img) != 0)
		ret = EXOPF_EIMAGE;
	return ret;
}

/* Keep what an image calls its maps. */
static int take_names(struct exopf_program *p, const struct exo_image *img)
{
	uint32_t i;

	if (img->nmaps == 0)
		return 0;
	p->names = exo_mem_get(&p->mem, img->nmaps * sizeof(*p->names));
	if (p->names == NULL)
		return EXOPF_ENOMEM;
	p->nmaps = img->nmaps;
	for (i = 0; i < img->nfields; i++) {
		const struct exo_image_field *f = &img->fields[i];
		const char *name = img->texts + f->name;

		if (f->of == EXO_FIELD_MAP)
			memcpy(p->names[f->map].text, name,
			    strnlen(name, sizeof(p->names->text) - 1));
	}
	return 0;
}

/* Make a verified program runnable. Without machine code it is interpreted. */
static int prepare(struct exopf_program *p, const struct exo_image *img)
{
	const struct exo_insn *insns;
	struct isa_vm *vm;
	uint32_t bad, n;
	int ret = make_world(p, img);

	if (ret == 0)
		ret = take_names(p, img);
	if (ret != 0)
		return ret;
	vm = exo_world_vm(p->world);
	insns = vf_prog_insns(p->prog, &n);
	ret = isa_load(vm, img->type, insns, n, &bad);
	if (ret != 0)
		return ret;
	vm->stack = vf_prog_facts(p->prog)->stack;
	(void)exo_world_compile(p->world, p->prog, 0, &p->code);
	p->engine = p->code != NULL ? EXOPF_ENGINE_JIT : EXOPF_ENGINE_INTERP;
	return 0;
}

void lib_report_steps(struct exopf_report *to, uint64_t most, uint64_t limit)
{
	struct exo_fmt f;

	lib_report_text(to, "");
	if (to == NULL)
		return;
	exo_fmt_init(&f, to->text, sizeof(to->text));
	exo_fmt_str(&f, "a run may take ");
	exo_fmt_u64(&f, most);
	exo_fmt_str(&f, " steps; the limit is ");
	exo_fmt_u64(&f, limit);
}

/* Are a program's steps too many for whoever loads it? */
static int check_steps(
    const struct exopf_program *p, struct exopf_report *report)
{
	uint64_t most = vf_prog_facts(p->prog)->max_steps;

	if (p->options.max_steps == 0 || most <= p->options.max_steps)
		return 0;
	lib_report_steps(report, most, p->options.max_steps);
	return EXOPF_EBUDGET;
}

/* Judge the program. */
static int verify(struct exopf_program *p, const struct exo_image *img,
    struct exopf_report *report)
{
	const struct vf_limits limits = VF_LIMITS_TOOL;
	struct vf_const consts[EXO_MAPS_MAX];
	const struct vf_input in = {
		.insns = img->insns,
		.ninsns = img->ninsns,
		.type = img->type,
		.refuse_leaks = true,
		.maps = img->maps,
		.nmaps = img->nmaps,
		.consts = consts,
		.nconsts = exo_image_consts(img, consts),
		.no_helpers = (p->options.flags & EXOPF_NO_HELPERS) != 0,
		.no_pkt_write = (p->options.flags & EXOPF_NO_PACKET_WRITE) != 0,
	};
	struct exo_report why = { .code = 0 };
	int ret = vf_verify(&in, &limits, &p->mem, &p->prog, &why);

	if (ret != 0 && why.code != 0)
		lib_report(report, &why, img->insns, img->ninsns);
	return ret != 0 ? ret : check_steps(p, report);
}

/* The first map that cannot be: 0, -EXO_EINVAL or -EXO_E2BIG. */
static int check_maps(const struct exo_image *img, struct exopf_report *report)
{
	int ret = 0;
	uint32_t i;

	for (i = 0; i < img->nmaps && ret == 0; i++)
		ret = exo_world_map(&img->maps[i]);
	if (ret != 0)
		lib_report_text(report, "there can be no such map");
	return ret;
}

/* A program that has its memory, and nothing else. */
static int begin(const struct exopf_options *from, struct exopf_program **out)
{
	struct exopf_options options;
	struct exo_mem mem;
	int ret = lib_options_take(from, &options);

	if (ret != 0)
		return ret;
	mem = lib_options_mem(&options);
	*out = exo_mem_get(&mem, sizeof(**out));
	if (*out == NULL)
		return EXOPF_ENOMEM;
	(*out)->mem = mem;
	(*out)->options = options;
	return 0;
}

/* The program is done, or what there is of it goes. */
static int finish(struct exopf_program *p, int ret, struct exopf_program **out)
{
	if (ret == 0)
		*out = p;
	else
		exopf_free(p);
	return ret;
}

/* Judge what an image holds, and make it runnable. */
static int load(struct exopf_program *p, const struct exo_image *img,
    struct exopf_report *report)
{
	int ret = verify(p, img, report);

	if (ret == 0)
		ret = prepare(p, img);
	if (ret == 0 && img->ntails > 0)
		ret = lib_tails_fill(p, img, report);
	if (ret == EXOPF_EIMAGE)
		lib_report_text(
		    report, "what a map is to begin with has no place");
	return ret;
}

/* The same of instructions, which may lie at any address. */
static int load_insns(struct exopf_program *p, const void *insns, size_t n,
    uint32_t type, struct exopf_report *report)
{
	struct exo_map_def maps[EXO_WORLD_MAPS] = { { 0 } };
	struct exo_image img = { .type = type,
		.ninsns = (uint32_t)(n / sizeof(struct exo_insn)),
		.total = (uint32_t)(n / sizeof(struct exo_insn)),
		.maps = maps,
		.nmaps = p->options.n_maps };
	struct exo_insn *copy;
	int ret;

	if (img.nmaps > 0)
		memcpy(maps, p->options.maps, img.nmaps * sizeof(*maps));
	ret = check_maps(&img, report);
	if (ret != 0)
		return ret;
	copy = exo_mem_raw(&p->mem, n + 1);
	if (copy == NULL)
		return EXOPF_ENOMEM;
	if (n != 0)
		memcpy(copy, insns, n);
	img.insns = copy;
	ret = load(p, &img, report);
	exo_mem_put(&p->mem, copy, n + 1);
	return ret;
}

PUBLIC int exopf_load_with(const void *insns, size_t n_bytes,
    enum exopf_type type, const struct exopf_options *options,
    struct exopf_report *report, exopf_program **out)
{
	struct exopf_program *p;
	int ret;

	*out = NULL;
	lib_report_text(report, "");
	if ((unsigned)type < EXOPF_TYPE_MEM || (unsigned)type > EXOPF_TYPE_TC ||
	    n_bytes % sizeof(struct exo_insn) != 0)
		return EXOPF_EINVAL;
	if (n_bytes / sizeof(struct exo_insn) > EXO_INSNS_MAX)
		return EXOPF_E2BIG;
	ret = begin(options, &p);
	if (ret != 0)
		return ret;
	ret = load_insns(p, insns, n_bytes, (uint32_t)type, report);
	return finish(p, ret, out);
}

PUBLIC int exopf_load(const void *insns, size_t n_bytes, enum exopf_type type,
    struct exopf_report *report, exopf_program **out)
{
	return exopf_load_with(insns, n_bytes, type, NULL, report, out);
}

/* Take apart an image that nobody else has. */
static int load_parsed(struct exopf_program *p, const uint8_t *bytes, size_t n,
    struct exopf_report *report)
{
	struct exo_image img;
	uint32_t bad = 0;
	int ret = exo_image_parse(bytes, (uint32_t)n, &img, &bad);

	if (ret != 0) {
		lib_report_text(report, "these bytes are no filter image");
		return ret;
	}
	ret = check_maps(&img, report);
	if (ret == EXOPF_EINVAL)
		ret = EXOPF_EIMAGE;
	return ret != 0 ? ret : load(p, &img, report);
}

PUBLIC int exopf_load_image_with(const void *image, size_t n_bytes,
    const struct exopf_options *options, struct exopf_report *report,
    exopf_program **out)
{
	struct exopf_program *p;
	uint8_t *copy;
	int ret;

	*out = NULL;
	lib_report_text(report, "");
	if (n_bytes > EXO_IMAGE_MAX)
		return EXOPF_E2BIG;
	if (options != NULL && options->n_maps != 0)
		return EXOPF_EINVAL;
	ret = begin(options, &p);
	if (ret != 0)
		return ret;
	copy = exo_mem_raw(&p->mem, n_bytes + 1);
	if (copy != NULL && n_bytes != 0)
		memcpy(copy, image, n_bytes);
	ret =
	    copy == NULL ? EXOPF_ENOMEM : load_parsed(p, copy, n_bytes, report);
	exo_mem_put(&p->mem, copy, n_bytes + 1);
	return finish(p, ret, out);
}

PUBLIC int exopf_load_image(const void *image, size_t n_bytes,
    struct exopf_report *report, exopf_program **out)
{
	return exopf_load_image_with(image, n_bytes, NULL, report, out);
}

PUBLIC void exopf_free(exopf_program *program)
{
	struct exo_mem mem;

	if (program == NULL)
		return;
	if (program->world != NULL)
		exo_world_code_free(program->world, program->code);
	exo_world_free(program->world);
	vf_prog_free(program->prog, &program->mem);
	exo_mem_put(&program->mem, program->names,
	    program->nmaps * sizeof(*program->names));
	mem = program->mem;
	exo_mem_put(&mem, program, sizeof(*program));
}

PUBLIC int exopf_set_engine(exopf_program *program, enum exopf_engine engine)
{
	if (engine != EXOPF_ENGINE_JIT && engine != EXOPF_ENGINE_INTERP)
		return EXOPF_EINVAL;
	if (engine == EXOPF_ENGINE_JIT && program->code == NULL)
		return EXOPF_ENOMEM;
	program->engine = engine;
	return 0;
}

PUBLIC void exopf_facts(const exopf_program *program, struct exopf_facts *facts)
{
	const struct vf_facts *from = vf_prog_facts(program->prog);

	*facts = (struct exopf_facts){
		.max_steps = lib_max_steps(program),
		.stack = from->stack > program->tails.stack
		             ? from->stack
		             : program->tails.stack,
		.reads_packet = from->reads_pkt || program->tails.reads_pkt,
		.pure = from->pure,
		.writes_packet = from->writes_pkt || program->tails.writes_pkt,
		.helpers = from->helpers,
		.memory = program->mem.used,
	};
	(void)vf_prog_insns(program->prog, &facts->insns);
	if (program->code != NULL)
		(void)exo_world_code_bytes(program->code, &facts->code_bytes);
}

PUBLIC const char *exopf_strerror(int error)
{
	switch (error) {
	case EXOPF_OK:
		return "no error";
	case EXOPF_EPERM:
		return "the map is to stay as it began";
	case EXOPF_ENOENT:
		return "there is no such element";
	case EXOPF_E2BIG:
		return "larger than the limit, or the map is full";
	case EXOPF_ETRAP:
		return "an interpreted program trapped: a bug of the library";
	case EXOPF_EEXIST:
		return "the element exists already";
	case EXOPF_ENOSPC:
		return "the map is full";
	case EXOPF_EAGAIN:
		return "another thread writes it all the time: try again";
	default:
		return cmd_diag_error(error);
	}
}

PUBLIC const char *exopf_version(void)
{
	return EXOPF_VERSION;
}
