# SPDX-License-Identifier: MIT
"""The chat room's page, in headless Chromium."""
import os
import signal
from pathlib import Path

import pytest

from browser import DESKTOP, PHONE, needs_browser
from browser import browser, one_browser  # noqa: F401, fixtures
from chat_room import hears, join, start, wait_members
from harness import eventually, needs_websocket

pytestmark = [needs_websocket, needs_browser]


class Tab:
    """The page in one tab."""

    def __init__(self, browser, server):
        self.browser = browser
        self.handle = browser.open_tab(f"http://{server.address}/")
        eventually(lambda: "in the room" in self.log(), "it has joined")
        # The socket opens before the member is in the list.
        eventually(self.own_row, "it is in its own list of members")

    def run(self, script, *args):
        self.browser.switch(self.handle)
        return self.browser.run(script, *args)

    def log(self):
        return self.run("return document.getElementById('log').textContent")

    def lines(self, kind):
        return self.run("return [...document.querySelectorAll('#log .' + "
                        "arguments[0])].map(line => line.textContent)", kind)

    def members(self):
        """{column: value} of each row."""
        return self.run("""
            const heads = [...document.querySelectorAll('thead th')]
              .map(cell => cell.textContent);
            return [...document.querySelectorAll('#members tr')].map(row =>
              Object.fromEntries([...row.cells].map((cell, i) =>
                [heads[i], cell.textContent])));""")

    def own_row(self):
        """The connection in the row that stands out."""
        return self.run("return [...document.querySelectorAll('#members "
                        "tr.me')].map(row => row.cells[0].textContent)")

    def wait_members(self, count):
        return eventually(
            lambda: len(rows := self.members()) == count and rows,
            lambda: f"{count} members, not {self.members()}")

    def say(self, words):
        self.browser.switch(self.handle)
        self.browser.type("#text", words + "\n")

    def wait_line(self, kind, line):
        eventually(lambda: line in self.lines(kind),
                   lambda: f"{line!r}, not {self.lines(kind)}")


@pytest.fixture
def tabs(browser, server):
    """Two tabs in one room."""
    start(server)
    return [Tab(browser, server) for _ in range(2)]


def errors(tabs):
    found = []
    for tab in tabs:
        tab.browser.switch(tab.handle)
        found += [entry for entry in tab.browser.console()
                  if entry["level"] in ("SEVERE", "WARNING")]
    return found


def test_two_tabs_see_who_is_served_by_whom(server, tabs):
    seen = [tab.wait_members(2) for tab in tabs]
    assert seen[0] == seen[1]
    one, two = seen[0]
    own = [tab.own_row() for tab in tabs]
    assert own == [[one["connection"]], [two["connection"]]]
    assert one["over"] == two["over"] == "websocket"
    assert one["tid"] != two["tid"]
    if server.name == "fork":
        assert {int(one["pid"]), int(two["pid"])} <= set(server.children())
        assert one["pid"] != two["pid"]
    else:
        assert one["pid"] == two["pid"] == str(server.pid)
    for tab in tabs:
        words = tab.run("return document.getElementById('who').textContent")
        assert f"server_{server.name}" in words
    assert not errors(tabs)


def test_messages_go_both_ways(server, tabs):
    terminal, = join(server)
    one, two = tabs
    one.say("hello from one")
    two.wait_line("theirs", "hello from one")
    two.say("ünd zurück ✓")
    one.wait_line("theirs", "ünd zurück ✓")
    hears(terminal, "hello from one\nünd zurück ✓\n".encode())
    terminal.sendall(b"from a terminal\r\n")
    for tab in tabs:
        tab.wait_line("theirs", "from a terminal")
        assert len(tab.lines("mine")) == 1
        assert len(tab.lines("theirs")) == 2
    assert any(row["over"] == "lines" for row in one.wait_members(3))
    assert not errors(tabs)


def test_a_name_stands_before_its_messages(server, tabs):
    one, two = tabs
    one.browser.switch(one.handle)
    one.browser.type("#name", "Ada")
    one.say("it is me")
    two.wait_line("theirs", "Ada: it is me")
    assert one.lines("mine") == ["Ada: it is me"]


def test_html_in_a_message_is_shown_as_text(server, tabs):
    one, two = tabs
    words = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>&amp;"
    one.say(words)
    two.wait_line("theirs", words)
    for tab in tabs:
        assert tab.run("return document.querySelectorAll('#log img, #log b')"
                       ".length") == 0
        assert tab.run("return document.title") != "owned"
    assert not errors(tabs)


def test_bytes_that_are_no_text_are_shown_all_the_same(server, tabs):
    terminal, = join(server)
    terminal.sendall(b"caf\xe9 \x1b[31m\n")
    for tab in tabs:
        tab.wait_line("theirs", "caf\N{REPLACEMENT CHARACTER} \x1b[31m")
    assert not errors(tabs)


def test_a_tab_that_is_closed_leaves_the_room(server, browser, tabs):
    third = Tab(browser, server)
    third.wait_members(3)
    browser.call("DELETE", "/window")
    wait_members(server, 2)
    tabs[0].wait_members(2)


def test_a_member_that_is_killed_leaves_the_page(fork_server, browser):
    server = start(fork_server)
    tab = Tab(browser, server)
    join(server)
    lines = [row for row in tab.wait_members(2) if row["over"] == "lines"]
    os.kill(int(lines[0]["pid"]), signal.SIGKILL)
    tab.wait_members(1)


def test_the_page_comes_back_when_the_server_does(server, tabs):
    server.stop()
    for tab in tabs:
        eventually(lambda: "Disconnected (1001" in tab.log(),
                   lambda: f"told that it is over, not {tab.log()}")
    again = server.another()
    start(again, listen=server.address)
    for tab in tabs:
        eventually(lambda: tab.log().count("in the room") == 2, "back")
    tabs[0].say("still us")
    tabs[1].wait_line("theirs", "still us")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_its_window_in_the_colours_asked_for(
        thread_server, browser, scheme, size):
    server = start(thread_server)
    terminal, = join(server)
    tab = Tab(browser, server)
    tab.wait_members(2)
    browser.emulate(scheme, size)
    browser.type("#name", "Ada")
    tab.say("Good morning.")
    terminal.sendall(b"Bob: " + b"a-word-that-does-not-end" * 10 + b"\n"
                     b"Bob: a line of words that is too long for a phone, so "
                     b"it has to be broken somewhere\n")
    eventually(lambda: len(tab.lines("theirs")) == 2, "both lines")
    where = os.environ.get("PERCONN_SCREENSHOTS")
    if where:
        browser.screenshot(Path(where) / f"chat-{scheme}-{size[0]}.png")
    assert tab.run("return document.documentElement.scrollWidth") <= size[0]
    # Its own background is none: the window's is what goes with the text.
    light_text = tab.run("""
        const [r, g, b] = getComputedStyle(document.body).color
          .match(/\\d+/g).map(Number);
        return r + g + b > 3 * 128;""")
    assert light_text == (scheme == "dark")
    assert not errors([tab])
