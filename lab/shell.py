"""Running commands and speaking to the person at the terminal."""

import contextlib
import fcntl
import subprocess
import sys
import threading

_tongue = threading.Lock()


class LabError(Exception):
    """Something the user can act on: which host, what was expected, what to do."""


def say(text):
    """Print one progress line, whole, even from several threads."""
    with _tongue:
        print(text, flush=True)


def warn(text):
    """Print one line to stderr."""
    with _tongue:
        print(text, file=sys.stderr, flush=True)


def run(argv, *, check=True, stdin=None, timeout=120, env=None, what=None):
    """Run a command, return the CompletedProcess with text output.

    With `check`, a failure raises LabError that begins with `what` (default: the command) and ends
    with the last lines the command said.
    """
    argv = [str(word) for word in argv]
    what = what or " ".join(argv[:4])
    text = not isinstance(stdin, bytes)
    try:
        done = subprocess.run(argv, input=stdin, stdin=subprocess.DEVNULL if stdin is None else None,
                              capture_output=True, text=text, timeout=timeout, env=env, check=False)
    except FileNotFoundError:
        raise LabError(f"{argv[0]} is not installed on this machine; run `make setup`") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"{what}: no answer within {timeout} s") from None
    if not text:
        done.stdout, done.stderr = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    if check and done.returncode:
        raise LabError(f"{what}: failed (exit {done.returncode}): {last_words(done)}")
    return done


@contextlib.contextmanager
def locked(path, waiting):
    """Hold a lock file, saying once what is waited for if another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(waiting)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def last_words(done, lines=4):
    """The last lines that a failed command said, on one line."""
    said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
    return " / ".join(line.strip() for line in said[-lines:])
