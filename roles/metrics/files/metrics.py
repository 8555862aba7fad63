# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's sendmail has to do, as a text for Prometheus' node exporter.

Written by the collection mailjail.sendmail, role metrics: a change made here is shown and undone by the next run.

It looks at the names in the queues (never into a message), at the statistics that sendmail keeps, and at the lines that the journal got since the last
look. It needs nothing but Python 3.6. What can not be seen costs that part alone, and mailjail_look_ok says which one it was.
"""

import argparse
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time

# A queue of more files than this is not counted to its end.
MOST_FILES = 2000000
# Lines of the journal in one look; what is left over is read by the next.
MOST_LINES = 500000
# Values of a label that come from outside are few, or Prometheus would drown.
MOST_LABELS = 30
DEPTH = 3
# What a message in a queue is by the first letter of its control file.
STATES = {"q": "waiting", "h": "quarantined", "Q": "lost"}
NAME = re.compile(r"[A-Za-z0-9]{8,40}\Z")
RULESETS = ("check_relay", "check_mail", "check_rcpt", "check_data", "check_eom", "check_eoh", "check_etrn", "check_expn", "check_vrfy", "check_compat",
            "tls_client", "tls_server", "tls_rcpt", "trust_auth", "authinfo")
RESULTS = {"2": "sent", "4": "deferred", "5": "failed"}
# sendmail's own mailstats before what a distribution put in its place (Debian: a script that speaks to people).
ENVIRONMENT = dict(os.environ, LC_ALL="C", PATH="/usr/libexec/sendmail:/usr/lib/sendmail.d/bin:/usr/sbin:/usr/bin:/sbin:/bin")

HELP = {
    "mailjail_queue_messages": ("gauge", "Messages in a queue: waiting, quarantined, or lost (control files that sendmail could not read)."),
    "mailjail_queue_bytes": ("gauge", "What the messages in a queue take on the disk."),
    "mailjail_queue_oldest_seconds": ("gauge", "Age of the oldest message in a queue; 0 if there is none."),
    "mailjail_refused_total": ("counter", "Refusals by the ruleset (or milter) that spoke them and by the reply."),
    "mailjail_deliveries_total": ("counter", "Attempts to deliver, by mailer and result."),
    "mailjail_authentication_failures_total": ("counter", "Logins that failed."),
    "mailjail_tls_failures_total": ("counter", "TLS handshakes that failed and certificates that did not pass, by direction."),
    "mailjail_connections_turned_away_total": ("counter", "How often the daemon began to turn connections away (load, children, disk)."),
    "mailjail_mailer_messages_total": ("counter", "Messages by mailer and direction, as sendmail's statistics have it."),
    "mailjail_mailer_bytes_total": ("counter", "Bytes by mailer and direction, as sendmail's statistics have it."),
    "mailjail_mailer_refused_total": ("counter", "Messages refused, discarded and quarantined, as sendmail's statistics have it."),
    "mailjail_look_ok": ("gauge", "Whether a part could be seen: queue, statistics, log."),
    "mailjail_look_timestamp_seconds": ("gauge", "When this was looked at."),
}


# ---- queues ----------------------------------------------------------------------------------------------------------------------------

def files(directory, depth=DEPTH):
    """Yield directory entries of all files of a queue, its own directories and those below (q1/, qf/, df/ ...).

    :raises OSError: the queue can not be read.
    """
    for entry in os.scandir(directory):
        if entry.is_file(follow_symlinks=False):
            yield entry
        elif depth and entry.is_dir(follow_symlinks=entry.is_symlink() and entry.stat(follow_symlinks=False).st_uid == 0):
            yield from files(entry.path, depth - 1)


def queue(directory, now):
    """Return ``(messages by state, bytes, age of the oldest in seconds)`` of a queue, by names and times alone."""
    counts, size, oldest = dict((state, 0) for state in STATES.values()), 0, None
    for number, entry in enumerate(files(directory)):
        if number > MOST_FILES:
            break
        if not NAME.match(entry.name[2:]):
            continue
        try:
            info = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue  # delivered meanwhile
        if entry.name[1] == "f" and entry.name[0] in STATES:
            counts[STATES[entry.name[0]]] += 1
        if entry.name[:2] in ("df", "qf", "hf", "Qf"):
            size += info.st_size
        # The message itself is written once, its control file at each attempt.
        if entry.name[:2] == "df":
            oldest = info.st_mtime if oldest is None else min(oldest, info.st_mtime)
    return counts, size, max(0, int(now - oldest)) if oldest is not None else 0


# ---- statistics ------------------------------------------------------------------------------------------------------------------------

def statistics(text):
    """Return rows ``(mailer, messages from, bytes from, messages to, bytes to, refused, discarded, quarantined)`` of what ``mailstats -P`` prints.

    :raises ValueError: it is something else.
    """
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) == 9 and words[0].isdigit():
            numbers = [int(word) for word in words[1:8]]
            numbers[1], numbers[3] = numbers[1] * 1024, numbers[3] * 1024
            found.append(tuple([words[8]] + numbers))
    if not found and not re.match(r"\d+ \d+", text):
        raise ValueError("mailstats said: %s" % text[:200])
    return found


# ---- the log ---------------------------------------------------------------------------------------------------------------------------

REFUSED = re.compile(r"(?:\w+: )?ruleset=(\w+), .*?\breject=([45]\d\d)")
MILTER = re.compile(r"(?:\w+: )?[Mm]ilter\b.*?\breject=([45]\d\d)")
UNKNOWN = re.compile(r"(?:\w+: )?<[^>]*>\.\.\. User unknown")
# Recipients come before the mailer and are anybody's words: what stands in brackets or quotes is theirs, and what comes after them has its order.
ADDRESSES = r'(?:<(?:"(?:[^"\\]|\\.)*"|[^">])*>|"(?:[^"\\]|\\.)*"|[^<"])*?'
DELIVERED = re.compile(r"\w+: to=" + ADDRESSES + r"(?:, delay=[\d:+]+)?(?:, xdelay=[\d:+]+)?, mailer=([A-Za-z0-9_.-]{1,30})(?:, (?!dsn=)[a-z_]+=[^,]*)*"
                       r", dsn=([245])\.\d+\.\d+, stat=")
TLS = re.compile(r"(?:\w+: )?STARTTLS=(client|server)\b.*?(?:\bverify=FAIL\b|\berror\b|\bfailed\b)")


def count(message):
    """Return ``(metric, labels)`` of what one line of the log counts for, or None.

    >>> count("4AN8: ruleset=check_rcpt, arg1=<a@b.example>, relay=x [192.0.2.1], reject=550 5.7.1 <a@b.example>... Relaying denied")
    ('mailjail_refused_total', (('reply', '550'), ('ruleset', 'check_rcpt')))
    """
    found = REFUSED.match(message)
    if found:
        return "mailjail_refused_total", (("reply", found.group(2)), ("ruleset", found.group(1) if found.group(1) in RULESETS else "other"))
    found = MILTER.match(message)
    if found:
        return "mailjail_refused_total", (("reply", found.group(1)), ("ruleset", "milter"))
    if UNKNOWN.match(message):
        return "mailjail_refused_total", (("reply", "550"), ("ruleset", "unknown_user"))
    found = DELIVERED.match(message)
    if found:
        return "mailjail_deliveries_total", (("mailer", found.group(1)), ("result", RESULTS[found.group(2)]))
    found = TLS.match(message)
    if found:
        return "mailjail_tls_failures_total", (("direction", found.group(1)),)
    if re.match(r"(?:\w+: )?AUTH failure \(", message):
        return "mailjail_authentication_failures_total", ()
    if message.startswith("rejecting connections on daemon"):
        return "mailjail_connections_turned_away_total", ()
    return None


def add(totals, metric, labels):
    """Count one; a label that takes more values than anybody needs becomes ``other``."""
    rows = totals.setdefault(metric, {})
    key = json.dumps(labels)
    if key not in rows and len(rows) >= MOST_LABELS:
        key = json.dumps([(name, "other") for name, _value in labels])
    rows[key] = rows.get(key, 0) + 1


def journal(units, cursor):
    """Yield ``(cursor, message)`` of what the units said since a cursor; without one the last line only, for its cursor.

    :raises OSError: there is no journal.
    :raises ValueError: the journal refuses; the cursor may be gone.
    """
    argv = ["journalctl", "--quiet", "--no-pager", "--output=json", "--output-fields=MESSAGE"] + ["--unit=" + unit for unit in units]
    argv += ["--after-cursor=" + cursor] if cursor else ["--lines=1"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=ENVIRONMENT) as child:
        for number, line in enumerate(child.stdout, 1):
            row = json.loads(line.decode("utf-8", "replace"))
            # What is no text is a list of bytes, and no line of sendmail's.
            yield row["__CURSOR"], row["MESSAGE"] if isinstance(row.get("MESSAGE"), str) else ""
            if number >= MOST_LINES:
                child.kill()
                return
        said = child.stderr.read().decode("utf-8", "replace")
        if child.wait():
            raise ValueError(said.strip()[:300] or "journalctl ended with %d" % child.returncode)


def read_log(units, state):
    """Count what the journal got since the last look into ``state``, which keeps totals and cursor."""
    cursor, totals = state.get("cursor"), state.setdefault("totals", {})
    fresh = not cursor
    for state["cursor"], message in journal(units, cursor):
        found = None if fresh else count(message)
        if found:
            add(totals, *found)


# ---- the text --------------------------------------------------------------------------------------------------------------------------

def escaped(value):
    """Return a label's value as the format wants it."""
    return str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def render(samples):
    """Return the text of samples ``(metric, labels, value)``; each metric once, with its help."""
    lines = []
    for metric in HELP:
        rows = [(labels, value) for name, labels, value in samples if name == metric]
        if rows:
            lines += ["# HELP %s %s" % (metric, HELP[metric][1]), "# TYPE %s %s" % (metric, HELP[metric][0])]
        for labels, value in sorted(rows):
            said = ",".join('%s="%s"' % (key, escaped(text)) for key, text in labels)
            lines.append("%s%s %s" % (metric, "{%s}" % said if said else "", value))
    return "\n".join(lines) + "\n"


def write(path, text, mode):
    """Put a file in place of another at once: whoever reads it sees the old one or the new one."""
    beside = os.path.join(os.path.dirname(path), ".%s.%d" % (os.path.basename(path), os.getpid()))
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as target:
            target.write(text)
            target.flush()
            os.fchmod(target.fileno(), mode)
            os.fsync(target.fileno())
        os.rename(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def load(path):
    """Return what the last look kept; what can not be read counts for nothing."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return {}
        with open(path, encoding="utf-8") as source:
            found = json.load(source)
        rows = [row for table in found["totals"].values() for row in table.items()]
        return found if all(isinstance(value, int) and isinstance(json.loads(key), list) for key, value in rows) else {}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}


# ---- one look --------------------------------------------------------------------------------------------------------------------------

def part(name, look, samples):
    """Take one part's samples, or note that it could not be seen, and say why in the journal."""
    try:
        found = list(look())
    except (OSError, ValueError, subprocess.SubprocessError) as exc:
        sys.stderr.write("%s could not be seen: %s\n" % (name, exc))
        found, fine = [], 0
    else:
        fine = 1
    samples.extend(found + [("mailjail_look_ok", (("part", name),), fine)])


def queue_samples(name, directory, now):
    """Yield the samples of one queue."""
    counts, size, oldest = queue(directory, now)
    for state, number in counts.items():
        yield "mailjail_queue_messages", (("queue", name), ("state", state)), number
    yield "mailjail_queue_bytes", (("queue", name),), size
    yield "mailjail_queue_oldest_seconds", (("queue", name),), oldest


def statistics_samples(path):
    """Yield the samples of sendmail's own statistics."""
    program = shutil.which("mailstats", path=ENVIRONMENT["PATH"])
    if not program:
        raise ValueError("there is no mailstats")
    done = subprocess.run([program, "-P", "-f", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=20,
                          env=ENVIRONMENT, check=False)
    if done.returncode:
        raise ValueError((done.stderr or done.stdout).decode("utf-8", "replace").strip()[:300])
    for mailer, came, bytes_in, went, bytes_out, refused, discarded, quarantined in statistics(done.stdout.decode("utf-8", "replace")):
        for direction, messages, size in (("from", came, bytes_in), ("to", went, bytes_out)):
            yield "mailjail_mailer_messages_total", (("direction", direction), ("mailer", mailer)), messages
            yield "mailjail_mailer_bytes_total", (("direction", direction), ("mailer", mailer)), size
        for verdict, messages in (("refused", refused), ("discarded", discarded), ("quarantined", quarantined)):
            yield "mailjail_mailer_refused_total", (("mailer", mailer), ("verdict", verdict)), messages


def log_samples(units, state):
    """Yield the samples of the log; those of former looks count on even where this one fails."""
    read_log(units, state)
    return ()


def totals_samples(state):
    """Yield what was counted so far. What never happened is 0, so that its first time is seen as a rise."""
    totals = state.get("totals", {})
    for metric in ("mailjail_authentication_failures_total", "mailjail_connections_turned_away_total"):
        totals.setdefault(metric, {}).setdefault("[]", 0)
    for direction in ("client", "server"):
        totals.setdefault("mailjail_tls_failures_total", {}).setdefault(json.dumps([["direction", direction]]), 0)
    for metric, rows in totals.items():
        for key, value in rows.items():
            if metric in HELP:
                yield metric, tuple((name, text) for name, text in json.loads(key)), value


def main(argv=None):
    """Look once."""
    parser = argparse.ArgumentParser(description="Figures of sendmail for Prometheus' node exporter (textfile).")
    parser.add_argument("--target", required=True, help="file that is written, in the directory of the exporter")
    parser.add_argument("--state", required=True, help="file that keeps what was counted so far")
    parser.add_argument("--queue", action="append", default=[], metavar="NAME=DIRECTORY", help="a queue")
    parser.add_argument("--statistics", help="sendmail's file of statistics")
    parser.add_argument("--unit", action="append", default=[], help="a unit whose lines in the journal count")
    given = parser.parse_args(argv)
    samples, state, now = [], load(given.state), time.time()
    for word in given.queue:
        name, _equals, directory = word.partition("=")
        part("queue_" + name, lambda name=name, directory=directory: queue_samples(name, directory, now), samples)
    # sendmail counts into a file that somebody made for it, and into none otherwise.
    if given.statistics and os.path.exists(given.statistics):
        part("statistics", lambda: statistics_samples(given.statistics), samples)
    if given.unit:
        part("log", lambda: log_samples(given.unit, state), samples)
        samples.extend(totals_samples(state))
        if not any(name == "mailjail_look_ok" and labels == (("part", "log"),) and value for name, labels, value in samples):
            # A journal that was thrown away knows the cursor no more; the next look begins anew.
            state.pop("cursor", None)
        write(given.state, json.dumps(state, sort_keys=True), 0o600)
    samples.append(("mailjail_look_timestamp_seconds", (), int(now)))
    write(given.target, render(samples), 0o644)


if __name__ == "__main__":
    main()
