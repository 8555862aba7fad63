"""A filter that does not answer: each policy gives exactly its answer, the next run mends it, and one that is not there at all is refused."""

import pytest
from smtp import converse, envelope, session

# What the scenario says: unit, listener's port, answer to a message on it. On the port for the host itself OpenDMARC is not asked.
POLICIES = (
    ("pyspf-milter", 25, 554), ("pyspf-milter", 587, 554), ("opendmarc", 25, 421), ("opendmarc", 587, 250), ("rspamd", 25, 451),
)
MESSAGE = "From: joe@corp.example\r\nTo: alice@corp.example\r\nSubject: stopped\r\n\r\nHello.\r\n."
FILTERS = ("opendkim", "pyspf-milter", "opendmarc", "clamav-milter", "rspamd")


def answer(gateway, port):
    """The answer that decides over a message from the host itself."""
    steps = [*envelope("joe@corp.example", "alice@corp.example", helo=gateway.name), "DATA", MESSAGE]
    replies = converse(gateway, [session("127.0.0.1", *steps, port=port)])[0]
    return next((one for one in replies if one.code >= 400), replies[-1])


@pytest.mark.parametrize("unit, port, code", POLICIES)
def test_a_stopped_filter_gives_the_stated_answer(gateway, unit, port, code):
    assert answer(gateway, port).code == 250
    gateway.out(f"systemctl stop {unit}")
    try:
        assert answer(gateway, port).code == code
    finally:
        gateway.out(f"systemctl start {unit}; for i in $(seq 300); do grep -q {unit} /proc/net/unix && break; sleep 0.1; done")


def test_one_whose_policy_is_to_accept_lets_mail_pass(gateway):
    unit = "clamav-milter" if "12" in gateway.name else "milter-greylist"
    gateway.out(f"systemctl stop {unit}")
    assert answer(gateway, 25).code == 250
    assert "inactive" in gateway.run(f"systemctl is-active {unit}").stdout


def test_the_next_run_mends_what_stopped(world):
    for gateway in world.gateways:
        gateway.out("systemctl stop opendkim; systemctl disable rspamd; chmod 700 /run/opendmarc; echo 'Mode v' >> /etc/mailjail/spf.conf")
    run = world.converge()
    for gateway in world.gateways:
        assert [task for task in run.changed(gateway) if "filters" in task], run
        assert gateway.out(f"systemctl is-active {' '.join(FILTERS)}").split() == ["active"] * len(FILTERS)
        assert gateway.out("systemctl is-enabled rspamd").strip() == "enabled"
        assert answer(gateway, 25).code == 250


def test_what_can_not_work_is_refused_by_name_and_nothing_is_touched(world):
    gateway = world.host("gw-debian12.corp.example")
    before = gateway.out("sha256sum /etc/mail/sendmail.mc /etc/mail/sendmail.cf")
    gateway.out("systemctl stop lab-closed; rm -rf /run/closed; install -d -m 700 -o nobody /run/closed; "
                "systemd-run -q --unit=lab-closed python3 -c 'import socket, time; s = socket.socket(socket.AF_UNIX); "
                "s.bind(\"/run/closed/socket\"); s.listen(5); time.sleep(3600)'; sleep 2")
    rows = {
        "dead": ({"name": "dead", "socket": "inet:9999@127.0.0.1"}, ["dead", "inet:9999@127.0.0.1", "Connection refused"]),
        "closed": ({"name": "closed", "socket": "local:/run/closed/socket"}, ["closed", "/run/closed", "nobody", "0700"]),
        "unknown": ({"preset": "opendkin"}, ["no preset 'opendkin'", "opendkim"]),
        "lacking": ({"preset": "greylist"}, ["Debian 12 has no package milter-greylist"]),
        "alone": ({"preset": "opendmarc"}, ["DMARC needs a milter that verifies"]),
    }
    runs = world.cases(gateway, {name: {"sendmail_milters": [entry]} for name, (entry, _words) in rows.items()})
    for name, (_entry, words) in rows.items():
        said = " ".join(runs[name].messages)
        assert runs[name].status != 0 and not [word for word in words if word not in said], (name, said)
    assert gateway.out("sha256sum /etc/mail/sendmail.mc /etc/mail/sendmail.cf") == before


# ---- taken away --------------------------------------------------------------------------------------------------------------------------

# Passes everything that is asked before a host is touched, and fails in the transaction: what comes before it has been done.
REFUSED = {"sendmail_route_tests": [{"name": "the world may relay", "recipient": "a@third.example", "expect": "accepted"}]}
GONE = {"sendmail_milters": [{"preset": "spf", "state": "absent"}, {"preset": "clamav", "state": "absent"}]}
STOPPED = ("pyspf-milter.service", "clamav-milter.service", "clamav-daemon.service", "clamav-daemon.socket")
OVER = "/etc/systemd/system/clamav-daemon.service.d/mailjail.conf"


def refused(world, values, *options):
    """A run that does not come through its transaction."""
    run = world.play(*options, values={**values, **REFUSED})
    assert run.status != 0 and run.messages and all("the world may relay" in message for message in run.messages), run


def test_a_run_that_is_refused_half_way_stops_no_filter(world):
    world.converge()
    refused(world, GONE)
    for gateway in world.gateways:
        assert gateway.out(f"systemctl is-active {' '.join(FILTERS)}").split() == ["active"] * len(FILTERS)
        assert answer(gateway, 25).code == 250


def test_a_run_that_is_refused_half_way_leaves_sockets_to_the_daemon_that_runs(world):
    """On the way from a jailed daemon to an unprivileged one. A filter that could not be reached would answer 451, 554 or 421."""
    gateway = world.host("gw-debian13.corp.example")
    refused(world, {"sendmail_privilege": "unprivileged"}, "--limit", gateway.name)
    assert gateway.out("stat -c %G /run/opendkim /run/opendkim/milter.sock").split() == ["root", "root"]
    assert answer(gateway, 25).code == 250


def test_what_is_taken_away_stops_last_and_comes_back_with_a_former_configuration(world):
    try:
        run = world.converge(values=GONE)
        for gateway in world.gateways:
            changed = run.changed(gateway)
            stop = next(task for task in changed if "filters that are gone" in task)
            assert changed.index(stop) > changed.index(next(task for task in changed if "Run the daemon" in task))
            assert set(gateway.run(f"systemctl is-active {' '.join(STOPPED)}").stdout.split()) == {"inactive"}
            assert gateway.run(f"test -e {OVER}").returncode == 1 and answer(gateway, 25).code == 250
        again = world.converge(values=GONE)
        assert [again.changed(gateway) for gateway in world.gateways] == [[]] * len(world.gateways)
        world.converge(playbook="mailjail.sendmail.rollback")
        for gateway in world.gateways:
            assert gateway.out(f"systemctl is-active {' '.join(FILTERS)}").split() == ["active"] * len(FILTERS)
            assert gateway.run(f"test -e {OVER}").returncode == 0 and answer(gateway, 25).code == 250
    finally:
        world.converge()


def test_a_change_of_the_daemon_s_account_hands_the_sockets_over(world):
    gateway = world.host("gw-debian13.corp.example")
    try:
        world.converge("--limit", gateway.name, values={"sendmail_privilege": "unprivileged"})
        assert gateway.out("stat -c %G /run/opendkim /run/opendkim/milter.sock").split() == ["mailgw", "mailgw"] and answer(gateway, 25).code == 250
    finally:
        world.converge("--limit", gateway.name)
    assert answer(gateway, 25).code == 250
