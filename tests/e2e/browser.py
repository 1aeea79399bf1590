# SPDX-License-Identifier: MIT
"""Headless Chromium, driven over WebDriver (W3C) by plain HTTP: what a test
needs of it is a dozen calls. Import the fixtures `browser` and `one_browser`.
"""
import base64
import json
import os
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request

import pytest

from harness import DEADLINE, eventually

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no chromium or no chromedriver "
    "(make deps-browser installs them)")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver, section 11
PHONE, DESKTOP = (390, 844), (1100, 800)


class Browser:
    """One browser, with one driver; a tab is a window handle."""

    def __init__(self, directory):
        self.log = open(directory / "chromedriver", "wb+")
        self.driver = subprocess.Popen(
            [DRIVER, "--port=0"], stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=subprocess.STDOUT, start_new_session=True,
            env=dict(os.environ, HOME=str(directory)))
        self.session = ""
        try:
            port = eventually(self._port, "chromedriver is ready", 60)
            self.url = f"http://127.0.0.1:{port}/session"
            self.session = self._open(directory)
        except BaseException:
            self.close()
            raise

    def _port(self):
        text = os.pread(self.log.fileno(), 65536, 0)
        found = re.search(rb"successfully on port (\d+)", text)
        return found and int(found[1])

    def _open(self, directory):
        options = {
            "binary": CHROMIUM,
            # As root, and in a container: no sandbox, no /dev/shm.
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu",
                     "--disable-dev-shm-usage", "--no-first-run",
                     f"--user-data-dir={directory}/profile",
                     "--window-size=%d,%d" % DESKTOP]}
        answer = self.call("POST", "", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}}}})
        return "/" + answer["sessionId"]

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + self.session + path, method=method,
            data=None if method == "GET" else json.dumps(body or {}).encode(),
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from error

    def close(self):
        try:
            if self.session:
                self.call("DELETE", "")
        finally:
            os.killpg(self.driver.pid, signal.SIGKILL)
            self.driver.wait(DEADLINE)
            self.log.close()

    # -- tabs --

    def open_tab(self, url):
        handle = self.call("POST", "/window/new", {"type": "tab"})["handle"]
        self.switch(handle)
        self.call("POST", "/url", {"url": url})
        return handle

    def switch(self, handle):
        self.call("POST", "/window", {"handle": handle})

    def run(self, script, *args):
        return self.call("POST", "/execute/sync",
                         {"script": script, "args": list(args)})

    def type(self, selector, words):
        found = self.call("POST", "/element", {
            "using": "css selector", "value": selector})[ELEMENT]
        self.call("POST", f"/element/{found}/value", {"text": words})

    def console(self):
        return self.call("POST", "/se/log", {"type": "browser"})

    # -- looks --

    def emulate(self, scheme, size):
        self._cdp("Emulation.setEmulatedMedia", media="", features=[
            {"name": "prefers-color-scheme", "value": scheme}])
        self._cdp("Emulation.setDeviceMetricsOverride", width=size[0],
                  height=size[1], deviceScaleFactor=1, mobile=False)

    def emulate_paper(self):
        self._cdp("Emulation.setEmulatedMedia", media="print")

    def _cdp(self, command, **params):
        self.call("POST", "/goog/cdp/execute",
                  {"cmd": command, "params": params})

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    def print(self, landscape=False):
        """The page as PDF, A4."""
        return base64.b64decode(self.call("POST", "/print", {
            "page": {"width": 21.0, "height": 29.7},
            "orientation": "landscape" if landscape else "portrait"}))


@pytest.fixture(scope="module")
def one_browser(tmp_path_factory):
    """One for all tests: it takes seconds to start."""
    one = Browser(tmp_path_factory.mktemp("browser"))
    yield one
    one.close()


@pytest.fixture
def browser(one_browser):
    """With one empty tab and an empty console, whatever a test before left: a
    page that outlives its server goes on asking for it, and says so."""
    first, *others = one_browser.call("GET", "/window/handles")
    for handle in others:
        one_browser.switch(handle)
        one_browser.call("DELETE", "/window")
    one_browser.switch(first)
    one_browser.console()
    return one_browser
