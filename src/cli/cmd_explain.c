/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would be done and why, from the same decision that create and launch make. Changes nothing, needs no root.
 */
#include <errno.h>

#include "cli/bundle.h"
#include "cli/cli.h"
#include "cli/launch.h"
#include "policy/explain.h"

struct explain_options {
	bool json;
	const char *policy, *image_config, *scan_report;
};

static const struct cli_option explain_options[] = {
	{ "json", 0, CLI_BOOL, offsetof(struct explain_options, json), NULL, "print the decision, and the whole plan, as JSON" },
	{ "policy", 0, CLI_STRING, offsetof(struct explain_options, policy), "NAME",
	  "none, baseline, hardened, strict or a profile (default: as create would choose)" },
	{ "image-config", 0, CLI_STRING, offsetof(struct explain_options, image_config), "FILE",
	  "the image's configuration, as create takes it" },
	{ "scan-report", 0, CLI_STRING, offsetof(struct explain_options, scan_report), "FILE", "a scanner's report about the image, as create takes it" },
	{ 0 },
};

/* Which source was asked for labels, whether it answered, and what it cost. */
static int add_labels(json_t *doc, const struct label_report *r)
{
	if (!r->source)
		return 0;
	return json_object_set_new(doc, "labels", json_pack("{s:s, s:b, s:f}", "source", r->source, "answered", r->answered,
							    "milliseconds", (double)r->microseconds / 1000));
}

static int print_json(const struct plan *plan, const struct spec *spec, const struct label_report *labels, struct err *e)
{
	json_t *doc = explain_json(plan, spec);

	if (doc && add_labels(doc, labels) < 0) {
		json_decref(doc);
		doc = NULL;
	}
	return cli_print_json(doc, JSON_REAL_PRECISION(3), e);
}

static int print_table(const struct plan *plan, const struct spec *spec, struct err *e)
{
	auto_str out = { 0 };

	explain_table(plan, spec, &out);
	return out.failed ? err_set(e, ENOMEM, "explain: out of memory") : cli_write(out.s, out.len, e);
}

static int decide(const struct cli_globals *g, const struct explain_options *o, int argc, char *const *argv, struct arena *a,
		  const struct spec **spec, const struct plan **plan, struct label_report *labels, struct err *e)
{
	struct cli_globals globals = *g;
	struct create_options create = { .bundle = argv[0], .image_config = o->image_config, .scan_report = o->scan_report };
	struct bundle b;
	int err;

	if (o->policy)
		globals.policy = o->policy;
	if (str_eq(argv[0], "launch"))
		return launch_plan(&globals, argc - 1, argv + 1, a, spec, plan, e);
	if (argc > 1)
		return err_set(e, EINVAL, "explain takes one bundle; flags come before it, and \"launch\" before those of a launch");
	/* A name for a container that nobody will make. */
	err = bundle_decide(a, &globals, &create, "explain", &b, e);
	if (err < 0)
		return err;
	*spec = b.spec;
	*plan = b.plan;
	*labels = b.labels;
	return 0;
}

static int explain_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	const struct explain_options *o = options;
	const struct spec *spec = NULL;
	const struct plan *plan = NULL;
	struct label_report labels = { 0 };
	auto_arena a = { 0 };
	struct err e = { 0 };
	int err = decide(g, o, argc, argv, &a, &spec, &plan, &labels, &e);

	if (err == 0)
		err = o->json ? print_json(plan, spec, &labels, &e) : print_table(plan, spec, &e);
	return err < 0 ? cli_fail(&e, 1) : 0;
}

const struct cli_command cmd_explain = {
	.name = "explain",
	.operands = "BUNDLE | launch FLAGS ROOTFS",
	.summary = "say what would be applied to a container, and which rule decides",
	.details = "For each control: what was asked, what will be applied, and the rule that decided. With \"launch\" and its flags, "
		   "the same for what launch would start. Changes nothing and needs no root.",
	.options = explain_options,
	.options_size = sizeof(struct explain_options),
	.min = 1,
	.max = -1,
	.stop_at_operand = true,
	.run = explain_run,
};
