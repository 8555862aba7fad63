"""The vendor's own tools: none of them may take back what is managed, and the daemon must stand after each."""

import pytest
from state import answers, difference, state

REINSTALL = "DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --reinstall --no-install-recommends sendmail sendmail-bin sendmail-base sendmail-cf"
EVENTS = {
    "packages reinstalled": f"apt-get update -qq; {REINSTALL}",
    "sendmailconfig": "yes | sendmailconfig",
    "restart with a touched .mc": "touch /etc/mail/sendmail.mc /etc/mail/submit.mc /etc/mail/access; systemctl restart sendmail.service",
    "hooks of the network": "for hook in /etc/network/if-up.d/sendmail /etc/dhcp/dhclient-exit-hooks.d/sendmail /etc/ppp/ip-up.d/sendmail;"
                            " do if [ -x $hook ] || [ -f $hook ]; then IFACE=outside METHOD=static MODE=start reason=BOUND sh $hook; fi; done; true",
    "cron": "test ! -e /etc/cron.d/sendmail || sh -c \"$(grep -v '^ *#' /etc/cron.d/sendmail | grep -o 'test -x.*' | sed 's/$/; true/')\"; true",
}
# Files of the vendor that no role manages, and that its own tools may renew; copies that they make of ours; and its file of boot flags, which
# they write anew with a new date in it (the last test sees whether the flags are still ours).
THEIRS = ("/etc/mail/Makefile", "/etc/mail/databases", "/etc/ld.so.cache", "/etc/mailcap", "/etc/mail/m4", "/etc/mail/tls", "/etc/mail/sasl", "/etc/mail/peers",
          "/etc/rc", "/etc/init.d/.depend", "/etc/mail/address.resolve", "/etc/mail/service.switch", "/etc/mail/sendmail.cf.old",
          "/etc/mail/submit.cf.old", "/etc/mail/sendmail.conf")


def managed(found):
    """What is left of a difference when the vendor's own files are taken out."""
    return {path: pair for path, pair in found.items() if not path.startswith(THEIRS)}


@pytest.mark.parametrize("event", EVENTS)
def test_hands_off(world, event):
    before = world.everywhere(state)
    world.everywhere(lambda gateway: gateway.run(EVENTS[event]))
    world.everywhere(lambda gateway: gateway.wait_for_daemon())
    after = world.everywhere(state)
    assert [managed(difference(old, new)) for old, new in zip(before, after, strict=True)] == [{}] * len(before)
    assert all(world.everywhere(answers))


def test_reboot(world):
    from lab import lifecycle

    before = world.everywhere(state)
    boots = world.everywhere(lambda gateway: gateway.out("stat -c %Y /proc/1"))
    world.everywhere(lambda gateway: lifecycle.reboot(world.lab, world.lab.host(gateway.name)))
    assert all(old != new for old, new in zip(boots, world.everywhere(lambda gateway: gateway.out("stat -c %Y /proc/1")), strict=True))
    world.everywhere(lambda gateway: gateway.wait_for_daemon())
    assert all(world.everywhere(answers))
    assert [managed(difference(old, new)) for old, new in zip(before, world.everywhere(state), strict=True)] == [{}] * len(before)


def test_nothing_is_left_to_do(world):
    """After all of that the playbook finds everything as it left it."""
    run = world.converge()
    assert [run.changed(gateway) for gateway in world.gateways] == [[]] * len(world.gateways)
