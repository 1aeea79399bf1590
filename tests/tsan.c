/* SPDX-License-Identifier: MIT */
/*
 * tsan: what ThreadSanitizer is told, in each program of a build for it.
 *
 * OpenSSL comes as a library that is not instrumented. It reads some of what it
 * has decoded and kept (the extensions of a certificate) without a lock, after
 * an atomic flag that only an instrumented library would show.
 */

const char *
__tsan_default_suppressions(void);

const char *
__tsan_default_suppressions(void)
{
	return "race:libcrypto.so\n"
	       "race:libssl.so\n";
}
