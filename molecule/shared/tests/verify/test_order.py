"""In what order things happened: no daemon ran before its configuration was the managed one."""


def test_the_first_daemon_was_ours(gateway):
    """The vendor's package starts a daemon of its own when it is installed, unless it is kept from that."""
    lines = gateway.out("journalctl -q -o cat -t systemd -t sm-mta").splitlines()
    daemons = [number for number, line in enumerate(lines) if line.startswith("starting daemon")]
    units = [number for number, line in enumerate(lines) if line.startswith("Starting ") and "sendmail, the mail daemon" in line]
    assert daemons and units
    assert units[0] < daemons[0], lines[: units[0] + 1]
