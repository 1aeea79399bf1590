/* SPDX-License-Identifier: MIT */
/*
 * lab_csv: a cell of CSV (RFC 4180, with line feeds), safe for a spreadsheet.
 */
#ifndef COMMON_LAB_LAB_CSV_H
#define COMMON_LAB_LAB_CSV_H

#include <stdio.h>

/* TEXT, then AFTER: ',' or '\n'. Line ends become spaces, because a result is
 * one line; what a spreadsheet would take for a formula gets an apostrophe. */
void
lab_csv_cell(FILE *out, const char *text, char after);

#endif
