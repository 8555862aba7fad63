# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Staging: what a compiled configuration still names."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import staging


@pytest.mark.parametrize(
    "line, named",
    [
        ("Kaccess btree -T<TMPF> /etc/mail/access", True),
        ("Fw-o /etc/mail/access", True),
        ("Fw/etc/mail/access", True),
        ("F{Names}/etc/mail/access", True),
        ("O AliasFile=/etc/aliases,/etc/mail/access", True),
        ("O UserDatabaseSpec=/etc/mail/access.db", True),
        ("#O UserDatabaseSpec=/etc/mail/access", False),
        ("Kaccess btree /etc/mail/access-old", False),
        ("Kaccess btree /var/etc/mail/access", False),
        ("Kaccess btree /etc/mail/access/more", False),
        ("", False),
    ],
)
def test_a_path_is_named_where_sendmail_reads_it(line, named):
    assert staging.names("V10/Berkeley\n%s\n# /etc/mail/access\nDnMAILER-DAEMON\n" % line, "/etc/mail/access") is named
