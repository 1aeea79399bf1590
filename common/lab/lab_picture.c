/* SPDX-License-Identifier: MIT */
/* lab_picture: the description; lab_picture_terminal.c and lab_picture_svg.c
 * draw it. */
#include "common/lab/lab_picture.h"

#include <stdarg.h>
#include <string.h>

#include "common/base/utf8.h"
#include "common/format/figures.h"

static struct lab_panel *
begin_panel(
    struct lab_picture *picture, enum lab_panel_kind kind, const char *title)
{
	static struct lab_panel unseen; /* one panel too many */
	struct lab_panel *panel = &unseen;

	if (picture->count < LAB_PANELS)
		panel = &picture->panel[picture->count++];
	memset(panel, 0, sizeof(*panel));
	panel->kind = kind;
	utf8_copy(panel->title, sizeof(panel->title), title);
	return panel;
}

/* The latest panel with a new row in it, or NULL if it is full. */
static struct lab_row *
begin_row(struct lab_picture *picture, const char *model)
{
	struct lab_panel *panel =
	    picture->count ? &picture->panel[picture->count - 1] : NULL;
	struct lab_row *row;

	if (!panel || panel->rows == LAB_ROWS)
		return NULL;
	row = &panel->row[panel->rows++];
	row->colour = !model			     ? LAB_PLAIN
		      : strcmp(model, "thread") == 0 ? LAB_THREAD
		      : strcmp(model, "fork") == 0   ? LAB_FORK
						     : LAB_BAD;
	return row;
}

void
lab_bars(struct lab_picture *picture, bool logarithmic, const char *title)
{
	begin_panel(picture, LAB_PANEL_BARS, title)->logarithmic = logarithmic;
}

void
lab_bar(struct lab_picture *picture, const char *model, double value,
    const char *label, ...)
{
	struct lab_row *row = begin_row(picture, model);
	va_list args;

	if (!row)
		return;
	row->value = value;
	va_start(args, label);
	vsnprintf(row->text[0], LAB_TEXT, label, args);
	va_end(args);
	snprintf(row->text[1], LAB_TEXT, "%.4g", value);
}

void
lab_bar_says(struct lab_picture *picture, const char *words, ...)
{
	struct lab_panel *panel = &picture->panel[picture->count - 1];
	va_list args;

	if (!picture->count || !panel->rows)
		return;
	va_start(args, words);
	vsnprintf(panel->row[panel->rows - 1].text[1], LAB_TEXT, words, args);
	va_end(args);
}

void
lab_table(struct lab_picture *picture, size_t columns, const char *title)
{
	begin_panel(picture, LAB_PANEL_TABLE, title)->columns =
	    columns < LAB_COLUMNS ? columns : LAB_COLUMNS;
}

void
lab_cells(
    struct lab_picture *picture, const char *model, const char *cells, ...)
{
	struct lab_row *row = begin_row(picture, model);
	char line[LAB_COLUMNS * LAB_TEXT], *rest = line, *cell;
	va_list args;

	if (!row)
		return;
	row->heading = picture->panel[picture->count - 1].rows == 1;
	va_start(args, cells);
	vsnprintf(line, sizeof(line), cells, args);
	va_end(args);
	for (size_t i = 0; i < LAB_COLUMNS && (cell = strsep(&rest, "|")); i++)
		utf8_copy(row->text[i], LAB_TEXT, cell);
}

void
lab_timeline(struct lab_picture *picture, const char *model, const char *title)
{
	size_t m = strcmp(model, "fork") == 0;
	char name[32], full[LAB_TEXT];

	if (!picture->timelines[m])
		return;
	snprintf(name, sizeof(name), "server_%s", model);
	snprintf(full, sizeof(full), "%s%s%s", name, picture->zh ? "：" : ": ",
	    title);
	begin_panel(
	    picture, LAB_PANEL_TIMELINE, strstr(title, name) ? title : full)
	    ->model = m;
}
