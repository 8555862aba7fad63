"""Every map and class file of the language on a live host: built, opened by the daemon, and doing to mail what it is there for; and gone afterwards."""

import re
import uuid

import pytest
from smtp import converse, envelope, raw, session

# A sendmail from source has the maps of scenario default.
# Berkeley DB and cdb: names of databases end differently, and nothing else is different, whoever reads a map.
pytestmark = pytest.mark.only("default", "redhat")

SECRET = f"never-shown-{uuid.uuid4().hex}"


@pytest.fixture(scope="module", name="values")
def values_(world):
    """What a site with everything says."""
    return {
        "sendmail_virtusertable": {"domains": ["virtual.example"], "entries": [
            {"key": "sales@virtual.example", "value": "alice@corp.example"}, {"key": "@virtual.example", "value": "error:nouser 550 Nobody of that name"}]},
        "sendmail_genericstable": {"domains": ["host1.corp.example"], "entries": [{"key": "joe@host1.corp.example", "value": "joseph.doe@corp.example"}]},
        "sendmail_domaintable": {"entries": [{"key": "old.example", "value": "corp.example"}]},
        # Where there is no Berkeley DB it is refused (heal/test_redhat.py).
        "sendmail_userdb": "{{ {'entries': [{'key': 'bobo:maildrop', 'value': 'bob@corp.example'}]} if inventory_hostname in %s else {} }}" % [
            gateway.name for gateway in world.gateways if gateway.family.user_database],
        "sendmail_authinfo": {"entries": [{"host": "smart.third.example", "user": "gateway", "password": SECRET, "mechanisms": ["PLAIN"]}]},
        "sendmail_mailertable": {"entries": [{"key": ".far.example", "value": "relay:[mail.corp.example]"},
                                             {"key": "closed.example", "value": "error:nohost"}]},
        "sendmail_access": {"entries": [{"key": f"Connect:{world.facts['lab_client_listed']}", "value": "OK", "comment": "a partner; on the list by mistake"}]},
        "sendmail_local_host_names": ["second.example"],
        "sendmail_trusted_users": ["ansible"],
    }


@pytest.fixture(scope="module", name="runs", autouse=True)
def runs_(world, values):
    """The run that only predicts, the one that brings all of it, and the one after."""
    yield {"predicted": world.converge("--check", "--diff", values=values), "done": world.converge("--diff", values=values),
           "again": world.converge("--diff", values=values)}
    world.converge()


def replies(host, address, recipient, sender="carol@stranger.example", **more):
    """What the gateway says to RCPT."""
    return converse(host, [session(address, *envelope(sender, recipient, more.pop("helo", "client.stranger.example")), **more)])[0]


def send(host, address, sender, recipient, token):
    """Send a message whose subject is a word; return the last reply."""
    message = f"Subject: {token}\r\nFrom: {sender}\r\n\r\nx\r\n.\r\n".encode()
    return converse(host, [session(address, *envelope(sender, recipient, "mail.corp.example"), "DATA", raw(message))])[0][-1]


def answer(gateway, name, key):
    """What the real sendmail finds under a key of a live map."""
    found = re.search(r"\) returns (.*) \(0\)|(no match)", gateway.out("/usr/sbin/sendmail -bt", f"/map {name} {key}\n"))
    return found.group(1) or found.group(2)


def test_check_mode_predicts_and_the_second_run_changes_nothing(runs, gateway):
    assert runs["done"].changed(gateway)
    assert runs["predicted"].changed(gateway) == runs["done"].changed(gateway)
    assert runs["predicted"].changes(gateway) == runs["done"].changes(gateway)
    assert runs["again"].changed(gateway) == []


MAPS = {"virtuser": ("sales@virtual.example", "alice@corp.example"), "generics": ("joe@host1.corp.example", "joseph.doe@corp.example"),
        "domaintable": ("old.example", "corp.example"), "mailertable": (".far.example", "relay:[mail.corp.example]")}


@pytest.mark.parametrize("name", MAPS)
def test_the_live_daemon_s_map_holds_it(gateway, name):
    key, value = MAPS[name]
    assert answer(gateway, name, key) == value


def test_no_map_is_optional(gateway):
    """With -o a map that is missing or unsafe would be no map, and mail would go by other rules than those declared."""
    lines = [line for line in gateway.out(f"cat {gateway.family.cf}").splitlines() if re.match(r"K\w+ (btree|hash|cdb) ", line)]
    assert len(lines) >= 6
    assert [line for line in lines if " -o" in line] == []


def test_virtual_addresses_are_mapped_one_by_one(world, gateway, client, mail):
    token = uuid.uuid4().hex
    assert send(client, gateway.outside, "carol@stranger.example", "sales@virtual.example", token).code == 250
    assert world.arrived(mail, "alice", token)
    refused = replies(client, gateway.outside, "nobody@virtual.example")[-1]
    assert refused.refused and "Nobody of that name" in refused.text


def test_a_generic_address_takes_the_place_of_a_user_s(world, gateway, client, mail):
    token = uuid.uuid4().hex
    assert send(mail, gateway.inside, "joe@host1.corp.example", "carol@stranger.example", token).code == 250
    message = world.arrived(client, "carol", token)[0]
    assert "Return-Path: <joseph.doe@corp.example>" in message
    assert re.search(r"^From: .*joseph\.doe@corp\.example", message, re.M)


def test_an_old_domain_becomes_the_new_one(world, gateway, client, mail):
    token = uuid.uuid4().hex
    assert send(client, gateway.outside, "carol@stranger.example", "alice@old.example", token).code == 250
    assert world.arrived(mail, "alice", token)


def test_the_user_database_redirects(gateway):
    assert ("bob@corp.example" in gateway.run("/usr/sbin/sendmail -bv bobo").stdout) == gateway.family.user_database


def test_a_listed_client_with_an_exception_is_let_in(world, gateway, client):
    taken = replies(client, gateway.outside, "alice@corp.example", source=world.facts["lab_client_listed"])[-1]
    assert taken.code == 250, taken


def test_a_further_name_of_the_host_is_local(gateway, client):
    assert replies(client, gateway.outside, "postmaster@second.example")[-1].code == 250
    assert "second.example" in gateway.out("echo '$=w' | /usr/sbin/sendmail -bt")


def test_a_trusted_user_is_in_its_class(gateway):
    assert "ansible" in gateway.out("echo '$=t' | /usr/sbin/sendmail -bt").split()


def test_a_password_is_shown_nowhere(world, runs, gateway):
    """Neither by the run, with its diff, nor in the host's journal, nor to anybody but the daemon."""
    encoded = gateway.out(f"cat {gateway.family.authinfo}").split('"P=')[1].split('"')[0]
    for run in runs.values():
        assert SECRET not in run.output and encoded not in run.output
        assert SECRET not in str(run.record) and encoded not in str(run.record)
    # Words to look for by standard input: sudo would log them with the command.
    assert gateway.run("{ journalctl -q | grep -cF -f /dev/fd/3; } 3<&0", f"{SECRET}\n{encoded}\n").stdout.strip() == "0"
    assert gateway.run("{ journalctl -q | grep -cF -f /dev/fd/3; } 3<&0", "sendmail_service\n").stdout.strip() != "0", "this would find nothing at all"
    assert gateway.out(f"stat -c '%a %U' {gateway.family.authinfo}").strip() == "600 root"
    database = gateway.family.database(gateway.family.authinfo)
    assert int(gateway.out(f"stat -c %a {database}")) == (600 if world.kind == "jailed" else 640)
    assert gateway.run(f"cat {gateway.family.authinfo} {database}", user="nobody").stdout == ""


def dropped(family):
    """What is of the variables alone: texts and databases."""
    texts = [*(f"/etc/mail/{name}" for name in ("virtusertable", "genericstable", "domaintable")), family.authinfo]
    return [path for text in texts for path in (text, family.database(text))]


def test_at_the_end_none_of_it_is_in_force(world, client):
    """Last in this file, on all gateways at once."""
    gone = [dropped(gateway.family) for gateway in world.gateways]

    def there():
        return [gateway.run(f"ls -d {' '.join(paths)}").stdout.split() for gateway, paths in zip(world.gateways, gone, strict=True)]

    everything, nothing = [sorted(paths) for paths in gone], [[] for _paths in gone]
    assert there() == everything
    predicted, done = world.converge("--check"), world.converge()
    for gateway, paths in zip(world.gateways, gone, strict=True):
        assert predicted.changes(gateway) == done.changes(gateway)
        assert done.names(gateway) >= set(paths)
        assert replies(client, gateway.outside, "sales@virtual.example")[-1].refused
        assert replies(client, gateway.outside, "alice@corp.example", source=world.facts["lab_client_listed"])[-1].refused
    assert there() == nothing, "a map that is no longer declared stayed on the host"
    again = world.converge()
    assert [again.changed(gateway) for gateway in world.gateways] == nothing
    # The way back brings the maps along.
    assert world.play(playbook="mailjail.sendmail.rollback").status == 0
    assert there() == everything
    taken = world.converge()
    assert all(set(paths) <= taken.names(gateway) for gateway, paths in zip(world.gateways, gone, strict=True))
    assert there() == nothing
