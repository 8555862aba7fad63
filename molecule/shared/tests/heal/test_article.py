"""The listings of the article "Hardening Sendmail" (docs/article.md), as its own site would say them in variables, asked of the real sendmail.

Check mode stages, compiles and builds everything and lets the real sendmail answer the route tests, so no host is changed by any of this.
"""

import pytest
from state import difference, state

# The answers are the same in every scenario: no privilege of the daemon is part of them.
pytestmark = pytest.mark.only("default")

DOMAIN, HUB = "polkatistas.org", "internalmail.polkatistas.org"
WORLD = "friend@accordion.example"
SITE = {
    "sendmail_domain": DOMAIN,
    "sendmail_mail_server": HUB,
    # S124, S125; S118 to S120: a key with a dot is for what lies below, one without is for itself alone.
    "sendmail_mailertable": {"entries": [
        {"key": DOMAIN, "value": f"smtp:{HUB}"}, {"key": f"mail.{DOMAIN}", "value": "local:postmaster"},
        {"key": ".tubascoundrels.net", "value": "smtp:tuba.polkatistas.org"}]},
    "sendmail_relay_domains": [f"mail.{DOMAIN}"],
    # S90, S126: a name of the gateway.
    "sendmail_local_host_names": ["whoopeejohn.polkatistas.org"],
    # S134, in today's form; S130: an exception to a RELAY.
    "sendmail_relay_networks": ["192.168.0.0/16"],
    "sendmail_access": {"entries": [{"key": "Connect:192.168.66", "value": "REJECT"}, {"key": "From:spam.example", "value": "DISCARD"},
                                    {"key": "To:fiddle.tubascoundrels.net", "value": "RELAY"}]},
}
STRANGER, INSIDE = "192.0.2.9", "192.168.1.5"
TESTS = {
    "S118 S119 a domain goes to its server": {"client_address": STRANGER, "recipient": f"mick@{DOMAIN}", "expect": "accepted", "mailer": "smtp", "host": HUB},
    "S120 a host below is no business of the key without a dot": {"client_address": STRANGER, "recipient": f"mick@host.{DOMAIN}", "expect": "refused",
                                                                  "mailer": "esmtp", "host": f"host.{DOMAIN}"},
    "S118 a key with a dot is for what lies below": {"client_address": STRANGER, "recipient": "u@fiddle.tubascoundrels.net", "expect": "accepted",
                                                     "mailer": "smtp", "host": "tuba.polkatistas.org"},
    "S119 and not for itself": {"client_address": STRANGER, "recipient": "u@tubascoundrels.net", "expect": "refused", "mailer": "esmtp",
                                "host": "tubascoundrels.net"},
    "S125 S123 mail to the gateway's own name": {"client_address": STRANGER, "recipient": f"anybody@mail.{DOMAIN}", "expect": "accepted", "mailer": "local"},
    "S126 a synonym of the gateway is local": {"client_address": STRANGER, "recipient": "postmaster@whoopeejohn.polkatistas.org", "expect": "accepted",
                                               "mailer": "local"},
    "S134 the internal network may send out": {"client_address": INSIDE, "recipient": WORLD, "expect": "accepted"},
    "S136 its neighbour may not": {"client_address": "192.169.1.5", "recipient": WORLD, "expect": "refused", "code": "550"},
    "S130 an exception to a RELAY": {"client_address": "192.168.66.6", "recipient": WORLD, "expect": "refused"},
    "S129 a sender may be discarded": {"client_address": STRANGER, "sender": "x@spam.example", "recipient": f"mick@{DOMAIN}", "expect": "discarded"},
    "S131 S132 a client that calls itself localhost may not": {"client_address": STRANGER, "client_name": "localhost", "recipient": WORLD, "expect": "refused",
                                                               "code": "550"},
    "S133 the host itself may": {"client_address": "127.0.0.1", "client_name": "localhost", "helo": "localhost", "recipient": WORLD, "expect": "accepted"},
    "S76 S79 S80 S82 S83 a sender shows the domain": {"client_address": INSIDE, "sender": "mick@whoopeejohn.polkatistas.org", "recipient": WORLD,
                                                      "envelope_sender": f"mick@{DOMAIN}"},
    "S81 root shows its host": {"client_address": INSIDE, "sender": "root@whoopeejohn.polkatistas.org", "recipient": WORLD,
                                "envelope_sender": "root@whoopeejohn.polkatistas.org"},
    "S84 S86 a sender without a domain gets one, and that is masqueraded": {
        "client_address": INSIDE, "sender": "bobo", "recipient": WORLD, "envelope_sender": f"bobo@{DOMAIN}"},
}
# What the article says and we do not do: (variables, words of the refusal).
REFUSED = {
    "S131 S132 relaying by name": ({"sendmail_access": {"entries": [{"key": "Connect:localhost.localdomain", "value": "RELAY"}]}},
                                   ["access", "localhost.localdomain", "lets in every client whose reverse name says so"]),
    "S134 a key without its tag": ({"sendmail_access": {"entries": [{"key": "192.168", "value": "RELAY"}]}}, ["access", "192.168", "no tag"]),
    "S126 a domain that is local and has a route": ({"sendmail_local_host_names": [DOMAIN]}, ["mailertable", DOMAIN, "class w"]),
    "S71 an access map that may be missing": ({"sendmail_features": [{"name": "access_db", "arguments": ["hash -o /etc/mail/access"]}]}, ["access_db"]),
    "S103 the switch that is not shown": ({"sendmail_local_config": "# FEATURE promiscuous_relay"}, ["promiscuous_relay"]),
}


@pytest.fixture(scope="module", name="before", autouse=True)
def before_(world):
    """The hosts, which nothing here may change."""
    found = world.everywhere(state)
    yield
    assert [difference(old, new) for old, new in zip(found, world.everywhere(state), strict=True)] == [{}] * len(found)


@pytest.fixture(scope="module", name="reports")
def reports_(world):
    """One check run with all tests: for each gateway what its sendmail answered, by the name of the test; and the run itself."""
    run = world.play("--check", values={**SITE, "sendmail_route_tests": [dict(test, name=name) for name, test in TESTS.items()]})
    rows = [row for row in run.record["results"] if row["route_tests"]]
    return {row["host"]: {test["name"]: test for test in row["route_tests"]} for row in rows}, run


@pytest.mark.parametrize("name", TESTS)
def test_the_real_sendmail_does_what_the_article_says(reports, gateway, name):
    answers, run = reports
    assert gateway.name in answers, run
    assert answers[gateway.name][name]["disagreements"] == [], answers[gateway.name][name]


def test_and_what_every_gateway_does(reports):
    """Our own tests, which every such host carries, hold for that site as well."""
    _answers, run = reports
    assert run.status == 0, run


@pytest.fixture(scope="module", name="refusals")
def refusals_(world):
    """The run of each row, all in one."""
    return world.cases(world.gateways[0], {name: {**SITE, **values} for name, (values, _words) in REFUSED.items()}, "--check")


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_article_says_and_must_not_be(refusals, name):
    run = refusals[name]
    assert run.status != 0, run
    told = " ".join(run.messages)
    assert [word for word in REFUSED[name][1] if word not in told] == [], told
