"""No function longer than a screen, no task file longer than two."""

import ast

from . import places

SCREEN = 50
PYTHON = ("plugins", "lab", "tests", "molecule", "demo", "bench")


def offences():
    """Lines that name what is too long."""
    for top in PYTHON:
        for path in sorted((places.ROOT / top).rglob("*.py")):
            yield from _functions(path)
    for path in sorted((places.ROOT / "roles").glob("*/tasks/**/*.yml")):
        lines = len(path.read_text().splitlines())
        if lines > 2 * SCREEN:
            yield f"{path.relative_to(places.ROOT)}: {lines} lines, expected at most {2 * SCREEN}; move what belongs together into a file of its own"


def _functions(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            lines = node.end_lineno - first.lineno + 1
            if lines > SCREEN:
                yield (f"{path.relative_to(places.ROOT)}:{node.lineno}: {node.name} has {lines} lines, expected at most {SCREEN}; "
                       "give its parts names of their own")
