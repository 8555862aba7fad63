"""Running a tool: its output goes to the terminal as it comes, its input is empty."""

import re
import subprocess

from . import places

# What tells in a long log how far it is, and how it ended.
MILESTONE = re.compile(r"INFO .* Execut|ERROR|CRITICAL|=+ .*\b(passed|failed|error)\b.* =+$|^(FAILED|ERROR) ")
LAST_LINES = 300


def run(*argv, cwd=places.ROOT, **environment):
    """Run a tool, return its exit status."""
    return subprocess.run([str(word) for word in argv], cwd=cwd, env=places.environment(**environment), stdin=subprocess.DEVNULL, check=False).returncode


def run_logged(name, log, *argv, cwd=places.ROOT, **environment):
    """Run a tool beside others: everything goes into a log, the terminal gets its milestones, and the end of the log where it fails. Return its exit status."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as book, subprocess.Popen([str(word) for word in argv], cwd=cwd, env=places.environment(**environment), stdin=subprocess.DEVNULL,
                                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as child:
        for line in child.stdout:
            book.write(line)
            book.flush()
            if MILESTONE.search(line):
                print(f"[{name}] {line.rstrip()}", flush=True)
    if child.returncode:
        print(f"[{name}] failed; the end of {log}:\n" + "".join(log.read_text().splitlines(keepends=True)[-LAST_LINES:]), flush=True)
    return child.returncode


def must(*argv, **options):
    """Run a tool without which nothing else makes sense."""
    status = run(*argv, **options)
    if status:
        raise SystemExit(f"{' '.join(str(word) for word in argv)} failed with exit status {status}")


def answer(*argv):
    """Standard output of a tool, or None if it is missing or fails."""
    try:
        done = subprocess.run([str(word) for word in argv], cwd=places.ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
