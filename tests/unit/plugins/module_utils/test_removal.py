# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes, what comes back, and what is left alone."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk, generations, removal
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommitError, UnsafePath
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result

OWNER = (str(os.getuid()), str(os.getgid()))
OURS = "# Written by the collection mailjail.sendmail, role service: a change made here is shown and undone by the next run.\n"
BLOCK = ("/a root:root 755\n# BEGIN of what the collection mailjail.sendmail answers for\n/b root:root 2755\n"
         "# END of what the collection mailjail.sendmail answers for\n")


class Programs:
    """Notes what it is called with."""

    def __init__(self, units=""):
        self.called, self.units = [], units

    def run(self, argv, stdin=None, cwd=None, timeout=60):
        """Answer one command."""
        self.called.append(argv)
        return Result(0, self.units if argv[1:2] == ["list-units"] else "", "")


def put(path, text):
    path = str(path)
    if not os.path.isdir(os.path.dirname(path)):
        os.makedirs(os.path.dirname(path))
    disk.write(path, text.encode("utf-8"), OWNER[0], OWNER[1], "0644")
    return path


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host with a generation of before, and a configuration of ours."""
    etc, state = tmp_path / "etc", str(tmp_path / "state")
    before, new = put(etc / "mail" / "sendmail.cf", "the distribution's"), str(etc / "mail" / "access")
    generations.keep(state, [before, new], 5)
    put(before, "ours")
    put(new, "ours")
    generations.write_state(state, {"paths": [before, new]})
    put(etc / "systemd" / "system" / "sendmail.service", OURS + "[Unit]\n")
    put(etc / "systemd" / "system" / "clamav-daemon.service.d" / "mailjail.conf", OURS)
    put(etc / "systemd" / "system" / "other.service", "[Unit]\n")
    put(etc / "notes", "\n" * 600 + OURS)
    put(etc / "ansible" / "site.yml", OURS)
    put(etc / "permissions.local", BLOCK)
    os.symlink("/etc/passwd", str(etc / "link"))
    put(tmp_path / "tls" / "key", "secret")
    (etc / "smrsh").mkdir()
    for name in ("vacation", "own"):
        os.symlink("/usr/bin/" + name, str(etc / "smrsh" / name))
    monkeypatch.setattr(removal, "PLACES", (str(etc),))
    monkeypatch.setattr(removal, "NOT_HERE", (str(etc / "ansible"),))
    monkeypatch.setattr(removal, "UNITS", str(etc / "systemd" / "system"))
    monkeypatch.setattr(removal.selinux, "STORES", (str(tmp_path / "selinux-%s"),))
    monkeypatch.setattr(removal.selinux, "ENABLED", str(tmp_path / "none"))
    monkeypatch.setattr(removal.selinux, "CONFIG", str(tmp_path / "none"))
    return tmp_path


def removing(host, **given):
    """A removal with the module's options."""
    params = dict({"state_directory": str(host / "state"), "packages_removed": True, "keep_data": True, "masked_units": [], "boot_files": [],
                   "blocks": [str(host / "etc" / "permissions.local")], "smrsh": str(host / "etc" / "smrsh"), "smrsh_keep": ["own"], "smrsh_commands": [],
                   "selinux_ports": [], "jail": None, "leftovers": [str(host / "etc" / "mail" / "*.old")], "etc_dir": str(host / "etc" / "mail"),
                   "link_directories": [str(host / "etc" / "certs")], "trees": [str(host / "tls")],
                   "source_prefix": "", "accounts": []}, **given)
    return removal.Removal(Programs(), params)


def everything(host):
    """All paths with what files hold."""
    return {os.path.relpath(os.path.join(directory, name), str(host)): disk.read(os.path.join(directory, name)) if not os.path.islink(
        os.path.join(directory, name)) else "link" for directory, _names, files in os.walk(str(host / "etc")) for name in files}


def test_the_host_is_as_it_was(host):
    found = removing(host)
    rows = found.prepare(False)
    assert everything(host) == {
        "etc/mail/sendmail.cf": b"the distribution's", "etc/systemd/system/other.service": b"[Unit]\n",
        "etc/notes": ("\n" * 600 + OURS).encode(),
        "etc/ansible/site.yml": OURS.encode(), "etc/permissions.local": b"/a root:root 755\n", "etc/link": "link", "etc/smrsh/own": "link"}
    assert not os.path.exists(str(host / "etc" / "systemd" / "system" / "clamav-daemon.service.d"))
    assert found.runner.called == [["systemctl", "disable", "--now", "sendmail.service"], ["systemctl", "reset-failed", "sendmail.service"],
                                   ["systemctl", "daemon-reload"]]
    assert len(rows) == 6
    assert removing(host).prepare(False) == []


def test_a_file_that_was_managed_later_is_as_it_was_too(host):
    """A null client becomes a gateway: /etc/aliases was the administrator's until then."""
    state, aliases, table = str(host / "state"), put(host / "etc" / "aliases", "root: eva"), str(host / "etc" / "mail" / "virtusertable")
    managed = generations.read_state(state)["paths"]
    for number in range(4):
        generations.keep(state, managed + [aliases, table], 1)
        generations.write_state(state, {"paths": managed + [aliases, table]})
        put(aliases, "ours %d" % number)
        put(table, "ours %d" % number)
    # What is not managed any more, and named by no other generation, comes back as well.
    generations.write_state(state, {"paths": managed})
    removing(host).prepare(False)
    assert disk.read(aliases) == b"root: eva" and not os.path.exists(table)


def test_what_is_left_goes_last(host):
    removing(host).prepare(False)
    put(host / "etc" / "mail" / "access.rpmsave", "ours")
    put(host / "etc" / "mail" / "sendmail.cf.rpmsave", "edited before we came")
    put(host / "etc" / "mail" / "databases.old", "made by the package")
    put(host / "state" / "receipts" / "20261123T091500Z-1.json", "{}")
    rows = removing(host).finish(False)
    assert not os.path.exists(str(host / "tls")) and sorted(os.listdir(str(host / "etc" / "mail"))) == ["sendmail.cf", "sendmail.cf.rpmsave"]
    assert os.listdir(str(host / "state")) == ["receipts"] and rows
    assert "Receipts" in removing(host).left()[0]
    assert removing(host).finish(False) == []
    assert [row["path"] for row in removing(host, keep_data=False).finish(False)] == [str(host / "state" / "receipts"), str(host / "state")]
    assert not os.path.exists(str(host / "state"))


def test_a_directory_of_the_package_goes_with_our_tree_in_it(host):
    put(host / "etc" / "mail" / "certs" / "mailjail" / "key.pem", "ours")
    removing(host, trees=[str(host / "etc" / "mail" / "certs" / "mailjail")]).finish(False)
    assert not os.path.exists(str(host / "etc" / "mail" / "certs"))
    put(host / "etc" / "mail" / "certs" / "somebody.pem", "not ours")
    removing(host, trees=[str(host / "etc" / "mail" / "certs" / "mailjail")]).finish(False)
    assert os.path.exists(str(host / "etc" / "mail" / "certs" / "somebody.pem"))


def test_links_to_what_is_gone_go_too(host):
    """Debian's package gives each of its certificates a name among the authorities."""
    put(host / "etc" / "mail" / "tls" / "server.crt", "x")
    put(host / "etc" / "mail" / "kept.crt", "x")
    (host / "etc" / "certs").mkdir()
    for name, target in (("1.0", "mail/tls/server.crt"), ("2.0", "mail/kept.crt"), ("3.0", "elsewhere/none.crt")):
        os.symlink(str(host / "etc" / target), str(host / "etc" / "certs" / name))
    found = removing(host, leftovers=[str(host / "etc" / "mail" / "tls")])
    assert len([row for row in found.finish(True) if row["what"] == "led to what is gone"]) == 2
    found.finish(False)
    assert sorted(os.listdir(str(host / "etc" / "certs"))) == ["2.0", "3.0"]


def test_a_queue_with_mail_in_it_is_never_removed(host):
    for name, file in (("mqueue", "qf6AN8mbDh009108"), ("clientmqueue", "sm-client.st")):
        put(host / "spool" / name / file, "x")
    found = removing(host, leftovers=[str(host / "spool" / "*")])
    found.finish(False)
    assert os.listdir(str(host / "spool")) == ["mqueue"] and "still holds messages" in "".join(found.left())


def test_a_queue_behind_a_link_has_mail_in_it(host, monkeypatch):
    """As queue_host reads it: what is behind a link of root's counts, and what is behind another's nobody knows."""
    monkeypatch.setattr(removal.queue_host, "ROOT", os.getuid())
    disk_, spool = host / "disk", host / "spool" / "mqueue"
    put(disk_ / "qf6AN8mbDh009108", "x")
    spool.mkdir(parents=True)
    spool.chmod(0o755)
    os.symlink(str(disk_), str(spool / "q1"))
    assert removal.holds_messages(str(spool))
    os.unlink(str(disk_ / "qf6AN8mbDh009108"))
    os.symlink(str(spool), str(disk_ / "circle"))
    disk_.chmod(0o755)
    assert not removal.holds_messages(str(spool))
    spool.chmod(0o777)
    assert removal.holds_messages(str(spool))


RECEIPT = '{"contents": true, "awaited": %s, "messages": [{"id": "6AN8mbDh009108"%s}]}'


def test_mail_that_was_handed_over_to_nobody_stays_whatever_is_said(host):
    removing(host).prepare(False)
    for name, more in (("20261123T091500Z-1", ""), ("20261123T091500Z-2", ', "handed_over": 1')):
        put(host / "state" / "receipts" / (name + ".json"), RECEIPT % ("true", more))
        put(host / "state" / "receipts" / (name + ".d") / "qf6AN8mbDh009108", "x")
    # A run that was killed left portions only.
    put(host / "state" / "receipts" / "20261123T091500Z-3.d" / "part-00000.json", RECEIPT % ("false", ""))
    removing(host, keep_data=False).finish(False)
    assert sorted(os.listdir(str(host / "state" / "receipts"))) == ["20261123T091500Z-1.d", "20261123T091500Z-1.json", "20261123T091500Z-3.d"]
    assert "handed over to nobody" in "".join(removing(host, keep_data=False).left())
    assert removing(host, keep_data=False).finish(False) == []


def test_of_a_template_the_instances_are_stopped(host):
    """systemd neither stops nor disables a template itself."""
    units = host / "etc" / "systemd" / "system"
    put(units / "mailjail-delegate@.path", OURS)
    (units / "paths.target.wants").mkdir()
    os.symlink("../mailjail-delegate@.path", str(units / "paths.target.wants" / "mailjail-delegate@access.path"))
    found = removing(host)
    found.runner.units = "mailjail-delegate@aliases.path loaded active waiting\nother@x.path loaded active waiting\n"
    found.prepare(False)
    assert found.runner.called[:2] == [
        ["systemctl", "list-units", "--all", "--full", "--plain", "--no-legend", "mailjail-delegate@*.path"],
        ["systemctl", "disable", "--now", "mailjail-delegate@access.path", "mailjail-delegate@aliases.path", "sendmail.service"]]


def test_commands_of_the_administrator_stay_where_the_packages_stay(host):
    os.symlink("/usr/bin/procmail", str(host / "etc" / "smrsh" / "filter"))
    found = removing(host, packages_removed=False, smrsh_commands=[{"name": "vacation", "target": "/usr/bin/vacation"}, {"name": "filter", "target": "/x"}])
    found.prepare(False)
    assert sorted(os.listdir(str(host / "etc" / "smrsh"))) == ["filter", "own"] and "filter is a command for aliases" in "".join(found.left())
    removing(host).prepare(False)
    assert os.listdir(str(host / "etc" / "smrsh")) == ["own"] and "command for aliases" not in "".join(removing(host).left())


def test_the_policy_of_selinux_forgets_us(host):
    put(host / "selinux-targeted" / "modules" / "400" / "mailjail" / "cil", "(optional x)\n")
    put(host / "selinux-targeted" / "ports.local", "portcon tcp 2525 system_u:object_r:smtp_port_t:s0\nportcon tcp 2526 system_u:object_r:smtp_port_t:s0\n")
    found = removing(host, selinux_ports=[25, 2525, 2527])
    assert [row["path"] for row in found.prepare(True)][-2:] == ["module mailjail", "port 2525"] and found.runner.called == []
    found.prepare(False)
    assert [argv for argv in found.runner.called if argv[0] != "systemctl"] == [
        ["semodule", "-N", "-r", "mailjail"], ["semanage", "port", "-N", "-d", "-p", "tcp", "2525"]]


def test_check_mode_says_the_same_and_touches_nothing(host):
    before = everything(host)
    found = removing(host)
    predicted = found.prepare(True)
    assert everything(host) == before and found.runner.called == []
    assert sorted(row["path"] for row in predicted) == sorted(row["path"] for row in removing(host).prepare(False))


def test_a_jail_with_mail_in_it_stays_unless_it_may_go(host):
    jail = put(host / "jail" / "mail" / "archive", "")[:-len("/mail/archive")]
    empty = removing(host, jail=jail, trees=[jail])
    put(host / "jail" / "mail" / "archive", "From a@example.org\n")
    assert removing(host, jail=jail, trees=[jail])._tree(jail, False) == [] and "holds mail" in removing(host, jail=jail, trees=[jail]).left()[0]
    assert removing(host, jail=jail, trees=[jail], keep_data=False)._tree(jail, True) != []
    put(host / "jail" / "mail" / "archive", "")
    assert empty._tree(jail, False) != [] and not os.path.exists(jail)


def test_a_tree_that_is_a_link_is_not_followed(host):
    os.symlink(str(host / "etc"), str(host / "trap"))
    with pytest.raises(UnsafePath):
        removing(host, trees=[str(host / "trap")]).finish(False)
    assert os.path.exists(str(host / "etc" / "notes"))


def test_what_was_built_goes_and_the_rest_below_its_prefix_stays(host):
    """A prefix is no tree of ours: it may be /usr/local."""
    prefix = str(host / "local")
    put(host / "local" / "sbin" / "sendmail", "built")
    put(host / "local" / "sbin" / "site-program", "theirs")
    put(host / "local" / ".mailjail-source.json", '{"files": {"sbin/sendmail": "aa"}, "complete": true}')
    removing(host, source_prefix=prefix).prepare(False)
    assert os.listdir(prefix + "/sbin") and {"path": prefix, "what": "what was built below it removed"} in removing(host, source_prefix=prefix).finish(True)
    removing(host, source_prefix=prefix).finish(False)
    assert os.listdir(prefix) == ["sbin"] and os.listdir(prefix + "/sbin") == ["site-program"]
    assert removing(host, source_prefix=prefix).finish(False) == []


def test_a_host_whose_former_state_is_not_known_keeps_what_a_package_may_own(host):
    removal.remove_tree(str(host / "state" / "generations"))
    found = removing(host, packages_removed=False)
    found.prepare(False)
    assert disk.read(str(host / "etc" / "mail" / "sendmail.cf")) == b"ours" and "reinstall" in found.left()[0]
    removing(host, packages_removed=True).prepare(False)
    assert not os.path.exists(str(host / "etc" / "mail" / "sendmail.cf"))


def test_a_kept_file_that_was_altered_does_not_come_back(host):
    manifest = generations.listing(str(host / "state"))[0]
    path = str(host / "etc" / "mail" / "sendmail.cf")
    put(host / "state" / "generations" / manifest["id"] / manifest["files"][path]["stored"], "somebody else's")
    with pytest.raises(CommitError):
        removing(host).prepare(False)


def test_an_account_of_somebody_else_stays(host):
    assert removing(host, accounts=["root", "daemon", "nobody-of-that-name"])._accounts(False) == []


@pytest.mark.parametrize("text, expected", [
    (BLOCK, "/a root:root 755\n"), ("x\n", "x\n"), (BLOCK + "/c\n", "/a root:root 755\n/c\n"), (BLOCK.rstrip("\n"), "/a root:root 755\n")])
def test_our_lines_in_a_file_of_others_go(text, expected):
    assert removal.without_block(text) == expected


def test_the_state_before_us_outlives_the_count(tmp_path):
    state, path = str(tmp_path / "state"), str(tmp_path / "mc")
    for number in range(8):
        put(path, "state %d" % number)
        generations.keep(state, [path], 2)
        generations.write_state(state, {"paths": [path]})
    found = generations.listing(state)
    assert [row["id"] for row in found] == ["00001", "00007", "00008"] and [bool(row["first"]) for row in found] == [True, False, False]
