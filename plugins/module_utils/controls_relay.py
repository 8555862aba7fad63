# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls REL: who may send mail to others through this host. Pure but for the view they are given.

Features are recognised by the rules that they leave in the .cf, so a host without any .mc, or with one that is older than its .cf, is judged too.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import cfview, consistency, routes, tables, tables_access, tables_cidr, testmode
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import (
    EVERYWHERE,
    SERVERS,
    Control,
    Evidence,
    Reference,
    Unseen,
    failed,
    held,
    not_applicable,
    passed,
    profiles,
    unknown,
)

SHOWN = 20
# Strangers: addresses that are set aside for examples.
STRANGERS = ("192.0.2.1", "198.51.100.1", "203.0.113.1")
FOREIGN = "mailjail-test.example"
CLIENT = "client." + FOREIGN
TAKEN = ("accepted", "quarantined")
# Rulesets that refuse a client or a sender, whoever the mail is for; test mode shows 16 letters of a name.
PERSONAL = re.compile(r"(?:Basic_|Local_)?check_?(?:rela|mail)")
# Whoever has such an address is no stranger from the Internet.
PRIVATE = tuple(tables_cidr.network_of(one) for one in (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10"))
# A public network that is larger is hardly a site's own, unless the site says so.
NARROW = {4: 24, 6: 48}
# Domains with mailboxes for everybody: whoever relays to one of them, relays to the world.
PROVIDERS = frozenset((
    "gmail.com", "googlemail.com", "google.com", "yahoo.com", "ymail.com", "hotmail.com", "outlook.com", "live.com", "msn.com", "aol.com", "icloud.com",
    "me.com", "mac.com", "gmx.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "freenet.de", "mail.ru", "yandex.ru", "yandex.com", "qq.com", "163.com",
    "126.com", "protonmail.com", "proton.me", "zoho.com", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "libero.it", "comcast.net", "att.net"))
# Below these, names are for sale one by one, as below a top-level domain.
SUFFIXES = frozenset("co.uk org.uk ac.uk gov.uk com.au net.au org.au co.nz co.jp or.jp ne.jp com.br com.cn com.tw com.tr com.mx co.in co.za co.kr".split())
# Authorities that give a certificate to everybody.
PUBLIC_CA = re.compile(r"let's.?encrypt|isrg|digicert|globalsign|sectigo|comodo|godaddy|go.daddy|starfield|entrust|amazon|google.trust|verisign|thawte|geotrust"
                       r"|usertrust|identrust|baltimore|buypass|zerossl", re.I)
ROUTED = re.compile(r"[%!]|@.*@")


# ---- SM-REL-01

def _features(view):
    """No rule lets strangers relay, whatever the .mc says."""
    found = cfview.whole(view)
    faults = [Evidence(cfview.ruleset_at(view, ruleset), "%s: %s" % (feature, why), "no such rule") for feature, ruleset, why in _openings(found)]
    where = cfview.ruleset_at(view, next((name for name in cfview.RCPT if name in found.rulesets), ""))
    return held(faults, [Evidence(where, "recipients are refused unless a rule lets them pass; no feature that opens relaying", "")])


def _openings(found):
    """Yield ``(feature, ruleset, why)`` of what opens relaying in a configuration."""
    last = next((name for name in cfview.RCPT if name in found.rulesets), None)
    if last is None:
        yield "no ruleset check_rcpt", "check_rcpt", "every recipient is taken from everybody"
        return
    if not any(left in ("$*", "$+") and right.startswith("$#error") for _name, left, right in cfview.rules(found, last)):
        yield "promiscuous_relay", last, "no rule refuses what no other rule has let pass, so everybody may relay"
    spoken = cfview.rules(found, *cfview.RELAY)
    for name, left, right in spoken:
        if "$=m" in left and right.startswith(("$@ RELAY", "$@ OK")):
            yield "relay_entire_domain", name, "any host whose name ends in the domain of this one may relay, and anybody may send to it"
            break
    served = next((name for name, _left, right in cfview.rules(found, "ParseRecipient", *cfview.RELAY) if "$(mxserved" in right), None)
    if served:
        yield "relay_based_on_MX", served, "whoever names this host in the MX records of a domain makes it relay"
    # Before 8.10 there was no ruleset of its own for the client. (With delay_checks check_rcpt names the sender too, to check it.)
    asker = "Relay_ok" if "Relay_ok" in found.rulesets else last
    if any("$&f" in right for _name, _left, right in cfview.rules(found, asker)):
        listed = any("! From" in right for _name, _left, right in spoken)
        yield "relay_mail_from" if listed else "relay_local_from", asker, "whoever claims the right sender may relay"
    if "Rcpt_ok" in found.rulesets and not any("$>ParseRecipient" in right for _name, _left, right in cfview.rules(found, "Rcpt_ok")):
        yield "loose_relay_check", "Rcpt_ok", "user%other.example@here is not looked into"


# ---- SM-REL-02

def _stranger(view):
    """The real sendmail refuses strangers, in each spelling that once worked somewhere. (From the host itself nothing could be told: loopback may relay.)"""
    found = cfview.whole(view)
    text = view.read(view.compiled())
    own = _own_domain(view)
    spelt = ["user@" + FOREIGN, "user%%%s@%s" % (FOREIGN, own), "%s!user@%s" % (FOREIGN, own), "@%s:user@%s" % (own, FOREIGN)]
    # One of these networks may be the site's own, in a laboratory; it has to say so.
    strangers = [address for address in STRANGERS if not _is_declared(view, tables_cidr.network_of(address))]
    if not strangers:
        return unknown("all addresses for strangers lie in networks that sendmail_relay_networks names", view.compiled())
    # The null sender, and a client whose name is known: others might be refused for that alone, and nothing would be said of relaying.
    rows = routes.each([{"name": address, "client_address": address, "client_name": CLIENT, "client_resolve": "ok", "helo": CLIENT, "recipient": recipient,
                         "expect": "refused"} for recipient in spelt for address in strangers])
    told = [(row["recipient"], _told(row["client_address"], row["recipient"], answer), answer) for row, answer in zip(rows, _asked(view, text, rows))]
    taken = [row for _recipient, row, answer in told if answer["expect"] in TAKEN]
    put_off = [row for _recipient, row, answer in told if answer["expect"] == "deferred"]
    if taken:
        return failed(*taken)
    if put_off:
        return unknown("%s: a map could not be asked, so it can not be told what happens when it can" % put_off[0].seen, put_off[0].where)
    denials = _denials(found)
    denied = [(recipient, row) for recipient, row, answer in told if _is_denied(answer, denials, recipient == spelt[0])]
    for recipient, row, _answer in told:
        # Who is refused whatever he asks tells nothing, but another stranger may.
        if recipient not in [one for one, _row in denied]:
            return unknown("%s: that is no word on relaying, and a client who is not refused for it might relay" % row.seen, row.where)
    return passed(*[row._replace(wanted="") for _recipient, row in denied])


def _denials(found):
    """Return how a configuration says that it does not relay, as texts without blanks: what refuses whatever no rule has let pass."""
    last = next((name for name in cfview.RCPT if name in found.rulesets), "")
    said = [right for name, left, right in cfview.rules(found, last, "Relay_ok")
            if re.match(r"\$#\s*error\b", right) and (name == "Relay_ok" or left in ("$*", "$+"))]
    texts = [testmode.reply("", right.partition("$:")[2].strip().replace('"', "").partition("$")[0])["text"] for right in said]
    return tuple(re.sub(r"\s", "", one) for one in texts if one.strip())


def _is_denied(answer, denials, plainly):
    """Tell whether a refusal is due to the recipient, so that no other client may relay to it either.

    Of the plain spelling only the word on relaying counts; others may be refused for their form too, but not for who the client or the sender is.
    """
    if answer["expect"] != "refused" or PERSONAL.match(answer["ruleset"] or ""):
        return False
    said = re.sub(r'[\s"]', "", answer["text"] or "")
    return not plainly or ((answer["ruleset"] or "") in cfview.RELAY and said.startswith(denials) if denials else False)


def _networks(view):
    """Return the networks that the site lets relay (sendmail_relay_networks); none where it is not known."""
    found = [tables_cidr.network_of(str(one)) for one in view.site.get("relay_networks") or []]
    return [one for one in found if one is not None]


def _lies_in(network, others):
    return any(network.version == one.version and network.prefixlen >= one.prefixlen and network.network_address in one for one in others)


def _is_declared(view, network):
    return _lies_in(network, _networks(view))


def _own_domain(view):
    """Return a domain whose mail the host takes."""
    for name in ("R", "w"):
        try:
            for word, _where in cfview.members(view, name):
                if "." in word and word[0] not in "[." and not tables_access.is_client_address(word):
                    return word
        except Unseen:
            continue
    return "localhost"


def _told(client, recipient, answer):
    words = "accepted, mailer %s" % answer["mailer"] if answer["expect"] == "accepted" else "%s %s %s" % (answer["expect"], answer["code"], answer["text"])
    return Evidence("sendmail -bt, client %s" % client, "<%s>: %s" % (recipient, words), "refused")


def _asked(view, text, rows):
    """Ask test mode, reading only: the ruleset that would join the arguments of check_relay is not there, and not needed for relaying."""
    listener = testmode.listener(text, None)
    compressed = cfview.true(cfview.option(view, "UseCompressedIPv6Addresses")[0])
    sessions = [testmode.session(row, {"listener": listener, "compressed": compressed}) for row in rows]
    program, path = cfview.sendmail(view), view.compiled()

    def run(script):
        return view.run(program, "-C", path, "-bt", stdin=script).stdout
    places = testmode.places(run(testmode.first_script(rows, sessions)), rows)
    said = run(testmode.second_script(rows, sessions, places))
    # A client or a sender that is refused for itself is asked about the recipient all the same: what that says counts, if it is no.
    aside = testmode.answers(re.sub(r"(?m)^((?:> ?)*mailjail-\d+-)check_(?:relay|mail)$", r"\1aside", said), rows, places)
    return [bare if bare["expect"] == "refused" else whole for whole, bare in zip(testmode.answers(said, rows, places), aside)]


def _wire_battery(result):
    """No form of the battery was taken."""
    return _battery(result, lambda row: True)


def _battery(result, chosen):
    rows = [row for row in result.get("relay") or [] if chosen(row)]
    if not rows:
        return unknown("relaying was not tried", _at(result))
    taken = [Evidence(_at(result), "form %s, MAIL %s, RCPT %s: %s" % (row.get("form"), row.get("from"), row.get("to"), row.get("answer")), "5xx")
             for row in rows if row.get("accepted")]
    unclear = [row for row in result.get("unknown") or [] if _of_battery(str(row.get("test")), chosen)]
    if unclear and not taken:
        return unknown("%d forms, none taken, and others were not answered: %s: %s" % (len(rows), unclear[0]["test"], unclear[0].get("why")), _at(result))
    return held(taken, [Evidence(_at(result), "%d forms, none taken; the first: %s" % (len(rows), rows[0].get("answer")), "")])


def _of_battery(test, chosen):
    """Tell whether what is not known is about one of the chosen forms; the probe names the recipient last, and many of them at once by their number."""
    return test.partition(":")[0] == "relay" and (not test.startswith("relay: form") or chosen({"to": test.rpartition(" ")[2]}))


def _at(result):
    return "%s port %s" % (result.get("address"), result.get("port"))


# ---- SM-REL-03, 04

def _access(view):
    """Each RELAY of the access map names an own network."""
    declared, entries = cfview.access(view)
    if declared is None:
        return not_applicable("there is no access map")
    relay = [entry for entry in entries if entry.value.strip('" ').upper() == "RELAY" and _kind(entry.key) in (None, "connect", "from", "to")]
    faults = [Evidence(entry.where, "%s RELAY: %s" % (entry.key, why), "Connect: with an own address or network")
              for entry in relay for why in [_too_wide(view, entry.key)] if why]
    return held(faults[:SHOWN], [Evidence(entry.where, "%s RELAY" % entry.key, "") for entry in relay[:SHOWN]]
                or [Evidence(cfview.map_at(view, "access"), "no entry with RELAY", "")])


def _kind(key):
    tag = tables_access.split_key(key)[0]
    return tag and tag.lower()


def _too_wide(view, key):
    """Say why a RELAY entry lets in more than an own network, or return None."""
    tag, rest = tables_access.split_key(key)
    if tag is None:
        return "the key has no tag, so it counts for senders too, which anybody can claim"
    if not rest:
        return "the key is empty, so it is for everybody"
    if tag.lower() == "from":
        return "a sender can be claimed by anybody"
    if tag.lower() == "connect":
        return tables_access.relay_opening(rest, True, tables.Context()) or _too_large(view, rest)
    return _foreign(view, rest)


def _too_large(view, text):
    """Say why a network is none that a site has, or return None."""
    network = tables_cidr.network_of(text.strip("[]"))
    if network is None or network.prefixlen >= NARROW[network.version] or _lies_in(network, PRIVATE) or _is_declared(view, network):
        return None
    return "%s is a part of the public Internet larger than a /%d, and sendmail_relay_networks does not name it" % (network, NARROW[network.version])


def _foreign(view, name):
    """Say why a domain or a network is none that a site can own, or return None."""
    bare = name.rpartition("@")[2].strip(".").lower()
    if bare in PROVIDERS:
        return "%s is a provider's domain" % bare
    if bare in SUFFIXES:
        return "everybody can have a domain below %s" % bare
    if "@" in name:
        return None
    address = tables_access.is_client_address(bare)
    return tables_access.relay_opening(bare, address, tables.Context()) or (_too_large(view, bare) if address else None)


def _relay_domains(view):
    """Class R names whole own domains."""
    found = cfview.members(view, "R")
    faults = [Evidence(where, "%s: %s" % (word, why), "an own domain, host or network") for word, where in found for why in [_foreign(view, word)] if why]
    return held(faults[:SHOWN], [Evidence(where, word, "") for word, where in found[:SHOWN]] or [Evidence(view.compiled(), "class R is empty", "")])


# ---- SM-REL-05

def _fail_closed(view):
    """Without an answer of the access map nobody is let in."""
    found, where = cfview.whole(view).maps.get("access"), cfview.map_at(view, "access")
    if found is None:
        if cfview.is_null_client(view):
            return not_applicable("a null client has no access map: it takes mail from itself alone")
        return failed(Evidence(where, "no access map", "FEATURE(access_db), -T<TMPF>, without -o"))
    faults = []
    if not any(flag.startswith("-T") for flag in found.flags):
        faults.append(Evidence(where, "K line without -T: a lookup that fails counts as no entry", "-T<TMPF>"))
    if "-o" in found.flags:
        faults.append(Evidence(where, "K line with -o: without its database everything is let through", "no -o"))
    stored = cfview.database(view, found.klass, found.path) if found.klass in cfview.BUILT else view.stat(found.path) if found.klass == "text" else found
    if not stored:
        faults.append(Evidence(cfview.source_of(found.path), "there is no database", "%s, made by makemap" % " or ".join(
            cfview.source_of(found.path) + suffix for suffix in cfview.BUILT.get(found.klass, ("",)))))
    return held(faults, [Evidence(where, "K%s %s %s %s" % (found.name, found.klass, " ".join(found.flags), found.path), "")])


# ---- SM-REL-06

def _routed(view):
    """Addresses that name their way are refused."""
    found, rights = cfview.whole(view), [right for _name, _left, right in cfview.rules(cfview.whole(view), *cfview.RELAY)]
    if cfview.is_null_client(view) and not any(cfview.is_open(one) for one in cfview.listeners(view)):
        return not_applicable("only this host itself hands in mail, and its hub decides what such an address means")
    where = cfview.ruleset_at(view, "Rcpt_ok" if "Rcpt_ok" in found.rulesets else "Basic_check_rcpt")
    faults = [Evidence(where, "no rule refuses user%s" % form, "FEATURE(%s, reject)" % feature) for form, feature, mark in (
        ("%other.example@here", "nopercenthack", "PERCENT_HACK"), ("!other.example", "nouucp", "BANG_PATH")) if not any(mark in right for right in rights)]
    faults += [Evidence(cfview.ruleset_at(view, name), "%s: %s" % (feature, why), "ParseRecipient") for feature, name, why in _openings(found)
               if feature == "loose_relay_check"]
    return held(faults, [Evidence(where, "rules for PERCENT_HACK and BANG_PATH", "")])


def _wire_routed(result):
    return _battery(result, lambda row: ROUTED.search(str(row.get("to", "")).strip("<>")) is not None)


# ---- SM-REL-07

def _on_the_side(view):
    """What else lets somebody relay is narrow: logins, certificates, virtual domains."""
    found, seen, faults = cfview.whole(view), [], []
    for word, where in cfview.members(view, "TrustAuthMech"):
        if word.upper() == "ANONYMOUS":
            faults.append(Evidence(where, "TRUST_AUTH_MECH ANONYMOUS: whoever asks may relay", "mechanisms that prove who it is"))
        seen.append(Evidence(where, "whoever logs in with %s may relay" % word, ""))
    for name, left, right in cfview.rules(found, "Local_Relay_Auth", *cfview.RELAY):
        if "$(drac" in right:
            faults.append(Evidence(cfview.ruleset_at(view, name), "drac: whoever fetched mail from this address lately may relay", "SMTP AUTH"))
        if name == "Local_Relay_Auth" and left == "$*" and re.match(r"\$[@#] ?RELAY", right):
            faults.append(Evidence(cfview.ruleset_at(view, name), "Local_Relay_Auth lets everybody relay: %s" % right, "a condition"))
    _certificates(view, seen, faults)
    _virtual(view, seen, faults)
    return held(faults[:SHOWN], seen[:SHOWN] or [Evidence(view.compiled(), "nobody relays by login, certificate or virtual domain", "")])


def _certificates(view, seen, faults):
    for entry in cfview.access(view)[1]:
        if _kind(entry.key) not in ("certissuer", "certsubject"):
            continue
        issuer = entry.key.partition(":")[2].replace("+20", " ")
        if entry.value.upper() == "RELAY" and _kind(entry.key) == "certissuer" and (not issuer or PUBLIC_CA.search(issuer)):
            faults.append(Evidence(entry.where, "%s RELAY: everybody can have a certificate of this authority" % entry.key,
                                   "SUBJECT, and CertSubject: with the name"))
        seen.append(Evidence(entry.where, "%s %s" % (entry.key, entry.value), ""))


def _virtual(view, seen, faults):
    domains = cfview.members(view, "VirtHost")
    declared = cfview.whole(view).maps.get("virtuser")
    if not domains or declared is None:
        return
    if declared.klass not in cfview.BUILT:
        seen.append(Evidence(cfview.map_at(view, "virtuser"), "addresses of virtual domains are asked of %s" % declared.klass, ""))
        return
    entries = cfview.written(view, declared.path)
    entries = entries if entries is not None else cfview.dumped(view, declared.klass, declared.path)
    places = dict(domains)
    for one in consistency.openings({"virtusertable": cfview.pairs(entries)}, virtual=sorted(places)):
        domain = one.place.rpartition(" ")[2]
        faults.append(Evidence(next((places[word] for word in places if word.lower() == domain), view.compiled()), "%s: %s" % one,
                               "an entry @%s" % domain))
    seen += [Evidence(where, "virtual domain %s, every address has an entry" % word, "") for word, where in domains]


# ---- SM-REL-08, 09

def _senders(view):
    """A sender has a domain, and it exists."""
    found = cfview.whole(view)
    if cfview.is_null_client(view) and not any(cfview.is_open(one) for one in cfview.listeners(view)):
        return not_applicable("only this host itself hands in mail")
    name = next((one for one in cfview.SENDER if one in found.rulesets), None)
    spoken, where, faults = cfview.rules(found, name or ""), cfview.ruleset_at(view, name or "Basic_check_mail"), []
    if not any("$(resolve" in right for _name, _left, right in spoken):
        faults.append(Evidence(where, "accept_unresolvable_domains: no rule asks whether the sender's domain exists", "a lookup of the domain"))
    if not any(left.startswith("<? $+>") and right.startswith("$#error") for _name, left, right in spoken):
        faults.append(Evidence(where, "accept_unqualified_senders: no rule refuses a sender without domain", "a refusal"))
    faults += [Evidence(one["where"], "listener %s has the modifier u: senders without domain are taken" % one.get("Name"), "no u where others reach it")
               for one in cfview.listeners(view) if "u" in one.get("Modifiers", "") and cfview.is_open(one)]
    return held(faults, [Evidence(where, "senders without domain, or of one that does not exist, are refused", "")])


def _wire_senders(result):
    rows = result.get("senders") or []
    if not rows:
        return unknown("strange senders were not tried", _at(result))
    seen = [Evidence(_at(result), "%s sender, MAIL FROM <%s>: %s" % (row.get("kind"), row.get("from"), row.get("answer")), "4xx or 5xx")
            for row in rows]
    return held([one for one, row in zip(seen, rows) if row.get("accepted")], [one._replace(wanted="") for one in seen])


def _mx(view):
    """MX records of others do not make a domain ours."""
    found, faults = cfview.whole(view), []
    value, where = cfview.option(view, "TryNullMXList")
    if cfview.true(value):
        faults.append(Evidence(where, "TryNullMXList=%s" % value, "TryNullMXList=False"))
    lookup = next((name for name in found.rulesets if any("$(bestmx " in right for _left, right in found.rulesets[name].rules)), None)
    if lookup:
        faults.append(Evidence(cfview.ruleset_at(view, lookup), "bestmx_is_local: whoever names this host as best MX makes a domain local", "class w"))
    return held(faults, [Evidence(where, "TryNullMXList=%s, no rule for bestmx" % (value if value is not None else "not set (False)"), "")])


STIG_RELAY = (Reference("STIG", "RHEL-07-040680 V-72297"), Reference("STIG", "RHEL-09-252050 V-257951"),
              Reference("STIG", "RHEL-10-200692 V-280999"))
README = Reference("sendmail", "cf/README")

CONTROLS = (
    Control(
        id="SM-REL-01", title="No feature opens relaying", severity="critical", profiles=EVERYWHERE, check=_features,
        reason="A relay for strangers sends spam in the site's name within hours, and is then refused everywhere.",
        remedy="Take the feature out of sendmail_features (and its waiver out of sendmail_waivers), or its FEATURE line out of the .mc, also where it stands "
               "behind a number sign, and compile anew. What shall relay belongs in sendmail_relay_networks (access map, Connect:network RELAY).",
        references=(Reference("article", "S102"), Reference("article", "S103"), Reference("STIG", "GEN004710 V-227851"))),
    Control(
        id="SM-REL-02", title="A stranger can not relay", severity="critical", profiles=EVERYWHERE, check=_stranger, wire=_wire_battery,
        reason="Only the whole of rules, maps and classes tells who may relay; the real sendmail is asked as a stranger.",
        remedy="Look at the answer with 'sendmail -bt' and at SM-REL-01, 03 and 04, which name the usual causes. With this collection: sendmail_relay_networks "
               "and sendmail_relay_domains name who may relay; the role config tries strangers before anything goes live.",
        references=STIG_RELAY),
    Control(
        id="SM-REL-03", title="Each RELAY of the access map names an own address or network", severity="high", profiles=EVERYWHERE, check=_access,
        reason="Addresses can be kept honest at the firewall. Names and senders can be claimed, and a key without tag counts for all three.",
        remedy="Name networks in sendmail_relay_networks: a public one larger than a /24 (IPv6: a /48) passes only if it stands there. By hand: "
               "Connect:192.168.7 RELAY in place of a name, a sender or an untagged key; run makemap.",
        references=tuple(Reference("article", "S%d" % row) for row in range(131, 136))),
    Control(
        id="SM-REL-04", title="Class R holds own domains and networks only", severity="high", profiles=EVERYWHERE, check=_relay_domains,
        reason="Everybody may send to a name in class R through this host, hosts of that name may relay, and without relay_hosts_only all names below it too.",
        remedy="Name own domains in sendmail_relay_domains and own networks in sendmail_relay_networks; by hand take the line out of relay-domains and "
               "restart sendmail.", references=(README,)),
    Control(
        id="SM-REL-05", title="The access map is mandatory, and a failed lookup lets nobody in", severity="high", profiles=SERVERS, check=_fail_closed,
        reason="With -o a missing or unsafe database is passed over in silence, and every refusal and limit in it is gone.",
        remedy="The role config declares it so. By hand: FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access'), compile, and make the database.",
        references=(Reference("article", "S71"), README)),
    Control(
        id="SM-REL-06", title="Percent signs, exclamation marks and source routes lead nowhere", severity="medium", profiles=EVERYWHERE, check=_routed,
        wire=_wire_routed, reason="user%other.example@here asks this host, or a trusting one behind it, to send on what it would refuse if asked openly.",
        remedy="The role config has nopercenthack and nouucp with reject. By hand: FEATURE(`nopercenthack', `reject') and FEATURE(`nouucp', `reject'), no "
               "loose_relay_check.", references=(README,)),
    Control(
        id="SM-REL-07", title="Logins, certificates and virtual domains let relay only whom they name", severity="medium", profiles=SERVERS,
        check=_on_the_side, reason="TRUST_AUTH_MECH, CertIssuer: and VIRTUSER_DOMAIN grant relaying besides what they are for.",
        remedy="Use sendmail_auth.mechanisms, sendmail_tls_relay with a subject, and an entry @domain with error:nouser for each virtual domain.",
        references=(README,)),
    Control(
        id="SM-REL-08", title="Senders without a domain, or of one that does not exist, are refused", severity="medium", profiles=SERVERS, check=_senders,
        wire=_wire_senders, reason="Nobody can be told about a message whose sender does not exist: its bounce stays here.",
        remedy="Take accept_unresolvable_domains and accept_unqualified_senders out of sendmail_features or the .mc, and u out of a listener's modifiers.",
        references=(README,)),
    Control(
        id="SM-REL-09", title="MX records of others never make their domain local", severity="low",
        profiles=profiles(hub="opt"), check=_mx,
        reason="Whoever points an MX record here would have this host try to deliver or return mail that is not its own.",
        remedy="Leave confTRY_NULL_MX_LIST False, and FEATURE(bestmx_is_local) out; name own domains in sendmail_local_host_names.",
        references=(Reference("sendmail", "operations guide, options"),)),
)
