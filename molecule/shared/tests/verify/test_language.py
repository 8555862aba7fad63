"""What mc.check says of options, the host's own sendmail says too; and what it takes in silence is why mc.check speaks."""

import pytest

# As on an O line of the .cf -> what sendmail says. Nothing is written: they are words of one command line, which is read by the same code.
SAID = {
    "NoSuchThing=1": "unknown option name NoSuchThing",
    "Max=1": "ambiguous option name Max",
    "CRL=/etc/mail/crl": "ambiguous option name CRL",
    "MaxHop=17": "Option MaxHop used as abbreviation for MaxHopCount",
    "Timeout.comand=5m": "invalid timeout comand",
    "Timeout.command=5 M": "Invalid time unit",
    "ServerSSLOptions=+SSL_OP_NO_SUCH": "SSL_OP_NO_SUCH unrecognized",
    "AuthOptions=V": "unknown parameter 'V'",
}
SILENT = ("MaxHopCount=abc", "MaxMessageSize=25M", "AuthOptions=py", "DeliveryMode=d", "SuperSafe=sure", "maxhopcount=17",
          "ServerSSLOptions=-SSL_OP_NO_TICKET, ssl_op_all")


def options(gateway, *given):
    """Return what sendmail says of options."""
    words = " ".join(f"-O '{option}'" for option in given)
    done = gateway.run(f"/usr/sbin/sendmail -bt {words} </dev/null")
    return done.stdout + done.stderr


@pytest.mark.parametrize("option", sorted(SAID))
def test_what_is_refused_sendmail_does_not_know(gateway, option):
    assert SAID[option] in options(gateway, option)


def test_what_is_refused_besides_sendmail_takes_in_silence(gateway):
    said = options(gateway, *SILENT)
    assert said == options(gateway)
