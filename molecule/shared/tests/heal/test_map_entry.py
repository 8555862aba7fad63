"""Entries of other roles in maps of the role config: taken, kept by its next run, held against everything, and gone without a trace."""

import json
import re
import uuid

import pytest
from state import answers

pytestmark = pytest.mark.only("default")

LOAN = {"map": "access", "owner": "scanner", "key": "Connect:192.0.2.32/30", "value": "RELAY", "comment": "on loan"}
ALIAS = {"map": "aliases", "owner": "tickets", "key": "tickets", "value": "alice@corp.example"}
# What another role once had, under another state of the playbook: the first can not be read any more, the second stands for nothing that sendmail knows.
OLD = {"old": [{"key": "Connect:192.0.2.1/24", "value": "OK"}, {"key": "To:old.example", "value": "PERHAPS"}]}
PASSWORD = f"never shown {uuid.uuid4().hex}"
# What is wished for, and what becomes of it: a word of the refusal, or whether the map changes.
WISHES = {
    "predicted": ({**LOAN, "_check": True}, True),
    "taken": (LOAN, True),
    "taken once": (LOAN, False),
    "an alias": (ALIAS, True),
    "a key of the table": ({**LOAN, "owner": "other", "key": "ClientRate:", "value": "1"}, "the table of the role config (sendmail_access)"),
    "a key of another owner": ({**LOAN, "owner": "other", "key": "Connect:192.0.2.33"}, "owner 'scanner'"),
    "against a route test": ({**LOAN, "key": "To:postmaster@corp.example", "value": "REJECT"}, "mail for corp.example is taken"),
    "an open relay": ({**LOAN, "key": "Connect:", "value": "RELAY"}, "open relay"),
    "a loop": ({**ALIAS, "key": "desk", "value": "desk2", "_more": {"key": "desk2", "value": "desk"}}, "alias loop"),
    "over before it begins": ({**LOAN, "key": "To:past.example", "value": "OK", "expires": "2026-01-01"}, "expires on 2026-01-01, which is past"),
    "a password where it would be shown": ({**LOAN, "key": "AuthInfo:smart.example", "value": f'"U:u" "P:{PASSWORD}"'}, "sendmail_authinfo"),
    "no such map here": ({**ALIAS, "map": "userdb", "key": "bob:maildrop"}, "no map userdb"),
}


def playbook(wishes):
    """Text of a playbook that wishes for entries one after the other and writes down what came of each."""
    tasks = []
    for number, (wish, _expected) in enumerate(wishes):
        arguments = {key: value for key, value in wish.items() if key[0] != "_"}
        if "_more" in wish:
            arguments["entries"] = [{"key": arguments.pop("key"), "value": arguments.pop("value")}, wish["_more"]]
        tasks.append({"mailjail.sendmail.sendmail_map_entry": arguments, "register": f"told{number}", "ignore_errors": True,
                      **({"check_mode": True} if "_check" in wish else {})})
    results = "{{ [%s] | to_json }}" % ", ".join(f"told{number}" for number in range(len(tasks)))
    tasks.append({"ansible.builtin.copy": {"content": results, "dest": "{{ told }}", "mode": "0600"}, "delegate_to": "localhost", "become": False})
    return json.dumps([{"hosts": "gateways", "gather_facts": False, "become": True, "tasks": tasks}])


def wish(world, wishes):
    """Run such a playbook against the first gateway; return the results of its tasks."""
    world.work.mkdir(parents=True, exist_ok=True)
    path, told = world.work / "entries.yml", world.work / "entries.json"
    path.write_text(playbook(wishes))
    run = world.play("--limit", world.gateways[0].name, playbook=str(path), values={"told": str(told)})
    assert run.status == 0, run
    return json.loads(told.read_text())


@pytest.fixture(scope="module", name="told", autouse=True)
def told_(world):
    """What became of each wish; at the end all of them are taken back."""
    one = world.gateways[0]
    before = one.out("cat /etc/mail/access /etc/aliases")
    one.out("mkdir -p -m 700 /var/lib/mailjail/entries; cat >/var/lib/mailjail/entries/access", json.dumps(OLD))
    yield dict(zip(WISHES, wish(world, WISHES.values()), strict=True))
    gone = wish(world, [({**entry, "state": "absent"}, True) for entry in ({**LOAN, "key": "Connect:192.0.2.32/30"}, ALIAS)])
    assert [result["changed"] for result in gone] == [True, True]
    assert json.loads(one.out("cat /var/lib/mailjail/entries/access")) == OLD
    one.out("rm /var/lib/mailjail/entries/access")
    assert one.out("cat /etc/mail/access /etc/aliases") == before
    assert world.converge("--limit", one.name).changed(one) == []


@pytest.mark.parametrize("name", WISHES)
def test_what_became_of_a_wish(told, name):
    expected, result = WISHES[name][1], told[name]
    if isinstance(expected, str):
        assert result["failed"] and expected in result["msg"], result
    else:
        assert not result.get("failed") and result["changed"] == expected, result
        assert "Traceback" not in str(result)


def test_check_mode_says_what_is_done_then(told):
    assert told["predicted"]["changes"] == told["taken"]["changes"]
    assert [row["after"] for row in told["taken"]["changes"] if row["what"] == "map"] == [f"Connect:192.0.2.{end}\tRELAY" for end in range(32, 36)]


def test_an_outdated_entry_of_another_owner_is_named_and_stops_nobody(told):
    assert [len([one for one in told[name]["warnings"] if f"'{key}', an entry of owner 'old', is left out" in one])
            for name in ("predicted", "taken", "taken once") for key in ("Connect:192.0.2.1/24", "To:old.example")] == [1] * 6


def test_a_password_that_was_given_in_the_wrong_place_is_nowhere(world, told):
    one = world.gateways[0]
    assert PASSWORD not in json.dumps(told)
    assert one.run("{ journalctl -q | grep -cF -f /dev/fd/3; } 3<&0", f"{PASSWORD}\n").stdout.strip() == "0"


def test_a_table_that_becomes_a_file_destroys_nobodys_entries(world, told, tmp_path):
    path = tmp_path / "aliases"
    path.write_text("postmaster: postmaster@corp.example\nMAILER-DAEMON: postmaster\nroot: postmaster\n")
    run = world.converge("--limit", world.gateways[0].name, "--check", "--diff", values={"sendmail_aliases": {"file": str(path)}})
    assert "the entries of owner 'tickets' are not in force ('tickets')" in run.output
    assert "/var/lib/mailjail/entries/aliases" not in run.names(world.gateways[0])


def looked_up(one, key):
    """What the real sendmail finds in the live access map."""
    return re.search(r"returns (.*) \(0\)|no match", one.out("/usr/sbin/sendmail -bt", f"/map access {key}\n")).group(1)


def test_only_what_was_taken_is_in_force(world, told):
    one = world.gateways[0]
    assert [looked_up(one, f"connect:192.0.2.{end}") for end in (31, 32, 35, 36)] == [None, "RELAY", "RELAY", None]
    assert "alice@corp.example" in one.out("/usr/sbin/sendmail -bv tickets")
    assert looked_up(one, "to:postmaster@corp.example") is looked_up(one, "to:old.example") is looked_up(one, "to:past.example") is None
    assert one.out("stat -c '%a %U' /var/lib/mailjail/entries/access /var/lib/mailjail/maps.json").split() == ["600", "root"] * 2
    assert answers(one)


def test_the_next_run_of_the_role_keeps_them_and_says_whose_they_are(world, told):
    one = world.gateways[0]
    assert world.converge("--limit", one.name).changed(one) == []
    assert looked_up(one, "connect:192.0.2.33") == "RELAY"
    assert "# on loan (scanner)" in one.out("cat /etc/mail/access")


def test_the_table_wins_where_it_has_the_key_later(world, told):
    one = world.gateways[0]
    run = world.converge("--limit", one.name, "--check", values={"sendmail_access_host": {"entries": [{"key": "Connect:192.0.2.35", "value": "REJECT"}]}})
    assert "an entry of owner 'scanner', is left out" in run.output
    assert "the table of the role config has this key now" in run.output
