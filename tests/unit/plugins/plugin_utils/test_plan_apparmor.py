# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from sendmail_apparmor. That the real parser compiles the profile is shown on a host; that a kernel enforces it is not."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_apparmor


def site(mode="enforce", **said):
    jailed = said.get("privilege", "jailed") == "jailed"
    return dict({
        "mode": mode, "family": "debian", "active": True, "system_files": [], "privilege": "jailed", "capabilities": ["CAP_NET_BIND_SERVICE"],
        "programs": ["/usr/libexec/sendmail"] + (["/usr"] if jailed else []), "reads": ["/etc/mail/sendmail.cf", "/etc/aliases"], "read_trees": ["/etc/mail"],
        "writes": ["/var/spool/mqueue"] + (["/var/mailjail"] if jailed else []),
        "statistics": "/var/lib/sendmail/sendmail.st", "home_access": "hidden"}, **said)


def lines(**said):
    return [line.strip() for line in plan_apparmor.profile(site(**said)).splitlines()]


def test_off_is_nothing():
    # A bare off, as YAML reads it, too; and a removal says nothing else.
    for said in (site("off"), site(False), {"mode": "off", "system_files": []}):
        assert plan_apparmor.plan(said) == {"packages": [], "companions": [], "retired": [], "remark": ""}


def test_a_former_profile_goes_after_the_daemon_left_it():
    found = plan_apparmor.plan(site("off", system_files=[plan_apparmor.FILE]))
    assert found["companions"] == [] and [one["files"] for one in found["retired"]] == [[{"path": plan_apparmor.FILE, "state": "absent"}]]
    assert ".remove" in found["retired"][0]["apply"][2]


@pytest.mark.parametrize("mode, flags", [("enforce", "(attach_disconnected)"), ("complain", "(attach_disconnected,complain)")])
def test_the_mode_is_in_the_profile_and_proven(mode, flags):
    entry = plan_apparmor.plan(site(mode))["companions"][0]
    assert "profile mailjail-sendmail flags=%s {" % flags in entry["files"][0]["content"]
    assert entry["proof"][2] == "^mailjail-sendmail (%s)$" % mode and entry["apply"] == ["apparmor_parser", "-r", plan_apparmor.FILE]


def test_a_kernel_without_it_gets_the_file_and_a_remark():
    found = plan_apparmor.plan(site(active=False))
    assert set(found["companions"][0]) == {"name", "files", "check"} and "not in force" in found["remark"]


@pytest.mark.parametrize("family, expected", [("debian", ["apparmor"]), ("suse", ["apparmor-parser", "apparmor-abstractions"])])
def test_each_family_has_its_packages(family, expected):
    assert plan_apparmor.plan(site(family=family))["packages"] == expected


def test_a_database_that_is_read_can_be_locked():
    # map.db is locked (LOCK_SH) by whoever looks something up in it.
    found = lines()
    assert {"/etc/aliases{,.*} rk,", "/etc/mail/** rk,"} <= set(found)
    assert "/etc/mail/ r," in found


def test_a_family_with_selinux_is_refused():
    with pytest.raises(InvalidValue) as caught:
        plan_apparmor.plan(site(family="redhat"))
    assert "SELinux" in caught.value.message


@pytest.mark.parametrize("key, word", [("writes", "/srv/a b"), ("writes", "/srv/** rw,\n  /**"), ("reads", "etc"), ("programs", "/usr/../etc"),
                                       ("read_trees", "/etc/{a,b}"), ("statistics", "/x,")])
def test_a_path_that_would_say_more_is_refused(key, word):
    with pytest.raises(InvalidValue) as caught:
        plan_apparmor.profile(site(**{key: word if key == "statistics" else [word]}))
    assert "no plain absolute path" in caught.value.message


def test_an_unprivileged_daemon_starts_itself_only():
    found = lines(privilege="unprivileged")
    assert [line for line in found if line.endswith("mrix,")] == ["/usr/libexec/sendmail{,/**} mrix,"]
    assert "/var/mailjail/** rwkl," not in found and "/var/spool/mqueue/** rwkl," in found


@pytest.mark.parametrize("access, expected", [("hidden", []), ("read-only", ["@{HOMEDIRS}/** r,"]), ("full", ["@{HOMEDIRS}/** rwkl,"])])
def test_homes(access, expected):
    assert [line for line in lines(home_access=access) if line.startswith("@{HOMEDIRS}")] == expected


def test_nothing_is_let_in_that_never_may():
    found = lines()
    assert set(plan_apparmor.NEVER) <= set(found)
    assert not [line for line in found if line.startswith("capability") and "sys_admin" in line] and "capability," not in found and "network," not in found
