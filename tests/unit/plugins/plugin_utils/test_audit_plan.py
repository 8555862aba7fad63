# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import glob
import os
import re

import pytest
import yaml

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_plan

ROLES = os.path.join(os.path.dirname(audit_plan.__file__), "..", "..", "roles")
TODAY = datetime.date(2026, 11, 23)
# A control that the table has from its first day on.
KNOWN = "SM-FS-02"
WAIVER = {"control": KNOWN, "reason": "old scanner", "owner": "postmaster", "until": "2027-03-31"}
INFO = {
    "host": {"fqdn": "mx.example.org"},
    "configuration": {"daemon_port_options": ["Name=MTA, Addr=0.0.0.0", "Port=submission, Name=MSA, M=Ea", "Name=x, Port=soon"]},
    "listeners": [
        {"address": "0.0.0.0", "port": 25},
        {"address": "::", "port": 25},
        {"address": "192.0.2.9", "port": 587},
        {"address": "127.0.0.1", "port": 465},
    ],
}


def test_everything_is_held_against_a_host_of_no_known_kind():
    asked = audit_plan.check({"fail_at": "high"}, TODAY)
    assert KNOWN in [one.id for one in asked.chosen] and asked.profile == "" and asked.unasked == "" and asked.warnings == []


REFUSED = [
    ("a profile", {"profile": "relay"}, ["sendmail_audit_profile", "relay", "nullclient"]),
    ("a severity", {"fail_at": "severe"}, ["sendmail_audit_fail_at", "severe", "critical"]),
    ("a control", {"only": ["SM-FS-2"]}, ["sendmail_audit_only", "SM-FS-2"]),
    ("a family", {"without": ["MAIL"]}, ["sendmail_audit_without", "MAIL", "SMRSH"]),
    ("nothing is left", {"only": ["FS"], "without": ["FS"]}, ["sendmail_audit_only", "no control"]),
    ("a waiver of nothing", {"waivers": [dict(WAIVER, control="SM-FS-99")]}, ["sendmail_audit_waivers[0]", "SM-FS-99"]),
    ("a waiver without a reason", {"waivers": [dict(WAIVER, reason=" ")]}, ["sendmail_audit_waivers[0]", "reason"]),
    ("a waiver without a day", {"waivers": [WAIVER, dict(WAIVER, until=None)]}, ["sendmail_audit_waivers[1]", "until"]),
    ("a waiver until some day", {"waivers": [dict(WAIVER, until="summer")]}, ["sendmail_audit_waivers[0]", "summer"]),
]


@pytest.mark.parametrize("said, words", [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_can_not_be_meant_is_refused_by_name(said, words):
    with pytest.raises(InvalidValue) as refused:
        audit_plan.check(said, TODAY)
    assert all(word in refused.value.message for word in words), refused.value.message


def test_a_waiver_that_ended_is_loud_and_counts_no_more():
    asked = audit_plan.check({"waivers": [dict(WAIVER, until="2026-11-22")]}, TODAY)
    assert asked.waivers == {} and len(asked.warnings) == 1 and KNOWN in asked.warnings[0] and "2026-11-22" in asked.warnings[0]


def targets(info, **said):
    found, why = audit_plan.targets(dict({"address": "mx.example.org"}, **said), info)
    return [(one["name"], one["address"], one["port"], one["implicit_tls"]) for one in found], why


TARGETS = [
    ("what it shows, at the address that the inventory has", INFO, {}, [("MTA", "mx.example.org", 25, False), ("MSA", "mx.example.org", 587, False)], ""),
    ("no probe", INFO, {"probe": False}, [], "sendmail_audit_probe is false"),
    ("a host of which nothing is known", {}, {}, [], "sendmail_info failed"),
    ("none", dict(INFO, listeners=[]), {}, [], "no listener"),
    ("loopback", dict(INFO, listeners=[{"address": "::1", "port": 25}, {"address": "127.0.0.9", "port": 587}]), {}, [], "loopback only"),
    ("TLS from the first byte", dict(INFO, configuration={}, listeners=[{"address": "*", "port": 465}]), {}, [("", "mx.example.org", 465, True)], ""),
    (
        "those of the site",
        INFO,
        {"listeners": [{"port": 2525, "name": "odd"}, {"port": 465, "address": "192.0.2.7", "implicit_tls": False}]},
        [("odd", "mx.example.org", 2525, False), ("", "192.0.2.7", 465, False)],
        "",
    ),
    ("none that the site names", dict(INFO, listeners=[]), {"listeners": []}, [], "no listener"),
    ("those of the site of a broken host", {}, {"listeners": [{"port": 25}]}, [("", "mx.example.org", 25, False)], ""),
    (
        "other ports",
        dict(INFO, listeners=[{"address": "*", "port": port} for port in (22, 8025, True, 25.0, "25", 587)]),
        {},
        [("MSA", "mx.example.org", 587, False)],
        "",
    ),
    ("a host that makes no sense", dict(INFO, listeners=[1, None, {"port": ["x"]}, {"port": {}}]), {}, [], "no listener"),
    ("listeners that are none", dict(INFO, listeners="x"), {}, [], "no listener"),
    ("a host that is a word", dict(INFO, host="x"), {}, [], "sendmail_info failed"),
    ("an answer that is a list", [1], {}, [], "sendmail_info failed"),
    ("a configuration that is a list", dict(INFO, configuration=[1]), {}, [("", "mx.example.org", 25, False), ("", "mx.example.org", 587, False)], ""),
    (
        "ports that are no numbers",
        dict(INFO, configuration={"daemon_port_options": ["Port=\u00b2", "Port=\u0665", 7, None, "Name=MSA, Port=587"]}),
        {},
        [("", "mx.example.org", 25, False), ("MSA", "mx.example.org", 587, False)],
        "",
    ),
    ("a container", INFO, {"connection": "containers.podman.podman"}, [], "sendmail_audit_probe_address"),
    ("a container of which the site knows an address", INFO, {"connection": "docker", "listeners": [{"port": 25}]}, [], "sendmail_audit_probe_address"),
    (
        "a container with a listener's address",
        INFO,
        {"connection": "docker", "listeners": [{"port": 25, "address": "192.0.2.7"}]},
        [("", "192.0.2.7", 25, False)],
        "",
    ),
    (
        "a container with an address",
        INFO,
        {"connection": "local", "probe_address": "192.0.2.8"},
        [("MTA", "192.0.2.8", 25, False), ("MSA", "192.0.2.8", 587, False)],
        "",
    ),
    (
        "another connection over the network",
        INFO,
        {"connection": "ansible.netcommon.libssh"},
        [("MTA", "mx.example.org", 25, False), ("MSA", "mx.example.org", 587, False)],
        "",
    ),
    ("behind a word that only ssh knows", INFO, {"address": "gw1"}, [], "neither an address nor a name with a domain"),
    ("a word, and the site says where", INFO, {"address": "gw1", "probe_address": "192.0.2.7"},
     [("MTA", "192.0.2.7", 25, False), ("MSA", "192.0.2.7", 587, False)], ""),
    ("behind a forwarded port", INFO, {"address": "127.0.0.1"}, [], "the probing host itself"),
    ("behind a name of loopback", INFO, {"address": "Localhost."}, [], "the probing host itself"),
    ("behind the other loopback", INFO, {"address": "::ffff:127.0.0.1", "listeners": [{"port": 25}]}, [], "the probing host itself"),
    (
        "loopback by name",
        INFO,
        {"probe_address": "127.0.0.1"},
        [("MTA", "127.0.0.1", 25, False), ("MSA", "127.0.0.1", 587, False)],
        "",
    ),
]


@pytest.mark.parametrize("info, said, expected, why", [case[1:] for case in TARGETS], ids=[case[0] for case in TARGETS])
def test_which_listeners_are_asked(info, said, expected, why):
    found, told = targets(info, **said)
    assert found == expected and (why in told if why else told == "")


def test_a_host_can_not_send_the_probe_to_somebody_else():
    found, unused = targets(dict(INFO, listeners=[{"address": "198.51.100.66", "port": 25}]))
    assert {row[1] for row in found} == {"mx.example.org"}


@pytest.mark.parametrize(
    "said, fqdn, expected",
    [
        ("mx.example.org", "other.example", "mx.example.org"),
        ("mx", "mx.example.org", "mx.example.org"),
        ("192.0.2.1", "mx.example.org", "mx.example.org"),
        ("2001:db8::1.2", "mx.example.org", "mx.example.org"),
        ("mx", "-rf $(id)", ""),
        ("mx", "", ""),
    ],
)
def test_by_what_name_it_is_known(said, fqdn, expected):
    assert audit_plan.known_as({"known_as": said}, {"host": {"fqdn": fqdn}}) == expected


@pytest.mark.parametrize(
    "said, expected",
    [
        ({}, {}),
        ({"domain": "example.org"}, {"local": "postmaster@example.org"}),
        (
            {"domain": "example.org", "recipients": {"local": "a@b.example", "outside": "c@d.example", "sender": "x"}},
            {"local": "a@b.example", "outside": "c@d.example"},
        ),
    ],
)
def test_for_whom_the_probe_offers_mail(said, expected):
    assert audit_plan.recipients(said) == expected


def test_what_the_host_is_told_of_the_site():
    said = {
        "profile": "gateway",
        "limits": {"queue_depth": 5},
        "declared": [{"name": "MTA"}],
        "jail": "/var/mailjail",
        "privilege": "jailed",
        "platform": {"mta": {"compiled": "/etc/sendmail.cf"}, "client": {"compiled": "/etc/mail/submit.cf"}},
    }
    found = audit_plan.site(said, dict(INFO, changed=False, invocation={"module_args": {}}))
    assert found["compiled"] == {"mta": "/etc/sendmail.cf", "msp": "/etc/mail/submit.cf"} and found["listeners"] == [{"name": "MTA"}]
    assert found["facts"] == INFO and (found["jail"], found["privilege"], found["limits"]) == ("/var/mailjail", "jailed", {"queue_depth": 5})


@pytest.mark.parametrize("info", [{}, {"failed": True, "msg": "broken"}, None])
def test_of_a_host_of_no_kind_that_can_not_be_asked_nothing_is_told(info):
    assert audit_plan.site({}, info) == {"profile": "", "limits": {}}


@pytest.mark.parametrize("thing", [1, "text", [], [1], {"host": "x"}, {"host": [1], "listeners": {"port": 25}, "configuration": "x"}], ids=repr)
def test_a_host_may_say_anything(thing):
    found = audit_plan.plan({"address": "mx.example.org"}, thing)
    assert found["targets"] == [] and found["unasked"] and found["known_as"] == "" and "facts" not in found["site"]


def test_the_filter_says_all_of_it_and_refuses_as_ansible_does():
    found = audit_plan.plan(
        {"address": "mx.example.org", "known_as": "mx.example.org", "fail_at": "low", "waivers": [dict(WAIVER, until="2000-01-01")]}, INFO
    )
    assert set(found) == {"site", "targets", "unasked", "warnings", "known_as", "recipients"} and len(found["warnings"]) == 1
    with pytest.raises(InvalidValue, match="SM-X-1"):
        audit_plan.plan({"address": "mx", "only": ["SM-X-1"]})


def test_the_host_is_told_who_may_relay():
    """Without it a network that a site declares would be a stranger's."""
    assert audit_plan.site({"relay_networks": ["141.20.0.0/16"]}, {})["relay_networks"] == ["141.20.0.0/16"]
    assert "relay_networks" not in audit_plan.site({"relay_networks": []}, {})


def test_both_roles_tell_who_may_relay():
    top = os.path.join(os.path.dirname(audit_plan.__file__), "..", "..", "roles")
    for role in ("audit", "baseline"):
        with open(os.path.join(top, role, "vars", "main.yml"), encoding="utf-8") as source:
            assert 'relay_networks: "{{ sendmail_relay_networks | default([], true) }}"' in source.read(), role


DELIVERIES = {
    "jail": "/var/mailjail",
    "jail_directories": None,
    "jail_files": [{"path": "a"}, "a", {}],
    "smrsh_commands": [{"name": "vacation", "target": "/v"}, "x"],
}


def test_the_host_is_told_what_may_be_delivered_to():
    """Without it a command that nobody declared would pass."""
    platform = {"mta": {"compiled": "/a"}, "client": {"compiled": "/b"}, "smrsh": {"keep": ["smrsh"]}}
    found = audit_plan.site(dict(DELIVERIES, profile="hub", platform=platform), {})
    assert found["jail"] == {"path": "/var/mailjail", "files": [{"path": "a"}]} and found["expected"] == {"smrsh": ["vacation", "smrsh"]}
    assert audit_plan.site({"profile": "hub", "smrsh_commands": []}, {})["expected"] == {"smrsh": []}


# What is not said is an empty text where Ansible makes one of None.
@pytest.mark.parametrize("nothing", [None, ""])
def test_what_is_not_declared_is_not_told(nothing):
    said = {"profile": "hub", "jail": "/j", "jail_files": nothing, "jail_directories": nothing, "smrsh_commands": nothing, "declared": nothing}
    assert audit_plan.site(said, {}) == {"profile": "hub", "limits": {}, "jail": "/j"}
    assert "expected" not in audit_plan.site(DELIVERIES, {}) and audit_plan.site(DELIVERIES, {})["jail"] == "/var/mailjail"
    # A jail that this host has not holds nothing.
    assert "jail" not in audit_plan.site({"profile": "nullclient", "jail": "", "jail_files": []}, {})


def read(*path):
    with open(os.path.join(ROLES, *path), encoding="utf-8") as source:
        return yaml.safe_load(source)


def test_both_roles_have_one_picture_of_the_site():
    """What the audit says of a host besides whom it asks and how, the role baseline says as well, and by the same filter."""
    audit, baseline = read("audit", "vars", "main.yml")["__sendmail_audit_said"], read("baseline", "vars", "main.yml")
    asking = {"only", "without", "waivers", "fail_at", "probe", "probe_address", "address", "connection", "listeners", "known_as", "domain", "recipients"}
    assert set(baseline["__sendmail_baseline_said"]) == set(audit) - asking
    assert "audit_plan(__sendmail_info)" in baseline["__sendmail_baseline_site"]
    for role, tasks in (("audit", "look"), ("baseline", "main")):
        included = [task["ansible.builtin.include_role"] for task in read(role, "tasks", tasks + ".yml") if "ansible.builtin.include_role" in task]
        assert [one["tasks_from"] for one in included] == ["declared"], role


def test_every_threshold_of_a_control_can_be_said_and_no_other():
    used = set()
    for path in glob.glob(os.path.join(os.path.dirname(controls.__file__), "controls_*.py")):
        with open(path, encoding="utf-8") as source:
            used.update(re.findall(r"\blimit\(view, \"(\w+)\"", source.read()))
    for role in ("audit", "baseline"):
        options = read(role, "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]["sendmail_audit_limits"]["options"]
        assert set(options) == used and len(used) > 10, role
        # A default here would be said for every site, and differ from the table's.
        assert {(one["type"], one["required"], "default" in one) for one in options.values()} == {("int", False, False)}, role
