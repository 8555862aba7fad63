# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls CF, BAK: from the source to what is live, and the way back. Pure but for the view they are given."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import cf, hostinfo, language_features, mc, probe
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import (
    EVERYWHERE,
    UNKNOWN,
    Control,
    Evidence,
    Judgement,
    Reference,
    Unseen,
    failed,
    held,
    not_applicable,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls_packages import SHOWN, cut, program, release

# A source may be somebody else's, and include what never ends.
BOUNDED = ["prlimit", "--as=536870912", "--cpu=2"]


def sources(view):
    """Return ``(source, compiled)`` of each live .cf, source empty where there is none."""
    platform, found = view.site.get("platform") or {}, []
    for which, key in (("mta", "mta"), ("msp", "client")):
        compiled = view.compiled(which)
        if not compiled:
            continue
        usual = hostinfo.SOURCES.get(compiled, ()) if which == "mta" else ("/etc/mail/linux.submit.mc", "/etc/mail/submit.mc")
        named = (platform.get(key) or {}).get("source")
        found.append((next((path for path in ([named] if named else []) + list(usual) if view.stat(path, follow=True)), ""), compiled))
    return found


def compile_read_only(view, source):
    """Return the :class:`runner.Result` of m4 without the commands that run programs; :raises Unseen: m4 or its library is missing."""
    head = []
    if "m4/cf.m4" not in (view.read(source) or ""):
        libraries = [((view.site.get("facts") or {}).get("library") or {}).get("path"), (view.site.get("platform") or {}).get("cf_library")]
        head = [path + "/m4/cf.m4" for path in [path for path in libraries if path] + list(hostinfo.CF_LIBRARIES) if view.stat(path + "/m4/cf.m4")][:1]
        if not head:
            raise Unseen("there is no cf library to compile %s with" % source, path=source)
    done = view.run(*(BOUNDED + ["m4"] + hostinfo.READ_ONLY_M4 + ["-I", os.path.dirname(source)] + head + [source]))
    lacking = re.search(r"cannot open `?([^'`:]*m4/cf\.m4)", done.stderr)
    if lacking:
        raise Unseen("%s needs %s, which is not there: is the package with the cf library installed?" % (source, lacking.group(1)), path=source)
    return done


def _judged(faults, unseen, seen):
    """Return the judgement of several files: a fault of one counts, whatever could not be seen of another."""
    return Judgement(UNKNOWN, unseen) if unseen and not faults else held(faults[:SHOWN], seen)


# ---- CF --------------------------------------------------------------------------------------------------------------------------------

def _parses(view):
    """sendmail itself reads both files without a word."""
    paths = [path for path in (view.compiled("mta"), view.compiled("msp")) if path]
    binary = program(view)
    if not paths and binary is None:
        return not_applicable("there is neither sendmail.cf nor submit.cf")
    if binary is None:
        raise Unseen("there is no sendmail program that could read %s" % " and ".join(paths))
    faults = []
    if not view.compiled("mta"):
        faults.append(Evidence("/etc/mail/sendmail.cf", "missing, and /etc/sendmail.cf too", "a configuration with which %s can start" % binary))
    for path in paths:
        done = view.run(binary, "-C", path, "-bt", stdin="")
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if not probe.TEST_MODE.match(line)]
        if done.rc or said:
            faults.append(Evidence(path, "exit status %d: %s" % (done.rc, cut("; ".join(said)) or "no word"), "exit status 0 and no word"))
    return held(faults, [Evidence(path, "%s -bt reads it without a word" % binary, "") for path in paths])


def _builds(view):
    """m4 makes each .cf of its source without a word."""
    found = [one for one in sources(view) if one[0]]
    if not found:
        return not_applicable("no .mc file belongs to a configuration of this host")
    faults, unseen = [], []
    for source in [one[0] for one in found]:
        try:
            done = compile_read_only(view, source)
        except Unseen as exc:
            unseen.append(Evidence(source, exc.message, ""))
            continue
        if done.rc or done.stderr.strip():
            faults.append(Evidence(source, "m4 says: %s" % (cut(done.stderr, 300) or "exit status %d" % done.rc), "no word"))
        elif not probe.WHOLE.search(done.stdout):
            faults.append(Evidence(source, "m4 makes no whole configuration of it: no local mailer", "a configuration with MAILER(`local')"))
    return _judged(faults, unseen, [Evidence(source, "m4 compiles it without a word", "") for source, _compiled in found])


def _is_built(view):
    """The live .cf says what its .mc compiles to."""
    found = [one for one in sources(view) if one[0]]
    if not found:
        return not_applicable("no .mc file belongs to a configuration of this host")
    faults, unseen = [], []
    for source, path in found:
        try:
            faults += _differences(view, source, path)
        except Unseen as exc:
            unseen.append(Evidence(path, exc.message, ""))
    return _judged(faults, unseen, [Evidence(path, "says what m4 makes of %s" % source, "") for source, path in found])


def _differences(view, source, path):
    """Return the evidence of what a live .cf says otherwise than its source; :raises Unseen: the two can not be compared."""
    done, live = compile_read_only(view, source), view.read(path)
    made = done.stdout
    if done.rc or not cf.parse(made).macros.get("Z"):
        raise Unseen("m4 makes no whole configuration of %s to compare it with: %s" % (source, cut(done.stderr, 300) or "exit status %d" % done.rc), path=path)
    differing = hostinfo.edits(made, live)
    if differing is None:
        raise Unseen("another release of the cf library compiled it (DZ%s, now DZ%s), so it differs without anybody's doing" % (
            cf.parse(live).macros.get("Z", ""), cf.parse(made).macros.get("Z", "")), path=path)
    return [Evidence("%s (%s %s)" % (path, row["what"], row["name"]), cut(row["after"]) if row["after"] is not None else "nothing",
                     "%s, as %s says" % (cut(row["before"]) if row["before"] is not None else "nothing", source))
            for row in (cf.changes(made, live) if differing else ())]


def _no_hazards(view):
    """m4 takes nothing in the sources for something else than was meant, and reads no file that others may write."""
    found = [source for source, _compiled in sources(view) if source]
    if not found:
        return not_applicable("no .mc file belongs to a configuration of this host")
    faults = []
    for source in found:
        problems, statements = mc.hazards(view.read(source))
        faults += [Evidence("%s:%d" % (source, one["line"]), cut("%s: %s" % (one["statement"], one["reason"])), one["remedy"]) for one in problems]
        for one in statements:
            if one.name in ("include", "sinclude") and one.args and not mc.CF_M4.search(one.args[0]):
                faults += _include_faults(view, source, one)
    return held(faults[:SHOWN], [Evidence(source, "nothing in it is live that was not meant", "") for source in found])


def _include_faults(view, source, statement):
    where, name = "%s:%d" % (source, statement.line), statement.args[0]
    if not statement.plain[0]:
        return [Evidence(where, "it includes a file whose name m4 makes up: %s" % cut(name), "a plain path")]
    found = view.stat(os.path.join(os.path.dirname(source), name), follow=True)
    if found and (found.uid != 0 or found.mode & 0o022):
        return [Evidence(where, "it includes %s, %s:%s %04o" % (name, found.owner, found.group, found.mode), "a file that only root writes")]
    return []


# Mailers of no use to anybody today, by which mail leaves on ways that nobody looks at.
OLD_MAILERS = re.compile(r"s?uucp(-\w+)?$|usenet$|fax$|pop$|mail11$|ph$|qpage$|dnet$|xagent$")
# What each FEATURE and MAILER leaves in a compiled configuration.
IDENTITY = re.compile(r"^#+\s+\$Id: (\w+)\.m4\b", re.M)


def _features(view):
    """Nothing is switched on that opens the host, or that nobody needs."""
    found = sources(view)
    if not found:
        return not_applicable("there is neither sendmail.cf nor submit.cf")
    faults, seen = [], []
    for source, compiled in found:
        # What a profile has no use for is said of its daemon.
        profile = (view.site.get("profile") or "") if compiled == view.compiled("mta") else ""
        text = view.read(compiled) or ""
        used = dict((name, view.line(compiled, match.group(0))) for match in IDENTITY.finditer(text) for name in [match.group(1)])
        named = _named_features(view, source) if source else used
        used.update(named)
        for name in sorted(used):
            # What the OSTYPE of a family brings (procmail, where it is the only program that writes mailboxes) is nobody's choice.
            reason = _forbidden(name, profile if name in named else "")
            if reason:
                faults.append(Evidence(used[name], "FEATURE(%s): %s" % (name, reason), "without it"))
        mailers = [name for name in sorted(cf.parse(text).mailers) if OLD_MAILERS.match(name)]
        faults += [Evidence(view.line(compiled, "M%s" % name), "MAILER(%s)" % name, "without it") for name in mailers]
        seen.append(Evidence(compiled, "features: %s" % (" ".join(sorted(name for name in used if name in language_features.FEATURES)) or "none is named"), ""))
    return held(faults[:SHOWN], seen)


def _named_features(view, source):
    """Return name -> place of each FEATURE that stands in a source."""
    statements = mc.hazards(view.read(source))[1]
    return dict((one.args[0], "%s:%d" % (source, one.line)) for one in statements
                if one.name == "FEATURE" and one.args and one.plain[0] and one.args[0] in language_features.FEATURES)


def _forbidden(name, profile):
    feature = language_features.FEATURES.get(name)
    return (feature.forbidden or feature.profiles.get(profile)) if feature else None


def _same_release(view):
    """The compiled files were made by the library of the program's own release."""
    paths = [(which, view.compiled(which)) for which in ("mta", "msp") if view.compiled(which)]
    if not paths:
        return not_applicable("there is neither sendmail.cf nor submit.cf")
    version, faults, unseen, seen = release(view)[0], [], [], []
    for which, path in paths:
        made_by = view.cf(which).macros.get("Z", "")
        where = view.line(path, "DZ")
        if not hostinfo.version_parts(made_by):
            unseen.append(Evidence(path, "it does not say by which release it was made (no DZ line)", ""))
            continue
        one = Evidence(where, "made by %s, the program is %s" % (made_by, version), "made by %s" % ".".join(version.split(".")[:2]))
        (seen if hostinfo.version_parts(made_by)[:2] == hostinfo.version_parts(version)[:2] else faults).append(one)
    return _judged(faults, unseen, [one._replace(wanted="") for one in seen])


# ---- BAK -------------------------------------------------------------------------------------------------------------------------------

STATE, HISTORY = "/var/lib/mailjail", "/etc/.git"


def _kept(view):
    """A former state is whole, and root alone can read it."""
    if not sources(view):
        return not_applicable("there is neither sendmail.cf nor submit.cf")
    state = view.site.get("state_directory") or STATE
    numbers = [name for name in view.names(state + "/generations") or () if name.isdigit()]
    if not numbers and view.stat(HISTORY):
        one = view.stat(HISTORY)
        fault = [Evidence(HISTORY, "%s:%s %04o" % (one.owner, one.group, one.mode), "root, nobody else")] if one.uid or one.mode & 0o077 else []
        return held(fault, [Evidence(HISTORY, "the history of /etc is kept", "")])
    if not numbers:
        return failed(Evidence("%s/generations" % state, "no former state of the configuration is kept", "at least one, whole, readable by root alone"))
    faults = [Evidence(one.path, "%s:%s %04o" % (one.owner, one.group, one.mode), "root, nobody else") for one in [view.stat(state)]
              if one.uid or one.mode & 0o077]
    manifests = [(number, _manifest(view, "%s/generations/%s" % (state, number))) for number in numbers]
    whole = [(number, manifest) for number, manifest in manifests if manifest]
    if not whole:
        return failed(Evidence("%s/generations" % state, "none of %d generations has a manifest that can be read" % len(numbers), "one that is whole"))
    number, manifest = ([one for one in whole if one[1].get("good")] or whole)[-1]
    place = "%s/generations/%s" % (state, number)
    faults += _damages(view, place, manifest)
    told = "%d files, whole%s; %d generations" % (len(manifest["files"]), ", proven" if manifest.get("good") else "", len(whole))
    return held(faults, [Evidence(place, told, "")])


def _manifest(view, place):
    try:
        found = json.loads(view.read(place + "/manifest.json") or "")
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("files"), dict) else None


def _damages(view, place, manifest):
    """Compare the kept files of a generation with their digests; large ones are known by their size."""
    digests = dict(("%s/%s" % (place, entry["stored"]), entry["content"]) for entry in manifest["files"].values() if "stored" in entry)
    missing = [path for path in sorted(digests) if view.stat(path) is None]
    faults = [Evidence(path, "missing", "the kept file") for path in missing]
    small = [path for path in sorted(digests) if path not in missing and not isinstance(digests[path], list)]
    told = dict(reversed(line.split(None, 1)) for line in (view.run("sha256sum", *small).stdout if small else "").splitlines() if len(line.split(None, 1)) == 2)
    return faults + [Evidence(path, "is not what was kept", "its digest %s" % digests[path][:16]) for path in small if told.get(path) != digests[path]]


def _mend_kept(view, hands):
    state = view.site.get("state_directory") or STATE
    hands.owner(state, "root", "root")
    hands.mode(state, forbid=0o077)


CONTROLS = (
    Control(
        id="SM-CF-01", title="sendmail reads sendmail.cf and submit.cf without a word", severity="high",
        reason="A broken configuration shows only when the daemon starts again, after the next boot.",
        remedy="Run the playbook, which puts a proven configuration in place (or the playbook rollback). By hand: mend what sendmail -C FILE -bt names.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "op.me"),), check=_parses),
    Control(
        id="SM-CF-02", title="m4 compiles the sources without a word", severity="medium",
        reason="m4 ends well on nearly every fault of an .mc file; only what it says shows that an order was wrong or a feature was dropped.",
        remedy="The role config takes any word of m4 for a failure. By hand: mend the statement that m4 names.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "cf/README"),), check=_builds),
    Control(
        id="SM-CF-03", title="The live configuration is what its source compiles to", severity="high",
        reason="A difference is an edit by hand, a tool of the distribution, or somebody else's doing.",
        remedy="Run the playbook, which shows each difference and mends it (sendmail_replace_edited on a host that was never managed). By hand: put what is "
               "meant into the .mc, compile it, and find out who changed the .cf.",
        profiles=EVERYWHERE, references=(Reference("article", "S3"),), check=_is_built),
    Control(
        id="SM-CF-04", title="The sources hide no live code from their readers", severity="high",
        reason="Behind a # m4 goes on reading, so a commented feature is in force; syscmd runs commands as root at each build.",
        remedy="The role config refuses such a text. By hand: delete the line or begin it with dnl; give included files to root.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "cf/README"),), check=_no_hazards),
    Control(
        id="SM-CF-05", title="Only features are in force that the host needs and that open nothing", severity="high",
        reason="Each of those named lets strangers relay, takes forged senders, or serves a network that is gone.",
        remedy="Take it out of sendmail_features; what a site needs all the same is named in sendmail_waivers for the role config, and waived here. By "
               "hand: remove it "
               "from the .mc and compile.",
        profiles=EVERYWHERE, references=(Reference("article", "S14"),), check=_features),
    Control(
        id="SM-CF-06", title="Program and configuration are of the same release", severity="low",
        reason="A configuration of another release lacks rulesets and options that the program expects.",
        remedy="Run the playbook after an update of sendmail. By hand: compile both .mc files with the cf library of the installed release.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "op.me"),), check=_same_release),
    Control(
        id="SM-BAK-01", title="A former state of the configuration is kept, whole, and for root alone", severity="low",
        reason="After a bad change the way back has to be short, and what is kept holds the secrets of the configuration.",
        remedy="The role config keeps generations in /var/lib/mailjail, and the playbook rollback puts one back. By hand: keep /etc in a repository that "
               "root alone can read (etckeeper).",
        profiles=EVERYWHERE, references=(Reference("NIST", "SP 800-45v2"),), check=_kept, mend=_mend_kept),
)
