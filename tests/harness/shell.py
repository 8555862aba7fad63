"""Running a tool: its output goes to the terminal as it comes, its input is empty."""

import subprocess

from . import places


def run(*argv, cwd=places.ROOT, **environment):
    """Run a tool, return its exit status."""
    return subprocess.run([str(word) for word in argv], cwd=cwd, env=places.environment(**environment), stdin=subprocess.DEVNULL, check=False).returncode


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
