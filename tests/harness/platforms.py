"""The gateways of one test run side by side: what has to be the same is, and docs/platforms.md says what is not."""

import json
import re

from . import places, tally

DOCUMENT = places.ROOT / "docs" / "platforms.md"
SAME = ("answers", "routes", "options", "facts")
# Scenarios that make one and the same gateway, in the order of the table.
SCENARIOS = ("default", "redhat", "suse")
HEAD = """# The same gateway on every family

Generated from the records of a test run (`tests/run.py platforms`); do not edit. One definition, `molecule/shared/inventory`, was converged on each of
these hosts. The Red Hat and SUSE hosts are those of [testhosts.md](testhosts.md), with all that such a host can not prove.

## What is the same

{same}

## What each does its own way

{differs}
"""


def records():
    """What the scenarios wrote down: records by host, in the order of the table."""
    found = [json.loads(path.read_text()) for name in SCENARIOS for path in sorted((places.REPORTS / name).glob("*.record.json"), key=natural)]
    return {record["host"]: record for record in found}


def natural(path):
    """EL 9 comes before EL 10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]


def compare():
    """One test for each kind of thing and host, and one for the document."""
    known = records()
    if len(known) < 2:
        print("platforms  nothing to compare: run the molecule stages first")
        return tally.one(False)
    first, *others = known.values()
    total = tally.Tally()
    for record in others:
        for kind in SAME:
            wrong = sorted(name for name in first[kind].keys() | record[kind].keys() if first[kind].get(name) != record[kind].get(name))
            for name in wrong:
                print(f"platforms  {kind}: {name}\n  {first['host']}: {first[kind].get(name)}\n  {record['host']}: {record[kind].get(name)}")
            total += tally.one(not wrong)
    return total + tally.one(is_written(document(known)))


def is_written(text):
    """Does docs/platforms.md say what this run saw? If not, the new text is left for whoever looks at the difference."""
    if DOCUMENT.exists() and DOCUMENT.read_text() == text:
        return True
    fresh = places.REPORTS / "platforms.md"
    fresh.write_text(text)
    print(f"platforms  {DOCUMENT} is not what this run saw; compare and copy: {fresh}")
    return False


def document(known):
    """The text of docs/platforms.md."""
    first = next(iter(known.values()))
    same = [["What a client sees, to the word, on all hosts", "Last answer"]]
    same += [[name, f"`{replies[-1]}`"] for name, replies in first["answers"].items()]
    same += [["Route tests that passed", str(len(first["routes"]))], ["Options of the `.cf` that agree", str(len(first["options"]))]]
    same += [[f"The daemon: {name}", shown(value)] for name, value in first["facts"].items() if name != "jail"]
    rows = [["", *(host.partition(".")[0].removeprefix("gw-") for host in known)]]
    rows += [[name, *(record["differs"][name] for record in known.values())] for name in first["differs"]]
    return HEAD.format(same=markdown(same), differs=markdown(rows))


def shown(value):
    """A fact in a cell."""
    return ", ".join(f"`{item}`" for item in value) or "none" if isinstance(value, list) else f"`{value}`"


def markdown(rows):
    """A table; the first row is its head."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])
