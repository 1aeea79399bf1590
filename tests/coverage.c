/* SPDX-License-Identifier: MIT */
/*
 * For `make coverage` alone: a process that ends by _exit(), as a forked child
 * does, writes its counts; gcc writes them only at exit(). The linker replaces
 * each call of _exit() by this function (--wrap).
 */
void
__gcov_dump(void);
_Noreturn void
__real__exit(int status);
_Noreturn void
__wrap__exit(int status);

_Noreturn void
__wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
