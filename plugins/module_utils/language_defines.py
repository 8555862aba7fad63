# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""define(): every conf* name and every other name that the cf library reads, with its type, as data."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

# needs: the compile flag without which sendmail refuses the option, or takes it and does nothing.
Define = collections.namedtuple("Define", "option type since flag")

# The first line of a row: name without conf, option of the .cf (- for none), type, first release, compile flag. Below it for people: sendmail's default, the
# meaning, and what a hardened host has; an exclamation mark says that security depends on it.
_DEFINES = """
ALIAS_WAIT AliasWait interval
  10m | how long to wait for alias rebuild
ALLOW_BOGUS_HELO AllowBogusHELO boolean
  False | accept HELO without name | ! False; HELO checks need an argument
AUTH_MAX_BITS AuthMaxBits integer 8.12 SASL
  INT_MAX | cap on SASL layer
AUTH_MECHANISMS AuthMechanisms list - SASL
  EXTERNAL GSSAPI KERBEROS_V4 DIGEST-MD5 CRAM-MD5 | SASL mechanisms offered/used | ! PLAIN LOGIN only behind TLS (p flag), or SCRAM-SHA-256 / EXTERNAL; drop
  DIGEST-MD5, CRAM-MD5, NTLM, ANONYMOUS, KERBEROS_V4
AUTH_OPTIONS AuthOptions auth_options - SASL
  undefined | SASL flags | ! p,y on servers (p: no plaintext without TLS, y: no anonymous), A for clients; a,d,f,m exclude PLAIN and SCRAM combinations: only
  if the mechanism list allows
AUTH_REALM AuthRealm text 8.13 SASL
  undefined | SASL realm | ! explicit if sasldb is used; default $j changes with renames and breaks logins
BAD_RCPT_THROTTLE BadRcptThrottle integer 8.12
  infinite | sleep after N bad RCPT | ! 1..5: directory harvest
BIND_OPTS ResolverOptions list
  undefined | resolver flags | ! site dependent; WorkAroundBrokenAAAA only if needed; -DNSRCH -DEFNAMES on gateways stops search-list expansion of recipient
  domains
BLANK_SUB BlankSub any
  . | replacement for blanks in unquoted addresses
CACERT CACertFile path - STARTTLS
  undefined | CA file | ! must exist, root 0644; missing file silently removes STARTTLS
CACERT_PATH CACertPath path - STARTTLS
  undefined | hashed CA directory | ! must exist (may be empty), root 0755; missing path silently removes STARTTLS
CERT_FINGERPRINT_ALGORITHM CertFingerprintAlgorithm word 8.15 STARTTLS
  undefined | digest for cert fingerprint | ! SHA256; fingerprints are used for policy decisions
CF_VERSION $Z text
  none | text appended to the version macro $Z | ! empty or neutral; $Z appears in banner and Received
CHECKPOINT_INTERVAL CheckpointInterval integer
  10 | rewrite queue file every N recipients | 10
CHECK_ALIASES CheckAliases boolean
  False | validate alias targets at rebuild | ! True on small alias files; catches dead targets early
CIPHER_LIST CipherList text 8.15 STARTTLS
  undefined | TLS <= 1.2 cipher string | ! HIGH:!aNULL:!eNULL:!EXPORT:!RC4:!3DES:!MD5:!PSK:!SRP or EDH/ECDHE AEAD only; TLS 1.3 is not affected
CLIENT_CERT ClientCertFile paths - STARTTLS
  undefined | client cert | ! as server certificate; only if the smart host asks
CLIENT_KEY ClientKeyFile paths - STARTTLS
  undefined | client key | ! root 0600; key theft
CLIENT_SSL_OPTIONS ClientSSLOptions ssl_options 8.15 STARTTLS
  undefined | SSL_OP flags client | ! same protocol floor as the server side; old protocols towards peers
COLON_OK_IN_ADDR ColonOkInAddr boolean
  True unless Configuration Level > 6 | colon parsing
CONNECTION_RATE_THROTTLE ConnectionRateThrottle integer
  undefined | accepted connections per second and daemon | ! 3-20 per second; 0 means unlimited forking under a flood
CONNECTION_RATE_WINDOW_SIZE ConnectionRateWindowSize interval 8.13
  60s | window for ClientRate | ! 60s (up to 10m for stricter control); basis of ClientRate limits
CONNECT_ONLY_TO ConnectOnlyTo address
  undefined | test override | ! unset; a test setting that would divert all mail
CONTROL_SOCKET_NAME ControlSocketName path
  undefined | management socket | ! unset, or in a 0700 root directory; the socket can stop and restart the daemon
CON_EXPENSIVE HoldExpensive boolean
  False | queue instead of connecting for expensive mailers
COPY_ERRORS_TO PostmasterCopy mailbox
  undefined | address copied on every error | ! empty: leaks content and multiplies load
CRL CRLFile path 8.13 STARTTLS
  undefined | CRL file | ! only with a refresh job; a stale CRL fails verification, a missing one is merely logged
CRL_PATH CRLPath path 8.16 STARTTLS
  undefined | hashed CRL dir (8.16+) | ! optional; as CRLFile, hashed directory (8.16+)
CR_FILE FR class_file
  /etc/mail/relay-domains | path of class R file | ! root:root 0644, minimal; prefer tagged access entries; each line grants relaying incl. subdomains
CT_FILE Ft class_file
  /etc/mail/trusted-users | path of class t file | ! root:root 0644, empty or unused on a gateway; members may forge the envelope sender silently
CW_FILE Fw class_file
  /etc/mail/local-host-names | path of class w file | ! root:root 0644 in a directory nobody else can write; what is "local" decides relaying and delivery
DANE DANE dane 8.16 DANE
  false | outbound DANE (false/true) | ! True with a local validating resolver, 8.18+ (8.16/8.17: 3-1-x only)
DEAD_LETTER_DROP DeadLetterDrop path
  undefined | file for undeliverable bounces | ! unset, or 0600 root file; contains private mail; ignored under SafeFileEnvironment
DEF_AUTH_INFO DefaultAuthInfo path - SASL
  undefined | deprecated client auth file | ! do not use, authinfo map instead; deprecated and unusable for the MSP
DEF_CHAR_SET DefaultCharSet word
  unknown-8bit | charset for unlabeled 8-bit
DEF_USER_ID DefaultUser user
  1:1 | uid:gid for mailers without U= | ! dedicated unprivileged account (EL 8:12 = mail:mail, Debian mail:mail, default 1:1 = daemon); never root, never
  smmsp
DELAY_LA DelayLA integer 8.12
  0 | load at which commands are slowed | ! slightly below RefuseLA; degrade before refusing
DELIVERY_MODE DeliveryMode delivery
  background | background, interactive, queue, defer | ! background; queue on milter-heavy or overload-prone gateways so that listeners never deliver
DELIVER_BY_MIN DeliverByMin by 8.12
  0 | DELIVERBY advertisement | ! -1 disables the extension (less surface, less disclosure)
DEQUOTE_OPTS - any 8.12
  empty | dequote map flags
DF_BUFFER_SIZE DataFileBufferSize size
  4096 | memory buffer data
DH_PARAMETERS DHParameters dh - STARTTLS
  undefined | DH params | ! 2 (2048 built in) or a >= 2048-bit file; never 5 (512) or 1 (1024)
DIAL_DELAY DialDelay interval
  0s | dial-up delay
DIRECT_SUBMISSION_MODIFIERS DirectSubmissionModifiers flags 8.12
  undefined | daemon flags for command-line mail
DOMAIN_NAME $j any
  none | force $j (own FQDN) when the resolver cannot | ! set explicitly on hosts with short or split names: wrong $j leaks internal names, breaks loops
  detection, HELO and AUTH realm
DONT_BLAME_SENDMAIL DontBlameSendmail blame
  safe | relax file checks | ! safe (empty); allow only GroupReadableKeyFile / GroupReadableSASLDBFile / DontWarnForwardFileInUnsafeDirPath with a waiver
DONT_EXPAND_CNAMES DontExpandCnames boolean
  False | keep CNAMEs | True plausible; default rewrites addresses through CNAME
DONT_INIT_GROUPS DontInitGroups boolean
  False | skip initgroups | ! True for MSP; True on hosts without local users
DONT_PROBE_INTERFACES DontProbeInterfaces probe
  False | do not add interface names to class w | ! true/loopback on gateways with explicit local-host-names; avoids unexpected local domains from PTR records
DONT_PRUNE_ROUTES DontPruneRoutes boolean
  False | keep source routes | ! False: pruning removes source-route relaying tricks
DOUBLE_BOUNCE_ADDRESS DoubleBounceAddress mailbox
  postmaster | target of double bounces | ! watched mailbox (postmaster) or empty to drop on high-spam gateways
EBINDIR - path
  the sendmail package's | directory of mail.local and smrsh | only as the distribution has it
EIGHT_BIT_HANDLING EightBitMode eight_bit
  pass8 | policy for 8-bit data (mimify, pass8, strict) | ! pass8; mimify breaks DKIM signatures
ERROR_MESSAGE ErrorHeader text
  undefined | header text/file for bounces | ! do not add internal details
ERROR_MODE ErrorMode error_mode
  print | how errors are reported
FALLBACK_MX FallbackMXhost host
  undefined | last resort MX
FALLBACK_SMARTHOST FallbackSmartHost host 8.13
  undefined | smart host if no MX/A at all
FAST_SPLIT FastSplit integer 8.12
  1 | suppress MX lookup sorting, submission limit | 1
FORWARD_PATH ForwardPath any
  $z/.forward.$w:$z/.forward | where .forward is searched | ! empty on gateways and null clients; hub: $z/.forward only or /var/forward/$u; user-controlled
  programs/files
FROM_HEADER H header
  name <addr> form | format of generated From:
FROM_LINE UnixFromLine greeting
  From $g $d | mbox From_ format
HELO_NAME HeloName host 8.14
  $j | name in EHLO | ! public FQDN with matching rDNS; internal name leak, rejects by peers
HOSTS_FILE HostsFile path
  /etc/hosts | hosts path
HOST_STATUS_DIRECTORY HostStatusDirectory any
  undefined | persistent host status | ! .hoststat inside the queue, 0700; traffic profile
IGNORE_DOTS IgnoreDots boolean
  False; always False in -bs or -bd mode | ignore lone dot terminator | ! False; alternative end-of-message handling is the smuggling class of bug
INPUT_MAIL_FILTERS InputMailFilters list - MILTER
  none | order of milters | ! explicit order; it resets what INPUT_MAIL_FILTER collected earlier
LDAP_CLUSTER ${sendmailMTACluster} text 8.12
  none | cluster name for LDAP maps
LDAP_DEFAULT_SPEC LDAPDefaultSpec list - LDAPMAP
  undefined | LDAP defaults | ! ldaps/StartTLS URI, bind DN, secret file (-P) 0600; never a password in the cf
LOCAL_MAILER - word
  local | mailer used for local delivery | null gateway: leave local but pair with smrsh/safe LDA
LOG_LEVEL LogLevel integer
  9 | syslog verbosity | ! >= 9; 10 adds AUTH/map expansion, 14 logs refusals; 15+ logs message/AUTH commands
MAILBOX_DATABASE MailboxDatabase word 8.12
  pw | user lookup | pw
MAILER_NAME $n any
  MAILER-DAEMON | name used as sender of internally generated mail
MATCH_GECOS MatchGECOS boolean
  False | fuzzy match of recipient to GECOS names | ! False: user guessing/enumeration, wrong delivery
MAX_ALIAS_RECURSION MaxAliasRecursion integer
  10 | alias depth | ! 10; loop amplification
MAX_DAEMON_CHILDREN MaxDaemonChildren integer
  undefined | max concurrent children | ! explicit, e.g. 40-200; 0 = unlimited fork DoS. Does not bound background deliveries
MAX_HEADERS_LENGTH MaxHeadersLength size
  32768 | sum of header bytes | ! 32768 (0 would disable); memory and parser abuse
MAX_HOP MaxHopCount integer
  25 | hop limit | ! 25 (EL); 50 at most; Debian sets 100 - loop amplification
MAX_MESSAGE_SIZE MaxMessageSize size
  infinite | largest message accepted (0 = no limit) | ! 26214400 (25 MiB) or site value; unlimited is a disk DoS; announced in EHLO SIZE
MAX_MIME_HEADER_LENGTH MaxMimeHeaderLength pair
  undefined | MIME header field limits | ! 256/128: protects MUAs from overlong parameters
MAX_NOOP_COMMANDS MaxNOOPCommands integer 8.14
  20 | tolerated useless commands | ! 4-20; slows scanners
MAX_QUEUE_AGE MaxQueueAge interval 8.15
  undefined | exponential retry ceiling
MAX_QUEUE_CHILDREN MaxQueueChildren integer 8.12
  undefined | global queue runner cap | ! 10-50; unlimited queue runners exhaust memory
MAX_QUEUE_RUN_SIZE MaxQueueRunSize integer
  0 | cap on one queue run | 0, or bound memory on giant queues
MAX_RCPTS_PER_MESSAGE MaxRecipientsPerMessage integer
  infinite | recipients per transaction | ! 100 (RFC minimum) .. 1000; unlimited = harvesting and amplification
MAX_RUNNERS_PER_QUEUE MaxRunnersPerQueue integer 8.12
  1 | runners per work group | 1-5
MCI_CACHE_SIZE ConnectionCacheSize integer
  2 | open connection cache | 2 (max 4)
MCI_CACHE_TIMEOUT ConnectionCacheTimeout interval
  5m | cache age
MESSAGEID_HEADER H header 8.13
  <$t.$i@$j> | format of generated Message-Id
ME_TOO MeToo boolean
  True | sender included in expansions
MILTER_LOG_LEVEL Milter.LogLevel integer 8.12 MILTER
  9 | milter log level | 9
MILTER_MACROS_CONNECT Milter.macros.connect list 8.12 MILTER
  list | macros sent | add {client_resolve}, {client_name}...as filters need
MILTER_MACROS_DATA Milter.macros.data list 8.14 MILTER
  none | macros sent
MILTER_MACROS_ENVFROM Milter.macros.envfrom list 8.12 MILTER
  list | macros sent | ! add {auth_type},{auth_authen} for signing decisions
MILTER_MACROS_ENVRCPT Milter.macros.envrcpt list 8.12 MILTER
  list | macros sent
MILTER_MACROS_EOH Milter.macros.eoh list 8.14 MILTER
  none | macros sent
MILTER_MACROS_EOM Milter.macros.eom list 8.13 MILTER
  list | macros sent
MILTER_MACROS_HELO Milter.macros.helo list 8.12 MILTER
  list | macros sent
MIME_FORMAT_ERRORS SendMimeErrors boolean
  True | bounces in MIME
MIN_FREE_BLOCKS MinFreeBlocks integer
  100 | free blocks on queue fs below which mail is refused | ! size of 2-3 max messages per child, e.g. 100000+; disk-full DoS
MIN_QUEUE_AGE MinQueueAge interval
  0 | min time between tries | ! 27m typical; stops retry storms
MUST_QUOTE_CHARS MustQuoteChars any
  .' | chars to quote in phrases | ! . (drop the quote char) recommended with DKIM signing so that headers are not rewritten
NICE_QUEUE_RUN NiceQueueRun integer 8.12
  undefined | nice of queue runners
NO_RCPT_ACTION NoRecipientAction no_recipient
  none | no recipient header | ! add-to-undisclosed or none: add-to discloses Bcc recipients
OLD_STYLE_HEADERS OldStyleHeaders boolean
  True | old header list separators
OPENSSL_CNF - path 8.18 STARTTLS
  /etc/mail/sendmail.ossl | OPENSSL_CONF for the process (8.18) | ! keep /etc/mail/sendmail.ossl root 0644, or empty to follow the system crypto policy
OPERATORS OperatorChars any
  .:%@!^/[]+ | tokeniser separators | ! unchanged (removing ! or % defeats the reject checks)
PID_FILE PidFile path
  system dependent | pid file path | ! root directory, matches the unit; pid spoofing, failing systemd tracking
PRIVACY_FLAGS PrivacyOptions privacy
  authwarnings | privacy option list | ! authwarnings,goaway,noetrn,nobodyreturn,noreceipts,restrictmailq,restrictqrun,restrictexpand (see C15); each blocks
  disclosure or forced work
PROCESS_TITLE_PREFIX ProcessTitlePrefix text
  undefined | ps prefix
QUEUE_FACTOR QueueFactor integer
  600000 | slope for queue-only decision
QUEUE_FILE_MODE QueueFileMode mode 8.12
  undefined | mode of queue files | ! unset/0600 on the MTA queue; 0660 only in MSP queue
QUEUE_LA QueueLA integer
  varies | load at which mail is only queued | ! explicit; default of 8 x CPUs is computed from host CPUs in containers
QUEUE_SORT_ORDER QueueSortOrder sort_order
  Priority | queue order | host or random on big queues
RAND_FILE RandFile any - STARTTLS
  undefined | random source | ! unset; kernel randomness is used
RCPTREJ_MSG - macros
  550 5.2.1 Mailbox disabled for this recipient | text for recipients that access rejects | ! neutral text
RECEIVED_HEADER H header
  long format with ($v/$Z) | format of Received: | ! may drop ($v/$Z) to hide the version (optional; keep from/by/id/for intact, RFC 5321 trace)
REFUSE_LA RefuseLA integer
  varies | load at which connections are refused | ! explicit, above QueueLA; default 12 x CPUs, same problem
REJECT_LOG_INTERVAL RejectLogInterval interval 8.13
  3h | how often refusal is logged
REJECT_MSG - macros 8.12
  550 Access denied | text for access REJECT | ! neutral text; do not describe the policy to the client
REJECT_NUL RejectNUL boolean - _FFR_REJECT_NUL_BYTE
  True where compiled in (Debian) | refuse messages with NUL bytes | ! True; NUL ends a string for many a reader
RELAY_MAILER - word
  relay | mailer used for relay hosts | relay
RELAY_MSG - macros 8.12
  550 Relaying denied | text for relay refusal | ! neutral text; same
REQUIRES_DIR_FSYNC RequiresDirfsync boolean 8.13
  true | dir fsync | true
RRT_IMPLIES_DSN RrtImpliesDsn boolean
  False | Return-Receipt-To means DSN | ! False; avoids receipts triggered by a header
RUN_AS_USER RunAsUser user
  undefined | drop uid after start | ! unset on hubs; optional on pure gateways without file/prog deliveries. Incompatible with SafeFileEnvironment
SAFE_FILE_ENV SafeFileEnvironment path
  undefined | chroot for file deliveries | ! /var/mailjail; minimum / (= regular files only). Not with RunAsUser
SAFE_QUEUE SuperSafe super_safe
  True | fsync policy (True, PostMilter, Interactive, False) | ! True; PostMilter where a spooling milter makes it safe; never False (message loss)
SAVE_FROM_LINES SaveFromLine boolean
  False | keep leading From_ lines
SEPARATE_PROC ForkEachJob boolean
  False | fork per job in a queue run | False; True saves memory
SERVER_CERT ServerCertFile paths - STARTTLS
  undefined | server cert(s), comma = second pair | ! full path, 0644, with chain where the build reads it; clients with DANE/MTA-STS verify
SERVER_KEY ServerKeyFile paths - STARTTLS
  undefined | server key(s) | ! root 0600/0400; other owner or mode silently removes STARTTLS
SERVER_SSL_OPTIONS ServerSSLOptions ssl_options 8.15 STARTTLS
  undefined | SSL_OP flags server | ! +SSL_OP_NO_SSLv2 +SSL_OP_NO_SSLv3 +SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_1 +SSL_OP_CIPHER_SERVER_PREFERENCE
  +SSL_OP_NO_RENEGOTIATION (where known to the build); drops protocols below TLS 1.2, server chooses the cipher, no client renegotiation load
SERVICE_SWITCH_FILE ServiceSwitchFile path
  /etc/mail/service.switch | service switch path | ! root 0644 if used; it decides how hosts and aliases are looked up
SEVEN_BIT_INPUT SevenBitInput boolean
  False | strip to seven bits on input | False
SHARED_MEMORY_KEY SharedMemoryKey integer 8.12
  0 | shm key for queue groups status | ! -1 + key file if used; predictable keys can be squatted
SHARED_MEMORY_KEY_FILE SharedMemoryKeyFile path 8.14
  undefined | shm key file | ! file in a root-only directory; goes with the automatic key
SINGLE_LINE_FROM_HEADER SingleLineFromHeader boolean
  False | unwrap From: | ! True: header-splitting evasion
SINGLE_THREAD_DELIVERY SingleThreadDelivery boolean
  False | one connection per destination host
SMTP_LOGIN_MSG SmtpGreetingMessage greeting
  $j Sendmail $v/$Z; $b | SMTP banner | ! $j only or with neutral text; no $v, $Z, product or OS name; ESMTP is inserted automatically
SMTP_MAILER - word
  esmtp | mailer used for SMTP routing | esmtp
SOFT_BOUNCE SoftBounce boolean 8.14
  False | turn 5xx into 4xx | ! False in production, True only during rollout; otherwise rejects become endless retries
SSL_ENGINE SSLEngine word 8.16 STARTTLS
  undefined | OpenSSL engine
SSL_ENGINE_PATH SSLEnginePath path 8.16 STARTTLS
  undefined | engine path | ! root-owned path; loads code into a root process
TEMP_FILE_MODE TempFileMode mode
  0600 | mode for created files (mailbox, dead letter) | ! 0600; Debian sets 0640, which makes created mail files group-readable
TIME_ZONE TimeZoneSpec any
  USE_SYSTEM | TZ handling
TLS_FALLBACK_TO_CLEAR TLSFallbacktoClear boolean 8.16 STARTTLS
  undefined | retry in clear after handshake failure | ! unset/False; True = downgrade on demand. Upstream relay of last resort may need it per domain
  (Try_TLS) instead
TLS_SRV_OPTIONS TLSSrvOptions tls_options 8.12 STARTTLS
  none | V: do not ask client cert | ! V on public port 25 unless certificate relaying is used; fewer handshake failures, no trust by certificate
TO_ACONNECT Timeout.aconnect interval 8.12
  0 | total connect budget per delivery | ! 2m-5m; same, total per delivery
TO_AUTH Timeout.auth interval 8.12
  10m | AUTH dialogue | ! 2m-5m; idle AUTH dialogues hold a server slot
TO_COMMAND Timeout.command interval
  1h | server waits for a command | ! 5m (RFC 5321 minimum); default 1h lets idle clients hold slots
TO_CONNECT Timeout.connect interval
  0 | connect limit | ! 30s-1m; dead hosts must not hold queue runners
TO_CONTROL Timeout.control interval
  2m | control socket
TO_DATABLOCK Timeout.datablock interval
  1h | data block read/write | ! 15m; slowloris style holding of slots (default 1h)
TO_DATAFINAL Timeout.datafinal interval
  1h | reply to final dot | 1h client side (do not shorten: duplicates)
TO_DATAINIT Timeout.datainit interval
  5m | reply to DATA | 5m
TO_FILEOPEN Timeout.fileopen interval
  60s | open of .forward/:include: | 60s
TO_HELO Timeout.helo interval
  5m | reply to HELO | 2m
TO_HOSTSTATUS Timeout.hoststatus interval
  30m | host status cache age
TO_ICONNECT Timeout.iconnect interval
  undefined | connect limit on first attempt | ! 15s-30s; same, first attempt
TO_IDENT Timeout.ident interval
  5s | IDENT query | ! 0; delays every connection and tells a third party about us
TO_INITIAL Timeout.initial interval
  5m | wait for greeting | 30s..5m
TO_LHLO Timeout.lhlo interval 8.12
  2m | LMTP LHLO
TO_MAIL Timeout.mail interval
  10m | reply to MAIL | 5m
TO_MISC Timeout.misc interval
  2m | other commands
TO_QUEUERETURN Timeout.queuereturn lifetime
  5d | bounce after | 5d
TO_QUEUERETURN_DSN Timeout.queuereturn.dsn lifetime 8.13
  undefined | bounces of bounces in queue | ! 1d: backscatter from forged senders dies early
TO_QUEUERETURN_NONURGENT Timeout.queuereturn.non-urgent lifetime
  undefined | per class
TO_QUEUERETURN_NORMAL Timeout.queuereturn.normal lifetime
  undefined | per class
TO_QUEUERETURN_URGENT Timeout.queuereturn.urgent lifetime
  undefined | per class
TO_QUEUEWARN Timeout.queuewarn interval
  4h | delay warning | ! 4h; 0 on gateways avoids backscatter
TO_QUEUEWARN_DSN Timeout.queuewarn.dsn interval 8.13
  undefined | per class | ! 0; no warnings about undeliverable bounces
TO_QUEUEWARN_NONURGENT Timeout.queuewarn.non-urgent interval
  undefined | per class
TO_QUEUEWARN_NORMAL Timeout.queuewarn.normal interval
  undefined | per class
TO_QUEUEWARN_URGENT Timeout.queuewarn.urgent interval
  undefined | per class
TO_QUIT Timeout.quit interval
  2m | reply to QUIT
TO_RCPT Timeout.rcpt interval
  1h | reply to RCPT | 15m..30m
TO_RESOLVER_RETRANS Timeout.resolver.retrans interval
  varies | resolver retransmit | 5s
TO_RESOLVER_RETRANS_FIRST Timeout.resolver.retrans.first interval
  varies | first try
TO_RESOLVER_RETRANS_NORMAL Timeout.resolver.retrans.normal interval
  varies | later tries
TO_RESOLVER_RETRY Timeout.resolver.retry integer
  varies | resolver retries | 4
TO_RESOLVER_RETRY_FIRST Timeout.resolver.retry.first integer
  varies | first try
TO_RESOLVER_RETRY_NORMAL Timeout.resolver.retry.normal integer
  varies | later tries
TO_RSET Timeout.rset interval
  5m | reply to RSET
TO_STARTTLS Timeout.starttls interval 8.12
  1h | STARTTLS handshake | ! 2m-5m; idle handshakes hold a server slot for 1h by default
TRUSTED_USER TrustedUser user
  no default | owner allowed for maps/aliases, starts daemon | ! leave unset on EL/SUSE; Debian uses smmta - know that this uid can replace maps
TRUSTED_USERS Ct any
  no default | extra members of class t (may use -f silently) | ! none; listed users may forge senders; never list web accounts
TRY_NULL_MX_LIST TryNullMXList boolean
  False | deliver to host itself if it is best MX without local config | ! False on gateways (loop turns into delivery attempts); EL mc turns it on
USERDB_SPEC UserDatabaseSpec any - USERDB
  undefined | user database files
USE_COMPRESSED_IPV6_ADDRESSES UseCompressedIPv6Addresses boolean 8.15
  undefined | IPv6 text form used in macros and map keys | ! set explicitly; wrong form makes IPv6 access entries silently not match
USE_ERRORS_TO UseErrorsTo boolean
  False | honour Errors-To: | ! False: sender controls where bounces go
USE_MSP UseMSP boolean 8.12
  undefined | act as MSP | ! True only in submit.cf; otherwise the daemon would act as unprivileged submitter
UUCP_MAILER - word
  uucp-old | default UUCP mailer | ! unused, with FEATURE(nouucp, reject); bang paths are a relay bypass
WORK_CLASS_FACTOR ClassFactor integer
  1800 | priority cost
WORK_RECIPIENT_FACTOR RecipientFactor integer
  30000 | priority cost
WORK_TIME_FACTOR RetryFactor integer
  90000 | priority cost
XF_BUFFER_SIZE XscriptFileBufferSize size
  4096 | memory buffer transcript
"""


def _defines():
    """Return name -> Define out of the first lines of the rows."""
    found = {}
    for row in _DEFINES.strip().splitlines():
        if row[0] != " ":
            name, option, kind, since, flag = (row.split() + ["-", "-"])[:5]
            found["conf" + name] = Define(None if option == "-" else option, kind, None if since == "-" else tuple(int(part) for part in since.split(".")),
                                          None if flag == "-" else flag)
    return found


Advice = collections.namedtuple("Advice", "default meaning secure hardened")


def advice():
    """Return name -> Advice out of the other lines of the rows: text for documentation and for reports, not for checks."""
    found, name = {}, None
    for row in _DEFINES.strip().splitlines():
        if row[0] != " ":
            name = "conf" + row.split()[0]
        else:
            found[name] = (found.get(name, "") + " " + row.strip()).strip()
    whole = dict((name, [part.strip() for part in (text + " | | ").split(" | ")[:3]]) for name, text in found.items())
    return dict((name, Advice(default, meaning, hardened.startswith("!"), hardened.lstrip("! ").rstrip("| ")))
                for name, (default, meaning, hardened) in whole.items())


DEFINES = _defines()
# Names that only raise a complaint of the cf library today, and what to write instead.
REMOVED = {"confAUTO_REBUILD": "nothing: aliases are rebuilt by newaliases", "confDAEMON_OPTIONS": "DAEMON_OPTIONS()", "confCLIENT_OPTIONS": "CLIENT_OPTIONS()",
           "confDEF_GROUP_ID": "confDEF_USER_ID with user:group", "confREAD_TIMEOUT": "the confTO_ names", "confMESSAGE_TIMEOUT": "confTO_QUEUERETURN",
           "confUNSAFE_GROUP_WRITES": "confDONT_BLAME_SENDMAIL"}
# Options without a name: only an O line sets them. option -> (type, first release, compile flag, meaning).
LINE_OPTIONS = {
    "SMTPUTF8": ("boolean", (8, 17), "USE_EAI", "addresses in UTF-8 (EAI)"),
    "SetCertAltnames": ("boolean", (8, 16), "_FFR_TLS_ALTNAMES", "names of a certificate besides its CN count; FEATURE(check_cert_altnames) sets it"),
    "StrictTransportSecurity": ("boolean", (8, 17), "_FFR_MTA_STS", "MTA-STS; FEATURE(sts) sets it"),
    "AddBcc": ("boolean", (8, 16), "_FFR_ADD_BCC", "silent copies; FEATURE(bcc) sets it"),
    "CipherSuites": ("any", None, "STARTTLS", "cipher suites of TLS 1.3"),
    "AddrTypeModes": ("boolean", None, "_FFR_ADDR_TYPE_MODES", "more modes of {addr_type}"),
    "BadRcptShutdown": ("integer", None, "_FFR_BADRCPT_SHUTDOWN", "the session ends after so many unknown recipients"),
    "BadRcptShutdownGood": ("integer", None, "_FFR_BADRCPT_SHUTDOWN", "share of good recipients that saves the session"),
    "BadRcptThrottleDelay": ("integer", None, "_FFR_RCPTTHROTDELAY", "seconds of the pause after unknown recipients"),
    "BounceQueue": ("any", None, "_FFR_BOUNCE_QUEUE", "queue group of bounces"),
    "CheckQueueRunners": ("integer", None, "_FFR_QUEUE_RUN_PARANOIA", "after how many runs the runners are looked for"),
    "ClientCACertFile": ("path", None, "_FFR_CLIENTCA", "CA file for servers"),
    "ClientCACertPath": ("path", None, "_FFR_CLIENTCA", "CA directory for servers"),
    "DontLockFilesForRead": ("boolean", None, "_FFR_DONTLOCKFILESFORREAD_OPTION", "maps are read without a lock"),
    "EightBitAddrOK": ("boolean", None, "_FFR_EIGHT_BIT_ADDR_OK", "8-bit text in addresses"),
    "FIPSMode": ("boolean", None, "_FFR_FIPSMODE", "FIPS of OpenSSL below 3"),
    "Hacks": ("any", None, "_FFR_BLANKENV_MACV", "for tests"),
    "KeepBcc": ("boolean", None, "_FFR_KEEPBCC", "Bcc: headers stay"),
    "MaxForwardEntries": ("integer", None, "_FFR_MAX_FORWARD_ENTRIES", "addresses of a .forward at most"),
    "MemoryResource": ("any", None, "_FFR_MEMSTAT", "which kind of memory is looked at"),
    "MessageAccept": ("any", None, "_FFR_MSG_ACCEPT", "text behind 250 for a message"),
    "NameSearchList": ("any", None, "DNSSEC_TEST", "for tests"),
    "NameServer": ("address", None, "DNSSEC_TEST", "for tests"),
    "QueueLowMem": ("integer", None, "_FFR_MEMSTAT", "free memory below which mail is only queued"),
    "RefuseLowMem": ("integer", None, "_FFR_MEMSTAT", "free memory below which connections are refused"),
}

# Options that other names than conf* set, or that are only the old spelling of one that has a name.
_OTHER_OPTIONS = ("AliasFile", "HelpFile", "QueueDirectory", "StatusFile", "DaemonPortOptions", "ClientPortOptions", "Milter", "QueueTimeout", "Timeout",
                  "Timeout.queuereturn.*", "Timeout.queuewarn.*", "UnsafeGroupWrites", "Verbose")


def _by_option():
    """Return option of the .cf in small letters -> (its name, the define() that sets it, or None)."""
    found = dict((name.lower(), (name, None)) for name in tuple(LINE_OPTIONS) + _OTHER_OPTIONS)
    found.update((one.option.lower(), (one.option, name)) for name, one in DEFINES.items() if one.option and one.option[0].isupper() and len(one.option) > 2)
    return found


BY_OPTION = _by_option()


def option_names():
    """Return the names of the options that sendmail knows in the .cf."""
    return sorted(name for name, unused in BY_OPTION.values())


def line_option(name):
    """Return ``(option, define)`` of a name on an O line; the define is None where none sets it, both are where sendmail knows no such option.

    :param str name: in any case; the beginning of one name, and of no other, stands for it.
    """
    lower = name.lower()
    if lower not in BY_OPTION and "." not in lower:
        begun = [known for known in BY_OPTION if "." not in known and known.startswith(lower)]
        lower = begun[0] if len(begun) == 1 else lower
    return BY_OPTION.get(lower, (None, None))


# -- define() of what is no option: files, mailers, relay hosts, switches.

Variable = collections.namedtuple("Variable", "type meaning")
_OWN = """
ALIAS_FILE any the text of the aliases; class:path, several with commas in quotes
BITNET_RELAY relay host for addresses in .BITNET
CYRUS_BB_MAILER_ARGS any arguments of the mailer cyrusbb
CYRUS_BB_MAILER_FLAGS flags flags of the mailer cyrusbb
CYRUS_MAILER_USER user as whom the mailer cyrus runs
DATABASE_MAP_TYPE any class of every map whose FEATURE names none
DECNET_RELAY relay host for addresses in .DECNET
DNSBL_MAP any class of the map behind FEATURE(dnsbl)
DNSBL_MAP_OPT any further flags of that map
DOMAINMAP_NO_REGEX any FEATURE(domainmap) without regex maps (Debian)
EDNSBL_TO integer seconds that a list of FEATURE(enhdnsbl) has to answer
FAX_RELAY relay host for addresses in .FAX
HELP_FILE path what HELP answers; without any it tells the version
LOCAL_MAILER_DSN_DIAGNOSTIC_CODE word type of the diagnostic code in bounces of local mail, X-Unix or SMTP
LOCAL_MAILER_EOL any end of line for the local mailer
LOCAL_PROG_QGRP word queue group of the mailer prog
LOCAL_RELAY relay host that handles local names without a domain
LOCAL_SHELL_DIR any directories in which the mailer prog may run, with colons between
LUSER_RELAY any where unknown local names go: a host, or local:user
MAIL_HUB relay host that keeps all mailboxes
MAIL_SETTINGS_DIR path directory of maps and class files, with a slash at its end
MSP_QUEUE_DIR path queue of the submission program
MTAMARK_TO integer seconds that FEATURE(mtamark) waits for DNS
NO_NETINET6 any without IPv6, no listener for it (Debian)
NO_VENDOR any leaves the vendor's name out of the V line
PROCMAIL_PATH path another spelling of PROCMAIL_MAILER_PATH (Debian)
QUEUE_DIR path queue of the daemon; with * at its end, several
SMART_HOST relay host to which everything goes that nothing else routes
SSH_MAILER_DIR any directory on the other host (Debian)
SSH_MAILER_HOST host the other host (Debian)
SSH_MAILER_USER user user there (Debian)
SSH_PATH path program ssh (Debian)
SSH_REMOTE_COMMAND any command there (Debian)
STATUS_FILE path statistics for mailstats
TEMPFILE any file that m4 uses while it notes who built the .cf
TLS_PERM_ERR any makes failures of TLS requirements permanent
USE_CW_FILE any old spelling of FEATURE(use_cw_file)
UUCP_MAX_SIZE size old spelling of UUCP_MAILER_MAX
UUCP_RELAY relay host for UUCP addresses
VENDOR_NAME word vendor's name in the V line
"""
_TAILS = (("PATH", "program", "program of"), ("FLAGS", "flags", "flags of"), ("ARGS", "any", "arguments of"), ("MAX", "size", "largest message in bytes for"),
          ("MAXMSGS", "integer", "messages of one connection for"), ("MAXRCPTS", "integer", "recipients of one delivery for"),
          ("CHARSET", "word", "character set of 8-bit text from"), ("QGRP", "word", "queue group of"), ("LL", "integer", "longest line in bytes for"))
_FAMILIES = """
LOCAL_MAILER PATH FLAGS ARGS MAX MAXMSGS MAXRCPTS CHARSET QGRP
LOCAL_SHELL PATH FLAGS ARGS
SMTP_MAILER FLAGS ARGS MAX MAXMSGS MAXRCPTS CHARSET QGRP LL
ESMTP_MAILER ARGS QGRP
SMTP8_MAILER ARGS QGRP
DSMTP_MAILER ARGS QGRP
RELAY_MAILER FLAGS ARGS MAXMSGS CHARSET QGRP LL
USENET_MAILER PATH FLAGS ARGS MAX QGRP
UUCP_MAILER PATH FLAGS ARGS MAX CHARSET QGRP
FAX_MAILER PATH ARGS MAX QGRP
POP_MAILER PATH FLAGS ARGS QGRP
PROCMAIL_MAILER PATH FLAGS ARGS MAX QGRP
MAIL11_MAILER PATH FLAGS ARGS QGRP
PH_MAILER PATH FLAGS ARGS QGRP
CYRUS_MAILER PATH FLAGS ARGS MAX QGRP
CYRUSV2_MAILER FLAGS ARGS MAXMSGS MAXRCPTS CHARSET QGRP
QPAGE_MAILER PATH FLAGS ARGS MAX QGRP
SSH_MAILER PATH FLAGS ARGS MAX MAXMSGS MAXRCPTS CHARSET QGRP
XAGENT_MAILER PATH FLAGS ARGS MAX
"""


def _variables():
    """Return name -> Variable: the rows above, and of each family of mailers what the cf library knows of it."""
    rows = [row.split(" ", 2) for row in _OWN.strip().splitlines()]
    found = dict((name, Variable(kind, meaning)) for name, kind, meaning in rows)
    tails = dict((tail, (kind, meaning)) for tail, kind, meaning in _TAILS)
    for row in _FAMILIES.strip().splitlines():
        family, known = row.split()[0], row.split()[1:]
        mailer = "prog" if family == "LOCAL_SHELL" else family[:-len("_MAILER")].lower()
        for tail in known:
            found[family + "_" + tail] = Variable(tails[tail][0], "%s the mailer %s" % (tails[tail][1], mailer))
    return found


DESCRIBED_VARIABLES = _variables()
VARIABLES = dict((name, variable.type) for name, variable in DESCRIBED_VARIABLES.items())
# The cf library's own names: no setting, yet m4 replaces them wherever they stand.
INTERNAL = frozenset("CF_LEVEL CHKORX CLT_FEAT_TAG CNF_MSG CONCAT DANE_MSG DANE_NOTLS_MSG DANE_TEMP_MSG DEBIAN_DEBUG DEBIAN_MSP DEBIAN_MTA DOL LOCAL_RWR "
                     "MASQUERADE_NAME POPDIVERT PROT_MSG PUSHDIVERT SM_CPYRT SM_DATE SM_MAXVERS SM_MINVERS SM_VERS SRV_FEAT_TAG SW_MSG TLS_CLT_TAG "
                     "TLS_DSNCODE TLS_ERRCODE TLS_ERRORS TLS_RCPT_TAG TLS_SRV_TAG TLS_TRY_TAG lower strcasecmp".split())
