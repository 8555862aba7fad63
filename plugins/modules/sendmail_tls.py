#!/usr/bin/python
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put keys and certificates for sendmail in place, or make them, and refuse those that would fail."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_tls
short_description: Keys and certificates for sendmail
version_added: 0.2.0
description:
  - Judges certificates, keys, revocation lists and parameters with the host's own C(openssl), and puts them in place, all in one remote run.
  - sendmail distrusts a key without an error, and then offers no STARTTLS. So what would be distrusted or would fail is refused here, each with the file, what
    was found and what to do. The files that are in place stay as they are.
  - A key, its certificate and what leads to its authority are one file, which sendmail reads as both. They change in one rename.
  - Most builds of sendmail read the first certificate of that file only, and look among their trusted authorities for the rest of what they send. So C(ca.pem)
    holds what leads from each certificate to its authority too. That does not make it an authority.
  - What a file held before it was changed stays beside it (C(.former)) until M(mailjail.sendmail.sendmail_service) has proven the daemon, which puts it back
    if it does not hold.
  - The modules of C(community.crypto) are not used. Its current release leaves out hosts with Python 3.6, and they would take four remote runs.
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    details: The diff says what a file is (subject, names, end, fingerprint), never what is in it.
  idempotent:
    support: full
options:
  material:
    description: What the host is to have. It is one value because a plan makes it, and each value of a task is templated for itself.
    type: dict
    required: true
    suboptions:
      certificates:
        description:
          - V(given), texts or files of the controller that are put in place.
          - V(host), paths of files that somebody else looks after, such as an ACME client. They are judged and left alone; what leads from them to their
            authority is copied to C(ca.pem).
          - V(self-signed), made on the host, renewed there, and its key never leaves it.
        type: str
        choices: [given, host, self-signed]
        required: true
      directory:
        description: Where the files are put. It is made, C(root:root 0755).
        type: path
        required: true
      owner:
        description: As whom the daemon reads its key, to whom it belongs therefore.
        type: str
        default: root
      names:
        description: Names under which others know this host, its own first. A self-signed certificate carries all of them, any other should carry the first.
        type: list
        elements: str
        required: true
      pairs:
        description: The certificates with their keys. Of a self-signed one the name and the kind of key only.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description: The name of its file in O(material.directory), without C(.pem).
            type: str
            required: true
          certificate:
            description: PEM text, the path of a file on the controller, or with O(material.certificates=host) one on the host.
            type: str
          key:
            description: PEM text of its key, or the path of a file on the controller.
            type: str
          key_file:
            description: With O(material.certificates=host) the path of its key on the host.
            type: path
          chain:
            description: The same for what leads from the certificate to its authority, where the certificate's own text does not hold it.
            type: str
          key_type:
            description: The kind of key of a self-signed certificate.
            type: str
            choices: [ecdsa, rsa]
            default: ecdsa
      ca:
        description:
          - Trusted authorities, PEM text or a file of the controller. With O(material.certificates=host) an absolute path is one of the host, whose content
            is copied.
          - Those in O(material.ca_path) are trusted besides. Where that is no hashed directory (Red Hat), those of O(material.bundle) are, so that it means
            the same everywhere.
        type: str
      ca_path:
        description: The host's directory of trusted authorities, asked besides O(material.ca).
        type: path
      bundle:
        description: The host's own bundle of trusted authorities. C(ca.pem) holds it where there is no O(material.ca), or where O(material.ca_path) is not
          hashed.
        type: path
      relay_issuers:
        description: Names of issuers, as sendmail spells them, all of whose certificates let a client relay. Each has to be in O(material.ca), or it is
          refused.
        type: list
        elements: str
        default: []
      crl:
        description: One list of revoked certificates, PEM text or a file of the controller; of the host as with O(material.ca).
        type: str
      dh:
        description: Parameters of the key exchange, PEM text or a file of the controller; of the host as with O(material.ca).
        type: str
      present:
        description: Files and directories without which sendmail offers no STARTTLS, though it says nothing. A missing one is refused.
        type: list
        elements: path
        default: []
      days:
        description: For how many days a self-signed certificate is good.
        type: int
        default: 730
      renew_days:
        description: How many days before its end a self-signed certificate is made anew.
        type: int
        default: 30
      warn_days:
        description: How many days before its end any other is warned of.
        type: int
        default: 30
  openssl:
    description: The program.
    type: path
    default: /usr/bin/openssl
seealso:
  - module: mailjail.sendmail.sendmail_service
"""

EXAMPLES = r"""
- name: A certificate from the controller
  mailjail.sendmail.sendmail_tls:
    material:
      certificates: given
      directory: /etc/mail/tls/mailjail
      names: [mx.example.com]
      pairs:
        - name: server
          certificate: "{{ playbook_dir }}/files/mx.example.com.pem"
          key: "{{ mx_key }}"

- name: One that the host makes for itself
  mailjail.sendmail.sendmail_tls:
    material:
      certificates: self-signed
      directory: /etc/mail/tls/mailjail
      names: [mx.example.com, mail.example.com]
      pairs:
        - name: server
"""

RETURN = r"""
changes:
  description: What changed, or in check mode what would change.
  returned: success
  type: list
  elements: dict
  contains:
    path: {description: The file., type: str, sample: /etc/mail/tls/mailjail/server.pem}
    before: {description: What was there; empty if nothing was., type: str}
    after: {description: What is there now., type: str}
paths:
  description: The files that changed. A daemon that was started before is older than they are.
  returned: success
  type: list
  elements: str
certificates:
  description: The certificates that are in use.
  returned: success
  type: list
  elements: dict
  contains:
    path: {description: Its file., type: str}
    about: {description: 'Subject, names, end and fingerprint.', type: str}
"""

import os
import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk, tls, tls_host, tls_material, tls_names
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, SendmailError, UnsafePath, told
from ansible_collections.mailjail.sendmail.plugins.module_utils.quiet import quiet
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

PAIR = {"name": {"type": "str", "required": True}, "certificate": {"type": "str"}, "key": {"type": "str", "no_log": True},
        "key_file": {"type": "path", "no_log": False}, "chain": {"type": "str"},
        "key_type": {"type": "str", "choices": ["ecdsa", "rsa"], "default": "ecdsa", "no_log": False}}
MATERIAL = {
    "certificates": {"type": "str", "choices": ["given", "host", "self-signed"], "required": True},
    "directory": {"type": "path", "required": True}, "owner": {"type": "str", "default": "root"},
    "names": {"type": "list", "elements": "str", "required": True},
    "pairs": {"type": "list", "elements": "dict", "required": True, "options": PAIR},
    "ca": {"type": "str"}, "ca_path": {"type": "path"}, "bundle": {"type": "path"}, "crl": {"type": "str"}, "dh": {"type": "str"},
    "relay_issuers": {"type": "list", "elements": "str", "default": []},
    "present": {"type": "list", "elements": "path", "default": []},
    "days": {"type": "int", "default": 730}, "renew_days": {"type": "int", "default": 30}, "warn_days": {"type": "int", "default": 30},
}
SPEC = {
    "material": {"type": "dict", "required": True, "options": MATERIAL},
    "openssl": {"type": "path", "default": "/usr/bin/openssl"},
}
KINDS = {"ecdsa": "EC", "rsa": "RSA"}


class Material:
    """Everything that the module's options ask for, judged; nothing is written before all of it is."""

    def __init__(self, params, openssl, check_mode):
        self.params, self.check_mode, self.now = params, check_mode, time.time()
        self.openssl = tls_host.Openssl(Runner(), openssl)
        self.wanted, self.certificates, self.warnings, self.new, self.between = [], [], [], [], []
        self._present()
        self._check_days()
        own = self._authorities()
        for name, judge in (("crl", self._crl), ("dh", self.openssl.dh)):
            text = self._text(name)
            if text:
                self._want(name, text, judge(text, "sendmail_tls.%s" % name), "0644")
        for pair in params["pairs"]:
            getattr(self, "_" + params["certificates"].replace("-", "_"))(pair)
        if own or (params["pairs"] and params["certificates"] != "self-signed"):
            self._want_authorities(own)

    def _check_days(self):
        if self.params["certificates"] == "self-signed" and not 0 <= self.params["renew_days"] < self.params["days"]:
            raise InvalidValue("sendmail_tls.renew_days is %d and sendmail_tls.days is %d: a certificate would be made anew in every run. Expected fewer "
                               "days before its end than it is good for." % (self.params["renew_days"], self.params["days"]))

    def _authorities(self):
        """Judge the site's own authorities; return what is known of them, and remember all that are trusted by a file."""
        text = self._text("ca")
        own = self.openssl.authorities(text, "sendmail_tls.ca") if text else []
        self._check_relaying(own)
        self.ca, self.bundled = "".join(tls.blocks(text)), 0
        if self.params["bundle"] and not (own and tls_host.is_hashed(self.params["ca_path"] or "")):
            system = tls.blocks(tls_host.read_text(self.params["bundle"]))
            self.bundled = len(system)
            self.trusted = self.ca + "".join(system)
        else:
            self.trusted = self.ca
        return own

    def _check_relaying(self, own):
        subjects = set()
        for one in own:
            try:
                subjects.add(tls_names.sendmail_dn(one.subject))
            except InvalidValue:
                # A name that sendmail can not compare lets nobody relay.
                continue
        strange = [name for name in self.params["relay_issuers"] if name not in subjects]
        if strange:
            raise InvalidValue("sendmail_tls_relay: everybody with a certificate of the issuer %s may relay, and that issuer is none of sendmail_tls.ca, so it "
                               "certifies others than yours. Name the subjects that may, or put the issuer's certificate into sendmail_tls.ca." % strange[0])

    def _want_authorities(self, own):
        blocks = tls.distinct(tls.blocks(self.trusted) + self.between)
        about = ["%s until %s sha256 %s" % (one.subject, tls.day(one.ends), one.fingerprint) for one in own]
        about += ["%d authorities of %s" % (self.bundled, self.params["bundle"])] if self.bundled else []
        about += ["%d certificates in between" % len(tls.distinct(self.between))] if self.between else []
        self._want("ca", "".join(blocks), "; ".join(about), "0644")

    def _crl(self, text, place):
        return self.openssl.crl(text, place, self.now)

    def _text(self, name):
        value = self.params[name] or ""
        return tls_host.read_text(value) if value.startswith("/") and "-----BEGIN" not in value else value

    def _present(self):
        missing = [path for path in self.params["present"] if not os.path.exists(path)]
        if missing:
            raise UnsafePath("%s is not there. sendmail then offers no STARTTLS, and says nothing. It comes with the package ca-certificates; install "
                             "that, or name trusted authorities of your own (sendmail_tls.ca)." % " and ".join(missing), missing=missing)

    def _path(self, name):
        return os.path.join(self.params["directory"], name + ".pem")

    def _want(self, name, text, about, mode):
        owner = self.params["owner"] if mode == "0600" else "root"
        self.wanted.append(tls_host.Wanted(self._path(name), text.encode("utf-8"), owner, mode, "%s %s: %s" % (owner, mode, about)))

    def _judged(self, place, path, certificate, key):
        found, size = self.openssl.pair(certificate, key, place, self.now)
        self.warnings += tls.pair_warnings(place, found, self.params["names"], self.now, self.params["warn_days"])
        self.certificates.append({"path": path, "about": tls.describe(found, size)})
        self.between += self.openssl.between(certificate, place)
        wrong = self.openssl.verification(certificate, self.trusted if self.ca else "", self.params["ca_path"])
        if wrong and self.ca:
            raise InvalidValue("%s: the certificate (%s) does not lead to an authority in sendmail_tls.ca: %s. Give the certificates in between as chain, or "
                               "the authority that issued it." % (place, found.subject, wrong), path=place)
        if wrong:
            self.warnings.append("%s: the certificate (%s, issued by %s) leads to no authority that this host knows: %s. Peers that verify will refuse it." % (
                place, found.subject, found.issuer, wrong))
        return tls.describe(found, size)

    def _given(self, pair):
        place = "sendmail_tls (%s)" % pair["name"]
        for part in ("certificate", "key"):
            if not pair[part]:
                raise InvalidValue("%s: there is no %s. Give both certificate and key." % (place, part))
        chain = "".join(tls.blocks(pair["certificate"]) + tls.blocks(pair["chain"] or ""))
        about = self._judged(place, self._path(pair["name"]), chain, pair["key"])
        self._want(pair["name"], "".join(tls.key_blocks(pair["key"])) + chain, about, "0600")

    def _host(self, pair):
        reader = tls_host.Reader(self.params["owner"], self.check_mode)
        faults = tls.distinct(tls_host.file_faults(pair["key_file"], reader, True) + tls_host.file_faults(pair["certificate"], reader, False))
        if faults:
            raise UnsafePath(" ".join(faults), path=pair["key_file"], faults=faults)
        chain = pair["chain"] or ""
        chain = tls_host.read_text(chain) if chain.startswith("/") else chain
        self._judged(pair["certificate"], pair["certificate"], tls_host.read_text(pair["certificate"]) + "\n" + chain, tls_host.read_text(pair["key_file"]))

    def _self_signed(self, pair):
        path, kind, names = self._path(pair["name"]), KINDS[pair["key_type"]], self.params["names"]
        live = (disk.read(path) or b"").decode("utf-8", "replace")
        reason = "there is none yet" if not live else self._renewal(live, path, kind)
        if reason is None:
            about = self.certificates[-1]["about"]
            self._want(pair["name"], live, about, "0600")
            return
        about = "self-signed for %s, made anew: %s" % (", ".join(names), reason)
        self.new.append((pair["name"], kind, about))
        self.certificates.append({"path": path, "about": about})

    def _renewal(self, live, path, kind):
        try:
            found, size = self.openssl.pair(live, live, path, self.now)
        except InvalidValue as exc:
            return exc.message
        self.certificates.append({"path": path, "about": tls.describe(found, size)})
        reason = tls.renewal(found, size, self.params["names"], kind, self.now, self.params["renew_days"])
        if reason:
            self.certificates.pop()
        return reason

    def rows(self):
        """Return what differs, as ``(path, before, after)``."""
        place = self.params["directory"]
        if not self.wanted and not self.new:
            return []
        head = [] if os.path.isdir(place) and not disk.attribute_changes(place, "root", "root", "0755") else [
            (place, "" if not os.path.isdir(place) else "another owner or mode", "directory root:root 0755")]
        made = [(self._path(name), "another or none", about) for name, _kind, about in self.new]
        return head + tls_host.changes(self.wanted) + made

    def put(self, rows):
        """Write what differs; keys are made here and nowhere else."""
        place = self.params["directory"]
        disk.make_directory(place)
        disk.set_attributes(place, "root", "root", "0755")
        tls_host.remove_leftovers(place)
        tls_material.keep(row[0] for row in rows)
        tls_host.put(self.wanted, rows)
        for name, kind, _about in self.new:
            key, certificate = self.openssl.self_signed(self.params["names"], kind, self.params["days"], place)
            disk.write(self._path(name), (key + certificate).encode("ascii"), self.params["owner"], 0, "0600")


def run(module):
    """Judge everything, then write; return the module's result."""
    # What comes with a package that this run would install.
    params, openssl = module.params["material"], module.params["openssl"]
    packaged = [openssl] + [path for path in params["present"] if path == params["bundle"]]
    missing = [path for path in packaged if not os.path.exists(path)]
    if missing and module.check_mode:
        module.warn("%s is not there yet, so neither certificates nor keys were looked at." % missing[0])
        paths = [os.path.join(params["directory"], pair["name"] + ".pem") for pair in params["pairs"]]
        rows = [{"path": path, "before": "", "after": "yet to be judged"} for path in paths]
        return {"changed": True, "changes": rows, "paths": paths, "certificates": []}
    if openssl in missing:
        raise InvalidValue("%s is not there, and without it no certificate can be judged. Install the package openssl." % openssl)
    material = Material(params, openssl, module.check_mode)
    rows = material.rows()
    if rows and not module.check_mode:
        material.put(rows)
    for text in material.warnings:
        module.warn(text)
    result = {"changed": bool(rows), "changes": [dict(zip(("path", "before", "after"), row)) for row in rows], "paths": [row[0] for row in rows],
              "certificates": material.certificates}
    if rows:
        result["diff"] = dict((side, "".join("%s %s\n" % (row[0], row[place]) for row in rows if row[place])) for side, place in (("before", 1), ("after", 2)))
    return result


def main():
    """Read the options, do the work, tell the result."""
    module = quiet(AnsibleModule)(argument_spec=SPEC, supports_check_mode=True)
    try:
        module.exit_json(**run(module))
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))


if __name__ == "__main__":
    main()
