# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages per second from the outside client through a gateway to a sink on the mail server: ours, and the vendor's default adapted to relay.

Counted from the first connection of smtp-source to the last message in smtp-sink, so what waits in a queue is not left out. Both gateways have
the same backlog, no limit that stops this one client (it stands for many), and no regard for the load average, which in a container is that of
the whole machine with all that happens to run on it.
"""

import re
import time
from statistics import median

from . import install, report
from .world import PROFILE, Broken, gateway

MESSAGES, SESSIONS, BYTES = 1000, 20, 1024
BACKLOG = 200       # our default
NO_LOAD = 1000      # a load average that is never reached
TARGET = 1.5

# The vendor's own file and tools; what is changed is what it takes to relay at all, and what would stop one busy client.
ADAPT = r"""
cd /etc/mail
sed -i -e "s/\(DAEMON_OPTIONS(.Family=inet, *Name=MTA-v4, Port=smtp\), Addr=127.0.0.1')/\1, Listen=%(backlog)d')/" \
    -e "s/^define(.confCONNECTION_RATE_THROTTLE', .[0-9]*')/define(\`confCONNECTION_RATE_THROTTLE', \`500')/" \
    -e "/^MAILER(.local')/i FEATURE(\`mailertable')dnl" \
    -e "/^MAILER_DEFINITIONS/i define(\`confQUEUE_LA', \`%(load)d')define(\`confREFUSE_LA', \`%(load)d')dnl" sendmail.mc
grep -q 'Name=MTA-v4, Port=smtp, Listen=%(backlog)d' sendmail.mc
grep -q '^FEATURE(.mailertable' sendmail.mc
grep -q '^define(.confQUEUE_LA' sendmail.mc
echo 'corp.example	relay:[mail.corp.example]' > mailertable
printf 'To:corp.example\tRELAY\nGreetPause:%(client)s\t0\nClientRate:%(client)s\t0\nClientConn:%(client)s\t0\n' > access.new
cat access >> access.new
mv access.new access
make -s -C /etc/mail all
systemctl restart sendmail
"""
WAIT = "for i in $(seq 100); do ss -Hltn sport = :%d | grep -q . && exit 0; sleep 0.1; done; exit 1"


def measure(world, rounds):
    """Rows of the table."""
    prepare(world)
    try:
        turns = [(rate(world, world.ours), rate(world, world.vendors)) for _round in range(rounds)]
    finally:
        world.sh("mail", "systemctl start postfix")
    ours, vendors = (median(column) for column in zip(*turns, strict=True))
    return [report.Row("relay, messages per second", f"{ours:.0f}", f"{vendors:.0f} vendor's default", ours / vendors, at_least=TARGET)]


def prepare(world):
    """Configure both gateways, free the mail server's port for the sink."""
    client = world.address("client", "outside")
    lifted = [{"key": tag + client, "value": "0"} for tag in ("GreetPause:", "ClientRate:", "ClientConn:")]
    world.play(PROFILE, world.ours, {**gateway(world), "sendmail_access": {"entries": lifted},
                                     "sendmail_limits": {"backlog": BACKLOG, "delay_load": NO_LOAD, "queue_load": NO_LOAD, "refuse_load": NO_LOAD}})
    if "installed" not in world.sh(world.vendors, "dpkg-query -W -f='${Status}\\n' sendmail-bin 2>&1 || true"):
        install.apt_alone(world)
    if "mailertable" not in world.sh(world.vendors, "grep -v '^dnl' /etc/mail/sendmail.mc"):
        world.sh(world.vendors, ADAPT % {"client": client, "backlog": BACKLOG, "load": NO_LOAD})
    world.sh("mail", "systemctl stop postfix")
    for key in (world.ours, world.vendors):
        world.sh(key, WAIT % 25)


def rate(world, key):
    """Messages per second through one gateway; :raises Broken: not all of them came."""
    queue = world.sh(key, "ls /var/spool/mqueue")
    if queue:
        raise Broken(f"{key}: the queue is not empty before the measurement: {queue.split()[:5]}")
    sink = world.start("mail", f"exec timeout 120 smtp-sink -c -u nobody :25 {BACKLOG}")
    try:
        world.sh("mail", WAIT % 25)
        began = time.perf_counter()
        source = world.start("client", f"exec smtp-source -s {SESSIONS} -m {MESSAGES} -l {BYTES} -f sender@stranger.example -t bench@corp.example "
                                       f"inet:{world.address(key, 'outside')}:25")
        arrived = count(sink.stdout)
        seconds = time.perf_counter() - began
        said = source.communicate()[0].decode(errors="replace")
    finally:
        world.sh("mail", "pkill -x smtp-sink || true")
        sink.communicate()
    if arrived < MESSAGES or source.returncode:
        raise Broken(f"{key}: of {MESSAGES} messages {arrived} reached the sink within two minutes. {said[-500:]}")
    return MESSAGES / seconds


def count(stream):
    """Read smtp-sink's running counters until all messages have come, or it ends; return how many came."""
    arrived, text = 0, ""
    for piece in iter(lambda: stream.read1(4096), b""):
        text = (text + piece.decode(errors="replace"))[-8192:]
        arrived = int((re.findall(r"mesg=\s*(\d+)", text) or [arrived])[-1])
        if arrived >= MESSAGES:
            break
    return arrived
