# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulesets that an administrator may write: when sendmail calls each, with what, and how its rules get into the .cf. Data and one check. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

Ruleset = collections.namedtuple("Ruleset", "meaning workspace since macro taken")
Ruleset.__new__.__defaults__ = (None, None, None)
Ruleset.__doc__ = """One ruleset that sendmail, or the cf library, calls by its name.

meaning: when it is called; workspace: what it gets; since: first release; macro: the statement that opens it, where there is one;
taken: the cf library fills it itself, so rules of a site belong into the ``Local_`` ruleset named here (or, empty, nowhere).
"""

# The 13 that the cf library calls for a site.
LOCAL = {
    "Local_check_relay": Ruleset("a client has connected", "client name $| client address"),
    "Local_check_mail": Ruleset("a client has named the sender", "sender"),
    "Local_check_rcpt": Ruleset("a client has named a recipient", "recipient"),
    "Local_localaddr": Ruleset("an address turned out to be local, before aliases", "user, without a domain"),
    "Local_trust_auth": Ruleset("a client names AUTH= behind MAIL FROM", "the AUTH= value", (8, 10)),
    "Local_Relay_Auth": Ruleset("before a client that has authenticated may relay; NO stops it", "mechanism", (8, 13)),
    "Local_greet_pause": Ruleset("before the greeting; a number is the pause in milliseconds", "client name $| client address", (8, 13)),
    "Local_srv_features": Ruleset("a client has connected; letters of srv_features", "client name", (8, 14), "LOCAL_SRV_FEATURES"),
    "Local_clt_features": Ruleset("before a server is called; letters of clt_features", "server name", (8, 17), "LOCAL_CLT_FEATURES"),
    "Local_try_tls": Ruleset("before STARTTLS is used with a server", "server name", (8, 14), "LOCAL_TRY_TLS"),
    "Local_tls_client": Ruleset("a client has or has not started TLS", "verify $| STARTTLS or MAIL", (8, 14), "LOCAL_TLS_CLIENT"),
    "Local_tls_server": Ruleset("TLS with a server has or has not started", "verify", (8, 14), "LOCAL_TLS_SERVER"),
    "Local_tls_rcpt": Ruleset("before a recipient is named to a server", "recipient", (8, 14), "LOCAL_TLS_RCPT"),
}
# The 23 that sendmail itself calls.
CALLED = {
    "check_relay": Ruleset("a client has connected", "client name $| client address", taken="Local_check_relay"),
    "check_mail": Ruleset("a client has named the sender", "sender", taken="Local_check_mail"),
    "check_rcpt": Ruleset("a client has named a recipient", "recipient", taken="Local_check_rcpt"),
    "check_data": Ruleset("a client says DATA", "number of recipients", (8, 14)),
    "check_other": Ruleset("a client says something that is no known command", "the command", (8, 17), taken=""),
    "check_compat": Ruleset("before each delivery", "sender $| recipient"),
    "check_eoh": Ruleset("behind the last header", "number of headers $| bytes of headers", (8, 10)),
    "check_eom": Ruleset("behind the message", "size of the message", (8, 13)),
    "check_etrn": Ruleset("a client says ETRN", "its argument", (8, 10)),
    "check_expn": Ruleset("a client says EXPN", "its argument", (8, 10)),
    "check_vrfy": Ruleset("a client says VRFY", "its argument", (8, 10)),
    "trust_auth": Ruleset("a client names AUTH= behind MAIL FROM", "the AUTH= value", (8, 10), taken="Local_trust_auth"),
    "tls_client": Ruleset("a client has or has not started TLS", "verify $| STARTTLS or MAIL", (8, 11), taken="Local_tls_client"),
    "tls_server": Ruleset("TLS with a server has or has not started", "verify", (8, 11), taken="Local_tls_server"),
    "tls_rcpt": Ruleset("before a recipient is named to a server", "recipient", (8, 12), taken="Local_tls_rcpt"),
    "try_tls": Ruleset("before STARTTLS is used with a server", "server name", (8, 12), taken="Local_try_tls"),
    "srv_features": Ruleset("a client has connected; letters", "client name", (8, 12), taken="Local_srv_features"),
    "clt_features": Ruleset("before a server is called; letters", "server name", (8, 17), taken="Local_clt_features"),
    "tls_srv_features": Ruleset("before STARTTLS as a server; key=value pairs", "client name $| client address", (8, 16), taken=""),
    "tls_clt_features": Ruleset("before STARTTLS as a client; key=value pairs", "server name $| server address", (8, 16), taken=""),
    "authinfo": Ruleset("sendmail needs a name and a password for a server", "server name $| server address", (8, 12), taken=""),
    "queuegroup": Ruleset("an address is queued; the name of a group behind $#", "recipient", (8, 12)),
    "greet_pause": Ruleset("before the greeting; a number is the pause in milliseconds", "client name $| client address", (8, 13), taken="Local_greet_pause"),
}
RULESETS = dict(CALLED, **LOCAL)
# Rulesets by number, each with the part that adds rules to it.
NUMBERED = {"0": "LOCAL_RULE_0", "1": "LOCAL_RULE_1", "2": "LOCAL_RULE_2", "3": "LOCAL_RULE_3"}
# The library's own, with their old numbers: rules added there change how every address is read.
INTERNAL = {"MasqHdr": "93", "MasqEnv": "94", "MailerToTriple": "95", "Canonify2": "96", "Recurse": "97", "ParseLocal": "98", "Mailertable": "90"}


def rule_problem(line):
    """Say what is wrong with a line of a ruleset, or return None.

    :param str line: a rule ``Rleft<TAB>right``, a remark that begins with ``#``, an empty line, or a line that begins with a tab
        and goes on with the rule above.
    """
    if "\n" in line.rstrip("\n"):
        return "a rule is one entry of the list, without a line end inside"
    if not line.strip() or line[0] in "#\t":
        return None
    if line[0] != "R":
        return "a rule begins with R"
    if "\t" not in line.rstrip():
        return "a rule has two sides with a tab between (blanks do not separate them)"
    if not line[1:].split("\t")[0].strip():
        return "the left side of the rule is empty"
    return None


def check_rules(lines, variable):
    """Hold the lines of a ruleset against their shape; :raises InvalidValue: naming the variable, the line and what was expected."""
    for number, line in enumerate(lines, 1):
        problem = rule_problem(line)
        if problem:
            raise InvalidValue("%s, line %d: %s; found '%s'." % (variable, number, problem, re.sub(r"\s+", " ", line)[:80]), variable=variable)
