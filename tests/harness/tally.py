"""Counting: what passed, what failed, what was skipped."""

from dataclasses import dataclass
from xml.etree import ElementTree


@dataclass
class Tally:
    """A sum of test results."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Tally(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


def one(good):
    """The tally of a single test."""
    return Tally(passed=1) if good else Tally(failed=1)


def junit(directory):
    """Sum of the JUnit reports in a directory."""
    total = Tally()
    for report in sorted(directory.glob("*.xml")):
        for suite in ElementTree.parse(report).iter("testsuite"):
            tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped") or suite.get("disabled") or 0)
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            total += Tally(tests - failed - skipped, failed, skipped)
    return total


def with_status(counted, status):
    """A tool that failed without a failed test (it broke before or after them, or ran none) counts as one failure."""
    if (status and not counted.failed) or counted == Tally():
        return counted + Tally(failed=1)
    return counted
