# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sendmail out of its own archive, compiled and put below a prefix of its own.

What is decided without a host stands first: whether an archive is sendmail's, and what the compiler is told. :class:`Build` looks at the host and acts.
A record below the prefix says from what its files were made, what they are, and which directories were made for them. It is written before the first of them
and completed after the last, so a run that was cut off is finished by the next, and what was not made here is never written over.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import glob
import hashlib
import json
import os
import posixpath
import re
import shutil
import stat
import tarfile
import tempfile
import zlib

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk, hostinfo
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, InvalidValue, UnsafePath

Archive = collections.namedtuple("Archive", "top version")
# What a build is asked for. ``defines``: map types (NEWDB ...); ``libraries``: what they are linked with; ``group``: of the submission program;
# ``patches``: texts, in order; ``directories``: dicts of path, owner, group, mode.
Wanted = collections.namedtuple("Wanted", "sha256 prefix defines libraries etc_dir compiled pid_file smrsh_directory group patches directories")

# Raised when the same archive and options have to give other files than before.
RECIPE = 1
RECORD = ".mailjail-source.json"
# Libraries first; what nobody calls on a gateway (rmail, vacation, mail.local, libmilter) is left out.
LIBRARIES = ("libsm", "libsmutil", "libsmdb")
PROGRAMS = ("sendmail", "makemap", "smrsh", "editmap", "praliases", "mailstats")
# The parts of the cf library that an .mc file can include.
CF_PARTS = ("README", "domain", "feature", "hack", "m4", "mailer", "ostype", "sh", "siteconfig")
CF_PLACE = "share/sendmail-cf"
# Names under which other programs call sendmail; the first has to lead here.
COMMANDS = ("/usr/sbin/sendmail", "/usr/lib/sendmail", "/usr/bin/mailq", "/usr/bin/newaliases")
HELPERS = ("/usr/sbin/makemap", "/usr/sbin/editmap", "/usr/sbin/praliases")
ALTERNATIVES = "/etc/alternatives"
# Where Debian and SUSE, and Red Hat, keep account of them.
ALTERNATIVES_GROUPS = ("/var/lib/dpkg/alternatives/*", "/var/lib/alternatives/*", "/var/lib/rpm/alternatives/*")
# Wins over what packages of distributions say (Debian 98, Red Hat 90).
PRIORITY = "1000"
# What unpacks to more than this is no archive of sendmail.
LARGEST = 200 << 20
PATIENCE = 1800


# ---- pure ------------------------------------------------------------------------------------------------------------------------------

def check_digest(found, wanted, name):
    """:raises InvalidValue: an archive is not the one whose SHA-256 was given."""
    if found != wanted.strip().lower():
        raise InvalidValue("%s has the SHA-256 %s, expected %s (sendmail_source_sha256). Nothing was touched. If the archive is the one that you mean, and its "
                           "signature is good, put its own sum there; otherwise get it again." % (name, found, wanted.strip().lower()), found=found)


def numbers(version):
    """Return a version as numbers, to be compared."""
    return hostinfo.version_parts(version)


def check_version(version, floor, name):
    """:raises InvalidValue: an archive holds a release below the floor."""
    if numbers(version) < numbers(floor):
        raise InvalidValue("%s holds sendmail %s, and nothing below %s (sendmail_version_floor) is run. Nothing was touched. Name a newer one as "
                           "sendmail_source_archive (https://ftp.sendmail.org/)." % (name, version, floor), version=version)


def inspect(path, name):
    """Look into an archive, unpacking nothing.

    :param str name: how messages call it.
    :returns: :class:`Archive`: its one directory, and the release that it holds.
    :raises InvalidValue: it is no tar archive, or not sendmail's.
    """
    try:
        with tarfile.open(path, "r:*") as archive:
            files = dict((member.name, member) for member in _checked(archive, name))
            tops = set(found.split("/", 1)[0] for found in files)
            top = tops.pop() if len(tops) == 1 else None
            # Before 8.10 the program's directory was called src.
            texts = [files[place] for place in ("%s/sendmail/version.c" % top, "%s/src/version.c" % top) if place in files]
            text = archive.extractfile(texts[0]).read(1 << 16).decode("latin-1") if texts and texts[0].isfile() else ""
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error) as exc:
        raise InvalidValue("%s is no archive that tar can read: %s. Nothing was touched. Expected the archive of sendmail's makers, such as "
                           "sendmail.8.18.1.tar.gz." % (name, exc))
    version = re.search(r'^\s*(?:const\s+)?char\s+Version\[\]\s*=\s*"(\d[0-9.]*)', text, re.M)
    if not version or "%s/cf/m4/cf.m4" % top not in files:
        raise InvalidValue("%s is not sendmail: expected one directory with sendmail/version.c and cf/m4/cf.m4 in it, found %s. Nothing was touched. Give the "
                           "archive of sendmail's makers, not a package of a distribution." % (name, ", ".join(sorted(files)[:3]) or "nothing"))
    return Archive(top, version.group(1))


def _checked(archive, name):
    """Yield the members of an archive; :raises InvalidValue: one of them would land outside, or they are too much."""
    total = 0
    for member in archive:
        total += member.size
        if posixpath.isabs(member.name) or ".." in member.name.split("/"):
            raise InvalidValue("%s holds '%s', which would be unpacked outside. Nothing was touched. Do not use this archive." % (name, member.name))
        if total > LARGEST:
            raise InvalidValue("%s unpacks to more than %d MiB. That is not sendmail. Nothing was touched." % (name, LARGEST >> 20))
        yield member


def site_config(wanted):
    """Return what sendmail's build is told about this host (devtools/Site/site.config.m4).

    :param Wanted wanted: paths are letters, digits and ``._/+-`` only (:func:`check_paths`).
    """
    def text(path):
        return '\\"%s\\"' % path

    lines = [
        "define(`confOPTIMIZE', `-O1 -fstack-protector-strong -D_FORTIFY_SOURCE=2')",
        "define(`confLDOPTS', `-Wl,-z,relro,-z,now')",
        "define(`confNO_MAN_BUILD')",
        # Otherwise the build adds whatever libraries it comes across.
        "define(`confLIBSEARCH', `resolv')",
        "define(`confMAPDEF', `%s')" % " ".join("-D" + name for name in wanted.defines),
        "define(`confLIBS', `%s')" % " ".join("-l" + name for name in ["dl", "resolv"] + list(wanted.libraries)),
        "define(`confENVDEF', `-DHASFLOCK=1 -DNETINET6 -D_DIR_SENDMAILCF=%s -D_PATH_SENDMAILCF=%s -D_PATH_SENDMAILPID=%s')" % (
            text(wanted.etc_dir.rstrip("/") + "/"), text(wanted.compiled), text(wanted.pid_file)),
        "APPENDDEF(`conf_sendmail_ENVDEF', `-DMILTER -DSTARTTLS -DSASL=2')",
        "APPENDDEF(`conf_sendmail_LIBS', `-lssl -lcrypto -lsasl2')",
        "APPENDDEF(`conf_smrsh_ENVDEF', `-DSMRSH_CMDDIR=%s -DSMRSH_PATH=%s')" % (text(wanted.smrsh_directory), text("/bin:/usr/bin")),
    ]
    return "\n".join(lines) + "\n"


def check_wanted(wanted):
    """:raises InvalidValue: a path or word that would say more to m4, make or the shell than it should."""
    for path in (wanted.prefix, wanted.etc_dir, wanted.compiled, wanted.pid_file, wanted.smrsh_directory):
        if not re.match(r"(/[A-Za-z0-9_+][A-Za-z0-9._+-]*)+\Z", path):
            raise InvalidValue("'%s' is no path that sendmail can be built with: expected an absolute one of letters, digits and . _ + -." % path, path=path)
    if posixpath.dirname(wanted.prefix) == "/" or wanted.prefix.startswith(("/home/", "/root/", "/tmp/", "/var/tmp/", "/etc/")):
        raise InvalidValue("sendmail_source_prefix is '%s'. Name a directory that can hold programs and that nothing else uses, such as /opt/sendmail or "
                           "/usr/local/sendmail-8.18.1." % wanted.prefix, path=wanted.prefix)
    for word in list(wanted.defines) + list(wanted.libraries):
        if not re.match(r"[A-Za-z0-9_+.-]+\Z", word):
            raise InvalidValue("'%s' is neither the name of a map type nor of a library." % word)
    if not re.match(r"[0-9a-f]{64}\Z", wanted.sha256):
        raise InvalidValue("sendmail_source_sha256 is '%s', expected the 64 hexadecimal digits that 'sha256sum ARCHIVE' prints." % wanted.sha256)


def description(wanted):
    """Return as text from what the files below a prefix are made; where it differs, they are made anew."""
    patches = "".join("patch %s\n" % hashlib.sha256(text.encode("utf-8")).hexdigest() for text in wanted.patches)
    return "archive %s\n%srecipe %d\ngroup %s\n%s" % (wanted.sha256, patches, RECIPE, wanted.group, site_config(wanted))


def parse_record(text):
    """Return the record below a prefix as ``(description, files, complete)``; files is path below the prefix to SHA-256."""
    try:
        found = json.loads(text or "{}")
        return str(found.get("description", "")), dict(found.get("files", {})), bool(found.get("complete"))
    except (ValueError, AttributeError, TypeError):
        return "", {}, False


def parse_directories(text):
    """Return from the same text the directories that were made for a build, as places below the prefix (``.`` is the prefix itself)."""
    try:
        found = json.loads(text or "{}").get("directories", [])
        return set(place for place in found if isinstance(place, type(u"")))
    except (ValueError, AttributeError, TypeError):
        return set()


def places_above(places):
    """Return the directories in which files below a prefix lie, ``.`` (the prefix itself) and those in between among them. Pure."""
    found = set(["."])
    for place in places:
        while posixpath.dirname(place):
            place = posixpath.dirname(place)
            found.add(place)
    return found


def mode_of(place, wanted):
    """Return ``(group, mode)`` of a file below the prefix."""
    if place == "sbin/sendmail":
        return wanted.group, "2755"
    return "root", "0755" if place.startswith("sbin/") or place.endswith(".sh") else "0644"


def parse_group(text):
    """Read the account that alternatives keep of one group.

    :returns: the link of its master, and a list of ``(name, link)`` of its slaves.
    """
    head = text.partition("\n\n")[0].splitlines()
    return head[1] if len(head) > 1 else "", list(zip(head[2::2], head[3::2]))


def chosen_by(text, program):
    """Tell whether the account of a group names a program among those that can be chosen. Pure."""
    return program in text.partition("\n\n")[2].splitlines()


def group_words(name, link, groups, target):
    """Return the words for update-alternatives that make a name lead to a program: those that register it, and those that choose it.

    :param dict groups: name of each group to its :func:`parse_group`; the name may be a slave of one of them, which then has to be set as a whole.
    """
    master = next((group for group, (_link, slaves) in sorted(groups.items()) if name in [slave for slave, _place in slaves]), name)
    master_link, slaves = groups.get(master, (link, []))
    words = ["--install", master_link, master, target, PRIORITY]
    for slave, place in slaves:
        words += ["--slave", place, slave, target] if place in COMMANDS else []
    return [words, ["--set", master, target]]


# ---- the host --------------------------------------------------------------------------------------------------------------------------

def leads_to(path, target):
    """Whether a path is, or leads to, a file."""
    return os.path.realpath(path) == os.path.realpath(target)


def link_step(path, target, needed):
    """Say what has to be done so that a command leads to a program.

    :returns: None (nothing), ``("link", path)``, or ``("alternatives", the link that they keep, its name)``.
    :raises UnsafePath: a needed command is a file of somebody else.
    """
    if leads_to(path, target):
        return None
    kept = [place for place in hostinfo.follow(path) if os.path.islink(place) and os.path.dirname(os.readlink(place)) == ALTERNATIVES]
    if kept:
        return ("alternatives", kept[0], os.path.basename(os.readlink(kept[0]))) if needed else None
    # A link that leads nowhere was left by somebody who is gone; one to what was built below another prefix is ours to turn.
    if not os.path.exists(path) or os.path.islink(path) and _built_elsewhere(path):
        return ("link", path) if os.path.isdir(os.path.dirname(path)) else None
    if needed:
        raise UnsafePath("%s is a file of another package (expected: nothing, or a link that update-alternatives keeps), so programs on this host would not "
                         "hand their mail to %s. Nothing was touched. Remove that package and run again." % (path, target), path=path)
    return None


def alternatives():
    """Return the program that keeps alternatives, None without one, and the name of each group to its account."""
    paths = [path for pattern in ALTERNATIVES_GROUPS for path in glob.glob(pattern)]
    return (hostinfo.which("update-alternatives") or hostinfo.which("alternatives"),
            dict((os.path.basename(path), hostinfo.read_text(path) or "") for path in paths))


def _built_elsewhere(path):
    return os.path.isfile(os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(path))), RECORD))


class Build:
    """What a host has below a prefix, what is missing, and how it is made.

    :param runner: the one that starts programs.
    :param Wanted wanted: what there has to be.
    """

    def __init__(self, runner, wanted):
        check_wanted(wanted)
        self.runner, self.wanted = runner, wanted
        self.program = self.path("sbin/sendmail")
        record = hostinfo.read_text(self.path(RECORD))
        self.former, self.files, complete = parse_record(record)
        self.made = parse_directories(record)
        self.reasons = self._reasons(complete)
        self.attributes = [] if self.reasons else self._attributes()
        self.steps = self._steps()
        self.directories = [entry for entry in wanted.directories if not os.path.isdir(entry["path"])]

    def path(self, place):
        """Return where something stands below the prefix."""
        return posixpath.join(self.wanted.prefix, place)

    def _reasons(self, complete):
        if not self.files:
            return ["%s holds no sendmail of ours" % self.wanted.prefix]
        if not complete:
            return ["the last build was cut off"]
        if self.former != description(self.wanted):
            same = self.former.splitlines()[:1] == description(self.wanted).splitlines()[:1]
            return ["%s was made %s" % (self.wanted.prefix, "with other options or patches" if same else "from another archive")]
        return ["%s is not what was built" % self.path(place) for place, digest in sorted(self.files.items())
                if not os.path.isfile(self.path(place)) or os.path.islink(self.path(place)) or disk.digest(self.path(place)) != digest]

    def _attributes(self):
        found = []
        for place in sorted(self.files):
            group, mode = mode_of(place, self.wanted)
            found += [(self.path(place),) + change for change in disk.attribute_changes(self.path(place), "root", group, mode)]
        return found

    def _steps(self):
        helpers = [(path, self.path("sbin/" + os.path.basename(path)), False) for path in HELPERS]
        wanted = [(path, self.program, path == COMMANDS[0]) for path in COMMANDS] + helpers
        return [(step, target) for path, target, needed in wanted for step in [link_step(path, target, needed)] if step]

    @property
    def changed(self):
        """Whether there is anything to do."""
        return bool(self.reasons or self.attributes or self.steps or self.directories)

    def version(self):
        """Return the release of what is below the prefix; empty where there is nothing."""
        try:
            with open(self.program, "rb") as program:
                return hostinfo.identify_program(program.read())[1]
        except (IOError, OSError):
            return ""

    def refuse_foreign(self):
        """:raises UnsafePath: something below the prefix was not made here, or others could replace it."""
        for place in ["sbin/" + name for name in PROGRAMS] + [CF_PLACE]:
            if os.path.lexists(self.path(place)) and not any(known == place or known.startswith(place + "/") for known in self.files):
                raise UnsafePath("%s is there and was not built by this collection. Nothing was touched. Choose another sendmail_source_prefix, or remove it "
                                 "if nobody needs it." % self.path(place), path=self.path(place))
        directory = self.wanted.prefix
        while directory != "/":
            if os.path.lexists(directory):
                found = os.lstat(directory)
                if not stat.S_ISDIR(found.st_mode) or found.st_uid or found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX:
                    raise UnsafePath("%s must be a directory of root that nobody else may write to, since root runs what lies below it. Nothing was touched. "
                                     "Mend its owner and mode ('ls -ld %s'), or choose another sendmail_source_prefix." % (
                                         directory, directory), path=directory)
            directory = os.path.dirname(directory)

    def carry_out(self, archive):
        """Do what is needed.

        :param str archive: path of the archive on this host; not read where nothing has to be built.
        """
        if self.reasons:
            check_digest(disk.digest(archive), self.wanted.sha256, archive)
            directory = tempfile.mkdtemp(prefix=".mailjail-build-", dir="/var/tmp")
            try:
                self._install(self._compile(archive, directory))
            finally:
                shutil.rmtree(directory, ignore_errors=True)
        for path in sorted(set(change[0] for change in self.attributes)):
            group, mode = mode_of(posixpath.relpath(path, self.wanted.prefix), self.wanted)
            disk.set_attributes(path, "root", group, mode)
        for step, target in self.steps:
            self._lead(step, target)
        for entry in sorted(self.directories, key=lambda entry: len(entry["path"])):
            _make_directory(entry["path"])
            # The daemon's own user is made later; whoever runs the daemon sees to these owners in every run.
            owner, group = (entry["owner"], entry["group"]) if disk.has_user(entry["owner"]) else ("root", "root")
            disk.set_attributes(entry["path"], owner, group, entry["mode"])

    def _compile(self, archive, directory):
        """Return a dict of place below the prefix to the file that was made."""
        top = os.path.join(directory, inspect(archive, archive).top)
        with tarfile.open(archive, "r:*") as opened:
            plain = [member for member in _checked(opened, archive) if member.isfile() or member.isdir()]
            for member in plain:
                member.uid = member.gid = 0
                member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
                opened.extract(member, directory)
        with open(os.path.join(top, "devtools/Site/site.config.m4"), "w") as target:
            target.write(site_config(self.wanted))
        for number, text in enumerate(self.wanted.patches, 1):
            self._patch(top, number, text)
        for part in LIBRARIES + PROGRAMS:
            self._make(os.path.join(top, part))
        made = dict(("sbin/" + name, self._stripped(top, name)) for name in PROGRAMS)
        for part in CF_PARTS:
            for path in _below(os.path.join(top, "cf", part)):
                made[posixpath.join(CF_PLACE, os.path.relpath(path, os.path.join(top, "cf")))] = path
        return made

    def _patch(self, top, number, text):
        result = self.runner.run(["patch", "-p1", "--batch", "--forward", "--fuzz=0"], stdin=text, cwd=top)
        if result.rc:
            raise CommandFailed("patch number %d of sendmail_source_patches does not fit this archive: %s. What was installed before is as it was. Take "
                                "the one made for this release." % (number, " | ".join((result.stdout + result.stderr).strip().splitlines()[:4])), patch=number)

    def _make(self, directory):
        jobs = "MAKEFLAGS=-j%d" % (os.cpu_count() or 1)
        result = self.runner.run(["env", jobs, "nice", "sh", "./Build"], cwd=directory, timeout=PATIENCE)
        if result.rc:
            said = [line for line in (result.stdout + result.stderr).splitlines() if line.strip()]
            errors = [line for line in said if re.search(r"error|not found|No such file|undefined reference", line)] or said
            raise CommandFailed("sendmail could not be compiled, in its directory %s: %s. What was installed before is as it was. A missing header or library "
                                "is a missing package of this family's table (source.packages)." % (os.path.basename(directory), " | ".join(errors[:4])),
                                log=said[-40:])

    def _stripped(self, top, name):
        made = glob.glob(os.path.join(top, "obj.*", name, name))
        if not made:
            raise CommandFailed("sendmail's build ended well and left no program %s. What was installed before is as it was." % name)
        result = self.runner.run(["strip", made[0]])
        if result.rc:
            raise CommandFailed("strip failed on %s: %s. What was installed before is as it was." % (name, result.stderr.strip()))
        return made[0]

    def _install(self, made):
        files = dict((place, disk.digest(path)) for place, path in made.items())
        directories = sorted(places_above(files), key=len)
        # Those that were there before are somebody else's, and stay when all this goes.
        self.made.update(place for place in directories if not os.path.isdir(self.path(place)))
        _make_directory(self.wanted.prefix)
        self._record(dict(self.files, **files), False)
        for place in directories:
            _make_directory(posixpath.normpath(self.path(place)))
        for place in sorted(made):
            group, mode = mode_of(place, self.wanted)
            disk.copy(made[place], self.path(place), "root", group, mode)
        for place in sorted(set(self.files) - set(files)):
            disk.remove(self.path(place))
        self._record(files, True)

    def _record(self, files, complete):
        text = json.dumps({"description": description(self.wanted), "files": files, "directories": sorted(self.made), "complete": complete},
                          indent=1, sort_keys=True)
        disk.write(self.path(RECORD), (text + "\n").encode("utf-8"), mode="0644")

    def _lead(self, step, target):
        if step[0] == "link":
            disk.remove(step[1])
            os.symlink(target, step[1])
            return
        program, texts = alternatives()
        groups = dict((name, parse_group(text)) for name, text in texts.items())
        for words in group_words(step[2], step[1], groups, target):
            result = self.runner.run([program] + words)
            if result.rc:
                raise CommandFailed("%s %s failed: %s. The programs are built; %s does not lead to them yet." % (
                    program, " ".join(words), result.stderr.strip() or "exit status %d" % result.rc, step[1]))


def _below(path):
    """Yield a file, or every file below a directory."""
    if os.path.isfile(path):
        yield path
    for directory, _names, files in os.walk(path):
        for name in sorted(files):
            yield os.path.join(directory, name)


def _make_directory(path):
    if not os.path.isdir(path):
        _make_directory(os.path.dirname(path))
        os.mkdir(path)
        os.chmod(path, 0o755)
