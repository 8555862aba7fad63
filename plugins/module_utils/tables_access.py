# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The access map: tags, keys, right-hand sides, and what of them would open the relay."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import difflib
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import language_access, language_words, tables_cidr, tables_syntax
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.module_utils.tables_syntax import error, warning

TAGS = language_access.TAGS
MASKED = "********"

_CITAG = re.compile(r"CITag:([A-Za-z0-9_]+)", re.I)
_EXTENSION = r"(?:CN(?::[^\s+]+(?:\+[0-9A-Fa-f]{2}[^\s+]*)*)?|CS:\S+?|CI:\S+?|CITag:[A-Za-z0-9_]+)"
_TLS = re.compile(r"(?:(?:PERM|TEMP)\+)?(?:VERIFY(?::\d{1,4})?|ENCR:\d{1,4})(?:\+%s(?:\+\+%s)*)?\Z" % (_EXTENSION, _EXTENSION), re.I)
_AUTHINFO = re.compile(r'"([UIPRM])([:=])([^"]+)"', re.I)
# Top-level names that can never be delegated on the Internet (RFC 2606, 6761, 6762, ICANN): a site may own one whole.
_PRIVATE_TOPS = ("internal", "test", "example", "invalid", "localhost", "local", "localdomain", "lan", "home", "corp", "intranet", "private")
_IPV4_LIKE = re.compile(r"\d+(\.\d*)*\Z|[\d.]+/\S*\Z")


def split_key(key):
    """Return ``(tag, rest)`` of an access key; the tag is None where there is none (``IPv6:...`` is an address, not a tag)."""
    head, colon, rest = key.partition(":")
    if not colon or head.lower() == "ipv6" or not re.match(r"[A-Za-z_]+\Z", head):
        return None, key
    return head, rest


def refuse_passwords(kind, keys, where):
    """Refuse passwords in the access map, which is shown in diffs and results; they have a map of their own, which is not.

    :raises InvalidValue: names the first such key.
    """
    for key in keys if kind == "access" else ():
        if (split_key(key)[0] or "").lower() == "authinfo":
            raise InvalidValue("%s: '%s' holds a password, and this map is shown in diffs and results. Put it into sendmail_authinfo, which is shown "
                               "nowhere." % (where, key), map=kind, key=key)


def keys_of_passwords(text):
    """Return the keys of a source's lines that hold passwords."""
    return re.findall(r"(?im)^authinfo:\S*", text)


def masked(text):
    """Return the text of a source as it may be shown, without the passwords that somebody put into its lines and remarks."""
    return re.sub(r"(?im)^([ \t#]*authinfo:\S*[ \t]+).+$", r"\1" + MASKED, text)


def own_tags(pairs):
    """Return the tags (lower case) that the site defined for itself by ``...+CITag:Name`` on the right."""
    return {name.lower() for pair in pairs for name in _CITAG.findall(pair.value)}


def is_client_address(text):
    """Whether a key's text is meant as an address or network and not as a name."""
    return text[:5].lower() == "ipv6:" or text.lower() == "ipv6" or bool(_IPV4_LIKE.match(text))


def findings(pairs, context):
    """Yield the :class:`~tables_syntax.Finding` of an access map."""
    own = own_tags(pairs) if context.own_tags is None else context.own_tags
    for pair in pairs:
        head, rest = split_key(pair.key)
        if head is None:
            yield from _untagged(pair, context)
            continue
        tag = TAGS.get(head.lower())
        if tag is None and head.lower() in own:
            tag = TAGS["citag"]
        reason = _tag_problem(head, tag) or _key_problem(tag, rest, context) or value_problem(tag, pair.value, context)
        reason = reason or _skip_problem(rest, pair.value) or _opening(tag, rest, pair.value, context) or _smuggling(tag, rest, pair.value)
        if reason:
            yield error(pair, reason)
        elif tag.values == "policy" and re.match(r"\d{3}\s", pair.value.strip('"')):
            yield warning(pair, "a bare reply code is deprecated; write ERROR:D.S.N:\"code text\"")


def _untagged(pair, context):
    if not context.untagged or pair.value.upper() == "RELAY" and not context.adopted:
        yield error(pair, "the key has no tag, so it applies to clients, senders and recipients at once%s; write Connect:%s, From:%s or To:%s"
                    % (" and anyone can claim such a sender to relay" if pair.value.upper() == "RELAY" else "", pair.key, pair.key, pair.key))
    else:
        yield warning(pair, "the key has no tag, so it applies to clients, senders and recipients at once")


def _tag_problem(head, tag):
    if tag is not None and tag.name != "CITag" or tag is not None and head.lower() != "citag":
        return None
    if head.lower() == "citag":
        return "CITag: stands on the right-hand side (VERIFY+CITag:MyCA); the key then begins with the name given there (MyCA:...)"
    near = difflib.get_close_matches(head.lower(), list(TAGS), 1)
    return "there is no tag '%s:'%s; expected one of %s" % (
        head, " (did you mean %s:?)" % TAGS[near[0]].name if near else "", ", ".join(sorted(one.name for one in TAGS.values() if one.name != "CITag")))


def _key_problem(tag, rest, context):
    if not rest:
        return None if tag.empty else "the key behind %s: is empty" % tag.name
    if tag.keys == "client":
        return _client_problem(rest, context)
    if tag.keys == "address":
        return _address_problem(rest, context)
    if tag.keys == "dn" and rest[0] != "/":
        return "'%s' is no distinguished name; expected one such as /C=DE/O=Example/CN=Example+20CA (blanks and ()<>\"+ as +XX)" % rest
    if tag.keys == "compat" and not re.match(r"[^\s<>]+<@>[^\s<>]+\Z", rest):
        return "'%s' is no pair of addresses; expected sender@domain<@>recipient@domain" % rest
    return None


def _client_problem(rest, context):
    if is_client_address(rest):
        return None if rest.lower() == "ipv6" else tables_cidr.spelling_problem(rest, context.ipv6_compressed)
    if rest[0] == "[":
        return _literal_problem(rest, context)
    if "@" in rest:
        return "'%s' is a mail address; this tag looks up host names and client addresses" % rest
    return _domain_problem(rest, context)


def _literal_problem(rest, context):
    if rest.lower() == "[unix:localhost]":
        return None
    return tables_cidr.spelling_problem(rest[1:-1], context.ipv6_compressed) if tables_syntax.is_literal(rest) else "'%s' is no address in brackets" % rest


def _domain_problem(rest, context):
    if rest[0] == "." and context.access_options is not None and "lookupdotdomain" not in context.access_options:
        return "'%s' begins with a dot, which is looked up with lookupdotdomain only; a name without the dot covers its subdomains" % rest
    return None if tables_syntax.is_domain(rest.lstrip(".")) else "'%s' is neither an address nor a host or domain name as sendmail looks it up" % rest


def _address_problem(rest, context):
    if rest[-1] == "@":
        return None if tables_syntax.is_local_part(rest[:-1]) else "'%s' is no user followed by @" % rest
    if "@" in rest:
        return None if tables_syntax.is_address(rest) else "'%s' is no mail address" % rest
    if is_client_address(rest) or rest[0] == "[":
        return _client_problem(rest, context)
    return _domain_problem(rest, context)


def value_problem(tag, value, context):
    """Say what is wrong with a right-hand side under a tag, or return None."""
    return VALUES[tag.values](tag, value, context)


def _policy(tag, value, context):
    word = value.upper()
    if word in ("OK", "RELAY", "REJECT", "DISCARD"):
        return None
    if word == "SKIP":
        missing = context.access_options is not None and "skip" not in context.access_options
        return "SKIP needs the word skip in FEATURE(access_db)" if missing else None
    if word.startswith("QUARANTINE:"):
        return None if value[11:].strip() else "QUARANTINE: needs a reason behind the colon"
    text = value[6:] if word.startswith("ERROR:") else value
    if word.startswith("ERROR:") or re.match(r"\"?\d{3}\s", value):
        return tables_syntax.reply_problem(text)
    return "'%s' is no action; expected OK, RELAY, REJECT, DISCARD, SKIP, QUARANTINE:reason or ERROR:D.S.N:\"code text\"" % value


def _skip_problem(rest, value):
    return "SKIP works for hosts, domains and networks, not for a mail address" if value.upper() == "SKIP" and "@" in rest else None


def _spam(tag, value, context):
    return None if value.upper() in ("FRIEND", "HATER") else "'%s' is no action for Spam:; expected FRIEND or HATER" % value


def _number(tag, value, context):
    if not re.match(r"\d{1,9}\Z", value):
        return "'%s' is no number; %s: expects one%s" % (value, tag.name, " (milliseconds)" if tag.name == "GreetPause" else " (0 is without limit)")
    if tag.name == "GreetPause" and int(value) > 300000:
        return "%s ms is more than the 5 minutes that sendmail waits at most" % value
    return None


def _group(tag, value, context):
    if not re.match(r"[A-Za-z0-9_-]+\Z", value):
        return "'%s' is no name of a queue group" % value
    if context.queue_groups is not None and value not in context.queue_groups:
        return "there is no queue group '%s'; declared are: %s" % (value, ", ".join(sorted(context.queue_groups)) or "none")
    return None


def _tls(tag, value, context):
    if _TLS.match(value):
        return None
    return "'%s' is no TLS requirement; expected [PERM+|TEMP+]VERIFY[:bits] or ENCR:bits, then +CN:name++CS:subject++CI:issuer" % value


def _no(tag, value, context):
    return None if value.upper() == "NO" else "'%s' means nothing here; Try_TLS: expects NO" % value


def _letters(tag, value, context):
    known = language_words.CLT_FEATURES if tag.name == "Clt_Features" else language_words.SRV_FEATURES
    if not re.match(r"[A-Za-z]2?(?:\s+[A-Za-z]2?)*\Z", value):
        return "'%s' is no list of feature letters; expected single letters with blanks between, such as 'S v'" % value
    unknown = [word for word in value.split() if word[0].upper() not in known or (word[1:] and word not in ("g2", "u2"))]
    return "'%s' is no letter that %s: knows; expected some of %s, small or capital" % (unknown[0], tag.name, " ".join(known)) if unknown else None


def _options(tag, value, context):
    words = [word.strip() for word in value.split(";") if word.strip()]
    for word in words:
        if word.partition("=")[0].strip().lower() not in language_access.TLS_KEYS or not word.partition("=")[2].strip():
            return "'%s' is no TLS option; expected Options=, CipherList=, CertFile=, KeyFile= or Flags=, with semicolons between" % word
    return None if words else "the list of TLS options is empty"


def _certificate(tag, value, context):
    expected = ("RELAY", "SUBJECT") if tag.name == "CertIssuer" else ("RELAY",)
    return None if value.upper() in expected else "'%s' means nothing for %s:; expected %s" % (value, tag.name, " or ".join(expected))


def _ok(tag, value, context):
    return None if value.upper() == "OK" else "'%s' means nothing for a certificate issuer of CITag; expected OK" % value


def _compat(tag, value, context):
    if re.match(r"(?:DISCARD|(?:TEMP|ERROR):\S.*)\Z|DISCARD:", value, re.I):
        return None
    return "'%s' is no verdict of check_compat; expected DISCARD, TEMP:text or ERROR:text" % value


def _one_address(tag, value, context):
    return None if tables_syntax.is_address(value) or tables_syntax.is_local_part(value) else "'%s' is no mail address" % value


def authinfo_problem(tag, value, context):
    """Say what is wrong with the tokens of an AuthInfo entry without repeating any of them, or return None."""
    if _AUTHINFO.sub("", value).strip():
        return 'the right-hand side is no list of "U:user" "I:user" "P:password" "R:realm" "M:mechanisms" (its text is not shown: it is secret)'
    letters = [found[0].upper() for found in _AUTHINFO.findall(value)]
    if len(set(letters)) != len(letters):
        return "one of U, I, P, R, M stands twice"
    if "P" not in letters or not {"U", "I"} & set(letters):
        return "a password (P) and a user (U or I) are needed"
    return None


VALUES = {"policy": _policy, "spam": _spam, "number": _number, "group": _group, "tls": _tls, "no": _no, "letters": _letters, "options": _options,
          "certificate": _certificate, "authinfo": authinfo_problem, "compat": _compat, "address": _one_address, "ok": _ok}


def _opening(tag, rest, value, context):
    """Say whether an entry lets strangers relay."""
    if value.upper() != "RELAY" or tag.values != "policy" or context.adopted and (rest or context.open_relay):
        return None
    if tag.name == "From" and not context.adopted:
        return "relaying by sender is relaying for everyone: a sender address can be claimed by anybody. Use Connect: with an address, or SMTP AUTH"
    if not rest:
        return "%s: without a key and RELAY makes this host an open relay%s" % (
            tag.name, "; if that is meant, a waiver of promiscuous_relay says so" if context.adopted else "")
    return _opening_client(rest, context) if tag.name == "Connect" else _opening_recipient(rest, context)


def _smuggling(tag, rest, value):
    """Say whether an entry lets everyone smuggle a second message behind the end of the first."""
    loose = [letter for letter in value.split() if letter in language_words.SMUGGLING] if tag.name == "Srv_Features" and not rest else []
    return "%s for everyone takes ends of lines and messages that let strangers smuggle mail past all checks; name the one client that needs it" % (
        loose[0]) if loose else None


def relay_opening(text, address, context):
    """Say whether a line of relay-domains opens the relay; host names and domains are what that file is for."""
    if context.adopted:
        return None
    return _opening_client(text, context) if address else None if text[0] == "[" else _opening_recipient(text, context)


def _opening_client(rest, context):
    if rest[0] == "[":
        return None if tables_syntax.is_literal(rest) or rest.lower() == "[unix:localhost]" else "RELAY needs an address"
    if not is_client_address(rest):
        if rest.lower().partition(".")[0] in ("localhost", "localhost4", "localhost6"):
            return "RELAY for '%s' lets in every client whose reverse name says so; this host itself may relay by its address 127.0.0.1 already" % rest
        return None if context.relay_by_name else "RELAY by host name trusts whoever writes the reverse zone of an address; name the address or network instead"
    if rest[:4].lower() == "ipv6":
        groups = rest[5:].lower().split(":")
        private = bool(re.match(r"f[cd][0-9a-f]{2}\Z|fe[89ab][0-9a-f]\Z", groups[0]))
        return None if private or len(groups) > 1 else "RELAY for '%s' opens the relay to a part of the public Internet; name your own network" % rest
    octets = rest.split(".")
    if octets[0] == "0" or (len(octets) == 1 and octets[0] not in ("10", "127")):
        return "RELAY for '%s' opens the relay to %s.0.0.0/8 of the public Internet; name your own network" % (rest, octets[0])
    return None


def _opening_recipient(rest, context):
    if "@" in rest:
        missing = context.access_options is not None and "relaytofulladdress" not in context.access_options
        return "RELAY for one recipient needs the word relaytofulladdress in FEATURE(access_db)" if missing else None
    if "." not in rest.strip(".") and rest.strip(".").lower() not in _PRIVATE_TOPS:
        return "RELAY to '%s' relays to everyone under a whole top-level domain" % rest
    return None


def compose(entry, context):
    """Return the ``(key, value)`` pairs of one typed entry; a network becomes the keys that cover it.

    :param dict entry: ``tag``, ``key`` (host, domain, address, network, ``user@``; may be empty), ``action``, ``text``.
    :raises InvalidValue: the entry can not be what was meant.
    """
    tag = TAGS.get(str(entry.get("tag", "")).rstrip(":").lower())
    key = str(entry.get("key") or "")
    if tag is None:
        raise InvalidValue("access: " + _tag_problem(str(entry.get("tag", "")), None) + ".", map="access", key=key)
    keys = expand(key, context) if tag.keys in ("client", "address") else [key]
    value = action_value(str(entry["action"]), entry.get("text"))
    return [("%s:%s" % (tag.name, one), value) for one in keys]


def prefix_length(entry):
    """Return how many bits of an address the key of an entry fixes, or None where it is no address or network."""
    text = str(entry.get("key") or "")
    network = tables_cidr.network_of(text if "tag" in entry else split_key(text)[1])
    return None if network is None else network.prefixlen


def expand(key, context):
    """Return the keys (without tag) behind one address, network or name."""
    bare = key[5:] if key[:5].lower() == "ipv6:" else key
    # A distinguished name begins with a slash.
    if "/" in key[1:] and "@" not in key and key[:1] != "/":
        return tables_cidr.cidr_keys(key, compressed=context.ipv6_compressed)
    if re.match(r"[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*\Z", bare) and ("::" in bare or bare.count(":") == 7):
        return tables_cidr.cidr_keys(bare, compressed=context.ipv6_compressed)
    return [key]


def action_value(action, text=None):
    """Compose a right-hand side from an action and its text.

    :param str action: ``REJECT``, ``RELAY``, ``ERROR``, ``QUARANTINE``, ``VERIFY:112``, a number ...
    :param str text: the reason for QUARANTINE; ``[D.S.N:]code words`` for ERROR (5.7.1:550 where no code is given).
    :raises InvalidValue: a text that can not be carried.
    """
    if text is None or str(text) == "":
        return action
    text, word = str(text), action.upper().rstrip(":")
    if word not in ("ERROR", "QUARANTINE"):
        raise InvalidValue("access: a text goes with ERROR or QUARANTINE only, not with '%s'." % action, map="access")
    if re.search(r"[\"\\%\x00-\x1f\x7f-\U0010ffff]", text):
        raise InvalidValue("access: the text %r holds a quote, backslash, percent sign, control or non-ASCII character, which sendmail would garble." % text,
                           map="access")
    if word == "QUARANTINE":
        return "QUARANTINE:" + text
    found = re.match(r"(?:([45]\.\d{1,3}\.\d{1,3}):)?([45]\d\d)\s+(.*)\Z", text)
    status, code, words = found.groups() if found else ("5.7.1", "550", text)
    return 'ERROR:%s"%s %s"' % (status + ":" if status else "", code, words)


def authinfo_value(fields):
    """Compose the right-hand side of an AuthInfo entry; base64 carries every character, so nothing needs escaping.

    :param dict fields: ``user`` (authentication id), ``password``, ``authorization_id``, ``realm``, ``mechanisms`` (a list).
    :raises InvalidValue: a field is missing, empty or holds a NUL.
    """
    tokens = []
    for letter, name, needed in (("U", "authorization_id", False), ("I", "user", True), ("P", "password", True), ("R", "realm", False)):
        text = fields.get(name)
        if text is None or text == "":
            if needed:
                raise InvalidValue("authinfo: the entry for '%s' has no %s." % (fields.get("host", ""), name), map="authinfo", field=name)
            continue
        if "\0" in str(text) or "\n" in str(text):
            raise InvalidValue("authinfo: the %s of '%s' holds a NUL or newline, which no mechanism can send." % (name, fields.get("host", "")), map="authinfo")
        tokens.append('"%s=%s"' % (letter, base64.b64encode(str(text).encode("utf-8")).decode("ascii")))
    mechanisms = fields.get("mechanisms") or []
    for mechanism in mechanisms:
        if not re.match(r"[A-Z0-9_-]{1,20}\Z", mechanism):
            raise InvalidValue("authinfo: '%s' is no name of a SASL mechanism (capitals, digits, - and _)." % mechanism, map="authinfo")
    if mechanisms:
        tokens.append('"M:%s"' % " ".join(mechanisms))
    return " ".join(tokens)
