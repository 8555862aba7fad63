"""Runs on a host with sendmail: transactions over scratch paths, one of them killed at each of its steps on the disk.

    driver.py a|b       bring the scratch paths to one of two configurations that differ in every file
    driver.py survey    kill a change at its first call of rename, link, fsync or fchmod, at its second, and so on; look, heal, look again

Prints its result as JSON. The programs (m4, makemap, sendmail) are the host's.
"""

import itertools
import json
import os
import signal
import sys

from ansible_collections.mailjail.sendmail.plugins.module_utils import transaction
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

ROOT = "/etc/faults"
MAIL = ROOT + "/mail"
STATE = "/var/lib/faults"
LIBRARY = "/usr/share/sendmail/cf"
MC = """include(`%(library)s/m4/cf.m4')dnl
OSTYPE(`debian')dnl
define(`confDONT_BLAME_SENDMAIL', `safe')dnl
define(`confHOST_STATUS_DIRECTORY', `')dnl
define(`confMAX_HOP', `%(hops)s')dnl
define(`confCW_FILE', `%(mail)s/local-host-names')dnl
define(`confCR_FILE', `%(mail)s/relay-domains')dnl
define(`ALIAS_FILE', `hash:%(mail)s/aliases')dnl
FEATURE(`access_db', `btree -T<TMPF> %(mail)s/access')dnl
FEATURE(`mailertable', `btree %(mail)s/mailertable')dnl
FEATURE(`relay_hosts_only')dnl
FEATURE(`use_cw_file')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Name=MTA, Port=25, Addr=127.0.0.1')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""
FILES = ("sendmail.mc", "sendmail.cf", "mailertable", "mailertable.db", "access", "access.db", "aliases", "aliases.db", "local-host-names", "relay-domains")
WHICH = {"a": {"hops": "20", "host": "one"}, "b": {"hops": "21", "host": "two"}}


def parameters(which):
    """Return the module's parameters for one of two configurations that differ in every managed file."""
    facts = WHICH[which]
    root = {"owner": "root", "group": "root"}

    def table(kind, key, value):
        return {"name": kind, "kind": kind, "path": "%s/%s" % (MAIL, kind), "type": "hash" if kind == "aliases" else "btree",
                "entries": [{"key": key, "value": value}], "content": None, "file": None, "host_file": None, "accepted": None, "upload": None,
                "digest": None, "mode": "0640", "database_owner": "root", "database_group": "root", "database_mode": "0640", "secret": False, **root}

    def names(kind, *lines):
        return {"path": "%s/%s" % (MAIL, kind), "kind": kind, "lines": list(lines), "content": None, "mode": "0644", **root}

    return {"mta": {"source": MAIL + "/sendmail.mc", "compiled": MAIL + "/sendmail.cf", "mode": "0644", **root,
                    "content": MC % {"library": LIBRARY, "mail": MAIL, "hops": facts["hops"]}},
            "msp": None, "library": LIBRARY, "sendmail": os.path.realpath("/usr/sbin/sendmail"), "makemap": "/usr/sbin/makemap", "m4": "m4",
            "maps": [table("mailertable", "corp.example", "esmtp:[%s.corp.example]" % facts["host"]),
                     table("access", "Connect:198.51.100", "RELAY" if which == "a" else "REJECT"),
                     table("aliases", "postmaster", "%s@corp.example" % facts["host"])],
            "files": [names("local-host-names", facts["host"] + ".corp.example"), names("relay-domains", facts["host"] + ".example")],
            "directories": [{"path": MAIL, "mode": "0755", **root}], "context": {}, "waivers": [], "state_directory": STATE, "keep_generations": 3,
            "pid_file": None, "partial": False,
            "route_tests": [{"name": "a stranger cannot relay", "recipient": "u@third.example", "expect": "refused"}]}


def kill_at(step):
    """Kill this process, as nothing else would, at the n-th call that changes the disk."""
    count = itertools.count(1)

    def counted(call):
        def stand_in(*args, **kwargs):
            if next(count) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **kwargs)
        return stand_in

    for name in ("rename", "link", "fsync", "fchmod"):
        setattr(os, name, counted(getattr(os, name)))


def attempt(which, step=None):
    """Run one transaction in a child; return ``killed``, or its result as a dict."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        if step:
            kill_at(step)
        try:
            result = transaction.run(parameters(which), Runner(), False)
            said = {"changed": result["changed"]}
        except SendmailError as exc:
            said = {"failed": exc.message}
        os.write(writer, json.dumps(said).encode("utf-8"))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        said = answer.read()
    return json.loads(said) if not os.waitpid(child, 0)[1] else "killed"


def content():
    """Return what every managed file says; a database says what it holds, for its bytes differ from build to build."""
    found = {}
    for name in FILES:
        path = os.path.join(MAIL, name)
        if name.endswith(".db"):
            found[name] = "".join(sorted(Runner().run(["makemap", "-u", "hash" if name.startswith("aliases") else "btree", path[:-3]]).stdout.splitlines(True)))
        else:
            with open(path) as source:
                found[name] = source.read()
    return found


def leftovers():
    """Return what a run must not leave behind."""
    return [os.path.join(top, name) for root in ("/etc", STATE) for top, folders, names in os.walk(root) for name in folders + names
            if name.startswith(".mailjail") or name.endswith(".partial")]


def survey():
    """Kill a change at its first step, its second, and so on to the last; return one row for each, with all that is wrong afterwards."""
    old, new, rows = "a", "b", []
    states = {}
    for which in (new, old):
        assert attempt(which) in ({"changed": True}, {"changed": False})
        states[which] = content()
    step = 1
    while attempt(new, step) == "killed":
        now, wrong = content(), []
        wrong += ["%s is neither old nor new: %r" % (name, now[name][:200]) for name in FILES if now[name] not in (states[old][name], states[new][name])]
        answer = Runner().run(["sendmail", "-C", MAIL + "/sendmail.cf", "-bv", "postmaster"])
        wrong += [] if "deliverable" in answer.stdout else ["sendmail refuses what is there: " + answer.stdout]
        healed = attempt(new)
        wrong += [] if healed in ({"changed": True}, {"changed": False}) else ["the next run fails: %s" % healed]
        wrong += [] if content() == states[new] else ["the next run did not finish the change"]
        wrong += ["left behind: %s" % path for path in leftovers()]
        rows.append({"step": step, "wrong": wrong})
        old, new, step = new, old, step + 1
    return rows


def main():
    """Run the survey, or one transaction."""
    os.makedirs(MAIL, exist_ok=True)
    print(json.dumps(survey() if sys.argv[1] == "survey" else attempt(sys.argv[1])))


if __name__ == "__main__":
    main()
