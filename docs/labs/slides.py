#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""slides: a page of paper for each lab, made from the labs' pages alone.

    docs/labs/slides.py build/labs          writes slides.html and slides.zh.html

The first slide is the pair of docs/labs/first. Each other one has a lab's
question and answers; its second half, which a click shows, has the place for the
picture (build/labs/NAME.svg, where `make labs` has made one) and the three facts of
the answer key. It prints on A4, one page each.
"""
import difflib
import html
import re
import sys
from pathlib import Path

LABS = Path(__file__).resolve().parent
WORDS = {
    "en": {"Question": "Question", "Rubric": "Rubric", "facts": "Three facts of a good answer",
           "minutes": "minutes", "picture": "Picture:", "pair": "The pair",
           "pair_line": "Two whole echo servers. What differs is marked.",
           "suffix": ""},
    "zh": {"Question": "问题", "Rubric": "评分", "facts": "好的回答要点出的三个事实",
           "minutes": "分钟", "picture": "图：", "pair": "这一对服务器",
           "pair_line": "两个完整的回显服务器。不同之处已标出。", "suffix": ".zh"}}

STYLE = """
@page { size: A4 landscape; margin: 0 }
* { box-sizing: border-box }
body { margin: 0; font: 17pt/1.4 system-ui, 'Noto Sans CJK SC', sans-serif; color: #111; background: #777 }
section { width: 297mm; height: 209mm; padding: 9mm 12mm 14mm; overflow: hidden;
    position: relative; background: #fff; margin: 0 auto 6mm; break-after: page;
    display: grid; grid-template-rows: auto 1fr; gap: 5mm }
h1 { margin: 0; font-size: 25pt; line-height: 1.2; border-bottom: 1.5mm solid #1f5fa8;
    padding-bottom: 3mm }
h1 small { color: #1f5fa8; font: bold 25pt monospace }
.halves { display: grid; grid-template-columns: 11fr 9fr; gap: 9mm; min-height: 0 }
.halves > * { min-width: 0; min-height: 0 }
p { margin: 0 0 4mm }
ol { margin: 0; padding-left: 1.4em }
ol.answers { list-style: upper-alpha }
ol.answers li { margin-bottom: 2.5mm; padding-left: 1mm }
ol.answers li::marker { font-weight: bold; color: #1f5fa8 }
.long { font-size: 14.5pt; line-height: 1.35 }
code { font: 92% monospace; background: #eef2f7 }
label { display: grid; grid-template-rows: 1fr auto; gap: 4mm; cursor: pointer }
input { display: none }
.picture { border: .4mm dashed #999; display: grid; place-items: center; min-height: 0;
    color: #555; font-size: 11pt; text-align: center; padding: 2mm; overflow: hidden }
.picture.there { border: 0; position: relative }
.picture img { position: absolute; inset: 0; width: 100%; height: 100%;
    object-fit: contain; object-position: top }
.facts { font-size: 12.5pt; line-height: 1.35 }
.facts b { color: #1f5fa8 }
footer { position: absolute; left: 12mm; right: 12mm; bottom: 5mm; font-size: 10pt;
    color: #555; display: flex; justify-content: space-between }
pre { margin: 0; font: 6.9pt/1.18 monospace; tab-size: 8; overflow: hidden }
pre mark { background: #ffe9a8; display: inline-block; min-width: 100% }
#first { gap: 3mm; padding-top: 6mm }
#first h1, #first small { font-size: 18pt }
.pair { grid-template-columns: 1fr 1fr }
@media screen { input:not(:checked) + .second > * { visibility: hidden }
    input:not(:checked) + .second { background: #f4f6f9 } }
@media print { body { background: none } section { margin: 0 } }
"""


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


def facts_of(name, words):
    """The three of the key's rubric, in either language."""
    key = (LABS / name / "key.md").read_text("utf-8")
    facts = listed(section_of(key, words["Rubric"]), r"\d\. ")
    return f"""<div class="facts"><b>{words["facts"]}</b>
<ol>{items(facts[:3])}</ol></div>"""


def picture_of(name, folder, words):
    if (folder / f"{name}.svg").exists():
        return (f'<div class="picture there"><a href="{name}.svg">'
                f'<img src="{name}.svg" alt="{name}"></a></div>')
    return (f'<div class="picture"><div>{words["picture"]}<br><code>./client lab {name} '
            f'--svg build/labs/{name}.svg</code></div></div>')


def lab_slide(name, folder, words):
    page = LABS / name / f"README{words['suffix']}.md"
    text = (page if page.exists() else LABS / name / "README.md").read_text("utf-8")
    title = re.search(r"^# \w+: (.*)$", text, re.M)[1]
    minutes = re.search(r"^(\d+) \S+ · ", text, re.M)[1]
    question = section_of(text, words["Question"]) or section_of(text, "Question")
    ask, _, rest = question.partition("\n- A. ")
    answers = listed("- A. " + rest, r"- [A-D]\. ")
    long = ' class="long"' if len(question.encode()) > 850 else ""
    return f"""<section id="{name}">
<h1><small>{name}</small> {inline(title)}</h1>
<div class="halves"><div{long}>{paragraphs(ask)}
<ol class="answers">{items(answers)}</ol></div>
<label><input type="checkbox"><div class="second" style="display: contents">
{picture_of(name, folder, words)}
{facts_of(name, words)}</div></label></div>
<footer><span>./client lab {name}</span><span>{minutes} {words["minutes"]}</span></footer>
</section>
"""


def marked(ours, theirs):
    """The lines of OURS; those that THEIRS has not are marked."""
    same = set()
    for block in difflib.SequenceMatcher(None, ours, theirs, False).get_matching_blocks():
        same.update(range(block.a, block.a + block.size))
    return "\n".join(html.escape(line) if at in same or not line else
                     f"<mark>{html.escape(line)}</mark>" for at, line in enumerate(ours))


def first_slide(words):
    """Both files, from the first line after the headers."""
    sources = [(LABS / "first" / name).read_text("utf-8").partition("\n\n")[2].splitlines()
               for name in ("thread.c", "fork.c")]
    columns = "".join(f"<pre>{marked(*pair)}</pre>"
                      for pair in (sources, reversed(sources)))
    return f"""<section id="first">
<h1><small>first</small> {words["pair"]}</h1>
<div class="halves pair">{columns}</div>
<footer><span>docs/labs/first</span><span>{words["pair_line"]}</span></footer>
</section>
"""


def names():
    """In the order of the list, which is that of `client lab`."""
    return re.findall(r"^\| \[(\w+)\]\(\w+/README\.md\) \|.*\| \d+ \|",
                      (LABS / "README.md").read_text("utf-8"), re.M)


def write(folder, language):
    words = WORDS[language]
    slides = "".join(lab_slide(name, folder, words) for name in names())
    (folder / f"slides{words['suffix']}.html").write_text(
        f"""<!doctype html>
<html lang="{language}"><meta charset="utf-8"><title>perconn: labs</title>
<style>{STYLE}</style>
{first_slide(words)}{slides}</html>
""", "utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: slides.py DIRECTORY")
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for one in WORDS:
        write(target, one)
