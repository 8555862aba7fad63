"""Maps that are no tables, asked through the real sendmail: patterns, the name server, a socket map's server, a directory with a password."""

import re
import uuid

import pytest
from state import answers

pytestmark = pytest.mark.only("default")

PASSWORD = f"never shown {uuid.uuid4().hex}"
SOCKET, DIRECTORY = "/run/lab-map.sock", "/run/lab-slapd"
# The other side of sendmail's socket map protocol: netstrings of "name key" and "status value" (sendmail/doc/op, "socket").
SERVER = f"""
import socketserver
class Answer(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            length = b""
            while not length.endswith(b":"):
                one = self.rfile.read(1)
                if not one:
                    return
                length += one
            name, _blank, key = self.rfile.read(int(length[:-1])).partition(b" ")
            self.rfile.read(1)
            said = b"OK " + name + b" knows " + key if key.startswith(b"k") else b"TEMP not now" if key == b"later" else b"NOTFOUND "
            self.wfile.write(b"%d:%s," % (len(said), said))
socketserver.ThreadingUnixStreamServer("{SOCKET}", Answer).serve_forever()
"""
SLAPD = f"""include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {DIRECTORY}/pid
database mdb
suffix dc=corp,dc=example
rootdn cn=reader,dc=corp,dc=example
rootpw "{PASSWORD}"
directory {DIRECTORY}
access to * by * none
"""
ENTRIES = """dn: dc=corp,dc=example
objectClass: domain
dc: corp

dn: uid=joe,dc=corp,dc=example
objectClass: inetOrgPerson
uid: joe
cn: Joe
sn: Joe
mail: joe.doe@corp.example
description: relay:[mail.corp.example]
ou: directory.example
"""
LDAP = {"class": "ldap", "uri": f"ldapi://{DIRECTORY.replace('/', '%2F')}%2Fldapi", "base": "dc=corp,dc=example", "bind_dn": "cn=reader,dc=corp,dc=example",
        "password": PASSWORD}
VALUES = {
    "sendmail_map_definitions": [
        {"name": "digits", "class": "regex", "pattern": "^([0-9]+)@(.+)$", "substrings": "1,2", "delimiter": ":"},
        {"name": "letters", "class": "regex", "pattern": "^[a-z]+$", "negate": True, "append": "NOT"},
        {"name": "addresses", "class": "dns", "record": "A"},
        {"name": "asked", "class": "socket", "socket": f"local:{SOCKET}", "timeout": 5},
        {"name": "users", "class": "text", "path": "/etc/passwd", "key_column": 0, "value_column": 5, "delimiter": ":"},
        {"name": "both", "class": "sequence", "maps": ["digits", "asked"]},
        {"name": "people", "filter": "(mail=%0)", "attributes": ["uid"], **LDAP},
        {"name": "routes", "filter": "(ou=%0)", "attributes": ["description"], **LDAP}],
    "sendmail_mailertable": {"also": ["routes"]}}
# Map, key, and what the real sendmail finds; None is no match, a number the status of a map that can not answer.
LOOKUPS = {
    "a pattern": ("digits", "42@a.example", "42:a.example"), "a pattern that does not match": ("digits", "x@a.example", None),
    "a pattern turned round": ("letters", "x1", "NOT"), "a letter": ("letters", "x", None),
    "a name": ("addresses", "mail.corp.example", "{mail}"), "a name that there is not": ("addresses", "nowhere.corp.example", None),
    "a socket": ("asked", "key", "asked knows key"), "a socket that knows nothing": ("asked", "x", None), "a socket that can not say": ("asked", "later", 75),
    "a text file": ("users", "root", "/root"),
    "a sequence, first": ("both", "7@b.example", "7:b.example"), "a sequence, second": ("both", "k2", "asked knows k2"),
    "a directory": ("people", "joe.doe@corp.example", "joe"), "nobody in a directory": ("people", "nobody@corp.example", None),
    "a key that is a filter": ("people", "*", None),
    "a table with a directory behind it, first": ("mailertable", "corp.example", "relay:[mail.corp.example]"),
    "a table with a directory behind it, second": ("mailertable", "directory.example", "relay:[mail.corp.example]"),
}


@pytest.fixture(scope="module", name="runs", autouse=True)
def runs_(world):
    """The peers, the run that names them, and the one after."""
    one = world.gateways[0]
    one.out("test -x /usr/sbin/slapd || { printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; apt-get update -qq; "
            "DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends slapd >/dev/null; rm /usr/sbin/policy-rc.d; }")
    one.out(f"mkdir -p {DIRECTORY}; cat >{DIRECTORY}/conf", SLAPD)
    one.out(f"slapadd -f {DIRECTORY}/conf && systemd-run -q --unit lab-slapd /usr/sbin/slapd -d 0 -f {DIRECTORY}/conf "
            f"-h {LDAP['uri']}", ENTRIES)
    one.out(f"cat >{DIRECTORY}/server.py && systemd-run -q --unit lab-map python3 {DIRECTORY}/server.py; sleep 1", SERVER)
    yield {"done": world.converge("--limit", one.name, "--diff", values=VALUES), "again": world.converge("--limit", one.name, values=VALUES)}
    world.converge("--limit", one.name)
    gone = one.run("ls /etc/mail/ldap-people.secret").stdout
    one.out(f"systemctl stop lab-slapd lab-map; rm -rf {DIRECTORY} {SOCKET}; DEBIAN_FRONTEND=noninteractive apt-get purge -qq -y slapd >/dev/null; "
            "rm -rf /var/lib/ldap /etc/ldap/slapd.d; [ ! -d /etc/ldap ] || rmdir --ignore-fail-on-non-empty /etc/ldap")
    assert gone == "", "the password of a map that is no longer declared stayed on the host"


@pytest.fixture(scope="module", name="found")
def found_(world, runs):
    """What sendmail says to each key, asked at once."""
    # It ends with the status of the last map that could not answer.
    said = world.gateways[0].run("/usr/sbin/sendmail -bt", "".join(f"/map {name} {key}\n" for name, key, _value in LOOKUPS.values())).stdout
    answers_ = re.findall(r"map_lookup: \w+ \(.*?\) (?:returns (.*) \(0\)|no match \((\d+)\))", said)
    assert len(answers_) == len(LOOKUPS), said
    return {name: value or (int(status) if status == "75" else None) for name, (value, status) in zip(LOOKUPS, answers_, strict=True)}


@pytest.mark.parametrize("name", LOOKUPS)
def test_the_real_sendmail_finds_it(world, found, name):
    expected = LOOKUPS[name][2]
    if expected == "{mail}":
        expected = re.search(r"\S+", world.gateways[0].out("getent ahostsv4 mail.corp.example")).group()
    assert found[name] == expected


def test_mail_goes_where_the_directory_says(world, runs):
    assert "mailer relay, host [mail.corp.example], user x@directory.example" in world.gateways[0].out("/usr/sbin/sendmail -bv x@directory.example")


def test_a_second_run_changes_nothing_and_the_password_is_nowhere(world, runs):
    one = world.gateways[0]
    assert runs["again"].changed(one) == [] and answers(one)
    assert all(PASSWORD not in run.output and PASSWORD not in str(run.record) for run in runs.values())
    assert one.out("stat -c '%a %U' /etc/mail/ldap-people.secret").split() == ["600", "root"]
    assert one.run("cat /etc/mail/ldap-people.secret", user="nobody").stdout == ""
    assert one.run("{ journalctl -q | grep -cF -f /dev/fd/3; } 3<&0", f"{PASSWORD}\n").stdout.strip() == "0"
    assert PASSWORD not in one.out("cat /etc/mail/sendmail.mc /etc/mail/sendmail.cf")


def test_a_directory_that_does_not_answer_is_a_temporary_failure(world, runs):
    """Not a map that says no: mail waits."""
    one = world.gateways[0]
    one.out("systemctl stop lab-slapd")
    said = one.run("/usr/sbin/sendmail -bt", "/map people joe.doe@corp.example\n/map mailertable directory.example\n").stdout
    assert said.count("no match (75)") == 2, said
