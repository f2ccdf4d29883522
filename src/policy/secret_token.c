/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens that say what they are: the prefixes that their issuers have published, so that they can be found when they leak.
 */
#include <string.h>

#include "base/str.h"
#include "policy/secret.h"

enum { LOWER = 1, UPPER = 2, DIGITS = 4, DASH = 8, UNDERSCORE = 16, DOT = 32, HEX = 64, UPPER_HEX_OR_32 = 128, SLASH = 256,
       ALNUM = LOWER | UPPER | DIGITS, WORD = ALNUM | DASH | UNDERSCORE };

/* After the prefix: `min` to `max` bytes of the kinds `of`, and none of them behind. */
struct token { const char *id, *prefix; unsigned of, min, max; };

/* clang-format off */
static const struct token tokens[] = {
	{ "aws-access-key", "AKIA", UPPER_HEX_OR_32, 16, 16 }, { "aws-access-key", "ASIA", UPPER_HEX_OR_32, 16, 16 },
	{ "aws-access-key", "ABIA", UPPER_HEX_OR_32, 16, 16 }, { "aws-access-key", "ACCA", UPPER_HEX_OR_32, 16, 16 },
	{ "github-token", "ghp_", ALNUM, 36, 255 }, { "github-token", "gho_", ALNUM, 36, 255 }, { "github-token", "ghu_", ALNUM, 36, 255 },
	{ "github-token", "ghs_", ALNUM, 36, 255 }, { "github-token", "ghr_", ALNUM, 36, 255 },
	{ "github-token", "github_pat_", ALNUM | UNDERSCORE, 36, 255 },
	{ "gitlab-token", "glpat-", WORD | DOT, 20, 300 }, { "gitlab-token", "gldt-", WORD, 20, 300 }, { "gitlab-token", "glrt-", WORD | DOT, 20, 300 },
	{ "gitlab-token", "glptt-", WORD, 40, 300 }, { "gitlab-token", "glcbt-", WORD, 20, 300 }, { "gitlab-token", "glft-", WORD, 20, 300 },
	{ "gitlab-token", "glsoat-", WORD, 20, 300 }, { "gitlab-token", "glagent-", WORD, 50, 300 }, { "gitlab-token", "gloas-", WORD, 64, 300 },
	{ "gitlab-token", "glimt-", WORD, 25, 300 },
	{ "slack-token", "xoxb-", ALNUM | DASH, 20, 255 }, { "slack-token", "xoxp-", ALNUM | DASH, 20, 255 }, { "slack-token", "xoxa-", ALNUM | DASH, 20, 255 },
	{ "slack-token", "xoxr-", ALNUM | DASH, 20, 255 }, { "slack-token", "xoxs-", ALNUM | DASH, 20, 255 }, { "slack-token", "xoxe-", ALNUM | DASH, 20, 300 },
	{ "slack-token", "xapp-", ALNUM | DASH, 40, 300 }, { "slack-webhook", "hooks.slack.com/services/", ALNUM | SLASH, 30, 120 },
	{ "stripe-key", "sk_live_", ALNUM, 16, 255 }, { "stripe-key", "sk_test_", ALNUM, 16, 255 }, { "stripe-key", "rk_live_", ALNUM, 16, 255 },
	{ "stripe-key", "rk_test_", ALNUM, 16, 255 }, { "stripe-key", "whsec_", ALNUM, 24, 255 },
	{ "npm-token", "npm_", ALNUM, 36, 36 }, { "pypi-token", "pypi-AgEIcHlwaS5vcmc", WORD, 50, 1000 },
	{ "pypi-token", "pypi-AgENdGVzdC5weXBpLm9yZw", WORD, 50, 1000 }, { "rubygems-token", "rubygems_", HEX, 48, 48 }, { "nuget-key", "oy2", LOWER | DIGITS, 43, 43 },
	{ "google-key", "AIza", WORD, 35, 35 }, { "google-oauth", "GOCSPX-", WORD, 28, 28 }, { "google-oauth", "ya29.", WORD, 40, 2000 },
	{ "docker-token", "dckr_pat_", WORD, 27, 40 }, { "docker-token", "dckr_oat_", WORD, 27, 60 },
	{ "vault-token", "hvs.", WORD, 24, 300 }, { "vault-token", "hvb.", WORD, 24, 500 }, { "vault-token", "hvr.", WORD, 24, 300 },
	{ "openai-key", "sk-proj-", WORD, 40, 255 }, { "openai-key", "sk-svcacct-", WORD, 40, 255 }, { "anthropic-key", "sk-ant-", WORD, 40, 255 },
	{ "huggingface-token", "hf_", ALNUM, 34, 40 }, { "digitalocean-token", "dop_v1_", HEX, 64, 64 }, { "digitalocean-token", "doo_v1_", HEX, 64, 64 },
	{ "digitalocean-token", "dor_v1_", HEX, 64, 64 }, { "sendgrid-key", "SG.", WORD | DOT, 60, 80 }, { "shopify-token", "shpat_", HEX, 32, 32 },
	{ "shopify-token", "shpss_", HEX, 32, 32 }, { "shopify-token", "shpca_", HEX, 32, 32 }, { "shopify-token", "shppa_", HEX, 32, 32 },
	{ "square-token", "sq0atp-", WORD, 22, 60 }, { "square-token", "sq0csp-", WORD, 43, 60 }, { "databricks-token", "dapi", HEX, 32, 32 },
	{ "linear-key", "lin_api_", ALNUM, 40, 40 }, { "notion-token", "ntn_", ALNUM, 40, 60 }, { "grafana-token", "glsa_", ALNUM | UNDERSCORE, 41, 60 },
	{ "grafana-token", "glc_eyJ", ALNUM, 32, 400 }, { "newrelic-key", "NRAK-", UPPER | DIGITS, 27, 27 }, { "planetscale-token", "pscale_tkn_", WORD, 32, 64 },
	{ "planetscale-token", "pscale_pw_", WORD, 32, 64 }, { "postman-key", "PMAK-", LOWER | DIGITS | DASH, 59, 59 }, { "pulumi-token", "pul-", HEX, 40, 40 },
	{ "doppler-token", "dp.pt.", ALNUM, 40, 60 }, { "doppler-token", "dp.st.", ALNUM | DOT | DASH | UNDERSCORE, 40, 100 },
	{ "supabase-key", "sbp_", HEX, 40, 40 }, { "sentry-token", "sntrys_", WORD, 60, 400 }, { "atlassian-token", "ATATT3", WORD, 100, 300 },
	{ "netlify-token", "nfp_", ALNUM, 36, 40 }, { "tailscale-key", "tskey-", ALNUM | DASH, 30, 100 }, { "age-key", "AGE-SECRET-KEY-1", UPPER | DIGITS, 58, 58 },
	{ "dynatrace-token", "dt0c01.", UPPER | DIGITS | DOT, 80, 100 }, { "mailgun-key", "key-", HEX, 32, 32 }, { "jfrog-token", "AKCp", ALNUM, 69, 69 },
	{ "circleci-token", "CCIPAT_", ALNUM | UNDERSCORE, 40, 80 }, { "alibaba-key", "LTAI", ALNUM, 20, 20 }, { "fly-token", "fo1_", WORD, 43, 43 },
	{ "terraform-token", "atlasv1.", WORD, 60, 70 }, { "figma-token", "figd_", WORD, 40, 60 }, { "sonar-token", "squ_", HEX, 40, 40 },
	{ "sonar-token", "sqp_", HEX, 40, 40 }, { "airtable-token", "pat", ALNUM | DOT, 78, 79 },
};
/* clang-format on */

static bool is_of(unsigned kinds, char c)
{
	if (c >= 'a' && c <= 'z')
		return (kinds & LOWER) || ((kinds & HEX) && c <= 'f');
	if (c >= 'A' && c <= 'Z')
		return (kinds & (UPPER | UPPER_HEX_OR_32)) != 0;
	if (c >= '0' && c <= '9')
		return (kinds & (DIGITS | HEX)) || ((kinds & UPPER_HEX_OR_32) && c >= '2' && c <= '7');
	return (c == '-' && (kinds & DASH)) || (c == '_' && (kinds & UNDERSCORE)) || (c == '.' && (kinds & DOT)) || (c == '/' && (kinds & SLASH));
}

static bool is_inside(char c)
{
	return is_of(ALNUM | UNDERSCORE, c);
}

/* Documentation shows tokens of one letter, and with the word in them. */
static bool is_shown(struct secret_span v)
{
	enum { PLAIN = 5 << 15 }; /* 2.5 bits */
	static const char *const words[] = { "EXAMPLE", "example", "xxxx", "XXXX", "0000000000" };

	for (size_t i = 0; i < N_ELEMENTS(words); i++)
		if (memmem(v.at, v.len, words[i], strlen(words[i])))
			return true;
	return secret_entropy(v) < PLAIN;
}

static bool is_token(const struct token *t, const char *p, const char *end, struct secret_span *out)
{
	size_t n = strlen(t->prefix), k = 0;

	if ((size_t)(end - p) < n + t->min || memcmp(p, t->prefix, n) != 0)
		return false;
	while (k <= t->max && p + n + k < end && is_of(t->of, p[n + k]))
		k++;
	if (k < t->min || k > t->max || (p + n + k < end && is_inside(p[n + k])))
		return false;
	*out = (struct secret_span){ p, n + k };
	return !is_shown((struct secret_span){ p + n, k });
}

/* Each place where a word begins is compared with each row; what a row may look at is bounded by its `max`. */
bool secret_token(struct secret_span value, const char **id, struct secret_span *out)
{
	const char *end = value.at + value.len;

	for (const char *p = value.at; p < end; p++) {
		if (p > value.at && is_inside(p[-1]))
			continue;
		for (size_t i = 0; i < N_ELEMENTS(tokens); i++)
			if (*p == tokens[i].prefix[0] && is_token(&tokens[i], p, end, out)) {
				*id = tokens[i].id;
				return true;
			}
	}
	return false;
}
