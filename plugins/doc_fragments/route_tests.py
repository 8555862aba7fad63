# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The language of route tests, said once for the modules that take them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment:
    """The option C(route_tests); the fragment C(mailjail.sendmail.route_tests)."""

    DOCUMENTATION = r"""
options:
  route_tests:
    description:
      - What must be true of the configuration; the real sendmail is asked in its test mode, so nothing is delivered and nothing has to listen.
      - Each test says who sends what, and expects something. See the guide C(docs/route-tests.md) for what test mode can not see.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What the test shows, for messages.
        type: str
      client_address:
        description: Address of the connecting client, one address and no network.
        type: str
        default: 192.0.2.1
      client_name:
        description: Name that the address resolves to; without it the client has no reverse name.
        type: str
      client_resolve:
        description:
          - How the resolution of the client's name ended, V(forged) if the name does not lead back to the address, V(temp) if no name server answered.
          - Without it V(ok) if there is a O(route_tests[].client_name), else V(fail).
        type: str
        choices: [fail, forged, ok, temp]
      helo:
        description: Name that the client gives in its greeting; without it the name of the client.
        type: str
      listener:
        description: Name of the listener that the client speaks to, as in C(DaemonPortOptions); without it the one on port 25.
        type: str
      authenticated:
        description: The client has authenticated itself.
        type: dict
        suboptions:
          as:
            description: Name of the user.
            type: str
            required: true
          mechanism:
            description: SASL mechanism.
            type: str
            default: PLAIN
          bits:
            description: Bits of the security layer of the mechanism; those in use today have none.
            type: int
            default: 0
      tls:
        description: The session is encrypted. An empty dictionary is TLS without a certificate of the client.
        type: dict
        suboptions:
          version:
            description: Version of the protocol.
            type: str
            default: TLSv1.3
          cipher:
            description: Cipher suite.
            type: str
            default: TLS_AES_256_GCM_SHA384
          bits:
            description: Bits of the key.
            type: int
            default: 256
          verify:
            description:
              - Result of the verification of the client's certificate, V(NO) if it showed none, V(NOT) if none was asked for.
              - Without it V(OK) if there is a O(route_tests[].tls.subject), else V(NO).
            type: str
            choices: ["OK", "NO", "NOT", "FAIL"]
          subject:
            description: Distinguished name of the client's certificate, such as V(/C=ES/CN=joe).
            type: str
          issuer:
            description: Distinguished name of its issuer.
            type: str
      sender:
        description: Sender, in the envelope and in the header; an empty one is the null sender, V(<>).
        type: str
        default: "<>"
      recipient:
        description: Recipient, or several; the same is expected of each.
        type: list
        elements: str
        required: true
      size:
        description: Size of the message in bytes, for a ruleset C(check_eom).
        type: int
      expect:
        description: The verdict. A message that is thrown away (V(discarded)) or held (V(quarantined)) is accepted as far as the client can tell.
        type: str
        choices: [accepted, refused, deferred, discarded, quarantined]
      code:
        description: SMTP code of a refusal, such as V(550).
        type: str
      status:
        description: Enhanced status code of a refusal, such as V(5.7.1).
        type: str
      text:
        description: A part of the text of the refusal.
        type: str
      mailer:
        description: Mailer that the recipient is routed to; V(error) where the address itself is refused.
        type: str
      host:
        description: Host that the recipient is routed to, as in the mailertable.
        type: str
      envelope_sender:
        description: The sender in the envelope as it leaves.
        type: str
      envelope_recipient:
        description: The recipient in the envelope as it leaves, or the name that a local mailer gets.
        type: str
      header_sender:
        description: The sender as it leaves in the header.
        type: str
      header_recipient:
        description: The recipient as it leaves in the header.
        type: str
"""
