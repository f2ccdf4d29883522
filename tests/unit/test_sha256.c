/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/sha256.h"
#include "base/str.h"

/* The examples of FIPS 180-4's authors (NIST, "SHA-256", cavp), and the empty text. */
static const struct { const char *text, *want; } cases[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
	  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
};

Test(sha256, gives_the_published_digests)
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		char got[SHA256_HEX + 1];
		sha256_hex(cases[i].text, strlen(cases[i].text), got);
		cr_expect_str_eq(got, cases[i].want, "case %zu", i);
	}
}

Test(sha256, a_million_letters_in_uneven_pieces)
{
	static const char want[] = { (char)0xcd, (char)0xc7, 0x6e, 0x5c, (char)0x99, 0x14, (char)0xfb, (char)0x92 };
	uint8_t got[SHA256_SIZE];
	char piece[997];
	struct sha256 s;

	memset(piece, 'a', sizeof(piece));
	sha256_init(&s);
	for (size_t left = 1000000; left;) {
		size_t n = left % sizeof(piece) ? left % sizeof(piece) : sizeof(piece);
		sha256_add(&s, piece, n);
		left -= n;
	}
	sha256_end(&s, got);
	cr_expect(memcmp(got, want, sizeof(want)) == 0);
}

/* Every length around the ends of a block: digests of digests, made once with coreutils' sha256sum. */
Test(sha256, every_length_up_to_two_blocks)
{
	char bytes[130], one[SHA256_HEX + 1], all[SHA256_HEX + 1];
	auto_str joined = { 0 };

	for (size_t n = 0; n < sizeof(bytes); n++) {
		memset(bytes, (int)n, n);
		sha256_hex(bytes, n, one);
		str_add(&joined, one);
	}
	sha256_hex(joined.s, joined.len, all);
	cr_expect_str_eq(all, "e108a5d0d82f909d2dfc8500881efeb1254cd3cedf04c1891665ab484c120788");
}
