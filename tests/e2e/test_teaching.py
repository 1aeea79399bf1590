# SPDX-License-Identifier: MIT
"""The pages for students and teachers in docs/labs agree with the sources, with
`client lab`, and with each other in both languages."""
import re
import subprocess
import sys

import pytest

from browser import browser, needs_browser, one_browser  # noqa: F401, fixtures
from harness import BENCH, BIN, ROOT, needs, release_only

LABS = ROOT / "docs/labs"
PAIR = [ROOT / "server_thread.c", ROOT / "server_fork.c"]


def changed(lines):
    """What a diff takes away and adds, in its order."""
    return [line for line in lines
            if re.match(r"[-+](?![-+])", line) and line[1:].strip()]


# ---- the diff, hunk by hunk ----

DIFF = (LABS / "diff.md").read_text(encoding="utf-8")
PIECES = re.findall(r"```diff\n(.*?)```\n\n(.*?)(?=\n```|\n#|\Z)", DIFF, re.S)


def test_the_diff_page_has_each_line_of_the_lesson():
    diff = subprocess.run(["diff", "-U0", *PAIR], capture_output=True, text=True,
                          check=False).stdout
    shown = [line for piece, _ in PIECES for line in changed(piece.splitlines())]
    assert shown == changed(diff.splitlines())


def test_the_diff_page_has_the_headings_of_the_pair():
    order = re.findall(r"^/\* ---- (.*) ---- \*/$", PAIR[0].read_text(), re.M)
    titles = [title.lower() for title in re.findall(r"^## (.*)$", DIFF, re.M)]
    assert titles[1:len(order)] == [name for name in order if name != "main"]


def test_each_piece_of_the_diff_has_its_reason_and_its_labs():
    assert len(PIECES) > 10
    for piece, words in PIECES:
        assert len(words.split()) > 15 and re.search(r"^Labs: \S", words, re.M), piece


def test_each_lab_belongs_to_a_piece_of_the_diff():
    named = re.findall(r"\[(\w+)\]", "".join(
        re.findall(r"^Labs: .*$", DIFF, re.M)))
    assert set(named) == set(NAMES)


def writable_globals():
    """(source, name) of all static memory of the servers that can be written."""
    build = BENCH.parents[1]
    objects = [path for folder in ("base", "net", "plain", "server", "service")
               for path in (build / "common" / folder).glob("*.o")
               if (ROOT / path.relative_to(build)).with_suffix(".c").exists()]
    objects += [build / path.with_suffix(".o").name for path in PAIR]
    for path in objects:
        table = subprocess.run(["objdump", "-t", path], capture_output=True,
                               text=True, check=True).stdout
        for section, name in re.findall(
                r" O (\.\S+)\t\w+ +(?:\.hidden )?(\w\S*)$", table, re.M):
            if re.match(r"\.(data|bss)(?!.*\.ro)", section):
                # Within a function: gcc writes name.0, clang function.name.
                parts = [part for part in name.split(".") if not part.isdigit()]
                yield str(path.relative_to(build).with_suffix(".c")), parts[-1]


@release_only
@needs("objdump")
def test_the_diff_page_has_the_class_of_each_global():
    listed = {(source, name)
              for names, source in re.findall(r"^\| (`.*?) \| `(.*?)` \|", DIFF, re.M)
              for name in re.findall(r"`(\w+)`", names)}
    assert listed == set(writable_globals())


# ---- both languages ----

FENCE = re.compile(r"```(\w+)\n(.*?)```", re.S)
SWITCH = re.compile(r"^.*\[(?:中文|English)\]\(.*$", re.M)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def english_of(page):
    """The README in Chinese is in docs, because the top of the tree is fixed."""
    if page == ROOT / "docs/README.zh.md":
        return ROOT / "README.md"
    return page.with_name(page.name.replace(".zh.md", ".md"))


TRANSLATED = sorted((ROOT / "docs").rglob("*.zh.md"))
both_languages = pytest.mark.parametrize(
    "page", TRANSLATED, ids=lambda page: str(page.relative_to(ROOT)))


def words_of(page):
    return page.read_text(encoding="utf-8")


def prose_of(page):
    return SWITCH.sub("", FENCE.sub("", words_of(page)))


@both_languages
def test_both_languages_have_the_same_blocks(page):
    """Commands and sources are the same. What a lab prints may be Chinese; its
    figures are the same."""
    ours, theirs = (FENCE.findall(words_of(one)) for one in (page, english_of(page)))
    assert [kind for kind, _ in ours] == [kind for kind, _ in theirs]
    for (kind, zh), (_, en) in zip(ours, theirs):
        if kind == "text" and CHINESE.search(zh):
            figures = re.compile(r"\d+(?:[.,]\d+)*")
            assert figures.findall(zh) == figures.findall(en)
        else:
            assert zh == en


def code_in(page):
    return {re.sub(r"\s+", " ", code)
            for code in re.findall(r"`([^`]+)`", prose_of(page))}


@both_languages
def test_both_languages_name_the_same_commands_and_names(page):
    assert code_in(page) == code_in(english_of(page))


@both_languages
def test_both_languages_have_the_same_numbers_and_answers(page):
    def of(page):
        words = prose_of(page)
        return (re.findall(r"\*\*([\d.,]+)\*\*", words),
                re.findall(r"^- ([A-D])\. ", words, re.M),
                re.findall(r"^(#+) ", words, re.M),
                [row.count("|") for row in re.findall(r"^\|.*\|$", words, re.M)])
    assert of(page) == of(english_of(page))


@both_languages
def test_both_languages_have_the_same_links(page):
    def of(page):
        for link in re.findall(r"\]\(([^)]+)\)", prose_of(page)):
            path, mark, place = link.partition("#")
            if "://" in link or not path:
                yield link
            else:
                target = (page.parent / path).resolve()
                yield str(target).replace(".zh.md", ".md") + mark + place
    assert sorted(of(page)) == sorted(of(english_of(page)))


@both_languages
def test_each_language_links_the_other_at_its_head(page):
    for one, other, name in ((page, english_of(page), "English"),
                             (english_of(page), page, "中文")):
        head = "\n".join(words_of(one).splitlines()[:4])
        link = re.search(rf"\[{name}\]\(([^)]+)\)", head)
        assert link and (one.parent / link[1]).resolve() == other, one


# ---- the list of the labs ----

def client_lab(*args):
    run = subprocess.run([BIN / "client", "lab", *args], capture_output=True,
                         text=True, check=True, stdin=subprocess.DEVNULL)
    return run.stdout


def listed(language):
    """(name, minutes, the rest of its words) in the order of `client lab`."""
    found = re.findall(r"^  (\w+) +(\d+)  (?:needs: |需要：)((?:.*\n)(?: {10,}.*\n)*)",
                       client_lab("--lang", language), re.M)
    return [(name, minutes, "".join(words.split())) for name, minutes, words in found]


@pytest.mark.parametrize("page, language", [
    ("README.md", "en"), ("README.zh.md", "zh")])
def test_the_list_of_the_labs_is_that_of_the_client(page, language):
    rows = re.findall(r"^\| \[(\w+)\]\((\S+)\) \| (.*) \| (\d+) \| (.*) \|$",
                      words_of(LABS / page), re.M)
    assert [(name, minutes, "".join((needs + title).split()))
            for name, _, title, minutes, needs in rows] == listed(language)
    for name, link, *_ in rows:
        assert (LABS / link).is_file() and link.startswith(f"{name}/")


# ---- one thing has one name ----

GLOSSARY = re.findall(r"^\| (.*?) \| (.*?) \| .* \| (.*?) ?\|$",
                      words_of(LABS / "glossary.md"), re.M)[2:]


def chinese_texts():
    """Of the pages and of the client's sentences."""
    for path in [*TRANSLATED, *(ROOT / "common/lab").glob("*.[ch]"),
                 ROOT / "common/cli/cmd_lab.c"]:
        yield str(path.relative_to(ROOT)), words_of(path)


def test_the_chinese_texts_use_the_words_of_the_glossary():
    assert len(GLOSSARY) > 40
    wrong = [word for *_, words in GLOSSARY for word in words.split("、") if word]
    assert len(wrong) > 10
    for path, words in chinese_texts():
        for word in wrong:
            assert word not in words, f"{path}: {word}"


# ---- the commands of the labs' pages ----

NAMES = [name for name, *_ in listed("en")] if (BIN / "client").exists() else []


@pytest.mark.parametrize("name", NAMES)
def test_no_command_of_a_labs_page_escapes_its_test(name):
    """test_lab.py runs the lab, and what stands by hand; test_lab_check.py starts
    each exercise and checks it."""
    page = words_of(LABS / name / "README.md")
    by_hand = page.partition("## By hand\n")[2].partition("\n## ")[0]
    exercise = (LABS / name / "bug.patch").exists()
    for kind, block in FENCE.findall(page.replace(by_hand, "")):
        assert kind == "text" or block.strip() == f"./client lab {name}" or (
            exercise and re.fullmatch(
                rf"\./client lab (start|check) {name}", block.strip())), block
    for command in re.findall(r"\./client lab ([^`]+)", prose_of(
            LABS / name / "README.md")):
        verb, *rest = command.split()
        assert verb in NAMES and (not rest or rest[0] == "--seed") or \
            exercise and verb in ("start", "check") and rest[0] == name, command


def test_the_pages_say_which_package_has_what_make_deps_does_not_install():
    needs_line = (ROOT / "Makefile").read_text().partition("NEEDS    :=")[2]
    needs_line = needs_line.partition("\n\n")[0]
    for name in NAMES:
        for tool, rest in re.findall(
                r"`(strace|ss|ps|perf|valgrind|gdb|curl) [^`]*`( \(package `)?",
                prose_of(LABS / name / "README.md")):
            package = {"ss": "ip"}.get(tool, tool)
            assert rest or re.search(rf"\b{package}=", needs_line), (name, tool)


# ---- courses and assignments ----

def test_six_weeks_have_all_labs_and_each_course_has_its_minutes():
    courses = words_of(LABS / "teaching.md").partition("## Three courses\n")[2]
    lecture, half_day, weeks = courses.partition("\n## ")[0].split("\n### ")[1:]
    in_class = " ".join(re.findall(r"^\| \d \| (.*?) \|", weeks, re.M))
    assert set(NAMES) <= set(re.findall(r"\w+", in_class))
    for course, minutes in ((lecture, 50), (half_day, 240)):
        times = re.findall(r"^\| (\d+)–(\d+) \|", course, re.M)
        assert [begin for begin, _ in times] == ["0", *(end for _, end in times[:-1])]
        assert int(times[-1][1]) == minutes


def test_each_assignment_names_labs_that_are_there():
    rows = re.findall(r"^\| \[.*?\]\(#\S+\).*? \| (.*?) \|",
                      words_of(LABS / "assignments.md"), re.M)
    assert len(rows) > 7
    for row in rows:
        assert set(re.findall(r"\w+", row.partition(";")[0])) <= {*NAMES, "all"}, row


# ---- the answer keys, and the slides ----


def facts_of(name, heading):
    """The rubric of its key, in one of both languages."""
    key = words_of(LABS / name / "key.md")
    rubric = key.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\d\. \S", rubric, re.M)


@pytest.mark.parametrize("name", NAMES)
def test_a_key_says_why_each_wrong_answer_is_wrong(name):
    key = words_of(LABS / name / "key.md")
    answers = re.findall(r"^- ([A-D])\. ", words_of(LABS / name / "README.md"), re.M)
    right = re.search(r"^Right: \*\*([A-D])\*\*", key, re.M)
    assert right and right[1] in answers
    wrong = re.findall(r"^\| ([A-D]) \| \S", key, re.M)
    assert wrong == [letter for letter in answers if letter != right[1]]
    for heading in ("Rubric", "评分"):
        assert len(facts_of(name, heading)) == 3, heading


PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 900"
width="1000" height="900">
<view id="table1" viewBox="0 48 300 180"/><view id="bars2" viewBox="0 228 1000 90"/>
<view id="timeline3" viewBox="0 318 1000 272"/><view id="timeline4" viewBox="0 590 1000 272"/>
<view id="key" viewBox="0 862 1000 38"/></svg>
"""
PAGES = ["slides.html", "slides.zh.html", "handout.html", "handout.zh.html"]


def make_slides(*args):
    return subprocess.run([sys.executable, LABS / "slides.py", *args],
                          capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    """The folder of all files, with a picture for one lab."""
    folder = tmp_path_factory.mktemp("slides")
    (folder / "race.svg").write_text(PICTURE)
    run = make_slides(folder)
    assert (run.returncode, run.stderr) == (0, "")
    return folder


def sections(path):
    """(lab, what its page shows), in their order."""
    return re.findall(r'<section class="(\w+).*?">(.*?)</section>', words_of(path), re.S)


def labs_in(path):
    return list(dict.fromkeys(name for name, _ in sections(path)))


@pytest.mark.parametrize("suffix, right, rubric", [
    ("", "Right: C.", "Three facts of a good answer"),
    (".zh", "正确答案： C.", "好的回答要点出的三个事实")])
def test_the_teacher_has_question_picture_and_answer_of_each_lab(
        slides, suffix, right, rubric):
    pages = sections(slides / f"slides{suffix}.html")
    assert labs_in(slides / f"slides{suffix}.html") == ["first", *NAMES]
    assert [page.count("<pre>") for name, page in pages if name == "first"] == [2, 2]
    for name in NAMES:
        question, *pictures, answer = [page for one, page in pages if one == name]
        assert question.count("<li>") in (3, 4) and rubric not in question
        assert answer.count("<li>") == 3 and rubric in answer
        assert f"./client lab {name}" in question
        assert all("**" not in page and "](" not in page for page in (question, answer))
        if name == "race":
            assert right in answer
            assert [re.findall(r'src="race.svg#(\w+)"', page) for page in pictures] == [
                ["table1", "bars2"], ["timeline3", "timeline4", "key"]]
        else:
            assert len(pictures) == 1 and "--predict B" in pictures[0]


@pytest.mark.parametrize("suffix, language", [("", "en"), (".zh", "zh")])
def test_a_handout_has_each_question_and_no_answer(slides, suffix, language):
    pages = sections(slides / f"handout{suffix}.html")
    assert [name for name, _ in pages] == ["first", "first", *NAMES]
    text = words_of(slides / f"handout{suffix}.html")
    assert "<img" not in text and "Right" not in text and "正确" not in text
    for name, page in pages[2:]:
        key = words_of(LABS / name / "key.md")
        for heading in ("Rubric", "评分"):
            for fact in key.partition(f"\n## {heading}\n")[2].split("\n")[:6]:
                assert len(fact) < 9 or fact[3:12] not in page, (name, fact)
        assert page.count("<li>") in (3, 4) and page.count("<i>") > 9


def test_a_teacher_chooses_the_labs_and_the_paper(tmp_path):
    run = make_slides("--paper", "16x9", tmp_path, "lock", "race")
    assert (run.returncode, run.stderr) == (0, "")
    for file in PAGES:
        assert labs_in(tmp_path / file) == ["lock", "race"]
        assert "size: 338.6mm 190.5mm" in words_of(tmp_path / file)
    run = make_slides(tmp_path, "loch")
    assert run.returncode == 1
    assert "no lab 'loch'; there are: tour handoff " in run.stderr


TOO_LARGE = """
return [...document.querySelectorAll('section, section *')].filter(part =>
    part.scrollHeight > part.clientHeight + 2 && part.clientHeight ||
    part.scrollWidth > part.clientWidth + 2 && part.clientWidth).concat(
    [...document.querySelectorAll('section')].filter(one => {
        const foot = one.querySelector('footer').getBoundingClientRect().top;
        return [...one.querySelectorAll('li, p, img, pre, i')].some(part =>
            part.getBoundingClientRect().bottom > foot + 1);
    })).map(part => part.closest('section').className + ': ' + part.tagName);
"""


@needs_browser
@pytest.mark.parametrize("file", PAGES)
def test_nothing_is_cut_from_a_slide_on_any_paper(slides, file, browser):
    browser.open_tab((slides / file).as_uri())
    for size in ((1123, 794), (1280, 720), (1056, 816)):  # A4, 16:9, letter
        browser.emulate("light", size)
        browser.emulate_paper()
        assert browser.run(TOO_LARGE) == [], size


@needs_browser
@pytest.mark.parametrize("paper", ["a4", "16x9"])
def test_each_slide_is_one_page_of_paper(tmp_path, paper, browser):
    (tmp_path / "race.svg").write_text(PICTURE)
    assert make_slides("--paper", paper, tmp_path, "race").returncode == 0
    for file, count in (("slides.html", 4), ("handout.html", 1)):
        browser.open_tab((tmp_path / file).as_uri())
        pdf = browser.print(landscape=True)
        assert len(sections(tmp_path / file)) == count
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == count


@needs_browser
@pytest.mark.parametrize("size", [(1280, 800), (600, 800)])
def test_each_slide_is_whole_on_a_screen(slides, size, browser):
    browser.open_tab((slides / "slides.html").as_uri())
    browser.emulate("dark", size)
    assert browser.run(TOO_LARGE) == []
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
