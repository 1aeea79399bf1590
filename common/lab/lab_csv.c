/* SPDX-License-Identifier: MIT */
/* lab_csv: quotes where they are needed. */
#include "common/lab/lab_csv.h"

#include <stdbool.h>
#include <string.h>

void
lab_csv_cell(FILE *out, const char *text, char after)
{
	bool formula = *text && strchr("=+-@\t\r", *text);

	if (!formula && !text[strcspn(text, "\",\r\n\t")]) {
		fprintf(out, "%s%c", text, after);
		return;
	}
	fputs(formula ? "\"'" : "\"", out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
	}
	fprintf(out, "\"%c", after);
}
