# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the gateway: fills its queue with messages that wait, as sendmail writes them.

    host_queue.py DIRECTORY MESSAGES
"""

import sys
import time
from pathlib import Path

CONTROL = """V8
T{born}
K{now}
N3
P{number}
MDeferred: Connection timed out with mx{kind}.domain{domain}.example.
Fbs
$_client{client}.example [192.0.2.{client}]
$rESMTP
S<user{number}@example.org>
rRFC822; to{number}@domain{domain}.example
RPFD:<to{number}@domain{domain}.example>
H?P?Return-Path: <\x81g>
{received}H??Subject: message {number}
H??From: user{number}@example.org
.
"""
RECEIVED = "H??Received: from a{0}.example by b{0}.example\n\twith ESMTP id {0}; Mon, 23 Nov 2026 08:00:00 GMT\n"


def fill(directory, messages):
    """Write control files and bodies."""
    now = int(time.time())
    received = "".join(RECEIVED.format(hop) for hop in range(4))
    for number in range(messages):
        name = f"6AN8mbLF{number:06d}"
        text = CONTROL.format(born=now - number % 500000, now=now - 100, number=30000 + number, kind=number % 7, domain=number % 900, client=number % 250,
                              received=received)
        (directory / f"qf{name}").write_bytes(text.encode("latin-1"))
        (directory / f"df{name}").write_text(f"body {number}\n")


fill(Path(sys.argv[1]), int(sys.argv[2]))
