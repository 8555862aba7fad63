# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of commands that smrsh lets users run from aliases and .forward files.

smrsh itself lets ``exec``, ``&&`` and ``||`` through, so one wrong link in that directory is a shell for everyone who can send mail.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os
import re
import stat

from ansible_collections.mailjail.sendmail.plugins.module_utils import jail
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommitError, InvalidValue, UnsafePath

Step = collections.namedtuple("Step", "path before after verb")
MODE = 0o755

# Why a program may not be offered, and the names of such programs without version numbers.
REFUSED = (
    ("it is a shell", (
        "ash bash busybox csh dash expect fish ksh ksh93 lksh mksh pdksh posh rbash rksh rsh rzsh sash screen sh smrsh static-sh tcsh tmux toybox "
        "yash zsh")),
    ("it is an interpreter, which runs whatever it is told", (
        "R Rscript awk bc bltwish dc ed emacs erl escript ex gawk gdb gjs guile irb java jjs joe jruby js jsc lua luajit m4 make mawk mono nano nawk "
        "node nodejs nvim ocaml octave original-awk osascript perl phar php php-cgi pico pypy python racket ruby rvim sbcl scheme sed sqlite tclsh vi "
        "view vim vimdiff wish xsltproc")),
    ("it runs other programs", (
        "Mail at batch chroot cpulimit crontab cvs doas docker entr env find flock formail git hg ionice ld.so less locate ltrace mail maildrop "
        "mailfilter mailx man more mutt nail nice nohup nsenter pager parallel pkexec podman prlimit procmail reformail run-parts runuser s-nail "
        "script setarch setpriv setsid sieve-test socat ssh sshpass start-stop-daemon stdbuf strace su sudo sudoedit svn systemd-run taskset time "
        "timeout unbuffer unshare watch xargs")),
    ("it writes or reads whatever file it is told", (
        "ar base32 base64 bsdtar cat cp cpio curl dd ftp gunzip gzip head install ln metamail mv nc ncat netcat od openssl pax rsync scp sftp shar "
        "sort split star tail tar tee telnet tftp unshar unzip uudecode uuencode wget xxd zcat zip")),
)
REASONS = dict((name, reason) for reason, names in REFUSED for name in names.split())


# ---- names -----------------------------------------------------------------------------------------------------------------------------

def base_names(name):
    """Return the names under which a program may be known: as it is, and without the version that distributions add (``python3.11``)."""
    names, short = [name], name
    for pattern in (r"\.(exe|real|distrib|bin|orig|sh|pl|py)\Z", r"[-_]?\d[\d.]*[a-z]?\Z", r"[.-](basic|tiny|nox|gtk3?|minimal|traditional|openbsd|static)\Z"):
        short = re.sub(pattern, "", short)
        names.append(short)
    return names


def refusal(name):
    """Say why a program of this name may not be offered; empty if nothing speaks against it."""
    if re.match(r"ld[-0-9.].*\.so", name):
        return REASONS["ld.so"]
    return next((REASONS[known] for known in base_names(name) if known in REASONS), "")


def check_commands(commands):
    """Return command name to target.

    :param list commands: dicts ``name target``.
    :raises InvalidValue: a name or target that can not be one, or that opens more than was meant.
    """
    wanted = collections.OrderedDict()
    for command in commands:
        name, target = command["name"], command["target"]
        if not re.match(r"[A-Za-z0-9][A-Za-z0-9._+-]*\Z", name):
            raise InvalidValue("'%s' is not the name of a command for smrsh (letters, digits, dots, dashes; no directory)." % name, name=name)
        if not target.startswith("/") or os.path.normpath(target) != target or re.search(r"[\x00-\x20\x7f]", target):
            raise InvalidValue("smrsh command '%s': target '%s' is not a plain absolute path." % (name, target), name=name)
        if name in wanted:
            raise InvalidValue("smrsh command '%s' is named twice." % name, name=name)
        for word in (name, os.path.basename(target)):
            if refusal(word):
                raise InvalidValue("smrsh command '%s' (%s) is refused: %s. Write a program that does the one thing needed, and offer that." % (
                    name, target, refusal(word)), name=name)
        wanted[name] = target
    return wanted


# ---- targets ---------------------------------------------------------------------------------------------------------------------------

def shells(text):
    """Return the real files behind the text of /etc/shells."""
    return set(os.path.realpath(line.strip()) for line in text.splitlines() if line.startswith("/"))


def read_shells(path="/etc/shells"):
    """Return the real files behind /etc/shells; none if there is no such file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as source:
            return shells(source.read())
    except OSError:
        return set()


def require(missing, warn=None):
    """Say that programs are missing: to ``warn`` in check mode, where a later task may install them.

    :raises InvalidValue: they are missing in a real run.
    """
    if missing and warn is None:
        raise InvalidValue(" ".join(missing))
    for reason in missing:
        warn(reason)


def check_target(name, target, known_shells=()):
    """Return an empty string for a target that may be offered, or the complaint that it is missing.

    :raises InvalidValue: it is refused, by what it really is.
    """
    real = os.path.realpath(target)
    if not os.path.exists(real):
        return "smrsh command '%s': %s does not exist. Install its package, or take the command off the list." % (name, target)
    info = os.stat(real)
    problem = refusal(os.path.basename(real)) or (real in known_shells and "it is a shell (/etc/shells)")
    if not problem and not stat.S_ISREG(info.st_mode):
        problem = "it is a %s, not a program" % jail.kind_of(info.st_mode)
    if not problem and not info.st_mode & 0o111:
        problem = "it can not be executed"
    if not problem:
        problem = _writable_by_others(target) or _writable_by_others(real)
    if problem:
        raise InvalidValue("smrsh command '%s' (%s%s) is refused: %s." % (name, target, "" if real == target else ", really %s" % real, problem), name=name)
    return ""


def _writable_by_others(path):
    """Say who besides root could change what runs: the file, or a directory on the way to it."""
    while True:
        info = os.stat(path)
        if not jail.is_trusted(info):
            return "%s can be changed by others than root (owner %s, mode %04o)" % (
                path, jail.account_name("user", info.st_uid), stat.S_IMODE(info.st_mode))
        if path == "/":
            return ""
        path = os.path.dirname(path)


# ---- the directory ---------------------------------------------------------------------------------------------------------------------

def compare(entries, wanted, keep, unlisted, purge):
    """Hold the entries of the directory against the commands wanted.

    :param dict entries: name to ``(kind, text of the link or empty)``.
    :param dict wanted: name to target.
    :param list keep: names that may stay although they are not on the list (a distribution's own files).
    :param str unlisted: ``remove``, ``keep`` or ``refuse`` links that are not on the list.
    :param str purge: ``remove`` or ``refuse`` what is no link; smrsh would run it.
    :returns: ``(steps, complaints)``.
    """
    steps, complaints = [], []
    for name, (kind, text) in sorted(entries.items()):
        before = "%s to %s" % (kind, text) if text else kind
        action = unlisted if kind == "symbolic link" else purge
        if name in wanted and (kind == "symbolic link" or action == "remove" and kind != "directory"):
            if text != wanted[name]:
                steps.append(Step(name, before, "symbolic link to %s" % wanted[name], "link"))
        elif name in wanted or kind == "directory" and name not in keep:
            complaints.append("%s is a %s" % (name, kind))
        elif name not in keep and action == "remove":
            steps.append(Step(name, before, "", "remove"))
        elif name not in keep and action == "refuse":
            complaints.append("%s (%s) is not on the list of commands" % (name, before))
    steps.extend(Step(name, "", "symbolic link to %s" % target, "link") for name, target in wanted.items() if name not in entries)
    return steps, complaints


def read_entries(handle):
    """Return what an open directory holds: name to ``(kind, text of the link or empty)``."""
    entries = {}
    for name in os.listdir(handle):
        kind = jail.kind_of(os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode)
        entries[name] = kind, os.readlink(name, dir_fd=handle) if kind == "symbolic link" else ""
    return entries


def plan(path, wanted, keep=(), unlisted="remove", purge="refuse", parents=(), start="/"):
    """Return what would have to happen, touching nothing, as a list of :class:`Step` whose paths are absolute.

    :raises UnsafePath: the directory, its way or its content is not safe, and is not to be mended.
    """
    handle, missing, mended = jail.open_trusted(path, secure=parents, start=start)
    try:
        entries = {} if missing else read_entries(handle)
        steps = [Step(parent, before, after, "parent") for parent, before, after in mended]
        steps.extend(_own(path, None if missing else os.fstat(handle)))
    finally:
        os.close(handle)
    found, complaints = compare(entries, wanted, keep, unlisted, purge)
    if complaints:
        raise UnsafePath("%s holds what smrsh must not offer; nothing was changed: %s. Remove it by hand, add it to the commands or to keep, or let it be "
                         "removed." % (path, "; ".join(complaints)), path=path)
    return steps + [step._replace(path="%s/%s" % (path, step.path)) for step in found]


def _own(path, info):
    """Return the step that gives the directory itself to root, if it is needed."""
    after = "directory root:root %04o" % MODE
    if info is None:
        return [Step(path, "", after, "own")]
    if (info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)) == (0, 0, MODE):
        return []
    before = "directory %s:%s %04o" % (jail.account_name("user", info.st_uid), jail.account_name("group", info.st_gid), stat.S_IMODE(info.st_mode))
    return [Step(path, before, after, "own")]


def execute(path, steps, wanted, parents=(), start="/"):
    """Carry out what :func:`plan` listed; :raises CommitError: the kernel refused a step, the next run does the rest."""
    handle, missing, _mended = jail.open_trusted(path, secure=parents, mend=True, start=start)
    try:
        handle = jail.make_missing(handle, missing)
        os.fchown(handle, 0, 0)
        os.fchmod(handle, MODE)
        for step in steps:
            name = os.path.basename(step.path)
            if step.verb == "remove":
                os.unlink(name, dir_fd=handle)
            elif step.verb == "link":
                _link(handle, name, wanted[name])
        os.fsync(handle)
    except OSError as exc:
        raise CommitError("%s: %s. The steps before it are done; mend the cause and run again." % (path, exc.strerror), path=path)
    finally:
        os.close(handle)


def _link(handle, name, target):
    # Made beside and renamed, so that the command is never missing while mail is delivered.
    temporary = ".mailjail-%s" % name
    try:
        os.unlink(temporary, dir_fd=handle)
    except FileNotFoundError:
        pass
    os.symlink(target, temporary, dir_fd=handle)
    os.rename(temporary, name, src_dir_fd=handle, dst_dir_fd=handle)
