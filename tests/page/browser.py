"""Chromium as Debian has it, driven by its own driver; short words for what tests ask of a page."""

import base64
import json
import time

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

PROGRAM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--window-size=1440,900",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)


class Browser:
    """A browser with one page."""

    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = PROGRAM
        for word in ARGUMENTS:
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))

    def quit(self):
        """End it."""
        self.driver.quit()

    def open(self, path):
        """Open a file anew; return self."""
        self.driver.get("about:blank")
        self.drain()
        self.driver.get(path.as_uri())
        self.wait(lambda: self.js("return document.documentElement.dataset.ready"), "the page never said that it is ready")
        return self

    def drain(self):
        """What the console and the network said since the last time."""
        return self.driver.get_log("browser"), [json.loads(row["message"])["message"] for row in self.driver.get_log("performance")]

    def js(self, script, *words):
        """Run a script in the page."""
        return self.driver.execute_script(script, *words)

    def wait(self, what, fault, seconds=10):
        """Wait until something is so."""
        deadline = time.monotonic() + seconds
        while True:
            found = what()
            if found:
                return found
            assert time.monotonic() < deadline, fault
            time.sleep(0.02)

    def all(self, selector):
        """Elements by a CSS selector."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        """The one element."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """Its text."""
        return self.one(selector).text

    def keys(self, *keys):
        """Press keys one after the other, wherever the focus is."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def chord(self, modifier, key):
        """Press a key with another held."""
        ActionChains(self.driver).key_down(modifier).send_keys(key).key_up(modifier).perform()

    def type(self, text):
        """Search for a text, and wait until it is done."""
        field = self.one("#query")
        field.clear()
        before = self.text("#count")
        field.send_keys(text)
        if text:
            self.wait(lambda: self.text("#count") != before, f"the search for {text} changed nothing: {before}")

    def choose(self, selector, value):
        """Choose of a list."""
        Select(self.one(selector)).select_by_value(str(value))

    def tile(self, name):
        """Press a tile by its word."""
        self.js("[...document.querySelectorAll('.tile')].find(one => one.lastChild.textContent === arguments[0]).click()", name)

    def hosts(self):
        """Names of the hosts in the document, in their order."""
        return self.js("return [...document.querySelectorAll('#grid tbody .host b')].map(one => one.textContent)")

    def count(self):
        """Numbers of hosts and findings that are shown."""
        words = self.text("#count").split()
        return int(words[0]), int(words[words.index("of") + 2])

    def focused(self):
        """Row, column and id of what has the focus."""
        return self.js("const one = document.activeElement; const row = one.closest('tr'); return [row && row.dataset.row, one.dataset.column, one.id]")

    def screenshot(self, path):
        """Keep a picture."""
        path.write_bytes(base64.b64decode(self.driver.get_screenshot_as_base64()))
