# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of sendmail's configuration language, as data: what may stand in an .mc file, in which order, since when, and of which type.

Everything here is true of the cf libraries 8.17.1 and 8.18.1; ``since`` names the first release where that is above the floor of 8.11.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import difflib
import ipaddress
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

# -- Types of values: the shape, and how it is said to a human. Shapes are matched whole.

LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
NAME = LABEL + r"(?:\." + LABEL + ")*"
WORD = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
PATH = r"/[A-Za-z0-9_./@%+=:~-]*"
HOST = r"(?:" + NAME + r"|\[" + NAME + r"\]|\[IPv6:[0-9A-Fa-f:.]+\])"
INTERVAL = r"[0-9]+(?:[smhdw][0-9]+)*[smhdw]?"
# All but program, which runs one as root for addresses that strangers send.
MAP_CLASS = "hash|btree|cdb|dbm|text|regex|dns|host|ldap|ldapx|nis|nisplus|hesiod|socket|sequence|switch|null|userdb|user|ph|stab|macro|arith|arpa|bestmx|" \
            "dequote|implicit"

TYPES = {
    "boolean": (r"(?i:t|true|f|false|y|yes|n|no)", "True or False"),
    "integer": (r"-?[0-9]{1,10}", "a whole number, digits only"),
    "size": (r"[0-9]{1,15}", "a number of bytes in digits only (sendmail reads 25M as 25)"),
    "interval": (INTERVAL, "an interval such as 30s, 5m, 1h30m or 5d"),
    "lifetime": (INTERVAL + "|now", "an interval such as 4h or 5d, or now"),
    "by": ("-?" + INTERVAL, "an interval such as 30m, or -1"),
    "mode": (r"0?[0-7]{3}", "an octal mode such as 0600"),
    "pair": (r"[0-9]+(?:/[0-9]+)?", "one or two numbers such as 256/128"),
    "word": (WORD, "one word of letters, digits and _ . + -"),
    "host": (HOST, "a host name such as mail.example.com, or an address in brackets such as [192.0.2.1] or [IPv6:2001:db8::1]"),
    "relay": (r"(?:[a-z][a-z0-9-]*:)?" + HOST + "(?::" + HOST + ")*", "a host, an address in brackets, or mailer:host such as relay:[mail.example.com]"),
    "domain": (r"\.?" + NAME, "a domain name such as example.com, or .example.com for what lies below"),
    "address": (r"[0-9A-Fa-f:.]+", "an IP address such as 192.0.2.1 or 2001:db8::1, without brackets"),
    "user": (r"[A-Za-z0-9_][A-Za-z0-9_.-]*\$?(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?", "a user, or user:group"),
    "mailbox": (r"[A-Za-z0-9_.+=-]+(?:@" + NAME + ")?", "a mailbox such as postmaster or postmaster@example.com"),
    "path": (PATH, "an absolute path of letters, digits and _ . / @ % + = : ~ -"),
    "paths": (PATH + "(?:," + PATH + ")?", "an absolute path, or two with a comma between"),
    "socket": (r"(?:(?:local|unix):" + PATH + r"|inet6?:[0-9]+@(?:" + NAME + r"|\[[0-9A-Fa-f:.]+\]))",
               "a socket such as local:/run/x.sock or inet:8891@127.0.0.1"),
    "class_file": (r"(?:-o )?" + PATH + r"(?: %\S+)?", "an absolute path, with -o before it if the file may be missing"),
    "map": (r"(?:" + MAP_CLASS + r")(?: [^\s|]\S*)*", "a map class, its flags and its path, such as hash -T<TMPF> /etc/mail/access"),
    "flags": (r"[+-]?[A-Za-z0-9:|/@%<>!?^.~#&*-]*", "mailer flags such as -:|/"),
    "auth_options": (r"[AacdfmpyV](?:[ ,]*[AacdfmpyV])*", "letters of A a c d f m p y, with commas between"),
    "tls_options": (r"[VC](?:[ ,]*[VC])*", "V, C or both"),
    "dh": (r"[512i]|none|" + PATH, "2, i, none or the absolute path of a file"),
    "service": (r"[0-9]{1,5}|[a-z][a-z0-9-]*", "a port number or the name of a service"),
}

NUMBERS = ("boolean", "integer", "size", "interval", "lifetime", "by", "mode", "pair")
# What is free text to sendmail; m4.py knows which characters survive in each.
FREE = ("any", "text", "list", "macros", "lookup", "greeting", "header")

ENUMS = {
    "eight_bit": ("mimify", "mime", "pass8", "pass", "strict", "m", "p", "s"),
    "delivery": ("background", "interactive", "queueonly", "queue", "deferred", "defer", "b", "i", "q", "d"),
    "error_mode": ("print", "quiet", "mail", "write", "p", "q", "m", "w", "e"),
    "super_safe": ("True", "False", "PostMilter", "Interactive", "t", "f", "m", "i", "y", "n", "yes", "no"),
    "sort_order": ("priority", "host", "time", "filename", "modification", "none", "random", "p", "h", "t", "f", "m", "n", "r"),
    "no_recipient": ("none", "add-to", "add-apparently-to", "add-to-undisclosed", "add-bcc"),
    "dane": ("true", "false", "always"),
    "probe": ("True", "False", "loopback"),
}

PRIVACY = ("public", "needmailhelo", "needexpnhelo", "needvrfyhelo", "noexpn", "novrfy", "noetrn", "noverb", "authwarnings", "restrictmailq", "restrictqrun",
           "restrictexpand", "noreceipts", "nobodyreturn", "goaway", "noactualrecipient")
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
WORD_LISTS = {"privacy": PRIVACY, "blame": BLAME}

# -- Statements: each with its place in the order of an .mc file.

SECTIONS = ("head", "OSTYPE", "DOMAIN", "define", "FEATURE", "names", "queue groups", "listeners", "milters", "MAILER", "mailer definitions", "local")
STATEMENTS = dict(
    [(name, section) for section, names in (
        (0, "include VERSIONID"), (1, "OSTYPE"), (2, "DOMAIN"), (3, "define undefine MODIFY_MAILER_FLAGS"), (4, "FEATURE HACK"),
        (5, "EXPOSED_USER EXPOSED_USER_FILE LOCAL_USER LOCAL_USER_FILE MASQUERADE_AS MASQUERADE_DOMAIN MASQUERADE_DOMAIN_FILE MASQUERADE_EXCEPTION "
            "MASQUERADE_EXCEPTION_FILE LOCAL_DOMAIN CANONIFY_DOMAIN CANONIFY_DOMAIN_FILE GENERICS_DOMAIN GENERICS_DOMAIN_FILE LDAPROUTE_DOMAIN "
            "LDAPROUTE_DOMAIN_FILE LDAPROUTE_EQUIVALENT LDAPROUTE_EQUIVALENT_FILE VIRTUSER_DOMAIN VIRTUSER_DOMAIN_FILE RELAY_DOMAIN RELAY_DOMAIN_FILE "
            "TRUST_AUTH_MECH"),
        (6, "QUEUE_GROUP"), (7, "DAEMON_OPTIONS CLIENT_OPTIONS"), (8, "MAIL_FILTER INPUT_MAIL_FILTER"), (9, "MAILER"), (10, "MAILER_DEFINITIONS"),
        (11, "LOCAL_CONFIG LOCAL_RULE_0 LOCAL_RULE_1 LOCAL_RULE_2 LOCAL_RULE_3 LOCAL_RULESETS LOCAL_SRV_FEATURES LOCAL_CLT_FEATURES LOCAL_TRY_TLS "
             "LOCAL_TLS_RCPT LOCAL_TLS_CLIENT LOCAL_TLS_SERVER LOCAL_DNSBL LOCAL_NET_CONFIG LOCAL_UUCP SITE SITECONFIG UUCPSMTP")) for name in names.split()])
# These open a part that runs to the next of them: raw lines for the .cf, no arguments.
PARTS = tuple(name for name, section in sorted(STATEMENTS.items()) if section >= 10 and name not in ("SITE", "SITECONFIG", "UUCPSMTP"))
# Arguments that name things, and of what kind; the rest of a statement's arguments is free.
ARGUMENTS = {
    "MASQUERADE_AS": "host", "MASQUERADE_DOMAIN": "domain", "MASQUERADE_EXCEPTION": "domain", "CANONIFY_DOMAIN": "domain", "GENERICS_DOMAIN": "domain",
    "VIRTUSER_DOMAIN": "domain", "LDAPROUTE_DOMAIN": "domain", "LDAPROUTE_EQUIVALENT": "domain",
    "EXPOSED_USER": "word", "LOCAL_USER": "word", "TRUST_AUTH_MECH": "word", "EXPOSED_USER_FILE": "class_file",
    "LOCAL_USER_FILE": "class_file", "MASQUERADE_DOMAIN_FILE": "class_file", "MASQUERADE_EXCEPTION_FILE": "class_file", "CANONIFY_DOMAIN_FILE": "class_file",
    "GENERICS_DOMAIN_FILE": "class_file", "LDAPROUTE_DOMAIN_FILE": "class_file", "LDAPROUTE_EQUIVALENT_FILE": "class_file",
    "VIRTUSER_DOMAIN_FILE": "class_file", "RELAY_DOMAIN_FILE": "class_file"}

# -- FEATURE(): arguments are kinds, or words to choose from after "="; "*" marks one that must be there.

Feature = collections.namedtuple("Feature", "args since until requires excludes instead forbidden")
Feature.__new__.__defaults__ = ((), None, None, (), (), None, None)

_TABLE = ("map",)
FEATURES = {
    "accept_unqualified_senders": Feature(forbidden="anyone may then send as a bare user name; give the internal listener the modifier u instead"),
    "accept_unresolvable_domains": Feature(forbidden="mail from domains that do not exist is then taken, and its bounces can not be delivered"),
    "access_db": Feature(args=("map", "=skip|lookupdotdomain|relaytofulladdress", "=skip|lookupdotdomain|relaytofulladdress",
                               "=skip|lookupdotdomain|relaytofulladdress")),
    "allmasquerade": Feature(),
    "always_add_domain": Feature(args=("domain",)),
    "authinfo": Feature(args=_TABLE, since=(8, 12)),
    "badmx": Feature(args=("any",), since=(8, 14)),
    "bcc": Feature(args=("any", "any", "any", "any")),
    "bestmx_is_local": Feature(args=("any",), forbidden="whoever points an MX record here makes this host take that domain for local"),
    "bitdomain": Feature(args=_TABLE),
    "blacklist_recipients": Feature(until=(8, 16), requires=("access_db",), instead="blocklist_recipients"),
    "block_bad_helo": Feature(since=(8, 14)),
    "blocklist_recipients": Feature(since=(8, 16), requires=("access_db",), instead="blacklist_recipients"),
    "check_cert_altnames": Feature(since=(8, 16)),
    "check_other": Feature(args=("any",), since=(8, 17)),
    "compat_check": Feature(since=(8, 12), requires=("access_db",)),
    "conncontrol": Feature(args=("=nodelay", "=terminate"), since=(8, 13), requires=("access_db",)),
    "delay_checks": Feature(args=("=friend|hater", "any")),
    "dnsbl": Feature(args=("*domain", "any", "any")),
    "domainmap": Feature(args=("*domain", "*map")),
    "domaintable": Feature(args=_TABLE),
    "drac": Feature(args=_TABLE),
    "enhdnsbl": Feature(args=("*domain",) + ("any",) * 8, since=(8, 12)),
    "fips3": Feature(args=("path", "path"), since=(8, 18)),
    "generics_entire_domain": Feature(requires=("genericstable",)),
    "genericstable": Feature(args=_TABLE),
    "greet_pause": Feature(args=("integer",), since=(8, 13), requires=("access_db",)),
    "ldap_routing": Feature(args=("lookup", "lookup", "=passthru|bounce|sendertoo", "=strip|preserve", "any", "=tempfail|queue")),
    "limited_masquerade": Feature(),
    "local_lmtp": Feature(args=("path", "any")),
    "local_no_masquerade": Feature(since=(8, 12)),
    "local_procmail": Feature(args=("path", "any", "flags")),
    "lookupdotdomain": Feature(since=(8, 12), requires=("access_db",), excludes=("relay_hosts_only",)),
    "loose_relay_check": Feature(forbidden="user%third.example@here is then relayed"),
    "mailertable": Feature(args=_TABLE),
    "masquerade_entire_domain": Feature(),
    "masquerade_envelope": Feature(),
    "msp": Feature(args=("host", "=MSA"), since=(8, 12)),
    "mtamark": Feature(args=("any", "any", "any"), since=(8, 13)),
    "no_default_msa": Feature(),
    "nocanonify": Feature(args=("=canonify_hosts",)),
    "nopercenthack": Feature(args=("*=reject|nospecial",), since=(8, 15)),
    "notsticky": Feature(forbidden="it does nothing since 8.7; leave it out"),
    "nouucp": Feature(args=("*=reject|nospecial",)),
    "nullclient": Feature(args=("*relay",)),
    "prefixmod": Feature(args=("*any", "*any")),
    "preserve_local_plus_detail": Feature(since=(8, 12)),
    "preserve_luser_host": Feature(since=(8, 12)),
    "promiscuous_relay": Feature(forbidden="the host relays for everyone: an open relay, found and abused within hours"),
    "queuegroup": Feature(args=("word",), since=(8, 12), requires=("access_db",)),
    "ratecontrol": Feature(args=("=nodelay", "=terminate"), since=(8, 13), requires=("access_db",)),
    "redirect": Feature(),
    "relay_based_on_MX": Feature(forbidden="whoever points an MX record here may relay through this host"),
    "relay_entire_domain": Feature(forbidden="every host that claims a name in the domain may relay; name networks in the access map instead"),
    "relay_hosts_only": Feature(excludes=("lookupdotdomain",)),
    "relay_local_from": Feature(forbidden="a sender address is easily forged: an open relay for whoever writes our domain in it"),
    "relay_mail_from": Feature(args=("=domain",), requires=("access_db",), forbidden="a sender address is easily forged: an open relay for whoever knows one"),
    "require_rdns": Feature(since=(8, 14)),
    "rhsbl": Feature(args=("*domain", "any", "any")),
    "smrsh": Feature(args=("path",)),
    "stickyhost": Feature(),
    "sts": Feature(args=("map", "=NO_SAN_TST"), since=(8, 17)),
    "tls_failures": Feature(since=(8, 16), until=(8, 17),
                            forbidden="it is now the option confTLS_FALLBACK_TO_CLEAR, and falling back to clear text is a downgrade"),
    "tls_session_features": Feature(since=(8, 16), requires=("access_db",)),
    "use_client_ptr": Feature(since=(8, 13)),
    "use_ct_file": Feature(),
    "use_cw_file": Feature(),
    "uucpdomain": Feature(args=_TABLE),
    "virtuser_entire_domain": Feature(requires=("virtusertable",)),
    "virtusertable": Feature(args=_TABLE),
    "vnet": Feature(forbidden="it routes IBM's VNET of the nineties"),
}
# These bring mailers in themselves, so nothing that must come before MAILER() may follow them.
BRINGS_MAILERS = {"nullclient": ("local", "smtp"), "msp": ("local",)}
HACKS = ("cssubdomain", "debian_auth", "dnsblaccess", "msp_nullclient", "nodns", "spamtrap", "virthost_by_ip", "xconnect")

# -- MAILER(): what each file defines, and what must stand before it.

Mailer = collections.namedtuple("Mailer", "names after")
MAILERS = {
    "cyrus": Mailer(("cyrus", "cyrusbb"), ()), "cyrusv2": Mailer(("cyrusv2",), ()), "fax": Mailer(("fax",), ()), "local": Mailer(("local", "prog"), ()),
    "mail11": Mailer(("mail11",), ()), "phquery": Mailer(("ph",), ()), "pop": Mailer(("pop",), ()), "procmail": Mailer(("procmail",), ()),
    "qpage": Mailer(("qpage",), ()), "smtp": Mailer(("smtp", "esmtp", "smtp8", "dsmtp", "relay"), ()), "ssh": Mailer(("ssh",), ()),
    "usenet": Mailer(("usenet",), ()), "uucp": Mailer(("uucp-old", "uucp", "uucp-new", "suucp", "uucp-uudom", "uucp-dom"), ("smtp",)),
    "xagent": Mailer(("xagent",), ())}
BUILT_IN_MAILERS = ("error", "discard", "*file*", "*include*", "prog", "local")

# -- define(`conf...'): name, option (or what it becomes), type, since.

Define = collections.namedtuple("Define", "option type since")


def _defines(table):
    """Read the rows ``name option type [since]``; ``-`` stands for no option."""
    found = {}
    for row in table.strip().splitlines():
        name, option, kind = row.split()[:3]
        since = tuple(int(part) for part in row.split()[3].split(".")) if len(row.split()) > 3 else None
        found["conf" + name] = Define(None if option == "-" else option, kind, since)
    return found


DEFINES = _defines("""
ALIAS_WAIT AliasWait interval
ALLOW_BOGUS_HELO AllowBogusHELO boolean
AUTH_MAX_BITS AuthMaxBits integer 8.12
AUTH_MECHANISMS AuthMechanisms list
AUTH_OPTIONS AuthOptions auth_options
AUTH_REALM AuthRealm text 8.13
BAD_RCPT_THROTTLE BadRcptThrottle integer 8.12
BIND_OPTS ResolverOptions list
BLANK_SUB BlankSub any
CACERT CACertFile path
CACERT_PATH CACertPath path
CERT_FINGERPRINT_ALGORITHM CertFingerprintAlgorithm word 8.15
CF_VERSION $Z text
CHECKPOINT_INTERVAL CheckpointInterval integer
CHECK_ALIASES CheckAliases boolean
CIPHER_LIST CipherList text 8.15
CLIENT_CERT ClientCertFile paths
CLIENT_KEY ClientKeyFile paths
CLIENT_SSL_OPTIONS ClientSSLOptions list 8.15
COLON_OK_IN_ADDR ColonOkInAddr boolean
CONNECTION_RATE_THROTTLE ConnectionRateThrottle integer
CONNECTION_RATE_WINDOW_SIZE ConnectionRateWindowSize interval 8.13
CONNECT_ONLY_TO ConnectOnlyTo address
CONTROL_SOCKET_NAME ControlSocketName path
CON_EXPENSIVE HoldExpensive boolean
COPY_ERRORS_TO PostmasterCopy mailbox
CRL CRLFile path 8.13
CRL_PATH CRLPath path 8.16
CR_FILE FR class_file
CT_FILE Ft class_file
CW_FILE Fw class_file
DANE DANE dane 8.16
DEAD_LETTER_DROP DeadLetterDrop path
DEF_AUTH_INFO DefaultAuthInfo path
DEF_CHAR_SET DefaultCharSet word
DEF_USER_ID DefaultUser user
DELAY_LA DelayLA integer 8.12
DELIVERY_MODE DeliveryMode delivery
DELIVER_BY_MIN DeliverByMin by 8.12
DEQUOTE_OPTS - any 8.12
DF_BUFFER_SIZE DataFileBufferSize size
DH_PARAMETERS DHParameters dh
DIAL_DELAY DialDelay interval
DIRECT_SUBMISSION_MODIFIERS DirectSubmissionModifiers flags 8.12
DOMAIN_NAME $j any
DONT_BLAME_SENDMAIL DontBlameSendmail blame
DONT_EXPAND_CNAMES DontExpandCnames boolean
DONT_INIT_GROUPS DontInitGroups boolean
DONT_PROBE_INTERFACES DontProbeInterfaces probe
DONT_PRUNE_ROUTES DontPruneRoutes boolean
DOUBLE_BOUNCE_ADDRESS DoubleBounceAddress mailbox
EBINDIR - path
EIGHT_BIT_HANDLING EightBitMode eight_bit
ERROR_MESSAGE ErrorHeader text
ERROR_MODE ErrorMode error_mode
FALLBACK_MX FallbackMXhost host
FALLBACK_SMARTHOST FallbackSmartHost host 8.13
FAST_SPLIT FastSplit integer 8.12
FORWARD_PATH ForwardPath any
FROM_HEADER H header
FROM_LINE UnixFromLine greeting
HELO_NAME HeloName host 8.14
HOSTS_FILE HostsFile path
HOST_STATUS_DIRECTORY HostStatusDirectory any
IGNORE_DOTS IgnoreDots boolean
INPUT_MAIL_FILTERS InputMailFilters list
LDAP_CLUSTER ${sendmailMTACluster} text 8.12
LDAP_DEFAULT_SPEC LDAPDefaultSpec list
LOCAL_MAILER - word
LOG_LEVEL LogLevel integer
MAILBOX_DATABASE MailboxDatabase word 8.12
MAILER_NAME $n any
MATCH_GECOS MatchGECOS boolean
MAX_ALIAS_RECURSION MaxAliasRecursion integer
MAX_DAEMON_CHILDREN MaxDaemonChildren integer
MAX_HEADERS_LENGTH MaxHeadersLength size
MAX_HOP MaxHopCount integer
MAX_MESSAGE_SIZE MaxMessageSize size
MAX_MIME_HEADER_LENGTH MaxMimeHeaderLength pair
MAX_NOOP_COMMANDS MaxNOOPCommands integer 8.14
MAX_QUEUE_AGE MaxQueueAge interval 8.15
MAX_QUEUE_CHILDREN MaxQueueChildren integer 8.12
MAX_QUEUE_RUN_SIZE MaxQueueRunSize integer
MAX_RCPTS_PER_MESSAGE MaxRecipientsPerMessage integer
MAX_RUNNERS_PER_QUEUE MaxRunnersPerQueue integer 8.12
MCI_CACHE_SIZE ConnectionCacheSize integer
MCI_CACHE_TIMEOUT ConnectionCacheTimeout interval
MESSAGEID_HEADER H header 8.13
ME_TOO MeToo boolean
MILTER_LOG_LEVEL Milter.LogLevel integer 8.12
MILTER_MACROS_CONNECT Milter.macros.connect list 8.12
MILTER_MACROS_DATA Milter.macros.data list 8.14
MILTER_MACROS_ENVFROM Milter.macros.envfrom list 8.12
MILTER_MACROS_ENVRCPT Milter.macros.envrcpt list 8.12
MILTER_MACROS_EOH Milter.macros.eoh list 8.14
MILTER_MACROS_EOM Milter.macros.eom list 8.13
MILTER_MACROS_HELO Milter.macros.helo list 8.12
MIME_FORMAT_ERRORS SendMimeErrors boolean
MIN_FREE_BLOCKS MinFreeBlocks integer
MIN_QUEUE_AGE MinQueueAge interval
MUST_QUOTE_CHARS MustQuoteChars any
NICE_QUEUE_RUN NiceQueueRun integer 8.12
NO_RCPT_ACTION NoRecipientAction no_recipient
OLD_STYLE_HEADERS OldStyleHeaders boolean
OPENSSL_CNF - path 8.18
OPERATORS OperatorChars any
PID_FILE PidFile path
PRIVACY_FLAGS PrivacyOptions privacy
PROCESS_TITLE_PREFIX ProcessTitlePrefix text
QUEUE_FACTOR QueueFactor integer
QUEUE_FILE_MODE QueueFileMode mode 8.12
QUEUE_LA QueueLA integer
QUEUE_SORT_ORDER QueueSortOrder sort_order
RAND_FILE RandFile any
RCPTREJ_MSG - macros
RECEIVED_HEADER H header
REFUSE_LA RefuseLA integer
REJECT_LOG_INTERVAL RejectLogInterval interval 8.13
REJECT_MSG - macros 8.12
REJECT_NUL RejectNUL boolean
RELAY_MAILER - word
RELAY_MSG - macros 8.12
REQUIRES_DIR_FSYNC RequiresDirfsync boolean 8.13
RRT_IMPLIES_DSN RrtImpliesDsn boolean
RUN_AS_USER RunAsUser user
SAFE_FILE_ENV SafeFileEnvironment path
SAFE_QUEUE SuperSafe super_safe
SAVE_FROM_LINES SaveFromLine boolean
SEPARATE_PROC ForkEachJob boolean
SERVER_CERT ServerCertFile paths
SERVER_KEY ServerKeyFile paths
SERVER_SSL_OPTIONS ServerSSLOptions list 8.15
SERVICE_SWITCH_FILE ServiceSwitchFile path
SEVEN_BIT_INPUT SevenBitInput boolean
SHARED_MEMORY_KEY SharedMemoryKey integer 8.12
SHARED_MEMORY_KEY_FILE SharedMemoryKeyFile path 8.14
SINGLE_LINE_FROM_HEADER SingleLineFromHeader boolean
SINGLE_THREAD_DELIVERY SingleThreadDelivery boolean
SMTP_LOGIN_MSG SmtpGreetingMessage greeting
SMTP_MAILER - word
SOFT_BOUNCE SoftBounce boolean 8.14
SSL_ENGINE SSLEngine word 8.16
SSL_ENGINE_PATH SSLEnginePath path 8.16
TEMP_FILE_MODE TempFileMode mode
TIME_ZONE TimeZoneSpec any
TLS_FALLBACK_TO_CLEAR TLSFallbacktoClear boolean 8.16
TLS_SRV_OPTIONS TLSSrvOptions tls_options 8.12
TO_ACONNECT Timeout.aconnect interval 8.12
TO_AUTH Timeout.auth interval 8.12
TO_COMMAND Timeout.command interval
TO_CONNECT Timeout.connect interval
TO_CONTROL Timeout.control interval
TO_DATABLOCK Timeout.datablock interval
TO_DATAFINAL Timeout.datafinal interval
TO_DATAINIT Timeout.datainit interval
TO_FILEOPEN Timeout.fileopen interval
TO_HELO Timeout.helo interval
TO_HOSTSTATUS Timeout.hoststatus interval
TO_ICONNECT Timeout.iconnect interval
TO_IDENT Timeout.ident interval
TO_INITIAL Timeout.initial interval
TO_LHLO Timeout.lhlo interval 8.12
TO_MAIL Timeout.mail interval
TO_MISC Timeout.misc interval
TO_QUEUERETURN Timeout.queuereturn lifetime
TO_QUEUERETURN_DSN Timeout.queuereturn.dsn lifetime 8.13
TO_QUEUERETURN_NONURGENT Timeout.queuereturn.non-urgent lifetime
TO_QUEUERETURN_NORMAL Timeout.queuereturn.normal lifetime
TO_QUEUERETURN_URGENT Timeout.queuereturn.urgent lifetime
TO_QUEUEWARN Timeout.queuewarn interval
TO_QUEUEWARN_DSN Timeout.queuewarn.dsn interval 8.13
TO_QUEUEWARN_NONURGENT Timeout.queuewarn.non-urgent interval
TO_QUEUEWARN_NORMAL Timeout.queuewarn.normal interval
TO_QUEUEWARN_URGENT Timeout.queuewarn.urgent interval
TO_QUIT Timeout.quit interval
TO_RCPT Timeout.rcpt interval
TO_RESOLVER_RETRANS Timeout.resolver.retrans interval
TO_RESOLVER_RETRANS_FIRST Timeout.resolver.retrans.first interval
TO_RESOLVER_RETRANS_NORMAL Timeout.resolver.retrans.normal interval
TO_RESOLVER_RETRY Timeout.resolver.retry integer
TO_RESOLVER_RETRY_FIRST Timeout.resolver.retry.first integer
TO_RESOLVER_RETRY_NORMAL Timeout.resolver.retry.normal integer
TO_RSET Timeout.rset interval
TO_STARTTLS Timeout.starttls interval 8.12
TRUSTED_USER TrustedUser user
TRUSTED_USERS Ct any
TRY_NULL_MX_LIST TryNullMXList boolean
USERDB_SPEC UserDatabaseSpec any
USE_COMPRESSED_IPV6_ADDRESSES UseCompressedIPv6Addresses boolean 8.15
USE_ERRORS_TO UseErrorsTo boolean
USE_MSP UseMSP boolean 8.12
UUCP_MAILER - word
WORK_CLASS_FACTOR ClassFactor integer
WORK_RECIPIENT_FACTOR RecipientFactor integer
WORK_TIME_FACTOR RetryFactor integer
XF_BUFFER_SIZE XscriptFileBufferSize size
""")
# Names that only raise a complaint of the cf library today, and what to write instead.
REMOVED = {"confAUTO_REBUILD": "nothing: aliases are rebuilt by newaliases", "confDAEMON_OPTIONS": "DAEMON_OPTIONS()", "confCLIENT_OPTIONS": "CLIENT_OPTIONS()",
           "confDEF_GROUP_ID": "confDEF_USER_ID with user:group", "confREAD_TIMEOUT": "the confTO_ names", "confMESSAGE_TIMEOUT": "confTO_QUEUERETURN",
           "confUNSAFE_GROUP_WRITES": "confDONT_BLAME_SENDMAIL"}

# -- define() of what is no option: files, mailers, relay hosts, switches.

_RELAYS = "SMART_HOST MAIL_HUB LOCAL_RELAY LUSER_RELAY UUCP_RELAY BITNET_RELAY DECNET_RELAY FAX_RELAY"
VARIABLES = {"ALIAS_FILE": "any", "HELP_FILE": "path", "QUEUE_DIR": "path", "MSP_QUEUE_DIR": "path", "STATUS_FILE": "path", "MAIL_SETTINGS_DIR": "path",
             "DATABASE_MAP_TYPE": "any", "LOCAL_SHELL_DIR": "any", "PROCMAIL_PATH": "path", "CYRUS_MAILER_USER": "user", "SSH_MAILER_USER": "user",
             "SSH_MAILER_HOST": "host", "SSH_MAILER_DIR": "any", "SSH_PATH": "path", "SSH_REMOTE_COMMAND": "any", "TLS_PERM_ERR": "any", "DNSBL_MAP": "any",
             "DNSBL_MAP_OPT": "any", "EDNSBL_TO": "integer", "MTAMARK_TO": "integer", "NO_VENDOR": "any", "VENDOR_NAME": "word", "UUCP_MAX_SIZE": "size",
             "LOCAL_MAILER_DSN_DIAGNOSTIC_CODE": "word", "LOCAL_MAILER_EOL": "any", "LOCAL_PROG_QGRP": "word", "NO_NETINET6": "any",
             "DOMAINMAP_NO_REGEX": "any", "TEMPFILE": "any", "USE_CW_FILE": "any", "CYRUS_BB_MAILER_ARGS": "any", "CYRUS_BB_MAILER_FLAGS": "flags"}
VARIABLES.update((name, "relay") for name in _RELAYS.split())
VARIABLES["LUSER_RELAY"] = "any"
for _family in "LOCAL_MAILER LOCAL_SHELL SMTP_MAILER ESMTP_MAILER SMTP8_MAILER DSMTP_MAILER RELAY_MAILER USENET_MAILER UUCP_MAILER FAX_MAILER POP_MAILER " \
               "PROCMAIL_MAILER MAIL11_MAILER PH_MAILER CYRUS_MAILER CYRUSV2_MAILER QPAGE_MAILER SSH_MAILER XAGENT_MAILER".split():
    for _tail, _kind in (("PATH", "path"), ("FLAGS", "flags"), ("ARGS", "any"), ("MAX", "size"), ("MAXMSGS", "integer"), ("MAXRCPTS", "integer"),
                         ("CHARSET", "word"), ("QGRP", "word"), ("LL", "integer")):
        VARIABLES[_family + "_" + _tail] = _kind
# The cf library's own names: no setting, yet m4 replaces them wherever they stand.
INTERNAL = frozenset("CF_LEVEL CHKORX CLT_FEAT_TAG CNF_MSG CONCAT DANE_MSG DANE_NOTLS_MSG DANE_TEMP_MSG DEBIAN_DEBUG DEBIAN_MSP DEBIAN_MTA DOL LOCAL_RWR "
                     "MASQUERADE_NAME POPDIVERT PROT_MSG PUSHDIVERT SM_CPYRT SM_DATE SM_MAXVERS SM_MINVERS SM_VERS SRV_FEAT_TAG SW_MSG TLS_CLT_TAG "
                     "TLS_DSNCODE TLS_ERRCODE TLS_ERRORS TLS_RCPT_TAG TLS_SRV_TAG TLS_TRY_TAG lower strcasecmp".split())
# What a vendor's OSTYPE or DOMAIN sets, where a check has to know it.
VENDOR_DEFINES = {("DOMAIN", "debian-mta"): {"confSAFE_FILE_ENV": "/"}}

# -- DAEMON_OPTIONS and CLIENT_OPTIONS: sendmail looks at a key's first letter only and takes any spelling in silence.

DAEMON_KEYS = {"Name": "word", "Port": "service", "Addr": "any", "Family": "any", "InputMailFilters": "any", "Listen": "integer", "Modifiers": "any",
               "SndBufSize": "size", "RcvBufSize": "size", "children": "integer", "DeliveryMode": "delivery", "refuseLA": "integer", "delayLA": "integer",
               "queueLA": "integer"}
CLIENT_KEYS = {"Port": "service", "Addr": "any", "Family": "any", "SndBufSize": "size", "RcvBufSize": "size", "Modifiers": "any"}
KEY_SPELLINGS = {"Address": "Addr", "Modifier": "Modifiers", "SendBufferSize": "SndBufSize", "ReceiveBufferSize": "RcvBufSize", "SendSize": "SndBufSize",
                 "ReceiveSize": "RcvBufSize", "InputMailFilter": "InputMailFilters"}
DAEMON_MODIFIERS = {
    "a": "every client must authenticate", "b": "send from the interface that took the mail", "c": "canonify host names",
    "f": "refuse unqualified addresses", "s": "TLS from the first byte", "u": "accept unqualified addresses", "A": "no AUTH", "C": "never canonify host names",
    "E": "no ETRN", "O": "go on where the socket can not be opened", "S": "no STARTTLS"}
CLIENT_MODIFIERS = {"h": "the interface's name in HELO", "A": "no AUTH", "S": "no STARTTLS"}
OPPOSITES = ("aA", "cC", "fu", "sS")
FAMILIES = ("inet", "inet6", "local", "unix")


def nearest(word, words):
    """Return `` Did you mean X?`` for a misspelt word, or an empty string."""
    close = difflib.get_close_matches(word, sorted(words), 1, 0.75)
    return " Did you mean %s?" % close[0] if close else ""


def expected(kind, value):
    """Hold a value against a type.

    :param str kind: a name of ``TYPES``, ``ENUMS``, ``WORD_LISTS`` or ``FREE``.
    :returns: None when it fits, else what was expected, in words.
    """
    if kind in FREE:
        return None
    if kind in ENUMS:
        fits = value.lower() in [word.lower() for word in ENUMS[kind]]
        return None if fits else "one of " + ", ".join(word for word in ENUMS[kind] if len(word) > 1)
    if kind in WORD_LISTS:
        return _unknown_words(WORD_LISTS[kind], re.split(r"[\s,]+", value.strip()))
    shape, words = TYPES[kind]
    if not re.fullmatch(shape, value) or not _sound(kind, value):
        return words
    return None


def _unknown_words(known, words):
    known = [word.lower() for word in known]
    wrong = [word for word in words if word and word.lower() not in known]
    return "words that sendmail knows (not %s)%s" % (", ".join(wrong), nearest(wrong[0].lower(), known)) if wrong else None


def _sound(kind, value):
    """Say what a pattern can not: an address must be one, a path must not climb, and a bare address is no host name."""
    if kind in ("path", "paths", "class_file") and ".." in value.split("/"):
        return False
    if kind in ("host", "relay", "domain", "mailbox"):
        bracketed = re.findall(r"\[(?:IPv6:)?([^\]]*)\]", value)
        bare = re.sub(r"\[[^\]]*\]", "", value)
        return all(_is_address(text) for text in bracketed if re.search(r":|^[0-9.]+$", text)) and not re.search(r"(?:^|[.:@])[0-9]+(?=$|:)", bare) \
            and len(bare) <= 253
    return kind != "address" or _is_address(value)


def _is_address(text):
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def check_define(name, value):
    """Hold the value of a define() against the type of its name, since sendmail takes bad integers and booleans in silence.

    :param str name: such as ``confMAX_HOP`` or ``SMART_HOST``; the cf library's internal ``_NAMES_`` pass.
    :param value: text, number or truth value.
    :raises InvalidValue: unknown or removed name, or a value of another type.
    """
    text = str(value)
    if name in REMOVED:
        raise InvalidValue("%s is no longer valid; use %s." % (name, REMOVED[name]), define=name)
    kind = DEFINES[name].type if name in DEFINES else VARIABLES.get(name)
    if kind is None and name.startswith("_"):
        return
    if kind is None:
        raise InvalidValue("%s is no name that sendmail knows, so its value would be dropped without a word.%s" % (
            name, nearest(name, list(DEFINES) + list(VARIABLES))), define=name)
    # An empty name, path or text unsets the option; an empty number or switch means something else to each option.
    wanted = expected(kind, text) if text or kind in NUMBERS or kind in ENUMS else None
    if wanted:
        raise InvalidValue("%s is '%s'; expected %s." % (name, text[:80], wanted), define=name, expected=wanted)


def option_of(define):
    """Return the .cf name of a define, or None."""
    return DEFINES[define].option if define in DEFINES else None


def check_daemon_options(text, client=False):
    """Hold the argument of DAEMON_OPTIONS (or CLIENT_OPTIONS) against its keys and modifiers.

    :param str text: such as ``Name=MTA, Port=25, Addr=192.0.2.1, M=fE``.
    :returns: dict of canonical key -> value.
    :raises InvalidValue: an unknown key, a value of the wrong type, modifiers that contradict each other or would reject the world.
    """
    keys, macro = (CLIENT_KEYS, "CLIENT_OPTIONS") if client else (DAEMON_KEYS, "DAEMON_OPTIONS")
    found = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        name = _key(key, keys)
        if not equals or name is None:
            raise InvalidValue("%s: '%s' is no key=value that sendmail knows.%s Keys are %s." % (
                macro, part.strip(), nearest(key, keys), ", ".join(sorted(keys))), key=key)
        if name in found:
            raise InvalidValue("%s: %s is given twice (sendmail takes only the first letter of a key). Keep one." % (macro, name), key=key)
        wanted = expected(keys[name], value)
        if wanted:
            raise InvalidValue("%s: %s is '%s'; expected %s." % (macro, key, value, wanted), key=key, expected=wanted)
        found[name] = value
    _check_family(macro, found)
    _check_modifiers(macro, found, CLIENT_MODIFIERS if client else DAEMON_MODIFIERS, client)
    return found


def _key(key, keys):
    if key in KEY_SPELLINGS:
        return KEY_SPELLINGS[key]
    whole = [name for name in keys if name.lower() == key.lower() and name[0] == key[:1]]
    short = [name for name in keys if len(key) == 1 and name[0] == key]
    return (whole or short or [None])[0]


def _check_family(macro, found):
    family, address = found.get("Family", "inet"), found.get("Addr", "")
    if family not in FAMILIES:
        raise InvalidValue("%s: Family is '%s'; expected one of %s." % (macro, family, ", ".join(FAMILIES)), key="Family")
    if address and family in ("inet", "inet6"):
        if _is_address(address) and (":" in address) != (family == "inet6"):
            raise InvalidValue("%s: address %s does not belong to Family=%s. Write Family=%s." % (
                macro, address, family, "inet6" if ":" in address else "inet"), key="Addr")
        if expected("address", address) and expected("host", address):
            raise InvalidValue("%s: address '%s' is none; expected %s." % (macro, address, TYPES["address"][1]), key="Addr")


def _check_modifiers(macro, found, known, client):
    letters = found.get("Modifiers", "")
    wrong = [letter for letter in letters if letter not in known]
    if wrong:
        raise InvalidValue("%s: modifier '%s' is unknown; known are %s." % (
            macro, wrong[0], "; ".join("%s %s" % pair for pair in sorted(known.items()))), key="Modifiers")
    for pair in OPPOSITES:
        if set(pair) <= set(letters):
            raise InvalidValue("%s: modifiers %s and %s contradict each other (%s; %s). Keep one." % (
                macro, pair[0], pair[1], known[pair[0]], known[pair[1]]), key="Modifiers")
    if not client and "a" in letters and found.get("Port", "25") in ("25", "smtp"):
        raise InvalidValue("%s: modifier a on port 25 refuses every mail server of the world, for none of them can authenticate here. "
                           "Use it on port 587 or 465 only." % macro, key="Modifiers")
