/* SPDX-License-Identifier: MIT */
/*
 * lab_list: the labs, one a line, in the order of the course. lab_table.c
 * includes it, for the struct lab lab_NAME of each lab_NAME.c. No include
 * guard: it is included twice.
 */
/* clang-format off */
LAB(tour)
LAB(handoff)
LAB(memory)
LAB(race)
LAB(lock)
LAB(deadlock)
LAB(orphan)
LAB(leak)
LAB(zombie)
LAB(crash)
LAB(bigparent)
LAB(weight)
LAB(backlog)
LAB(knee)
LAB(drain)
LAB(stdio)
LAB(eintr)
/* clang-format on */
