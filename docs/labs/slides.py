#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""slides: pages to show and to print, made from the labs' pages alone.

    docs/labs/slides.py build/labs              all labs
    docs/labs/slides.py build/labs race lock    these labs
    docs/labs/slides.py --paper 16x9 build/labs

For the teacher, slides.html and slides.zh.html: the pair of docs/labs/first, and
for each lab its question, its pictures (build/labs/NAME.svg, where `make labs` has
made one) and its answer with the three facts of the key. For students,
handout.html and handout.zh.html: a sheet for each lab with its question and room to
write, and neither a picture nor the answer.

Each slide is one page, of A4 in landscape unless --paper says another. On a screen
it fills the window. All lengths are parts of the page's height (--u, a hundredth),
so a slide looks alike on each paper and screen.
"""
import argparse
import difflib
import html
import re
import sys
from pathlib import Path

LABS = Path(__file__).resolve().parent
PAPERS = {"a4": "A4 landscape", "letter": "letter landscape", "16x9": "338.6mm 190.5mm"}
WORDS = {
    "en": {"Question": "Question", "Rubric": "Rubric", "facts": "Three facts of a good answer",
           "minutes": "minutes", "right": "Right:", "pair": "The pair",
           "pair_line": "Two whole echo servers. What differs is marked.",
           "run": "Run it now, with what most of you have predicted:",
           "vote": "My prediction:", "because": "because",
           "saw": "What both servers showed:", "why": "Why, in three facts:",
           "slides": "slides", "handout": "handout", "suffix": ""},
    "zh": {"Question": "问题", "Rubric": "评分", "facts": "好的回答要点出的三个事实",
           "minutes": "分钟", "right": "正确答案：", "pair": "这一对服务器",
           "pair_line": "两个完整的回显服务器。不同之处已标出。",
           "run": "现在运行，用多数人的预测：",
           "vote": "我的预测：", "because": "因为",
           "saw": "两个服务器的表现：", "why": "原因，三个事实：",
           "slides": "幻灯片", "handout": "讲义", "suffix": ".zh"}}

STYLE = """
@page { size: PAPER; margin: 0 }
* { box-sizing: border-box }
:root { --u: min(1vh, .5625vw); color-scheme: light }
html { scroll-snap-type: y proximity; background: #777 }
body { margin: 0; color: #111;
    font-family: system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC',
        'Microsoft YaHei', sans-serif }
section { width: calc(177.7 * var(--u)); height: calc(100 * var(--u));
    padding: calc(4 * var(--u)) calc(6 * var(--u)) calc(7 * var(--u));
    margin: 0 auto calc(1 * var(--u)); font-size: calc(3.6 * var(--u)); line-height: 1.35;
    overflow: hidden; position: relative; background: #fff; scroll-snap-align: start;
    break-after: page; display: grid; grid-template-rows: auto 1fr; gap: calc(3 * var(--u)) }
section > * { min-width: 0; min-height: 0 }
h1 { margin: 0; font-size: calc(4.6 * var(--u)); line-height: 1.2;
    border-bottom: calc(.6 * var(--u)) solid #1f5fa8; padding-bottom: calc(1.2 * var(--u)) }
h1 small { color: #1f5fa8; font: bold 1em monospace }
p { margin: 0 0 .7em }
ol { margin: 0; padding-left: 1.6em }
li { margin-bottom: .5em; padding-left: .2em }
li::marker { font-weight: bold; color: #1f5fa8 }
.answers { list-style: upper-alpha }
code { font: 92% monospace; background: #eef2f7 }
b { color: #1f5fa8 }
footer { position: absolute; left: calc(6 * var(--u)); right: calc(6 * var(--u));
    bottom: calc(2 * var(--u)); font-size: calc(2 * var(--u)); color: #555;
    display: flex; justify-content: space-between }
.wide { gap: calc(1.5 * var(--u)) }
.wide h1 { font-size: calc(3 * var(--u)) }
.pictures { display: flex; flex-wrap: wrap; gap: 0; align-content: start }
.pictures img { display: block; width: calc(var(--w) * var(--u));
    height: calc(var(--h) * var(--u)) }
.run { display: grid; place-content: center; gap: 1em; text-align: center }
pre { margin: 0; font: calc(1.4 * var(--u))/1.4 monospace; tab-size: 4;
    white-space: pre-wrap; overflow: hidden }
mark { background: #ffe9a8; box-shadow: inset .35em 0 #d08a00; display: inline-block;
    min-width: 100% }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: calc(3 * var(--u)) }
.sheet { display: grid; grid-template-columns: 1fr 1fr; gap: calc(6 * var(--u));
    font-size: calc(2.4 * var(--u)) }
.room p { margin: .8em 0 0 }
.room i { display: block; height: 1.9em; border-bottom: calc(.2 * var(--u)) solid #999 }
mark, code { print-color-adjust: exact; -webkit-print-color-adjust: exact }
@media print { :root { --u: min(1vh, .7071vw) } html { background: none }
    section { margin: 0; width: 100vw; height: 99.9vh } section:last-child { break-after: auto } }
"""

# Of a slide on A4: the width of its inside and the height below the title, in --u.
WIDE, HIGH = 129, 78
# A picture is 1000 wide; larger than this, its text would be larger than the page's.
SCALE_MOST = 0.2


def inline(text):
    """Markdown within a line, as HTML."""
    text = html.escape(re.sub(r"\s+", " ", re.sub(
        r"([\u3000-\u9fff\uff00-\uffef])\n\s*", r"\1", text.strip())))
    text = re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", text)
    return re.sub(r"(?<!\w)\*([^*\s][^*]*)\*", r"<em>\1</em>", text)


def section_of(page, heading):
    found = re.search(rf"^## {heading}\b.*\n((?:(?!## ).*\n?)*)", page, re.M)
    return found[1].strip() if found else ""


def paragraphs(text):
    return "".join(f"<p>{inline(part)}</p>" for part in re.split(r"\n\s*\n", text)
                   if part.strip())


def listed(text, mark):
    """The items of a list whose lines begin with MARK, a pattern."""
    return [item for item in re.findall(
        rf"^{mark}((?:.*\n?)(?:^ +\S.*\n?)*)", text, re.M)]


def items(texts):
    return "".join(f"<li>{inline(text)}</li>" for text in texts)


def slide(name, title, body, left="", right=""):
    wide = " wide" if re.match('<div class="(pictures|pair|sheet)"', body) else ""
    return f"""<section class="{name}{wide}">
<h1><small>{name}</small> {title}</h1>
{body}
<footer><span>{left}</span><span>{right}</span></footer>
</section>
"""


# ---- a lab ----

class Lab:
    """What its page and its key say, in one language."""

    def __init__(self, name, words):
        page = LABS / name / f"README{words['suffix']}.md"
        text = page.read_text("utf-8")
        key = (LABS / name / "key.md").read_text("utf-8")
        self.name, self.words = name, words
        self.title = inline(re.search(r"^# \w+: (.*)$", text, re.M)[1])
        self.minutes = re.search(r"^(\d+) \S+ · ", text, re.M)[1] + " " + words["minutes"]
        question = section_of(text, words["Question"])
        ask, _, rest = question.partition("\n- A. ")
        self.question = paragraphs(ask)
        self.answers = listed("- A. " + rest, r"- [A-D]\. ")
        self.right = re.search(r"^Right: \*\*([A-D])\*\*", key, re.M)[1]
        self.facts = listed(section_of(key, words["Rubric"]), r"\d\. ")[:3]
        self.command = f"./client lab {name}"

    def asked(self):
        return f'{self.question}\n<ol class="answers">{items(self.answers)}</ol>'

    def slide(self, body):
        return slide(self.name, self.title, body, self.command, self.minutes)

    def answer(self):
        right = self.answers[ord(self.right) - ord("A")]
        return (f'<div class="answer"><p><b>{self.words["right"]} {self.right}.</b> '
                f'{inline(right)}</p><p><b>{self.words["facts"]}</b></p>'
                f'<ol>{items(self.facts)}</ol></div>')

    def run(self):
        """Where there is no picture yet."""
        return (f'<div class="run"><div>{self.words["run"]}</div>'
                f'<code>{self.command} --predict B</code></div>')

    def slides(self, folder):
        pages = [pictures(page) for page in pages_of(self.name, self.words, folder)]
        return "".join(map(self.slide, [
            f"<div>{self.asked()}</div>", *(pages or [self.run()]), self.answer()]))

    def sheet(self):
        words = self.words
        lines = ["<i></i>" * count for count in (2, 3, 6)]
        return self.slide(f"""<div class="sheet"><div>{self.asked()}</div>
<div class="room"><p>{words["vote"]} ____ {words["because"]}</p>{lines[0]}
<p>{words["saw"]}</p>{lines[1]}<p>{words["why"]}</p>{lines[2]}</div></div>""")


# ---- its pictures ----

def views_of(name, words, folder):
    """The parts of its picture: (address, width, height), timelines last, as they
    belong together with their key."""
    files = [folder / f"{name}{suffix}.svg" for suffix in (words["suffix"], "")]
    file = next((one for one in files if one.exists()), None)
    if not file:
        return []
    views = re.findall(r'<view id="([a-z]+)(\d*)" viewBox="0 \d+ (\d+) (\d+)"/>',
                       file.read_text("utf-8"))
    views.sort(key=lambda view: ["bars", "table", "timeline", "key"].index(view[0])
               if view[0] in ("timeline", "key") else 0)
    return [(f"{file.name}#{kind}{number}", int(width), int(height))
            for kind, number, width, height in views]


def rows_of(views):
    """Narrow parts stand beside each other."""
    rows = []
    for view in views:
        if rows and sum(one[1] for one in rows[-1]) + view[1] <= 1000:
            rows[-1].append(view)
        else:
            rows.append([view])
    return rows


def height(rows):
    return sum(max(view[2] for view in row) for row in rows)


def scale(rows):
    """What makes the rows as large as the slide allows."""
    return min(SCALE_MOST, HIGH / height(rows),
               WIDE / max(sum(view[1] for view in row) for row in rows))


def is_timeline(rows):
    return "#timeline" in rows[0][0][0]


def pages_of(name, words, folder):
    """Lists of rows. Bars and tables do not share a page with timelines."""
    pages = []
    for row in rows_of(views_of(name, words, folder)):
        if pages and ("#key" in row[0][0] or (
                is_timeline([row]) == is_timeline(pages[-1]) and
                scale([*pages[-1], row]) > 0.115)):
            pages[-1].append(row)
        else:
            pages.append([row])
    return pages


def pictures(rows):
    size = scale(rows)
    images = "".join(
        f'<img src="{address}" alt="" style="--w:{width * size:.2f};--h:{high * size:.2f}">'
        for row in rows for address, width, high in row)
    return f'<div class="pictures">{images}</div>'


# ---- the pair ----

def marked(ours, theirs):
    """The lines of OURS; those that THEIRS has not are marked."""
    same = set()
    for block in difflib.SequenceMatcher(None, ours, theirs, False).get_matching_blocks():
        same.update(range(block.a, block.a + block.size))
    return [html.escape(line) if at in same or not line else
            f"<mark>{html.escape(line)}</mark>" for at, line in enumerate(ours)]


def pair(words):
    """Both files, from the first line after the headers: the worker, and main."""
    sources = [(LABS / "first" / name).read_text("utf-8").partition("\n\n")[2].splitlines()
               for name in ("thread.c", "fork.c")]
    columns = [marked(*both) for both in (sources, reversed(sources))]
    mains = [source.index("main(int argc, char **argv)") - 1 for source in sources]
    parts = [[column[:main] for column, main in zip(columns, mains)],
             [column[main:] for column, main in zip(columns, mains)]]
    return "".join(slide(
        "first", f'{words["pair"]} ({number}/2)', '<div class="pair">' + "".join(
            "<pre>" + "\n".join(column).strip("\n") + "</pre>" for column in part) + "</div>",
        "docs/labs/first", words["pair_line"]) for number, part in enumerate(parts, 1))


# ---- all ----

def names():
    """In the order of the list, which is that of `client lab`."""
    return re.findall(r"^\| \[(\w+)\]\(\w+/README\.md\) \|.*\| \d+ \|",
                      (LABS / "README.md").read_text("utf-8"), re.M)


def write(folder, kind, language, paper, body):
    words = WORDS[language]
    (folder / f"{kind}{words['suffix']}.html").write_text(
        f"""<!doctype html>
<html lang="{'zh-CN' if language == 'zh' else language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>perconn: {words[kind]}</title>
<style>{STYLE.replace("PAPER", PAPERS[paper])}</style>
{body}</html>
""", "utf-8")


def main():
    parser = argparse.ArgumentParser(prog="slides.py", description="Slides and handouts.")
    parser.add_argument("--paper", choices=PAPERS, default="a4")
    parser.add_argument("directory", type=Path)
    parser.add_argument("lab", nargs="*")
    args = parser.parse_args()
    for name in args.lab:
        if name not in names():
            sys.exit(f"slides.py: no lab {name!r}; there are: {' '.join(names())}")
    args.directory.mkdir(parents=True, exist_ok=True)
    for language, words in WORDS.items():
        labs = [Lab(name, words) for name in args.lab or names()]
        first = "" if args.lab else pair(words)
        write(args.directory, "slides", language, args.paper,
              first + "".join(lab.slides(args.directory) for lab in labs))
        write(args.directory, "handout", language, args.paper,
              first + "".join(lab.sheet() for lab in labs))


if __name__ == "__main__":
    main()
