# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site's variables as plain statements: what they say, in the language's order, and nothing of ours. Pure.

This is how a configuration that somebody wrote by hand is printed after its adoption, until the site goes on to the template of this collection.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.mailjail.sendmail.plugins.module_utils import adopt_text, m4, tables_cidr
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_definitions, plan_maps, plan_milters

TEMPLATE = "plain.mc.j2"
# What the template of this collection prints on every host; there may be no second one of each.
OWN_FEATURES = ("access_db", "relay_hosts_only", "nopercenthack", "nouucp", "blocklist_recipients", "blacklist_recipients", "delay_checks", "ratecontrol",
                "conncontrol", "greet_pause", "block_bad_helo", "check_other", "use_cw_file", "always_add_domain", "nocanonify", "redirect", "smrsh",
                "no_default_msa")
# Of these a second one with arguments adds to ours.
WITH_ARGUMENTS = ("always_add_domain", "check_other", "nocanonify")
# What an old map may hold and ours may not.
CONTEXT = {"relay_by_name": True, "untagged": True, "adopted": True, "alias_files": True, "alias_programs": True, "alias_includes": True}
# What sendmail's own submit.mc says, for a host that had none.
SUBMIT = {"options": {"__OSTYPE__": "", "_USE_DECNET_SYNTAX_": "1", "confCF_VERSION": "Submit", "confTIME_ZONE": "USE_TZ", "confDONT_INIT_GROUPS": "True"},
          "features": [{"name": "msp", "arguments": ["[127.0.0.1]"]}]}


def wanted(site):
    """Tell whether a site prints its variables plainly."""
    return os.path.basename(site.get("template") or "") == TEMPLATE


def plan(site):
    """Return the plan of such a site (:func:`plan.plan`): the maps and class files that its variables name, and nothing that follows from others.

    Owners of directories stay as they are, and no test is asked but the site's own.

    :raises InvalidValue: a variable that the plain template can not print, named.
    """
    for name in site["tables"]:
        if (site["tables"][name] or {}).get("also"):
            raise InvalidValue("sendmail_%s.also: %s prints features as they are written, so it has no place for further maps. Name the sequence in the "
                               "feature's argument, or drop sendmail_mc_template." % (name, TEMPLATE), variable="sendmail_%s.also" % name)
    plan_milters.check_family(site)
    paths = site["platform"]["classes"]
    files = [{"path": paths[key], "kind": kind, "lines": names} for key, kind, names in (
        ("local_host_names", "local-host-names", site["local_host_names"]), ("trusted_users", "trusted-users", site["trusted_users"]),
        ("relay_domains", "relay-domains", site["relay_domains"] + [key for network in site["relay_networks"] for key in tables_cidr.cidr_keys(network)]))
        if names]
    return {"maps": plan_maps.only_said(site), "files": files + plan_definitions.files(site), "directories": [], "route_tests": site["route_tests"],
            "context": dict(CONTEXT, open_relay="promiscuous_relay" in [waiver.get("feature") for waiver in site.get("waivers") or []]),
            "mc": printed(site)}


def printed(site):
    """Return what the templates print, ``preamble`` and ``plain`` for the daemon (``mta``) and the submission program (``msp``)."""
    submit = dict(site.get("submit") or SUBMIT, platform=site.get("platform"))
    includes = sorted(set((site.get("includes") or []) + (submit.get("includes") or [])))
    return {"preamble": m4.preamble(includes).rstrip("\n"), "plain": {
        "mta": adopt_text.lines(_ready(site)), "msp": adopt_text.lines(submit, "sendmail_submit.%s")}}


def _ready(site):
    """Return a site whose map definitions and milters are lines already: what it adds to an adopted configuration comes into force, too."""
    defined, found = plan_definitions.definitions(site), dict(site)
    found["ready"] = ["LOCAL_CONFIG"] + defined if defined else []
    if site.get("milters"):
        options, ours = dict(site.get("options") or {}), plan_milters.lines(site)
        order = [options.get("confINPUT_MAIL_FILTERS") or ""] + [one["name"] for one in ours["filters"]]
        options["confINPUT_MAIL_FILTERS"] = ", ".join(name for name in order if name)
        found["ready"] += ["MAIL_FILTER(%s)dnl" % one["arguments"] for one in ours["filters"]]
        found["ready"] += ["define(`%(name)s', %(value)s)dnl" % one for one in ours["macros"] if one["name"] not in options]
        found.update(options=options, listeners=plan_milters.listeners(site))
    return found


def raw_statements(site):
    """Return ``sendmail_raw_statements`` as lines: dict of ``above`` and ``below`` MAILER()."""
    printer = adopt_text.Printer(site)
    found = [(printer.as_it_stands(text), bool(adopt_text.BELOW.match(text))) for text in site.get("raw_statements") or []]
    return {"above": [line for line, below in found if not below], "below": [line for line, below in found if below]}


def beside_ours(site):
    """Return those of ``sendmail_features`` that the template of this collection does not print itself.

    :raises InvalidValue: an access map that may be missing, which ours may not.
    """
    for one in site["features"]:
        if not wanted(site) and one["name"] == "access_db" and "-o" in " ".join(map(str, one.get("arguments") or [])).split():
            raise InvalidValue("sendmail_features (access_db): with -o a missing access map means no policy at all, instead of no mail. Leave access_db out: "
                               "the configuration has it, with a map that may not be missing.", variable="sendmail_features (access_db)")
    own = set(OWN_FEATURES) | set(name for name in plan_maps.TABLES if plan_maps.in_use(site, name))
    own |= set(["use_ct_file"]) if site["trusted_users"] else set()
    return [one for one in site["features"] if one["name"] not in own or (one.get("arguments") and one["name"] in WITH_ARGUMENTS)]
