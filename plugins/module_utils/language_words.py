# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words and letters inside values: privacy flags, file checks, features of a session, TLS and AUTH options, log levels, macros, classes. Data."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

# name -> meaning; an order that means something is kept.
PRIVACY = collections.OrderedDict((
    ("public", "nothing is hidden"), ("needmailhelo", "HELO before MAIL"), ("needexpnhelo", "HELO before EXPN"), ("needvrfyhelo", "HELO before VRFY"),
    ("noexpn", "no EXPN, and so no VERB"), ("novrfy", "no VRFY"), ("noetrn", "no ETRN"), ("noverb", "no VERB"),
    ("authwarnings", "X-Authentication-Warning: headers"), ("restrictmailq", "mailq for root and the queue's group only"),
    ("restrictqrun", "queue runs for root and the queue's owner only"), ("restrictexpand", "-bv for root and trusted users only"),
    ("noreceipts", "no success DSN"), ("nobodyreturn", "no message body in bounces"),
    ("goaway", "all but noreceipts, restrictmailq, restrictqrun, restrictexpand, noetrn, nobodyreturn"),
    ("noactualrecipient", "no X-Actual-Recipient in DSNs"),
))
# Relaxations of file safety that weaken nothing, or that an auditor may accept.
TOLERABLE_BLAME = ("safe", "DontWarnForwardFileInUnsafeDirPath", "GroupReadableKeyFile", "GroupReadableSASLDBFile", "GroupReadableDefaultAuthInfoFile")
BLAME = TOLERABLE_BLAME + tuple(
    "AssumeSafeChown CertOwner ClassFileInUnsafeDirPath ErrorHeaderInUnsafeDirPath FileDeliveryToHardLink FileDeliveryToSymLink "
    "ForwardFileInGroupWritableDirPath ForwardFileInUnsafeDirPath ForwardFileInUnsafeDirPathSafe GroupWritableAliasFile GroupWritableDirPathSafe "
    "GroupWritableForwardFile GroupWritableForwardFileSafe GroupWritableIncludeFile GroupWritableIncludeFileSafe GroupWritableSASLDBFile "
    "HelpFileInUnsafeDirPath IncludeFileInGroupWritableDirPath IncludeFileInUnsafeDirPath IncludeFileInUnsafeDirPathSafe InsufficientEntropy "
    "LinkedAliasFileInWritableDir LinkedClassFileInWritableDir LinkedForwardFileInWritableDir LinkedIncludeFileInWritableDir LinkedMapInWritableDir "
    "LinkedServiceSwitchFileInWritableDir MapInUnsafeDirPath NonRootSafeAddr RunProgramInUnsafeDirPath RunWritableProgram TrustStickyBit "
    "WorldWritableAliasFile WorldWritableForwardFile WorldWritableIncludeFile WriteMapToHardLink WriteMapToSymLink WriteStatsToHardLink "
    "WriteStatsToSymLink".split())

# letter -> (first release, capital, small letter).
SRV_FEATURES = collections.OrderedDict((
    ("A", (None, "no AUTH", "AUTH is offered")), ("B", (None, "no VERB", "VERB is offered")),
    ("C", (None, "plaintext AUTH without TLS", "plaintext AUTH only behind TLS")), ("D", (None, "no DSN", "DSN is offered")),
    ("E", (None, "no ETRN", "ETRN is offered")), ("F", ((8, 18), "no protection from stuffed transactions", "the session ends at a stuffed transaction")),
    ("G", ((8, 18), "a bare LF ends a line", "a bare LF is refused; g2 makes it a blank")),
    ("H", ((8, 17), "", "the session ends at a verb of HTTP")), ("L", (None, "AUTH is not required", "AUTH is required")),
    ("O", ((8, 18), "a dot on a line of its own always ends the message", "only between two CRLF")),
    ("P", (None, "no PIPELINING", "PIPELINING is offered")), ("S", (None, "no STARTTLS", "STARTTLS is offered")),
    ("U", ((8, 18), "a bare CR ends a line", "a bare CR is refused; u2 makes it a blank")),
    ("V", (None, "no client certificate is asked for", "a client certificate is asked for")), ("X", (None, "no EXPN", "EXPN is offered")),
))
# Never for everyone: each opens the door to smuggled messages.
SMUGGLING = "FGOU"
CLT_FEATURES = collections.OrderedDict((("D", "no DANE with this server"), ("M", "no MTA-STS with this server")))
TLS_FEATURE_KEYS = collections.OrderedDict((
    ("Options", "as confSERVER_SSL_OPTIONS"), ("CipherList", "for TLS up to 1.2"), ("CipherSuites", "for TLS 1.3"),
    ("CertFile", "certificate; together with KeyFile"),
    ("KeyFile", "key; together with CertFile"), ("Flags", "R a CRL for each certificate; c, C no or a fallback to clear text; d no DANE"),
))
AUTH_OPTIONS = collections.OrderedDict((
    ("A", "AUTH= behind MAIL only after authentication (client)"), ("a", "no mechanism open to active attacks"),
    ("c", "only mechanisms that pass on credentials"), ("d", "no mechanism open to passive dictionary attacks"), ("f", "forward secrecy"),
    ("m", "both sides prove who they are"), ("p", "no PLAIN or LOGIN without a security layer"), ("y", "no anonymous mechanism"),
))
TLS_SRV_OPTIONS = collections.OrderedDict((("V", "no client certificate is asked for"), ("C", "a server without a certificate: never")))
DH_PARAMETERS = collections.OrderedDict((("2", "2048 bits, generated"), ("i", "2048 bits, built in"), ("none", "no DH"), ("/file", "from a file")))
BROKEN_DH = collections.OrderedDict((("1", "1024 bits: too few"), ("5", "512 bits: broken")))
# Which of them a host knows depends on its OpenSSL, too; a number stands for its bits.
SSL_OPTIONS = tuple("SSL_OP_" + word for word in (
    "ALL ALLOW_NO_DHE_KEX ALLOW_UNSAFE_LEGACY_RENEGOTIATION CIPHER_SERVER_PREFERENCE CISCO_ANYCONNECT COOKIE_EXCHANGE CRYPTOPRO_TLSEXT_BUG "
    "DONT_INSERT_EMPTY_FRAGMENTS ENABLE_MIDDLEBOX_COMPAT EPHEMERAL_RSA LEGACY_SERVER_CONNECT MICROSOFT_BIG_SSLV3_BUFFER MICROSOFT_SESS_ID_BUG "
    "MSIE_SSLV2_RSA_PADDING NETSCAPE_CA_DN_BUG NETSCAPE_CHALLENGE_BUG NETSCAPE_DEMO_CIPHER_CHANGE_BUG NETSCAPE_REUSE_CIPHER_CHANGE_BUG NO_ANTI_REPLAY "
    "NO_COMPRESSION NO_ENCRYPT_THEN_MAC NO_QUERY_MTU NO_RENEGOTIATION NO_SESSION_RESUMPTION_ON_RENEGOTIATION NO_SSLv2 NO_SSLv3 NO_TICKET NO_TLSv1 "
    "NO_TLSv1_1 NO_TLSv1_2 NO_TLSv1_3 PKCS1_CHECK_1 PKCS1_CHECK_2 PRIORITIZE_CHACHA SINGLE_DH_USE SINGLE_ECDH_USE SSLEAY_080_CLIENT_DH_BUG "
    "SSLREF2_REUSE_CERT_TYPE_BUG TLSEXT_PADDING TLS_BLOCK_PADDING_BUG TLS_D5_BUG TLS_ROLLBACK_BUG".split()))
VERIFY = collections.OrderedDict((
    ("OK", "verified"), ("TRUSTED", "verified by DANE"), ("NO", "no certificate was shown"), ("NOT", "none was asked for"), ("FAIL", "shown, but not verified"),
    ("NONE", "STARTTLS was not used"), ("CLEAR", "STARTTLS failed, and clear text was used"), ("TEMP", "a failure for a while"),
    ("PROTOCOL", "the SMTP dialogue failed"), ("CONFIG", "tls_*_features failed"), ("SOFTWARE", "the handshake failed"), ("DANE_FAIL", "DANE says no"),
    ("DANE_TEMP", "DANE could not be asked"), ("DANE_NOTLS", "DANE wants TLS, and there is none"),
))
LOG_LEVELS = collections.OrderedDict((
    (0, "next to nothing"), (1, "serious failures and security"), (2, "lost connections"), (3, "malformed addresses, failures with forward files"),
    (4, "refusals by check_ rules, other small failures"), (5, "statistics of received messages"), (6, "error messages, VRFY, EXPN"),
    (7, "failed deliveries"), (8, "deliveries, rebuilt aliases"), (9, "deferred deliveries: the default"), (10, "map lookups, authentication"),
    (11, "NIS errors, ends of jobs"), (12, "each SMTP connection"), (13, "bad shells and file modes"), (14, "refused connections"),
    (15, "each SMTP command"), (20, "locked queue files"), (30, "lost locks"), (64, "above it, debugging"),
))
MACROS = collections.OrderedDict((
    ("{client_addr}", "address of the client"), ("{client_name}", "its name, or the address in brackets"),
    ("{client_resolve}", "whether name and address agree: OK, FAIL, FORGED, TEMP"), ("{client_rate}", "its connections in the window"),
    ("{client_connections}", "its connections now"), ("{daemon_name}", "name of the listener"), ("{daemon_port}", "its port"),
    ("{if_addr}", "address that was called"), ("{auth_type}", "mechanism"), ("{auth_authen}", "who authenticated"), ("{auth_author}", "as whom"),
    ("{verify}", "state of TLS"), ("{cipher}", "cipher"), ("{tls_version}", "protocol"), ("{cert_issuer}", "issuer of the certificate"),
    ("{cert_subject}", "its subject"), ("{cn_subject}", "its CN"), ("{mail_mailer}", "mailer of the sender"), ("{rcpt_mailer}", "mailer of the recipient"),
    ("{rcpt_host}", "host of the recipient"), ("{rcpt_addr}", "address part of the recipient"), ("{msg_size}", "size that the client announced"),
    ("{nrcpts}", "number of recipients"), ("{quarantine}", "reason of the quarantine"), ("{ntries}", "number of tries"), ("{envid}", "DSN envelope id"),
    ("{currHeader}", "header being checked"), ("{hdrlen}", "its length"), ("{time}", "now, in seconds"), ("{deliveryMode}", "delivery mode"),
    ("{addr_type}", "what kind of address is rewritten"), ("{alg_bits}", "bits of the cipher's algorithm"), ("{server_name}", "server being called"),
))
CLASSES = collections.OrderedDict((
    ("w", "names of this host: what is local"), ("t", "trusted users"), ("R", "domains for and from which mail is relayed"), ("M", "masqueraded domains"),
    ("N", "exceptions from masquerading"),
    ("E", "users who keep their host"), ("L", "users who are never sent to the relay"), ("G", "domains of the genericstable"),
    ("VirtHost", "domains of the virtusertable"), ("LDAPRoute", "domains routed by LDAP"), ("LDAPRouteEquiv", "hosts looked up as the masquerade's name"),
    ("Canonify", "domains that are canonified all the same"), ("TrustAuthMech", "mechanisms whose users may relay"), ("m", "own domain"), ("k", "UUCP names"),
    ("B", "domains of bestmx_is_local"), ("P", "pseudo domains such as REDIRECT"), ("n", "names of bounces' senders"), ("e", "encodings that may be sent"),
    ("q", "MIME types not to be encoded"), ("s", "MIME types to be read inside"),
))
# letter -> name, type of the value, meaning. sendmail looks at the first letter only.
Equate = collections.namedtuple("Equate", "name type meaning")
QUEUE_EQUATES = collections.OrderedDict((
    ("P", Equate("Path", "text", "directory below the queue's")), ("F", Equate("Flags", "flags", "f: one process for each runner")),
    ("N", Equate("Nice", "integer", "by how much it gives way")), ("I", Equate("Interval", "interval", "from run to run")),
    ("R", Equate("Runners", "integer", "processes of a run")), ("J", Equate("Jobs", "integer", "messages of a run")),
    ("r", Equate("recipients", "integer", "recipients of an envelope")),
))
MILTER_FAILURES = collections.OrderedDict((("R", "refuse"), ("T", "refuse for a while"), ("4", "close the session")))
MILTER_EQUATES = collections.OrderedDict((
    ("S", Equate("Socket", "text", "local:/path, unix:/path, inet:port@host, inet6:port@host")),
    ("F", Equate("Flags", "milter_failure", "when it fails: %s; without it mail passes unfiltered" % ", ".join(
        "%s %s" % pair for pair in MILTER_FAILURES.items()))),
    ("T", Equate("Timeouts", "milter_timeouts", "with semicolons between: C connect, S send, R read, E end of message")),
))
MILTER_TIMEOUTS = collections.OrderedDict((("C", "5m"), ("S", "10s"), ("R", "10s"), ("E", "5m")))
# Letters behind F= of a mailer; sendmail takes any other in silence.
MAILER_FLAGS = collections.OrderedDict((
    ("S", "keeps root's rights"), ("o", "runs as the owner of the mailbox"), ("w", "the user must exist here"), ("A", "aliases are looked up"),
    (":", ":include: files are read"), ("|", "programs are run"), ("/", "files are written"), ("@", "the user database is asked"),
    ("X", "a dot at the start of a line is doubled"),
    ("e", "expensive: queued, not called at once"), ("m", "several recipients at once"), ("n", "no From line before the message"),
    ("s", "quotes are taken off"), ("B", "backslashes before a user are taken off"), ("l", "local"), ("D", "wants a Date: header"),
    ("F", "wants a From: header"), ("M", "wants a Message-Id: header"), ("P", "wants a Return-Path: header"), ("x", "wants a Full-Name: header"),
    ("v", "wants a Content-Length: header"), ("u", "capitals of a user stay"), ("h", "capitals of a host stay"), ("5", "ruleset localaddr for local names"),
    ("7", "8-bit text loses its eighth bit"), ("8", "8-bit text is sent as it is"), ("9", "7-bit text becomes 8-bit"),
    ("6", "headers lose their eighth bit"), ("3", "more characters are encoded (EBCDIC)"), ("a", "ESMTP is tried first"), ("2", "ESMTP is never tried"),
    ("k", "no loop check by HELO"), ("z", "LMTP"), ("q", "250 as answer to VRFY"), ("%", "only on a queue run by hand"),
    ("W", "no memory of whether a host answered"), ("Z", "pauses before a second call (DialDelay)"), ("0", "no MX records"), ("1", "no NUL bytes"),
    ("b", "an empty line at the end"), ("c", "no remarks in addresses"), ("C", "addresses without a domain get the sender's"),
    ("d", "no angle brackets around routes"), ("E", "From at the start of a line becomes >From"), ("f", "-f and the sender are arguments"),
    ("r", "-r and the sender are arguments"), ("g", "bounces come from MAILER-DAEMON, not from <>"), ("i", "the user database rewrites senders"),
    ("j", "the user database rewrites recipients"), ("I", "the other side is sendmail"), ("K", "kept for later"), ("L", "long lines are broken"),
    ("p", "the sender as a route"), ("R", "from a port below 1024"), ("U", "From lines of UUCP"), ("H", "MAIL11: headers first"),
    ("N", "MAIL11: several answers to DATA"), ("~", "the home directory must be there (IRIX)"), ("!", "a From: of the site stays"),
))
# What MODIFY_MAILER_FLAGS calls them: SHELL is the mailer prog, CYRUS and UUCP are each a family.
FLAGGED_MAILERS = ("LOCAL", "SHELL", "SMTP", "ESMTP", "SMTP8", "DSMTP", "RELAY", "UUCP", "PROCMAIL", "CYRUS", "CYRUSV2", "POP", "PH", "MAIL11", "QPAGE",
                   "USENET", "SSH")
