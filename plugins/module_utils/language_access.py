# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The access map's tags and right-hand sides, as data."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

Tag = collections.namedtuple("Tag", "name keys values empty since meaning")
Tag.__doc__ = """One tag of the access map.

:param keys: what stands behind the tag: ``client`` (host or address), ``address`` (envelope address), ``server``, ``dn``, ``compat``.
:param values: the family of right-hand sides: ``policy``, ``spam``, ``number``, ``group``, ``tls``, ``no``, ``letters``, ``options``, ``certificate``,
    ``authinfo``, ``compat``, ``address``, ``ok``.
:param empty: whether the bare tag is a default for everyone.
:param since: the first release that asks for it, where that is above the floor.
"""

TAGS = collections.OrderedDict((tag.name.lower(), tag) for tag in (
    Tag("Connect", "client", "policy", True, None, "a client may connect, relay, or not"),
    Tag("From", "address", "policy", True, None, "a sender is taken, or not"),
    Tag("To", "address", "policy", True, None, "a recipient is taken, or not; RELAY lets everyone send there"),
    Tag("Spam", "address", "spam", True, (8, 12), "a recipient who wants to be spared from checks (FRIEND) or have them (HATER); for FEATURE(delay_checks)"),
    Tag("GreetPause", "client", "number", True, (8, 13), "milliseconds of silence before the greeting"),
    Tag("ClientRate", "client", "number", True, (8, 13), "connections of a client in a window, 0 without limit"),
    Tag("ClientConn", "client", "number", True, (8, 13), "connections of a client at a time, 0 without limit"),
    Tag("QGRP", "address", "group", True, (8, 12), "queue group of mail for a recipient; for FEATURE(queuegroup)"),
    Tag("TLS_Srv", "client", "tls", True, None, "what a server must prove before it gets mail"),
    Tag("TLS_Clt", "client", "tls", True, None, "what a client must prove before it may send"),
    Tag("TLS_Rcpt", "address", "tls", True, (8, 12), "what a server must prove before it gets mail for a recipient"),
    Tag("Try_TLS", "client", "no", True, (8, 12), "with which servers STARTTLS is not tried: a downgrade"),
    Tag("Srv_Features", "client", "letters", True, (8, 12), "what is offered to a client"),
    Tag("Clt_Features", "client", "letters", True, (8, 17), "what is used with a server"),
    Tag("TLS_Srv_features", "client", "options", True, (8, 16), "TLS options for a client; for FEATURE(tls_session_features)"),
    Tag("TLS_Clt_features", "client", "options", True, (8, 16), "TLS options for a server"),
    Tag("CertIssuer", "dn", "certificate", False, None, "clients with a certificate of this issuer may relay"),
    Tag("CertSubject", "dn", "certificate", False, None, "clients with a certificate of this subject may relay"),
    Tag("AuthInfo", "client", "authinfo", True, (8, 12), "name and password for a server"),
    Tag("Compat", "compat", "compat", False, (8, 12), "pairs of sender and recipient; for FEATURE(compat_check)"),
    Tag("bcc", "address", "address", False, (8, 16), "who gets a copy; for FEATURE(bcc) with the access map"),
    Tag("CITag", "dn", "ok", False, (8, 15), "a name for a set of issuers: stands on the right, and the key then begins with that name"),
))

RightHandSide = collections.namedtuple("RightHandSide", "form under meaning")
RIGHT_HAND_SIDES = tuple(RightHandSide(*row) for row in (
    ("OK", "policy", "taken, whatever else would refuse it; relays nothing"),
    ("RELAY", "policy", "taken and sent on, to or from there; as certificate right, may relay"),
    ("REJECT", "policy", "refused with the standard text (confREJECT_MSG)"),
    ("DISCARD", "policy", "taken and thrown away"),
    ("SKIP", "policy", "no further lookup; needs the word skip in FEATURE(access_db)"),
    ("ERROR:D.S.N:code text", "policy", "refused with this status, code and text, such as ERROR:5.7.1:\"550 no\""),
    ("ERROR:code text", "policy", "refused with this code and text"),
    ("code text", "policy", "the same, deprecated"),
    ("QUARANTINE:reason", "policy", "taken and kept in the queue until a person looks at it"),
    ("SUBJECT", "certificate", "the subject of the certificate is looked up as well (CertIssuer: only)"),
    ("VERIFY[:bits]", "tls", "a certificate that is verified, and so many bits"),
    ("ENCR:bits", "tls", "encryption with so many bits"),
    ("PERM+ or TEMP+ before it", "tls", "refused for good, or for a while"),
    ("+CN:name, ++CS:subject, ++CI:issuer", "tls", "the certificate must name these"),
    ("FRIEND or HATER", "spam", "for FEATURE(delay_checks): spared from checks, or the only one to have them"),
    ("a number", "number", "limit or pause"),
    ("letters", "letters", "features switched on (small) or off (capital)"),
    ("Options=...; CipherList=...; CertFile=...; KeyFile=...; Flags=...", "options", "for one session"),
    ('"U:user" "I:user" "P:password" "R:realm" "M:mechanisms"', "authinfo", "what is said to a server; P= holds base64"),
))
