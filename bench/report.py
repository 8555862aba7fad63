# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one table at the end. Pure."""

from dataclasses import dataclass

HEAD = ("what", "ours", "beside", "ratio", "target", "met")


@dataclass(frozen=True)
class Row:
    """One figure beside what it is measured against; a target is a bound on the ratio, or on ours where there is no ratio."""

    what: str
    ours: str
    beside: str = ""
    ratio: float | None = None
    at_most: float | None = None
    at_least: float | None = None
    value: float | None = None      # what the target bounds where that is not the ratio

    @property
    def target(self):
        """The bound in words."""
        bounds = ((self.at_most, "at most"), (self.at_least, "at least"))
        return next((f"{words} {bound:g}" for bound, words in bounds if bound is not None), "")

    @property
    def met(self):
        """Is it kept? None where there is none."""
        found = self.ratio if self.value is None else self.value
        if self.at_most is not None:
            return found <= self.at_most
        return None if self.at_least is None else found >= self.at_least

    def cells(self):
        """The columns as text."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return (self.what, self.ours, self.beside, ratio, self.target, {None: "", True: "yes", False: "NO"}[self.met])


def table(rows):
    """The rows under one head, columns as wide as their longest cell."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def seconds(amount):
    """A time as it is read."""
    return f"{amount * 1000:.0f} ms" if amount < 1 else f"{amount:.2f} s"


def megabytes(amount):
    """An amount of memory or disk."""
    return f"{amount / 1e6:.0f} MB"
