/* SPDX-License-Identifier: MIT */
/* lab_show: texts of the page, in the order of a lesson. */
#include "common/lab/lab_show.h"

#include <ctype.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "common/base/log.h"
#include "common/lab/lab_fold.h"
#include "common/lab/lab_table.h"

#define INDENT 2

/* Both may be formats: the compiler checks both. */
#define WORDS(view, en, chinese) ((view)->page.zh ? chinese : en)

static size_t
width_of(const struct lab_view *view)
{
	return view->style.width ? view->style.width : 80;
}

/* TEXT of the page, in plain words and with this run's numbers; see
 * lab_fold(). */
static void
put_text(const struct lab_view *view, const struct lab_text *text,
    size_t column, size_t indent)
{
	static char plain[LAB_PAGE_TEXT];

	lab_page_plain(text, view->lab, &view->numbers, plain, sizeof(plain));
	lab_fold(view->out, plain, column, indent, width_of(view));
}

static void
put_heading(const struct lab_view *view, const char *text)
{
	fprintf(view->out, "\n%s%s%s\n", view->style.colour ? "\033[1m" : "",
	    text, view->style.colour ? "\033[0m" : "");
}

/* ---- the list ---- */

/* "10 minutes · needs: nothing": the part after the colon. */
static const char *
needs_of(const struct lab_page *page, char *buf, size_t size)
{
	static const char *const colons[] = {"needs: ", "需要："};
	const char *at;

	snprintf(buf, size, "%.*s", (int)page->needs.len, page->needs.at);
	at = strstr(buf, colons[page->zh]);
	return at ? at + strlen(colons[page->zh]) : "";
}

void
lab_show_list(const struct terminal_style *style, bool zh, FILE *out)
{
	fprintf(out, "%s\n\n",
	    zh ? "实验（client lab 名字），以及学生需要的分钟数："
	       : "Labs (client lab NAME), and the minutes that each takes a "
		 "student:");
	for (const struct lab *const *lab = LAB_TABLE; *lab; lab++) {
		struct lab_view view = {
		    .lab = *lab, .style = *style, .out = out};
		char needs[400];

		if (!lab_page_find(&view.page, (*lab)->name, zh))
			continue;
		fprintf(out, "  %s%-10s%s %3u  ",
		    style->colour ? "\033[1m" : "", (*lab)->name,
		    style->colour ? "\033[0m" : "", (*lab)->minutes);
		fprintf(out, "%s%s\n", WORDS(&view, "needs: ", "需要："),
		    needs_of(&view.page, needs, sizeof(needs)));
		put_text(&view, &view.page.title, 0, 18);
	}
	fputs(zh ? "\n从 client lab tour 开始。client lab start NAME 建立一份"
		   "带缺陷的副本供你修复，\nclient lab check NAME 评判它。\n"
		 : "\nBegin with: client lab tour\n"
		   "client lab start NAME makes a copy with a bug to repair; "
		   "client lab check NAME\njudges it.\n",
	    out);
}

/* ---- the question ---- */

void
lab_show_question(const struct lab_view *view)
{
	char title[300];

	snprintf(title, sizeof(title), "%s: %.*s", view->lab->name,
	    (int)view->page.title.len, view->page.title.at);
	put_heading(view, title);
	fputc('\n', view->out);
	put_text(view, &view->page.question, 0, INDENT);
	fputc('\n', view->out);
	for (size_t i = 0; i < view->page.answers; i++) {
		fprintf(view->out, "  %c. ", (char)('A' + i));
		put_text(view, &view->page.answer[i], 5, 5);
	}
	fflush(view->out);
}

static char
last_letter(const struct lab_view *view)
{
	return (char)('A' + view->page.answers - 1);
}

void
lab_show_how_to_predict(const struct lab_view *view)
{
	fprintf(view->out,
	    WORDS(view,
		"\nPredict before you read on: client lab %s --predict A (to "
		"%c).\n",
		"\n先预测，再往下看：client lab %s --predict A（到 %c）。\n"),
	    view->lab->name, last_letter(view));
}

/* Longer than a terminal's line, so that nothing is left in IN's buffer, of
 * which poll(2) does not know. */
#define LINE_MAX_BYTES 8192

/* The next line of IN. MASK lets the signals through that end the wait: taken
 * only while it waits, none can come just before. False: no line. */
static bool
read_line(const struct lab_view *view, FILE *in, const sigset_t *mask,
    char line[LINE_MAX_BYTES])
{
	struct pollfd wait = {fileno(in), POLLIN, 0};

	fflush(view->out);
	return !*view->stop && ppoll(&wait, 1, NULL, mask) >= 0 &&
	       fgets(line, LINE_MAX_BYTES, in);
}

static void
hold_signals(sigset_t *mask)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, mask);
}

/* A letter, 0 for none. */
static char
ask(const struct lab_view *view, FILE *in, const sigset_t *mask)
{
	char line[LINE_MAX_BYTES], letter;

	for (;;) {
		fprintf(view->out,
		    WORDS(view, "\nYour prediction (A to %c; Enter: none): ",
			"\n你的预测（A 到 %c；直接回车：不预测）："),
		    last_letter(view));
		if (!read_line(view, in, mask, line))
			return '\0';
		letter = (char)toupper((unsigned char)line[0]);
		if (letter == '\n')
			return '\0';
		if (letter >= 'A' && letter <= last_letter(view) &&
		    line[1] == '\n')
			return letter;
	}
}

char
lab_ask_prediction(const struct lab_view *view, FILE *in)
{
	sigset_t mask;
	char letter;

	hold_signals(&mask);
	letter = ask(view, in, &mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return letter;
}

void
lab_await_enter(const struct lab_view *view, FILE *in)
{
	char line[LINE_MAX_BYTES];
	sigset_t mask;

	fprintf(view->out, "%s",
	    WORDS(view,
		"\nSay why, in your own words. Then press Enter and compare: ",
		"\n先用自己的话说明原因，再按回车对照："));
	hold_signals(&mask);
	read_line(view, in, &mask, line);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

/* ---- the result ---- */

/* WHAT, padded by the caller, and one of the answers. */
static void
put_answer(const struct lab_view *view, const char *what, char letter)
{
	size_t column = INDENT + lab_columns(what) + strlen(" B. ");

	fprintf(view->out, "  %s %c. ", what, letter);
	put_text(view, &view->page.answer[letter - 'A'], column, column);
}

static bool
has_answer(const struct lab_view *view, char letter)
{
	return letter >= 'A' && letter <= last_letter(view);
}

void
lab_show_result(const struct lab_view *view, const struct lab_result *result)
{
	bool shown = result->outcome == LAB_SHOWN;
	const char *sentence;

	put_heading(view, WORDS(view, "Result", "结果"));
	if (result->outcome == LAB_CANNOT) {
		fprintf(view->out, "  %s%s\n",
		    WORDS(
			view, "This cannot be shown here: ", "这里无法演示："),
		    result->reason);
		return;
	}
	if (has_answer(view, result->predicted))
		put_answer(view, WORDS(view, "You predicted   ", "你的预测  "),
		    result->predicted);
	if (has_answer(view, result->answer))
		put_answer(view, WORDS(view, "The servers show", "服务器显示"),
		    result->answer);
	if (result->predicted)
		fprintf(view->out, "  %s\n",
		    result->predicted == result->answer
			? WORDS(view, "Your prediction was right.",
			      "你预测对了。")
			: WORDS(view, "Your prediction was another one: why?",
			      "与你的预测不同：为什么？"));
	sentence = shown ? WORDS(view, "Shown: ", "已演示：")
			 : WORDS(view, "NOT AS EXPECTED: ", "与预期不符：");
	fprintf(view->out, "  %s", sentence);
	lab_fold(view->out, result->reason, lab_columns(sentence) + 2,
	    2 * INDENT, width_of(view));
}

static void
put_section(const struct lab_view *view, enum lab_section section)
{
	if (!view->page.section[section].len)
		return;
	put_heading(view, lab_heading(section, view->page.zh));
	put_text(view, &view->page.section[section], 0, INDENT);
}

void
lab_show_why(const struct lab_view *view)
{
	put_section(view, LAB_WHY);
	put_section(view, LAB_NEXT);
}
