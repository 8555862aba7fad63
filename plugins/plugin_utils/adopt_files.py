# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was adopted, as the files that a site puts beside its inventory: host_vars, group_vars, map files and a report for each host. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import json
import re

import yaml

from ansible_collections.mailjail.sendmail.plugins.plugin_utils import adopt_trust, plan_plain, unsafe

HEAD = "# Adopted from {host} by the playbook mailjail.sendmail.adopt; docs/adopt.md says how to go on from here.\n" \
       "# What no variable could say stands in report/{host}.md.\n"
GROUP_HEAD = "# What the hosts that were adopted together have in common: {hosts}.\n"
# The order in which a postmaster reads them; others follow by name.
ORDER = ("mc_template", "submit_mc_template", "domain", "mail_server", "ostype", "mc_domain", "options", "undefine", "mailer_flags", "features", "masquerade",
         "classes", "listeners", "client_options", "queue_groups", "mailers")
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+-]+)*\Z")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_WORDS = ("true", "false", "yes", "no", "on", "off", "null", "y", "n", "t", "f")


class Template(str):
    """Text of our own that Ansible is to expand; whatever else looks like a template is marked as none."""


def variables(adopted, facts):
    """Return the variables of one host.

    :param dict adopted: what the module sendmail_adopt returned.
    :param dict facts: ``host``, its inventory name, and ``fqdn``.
    :returns: name -> value, ready for host_vars.
    """
    mta, msp, tables = adopted["mta"], adopted.get("msp"), adopted["tables"]
    found = dict(mta["variables"], mc_template="plain.mc.j2", submit_mc_template="plain.submit.mc.j2", **tables)
    if msp:
        found["submit"] = msp["variables"]
    for one in adopted["files"]:
        found[one["variable"]] = {"file": Template("{{ inventory_dir }}/files/%s/%s" % (facts["host"], one["name"]))}
    found.update((key, value) for key, value in guesses(found, facts).items() if key not in found)
    waivers = {}
    for one in mta["waivers"] + (msp["waivers"] if msp else []):
        waivers.setdefault(one["feature"], "it was in use when the host was adopted (%s, line %s)" % (one["path"], one["line"]))
    if waivers:
        found["waivers"] = [{"feature": feature, "reason": reason} for feature, reason in sorted(waivers.items())]
    return {"sendmail_" + key: value for key, value in found.items()}


def guesses(found, facts):
    """Return what a profile wants to know and no old configuration says outright; the report asks to check it."""
    options, masquerade = found.get("options") or {}, found.get("masquerade") or {}
    server = re.sub(r"\A[a-z]+:", "", options.get("MAIL_HUB") or options.get("SMART_HOST") or "").strip("[]")
    return {"domain": masquerade.get("as") or facts["fqdn"].partition(".")[2] or facts["fqdn"], "mail_server": server or facts["fqdn"]}


def documents(hosts, group="all"):
    """Return all files of one adoption.

    :param dict hosts: host -> ``{adopted, fqdn}``.
    :param str group: the group whose group_vars take what all have in common.
    :returns: list of dicts ``path``, ``content``, ``mode``; paths are relative.
    :raises InvalidValue: a host said what no adoption says, or a name would lead out of the directory.
    """
    adopt_trust.file_name(group, "group")
    for host, one in sorted(hosts.items()):
        adopt_trust.check(host, one["adopted"])
    said = {host: variables(one["adopted"], {"host": host, "fqdn": one["fqdn"]}) for host, one in hosts.items()}
    common = in_common(said)
    found = []
    if common:
        found.append({"path": "group_vars/%s.yml" % group, "content": GROUP_HEAD.format(hosts=", ".join(sorted(hosts))) + document(common), "mode": "0600"})
    for host, own in sorted(said.items()):
        rest = {name: value for name, value in own.items() if name not in common}
        found.append({"path": "host_vars/%s.yml" % host, "content": HEAD.format(host=host) + document(rest), "mode": "0600"})
        for one in hosts[host]["adopted"]["files"]:
            found.append({"path": "files/%s/%s" % (host, one["name"]), "content": base64.b64decode(one["content"]).decode("utf-8"), "mode": "0600"})
    return [dict(one, path=adopt_trust.below(one["path"])) for one in found]


def documents_of(hostvars, hosts, group="all"):
    """Return :func:`documents` of what the playbook adopt found on each host, as texts that are no templates."""
    return unsafe.text(documents({host: {"adopted": hostvars[host]["__sendmail_adopted"]["adopted"],
                                         "fqdn": hostvars[host]["__sendmail_info"]["host"]["fqdn"] or host} for host in hosts}, group))


def read_back(documents, host, platform):
    """Return the part of a plan that the plain templates print of files that were adopted.

    :param list documents: as :func:`documents` returns them.
    :param str host: whose configuration it is.
    :param dict platform: that host's table.
    """
    found = {}
    for wanted_path in ("group_vars/", "host_vars/%s.yml" % host):
        for one in documents:
            if one["path"].startswith(wanted_path):
                found.update(yaml.load(one["content"], Loader=Loader) or {})
    return unsafe.text({"mc": plan_plain.printed(dict({name[len("sendmail_"):]: value for name, value in found.items()}, platform=dict(platform)))})


class Loader(yaml.SafeLoader):
    """Reads files as Ansible does: a text that is marked as no template is a text."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def in_common(said):
    """Return the variables that all hosts have with the same value; of one host alone nothing is common."""
    if len(said) < 2:
        return {}
    first, *others = said.values()
    return {name: value for name, value in first.items() if all(name in other and other[name] == value for other in others)}


def document(values):
    """Return variables as YAML that a person reads."""
    def place(name):
        short = name[len("sendmail_"):]
        return (ORDER.index(short) if short in ORDER else len(ORDER), name)

    lines = ["---"]
    for name in sorted(values, key=place):
        lines += _yaml(values[name], 0, name + ":")
    return "\n".join(lines) + "\n"


def _yaml(value, indent, lead):
    """Return a value as lines of YAML behind ``lead``, a key or a dash."""
    pad = "  " * indent
    if isinstance(value, dict) and value:
        lines = [pad + lead] if lead.endswith(":") else []
        for number, key in enumerate(value):
            inner = indent + 1
            made = _yaml(value[key], inner, _key(str(key)) + ":")
            if lead == "-" and number == 0:
                made[0] = pad + "- " + made[0].lstrip(" ")
            lines += made
        return lines
    if isinstance(value, (list, tuple)) and value:
        lines = [pad + lead]
        for one in value:
            lines += _yaml(one, indent + 1, "-")
        return lines
    if isinstance(value, str) and "\n" in value.rstrip("\n") + "\n" and _is_block(value):
        lines = value.rstrip("\n").split("\n")
        return [pad + lead + (" |" if value.endswith("\n") else " |-")] + ["  " * (indent + 1) + line if line else "" for line in lines]
    return [pad + lead + " " + _scalar(value)]


def _is_block(text):
    """Tell whether a text is the same as a literal block: no template, no blanks that YAML would take for indentation, printable."""
    shape = re.match(r"[!-~][\t\n\x20-\x7e]*[!-~][\t ]*\n?\Z", text)
    return bool(shape) and "\n" in text and not re.search(r"\{[{%#]", text)


def _key(name):
    return name if _NAME.match(name) and name.lower() not in _WORDS else _quoted(name)


def _scalar(value):
    if isinstance(value, str):
        unsafe = "!unsafe " if re.search(r"\{[{%#]", value) and not isinstance(value, Template) else ""
        plain = _PLAIN.match(value) and value.lower() not in _WORDS
        return value if plain else unsafe + _quoted(value)
    return json.dumps(value)


def _quoted(text):
    """Return a text between double quotes. What YAML takes for no character or for a line end is escaped, such as the bytes 0x80 to 0x9f of Windows-1252."""
    return '"%s"' % "".join(_ESCAPES.get(one) or (one if one.isprintable() else "\\U%08x" % ord(one)) for one in text)


# -- the report

def report(host, adopted, checks, unchanged):
    """Return the report of one host as Markdown.

    :param dict checks: what the comparison of the rendered texts returned, by ``mta`` and ``msp``.
    :param bool unchanged: whether the host was the same afterwards.
    """
    lines = ["# %s: what was adopted" % host, "", "The host itself was %s by this run." % ("not changed" if unchanged else "CHANGED"), ""]
    for which, title in (("mta", "The daemon"), ("msp", "The submission program")):
        if adopted.get(which):
            lines += _part(title, adopted[which], checks.get(which))
    lines += ["## Maps, aliases and class files", ""]
    taken = sorted(set(adopted["tables"]) - {"map_type"} | {one["variable"] for one in adopted["files"]})
    lines += ["Taken over: %s." % (", ".join("`sendmail_%s`" % name for name in taken) or "none"), ""]
    lines += ["- %s." % remark.rstrip(".") for remark in adopted["remarks"]] + [""] * bool(adopted["remarks"])
    lines += ["## To check before you go on", "",
              "`sendmail_domain` and `sendmail_mail_server` are guesses; the plain template does not look at them, the one of this collection does.", ""]
    return "\n".join(lines)


def report_of(result, host, compared):
    """Return :func:`report` of what the playbook adopt found on a host, as a text that is no template."""
    return unsafe.text(report(host, result["adopted"], compared["differences"], result["snapshot"] == compared["snapshot"]))


def _part(title, found, check):
    counts = found["counts"]
    origin = "its source `%s`" % found["source"] if found["from"] == "source" else "the result `%s` alone, for there is no source `%s`" % (
        found["compiled"], found["source"])
    lines = ["## %s" % title, "", "Read from %s: %d statements, %d of them kept as raw text; %d lines for the .cf that were written as such." % (
        origin, counts["statements"], counts["raw"], counts["own_lines"]), ""]
    lines += _rows("Lines that are no plain variable:", found["notes"], lambda note: "`%s` line %s: `%s`: %s. Kept in: %s." % (
        note["path"], note["line"], note["statement"].replace("`", "'"), note["reason"].rstrip("."), note["kept"]))
    lines += _rows("m4 says of the host's own source:", found["complaints"], str)
    lines += _edits(found)
    lines += _rows("`%s` is NOT what its source makes; somebody changed it by hand. These changes are not in the variables:" % found["compiled"],
                   found["edited"], difference)
    if check is None:
        return lines + ["Not compared.", ""]
    if not check["differences"]:
        return lines + ["Compiled from the variables, it is the same in meaning.", ""]
    return lines + _rows("Compiled from the variables, it DIFFERS:", check["differences"], difference)


def _edits(found):
    """Say why nothing is known of changes by hand, where that is so."""
    if found["from"] != "source" or found["compared"]:
        return []
    why = "it was made by release %(live)s of the library, and the host has %(made)s" % found["releases"] if found["releases"]["live"] else \
        "it does not exist, or says of no release that made it"
    return ["`%s` was NOT held against its source: %s. If somebody changed it by hand, that stands nowhere here. Compare it before you replace it." % (
        found["compiled"], why), ""]


def difference(row):
    """Return one difference of meaning in a line."""
    before, after = (("nothing" if row[key] is None else "'%s'" % " / ".join(str(row[key]).split("\n")).replace("`", "'")) for key in ("before", "after"))
    return "%s %s: %s, then %s." % (row["what"], row["name"], before, after)


def _rows(heading, rows, told):
    return [heading, ""] + ["- " + told(row) for row in rows] + [""] if rows else []
