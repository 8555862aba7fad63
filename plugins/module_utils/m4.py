# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as m4 text: each is kept as it is, or refused by name; none is run, none vanishes.

m4 replaces words wherever they stand, and sendmail's cf library expands a value again each time it hands it on, between one and four times. So quoting
can not protect a value: after the last quote is gone, a word that m4 knows is a command. What protects it is that nothing in it is a word that m4 knows,
nor a character that m4 or the library's own macro calls take for theirs. tests/integration_m4 holds that against the real m4, in every place of a value.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import language
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

# m4 obeys these even without parentheses; the others of its own commands are plain words until a parenthesis follows.
BARE_COMMANDS = frozenset("changecom changequote debugfile debugmode divert divnum dnl dumpdef m4exit sysval traceoff traceon undivert".split())
CALLED_COMMANDS = frozenset("builtin changeword decr define defn errprint esyscmd eval format ifdef ifelse include incr index indir len m4wrap maketemp "
                            "mkstemp patsubst popdef pushdef regexp shift sinclude substr syscmd translit undefine".split())
COMMANDS = BARE_COMMANDS | CALLED_COMMANDS
LIVE_WORDS = BARE_COMMANDS | language.INTERNAL | frozenset(language.STATEMENTS) - {"include", "define", "undefine"} \
    | frozenset(language.VARIABLES) | frozenset(language.DEFINES) | frozenset(language.REMOVED)
# Families of names that the cf library and Debian's autoconf.m4 define.
LIVE_FAMILIES = re.compile(r"__[a-z]+__|_+[A-Z]\w*|_[a-z]+_|conf[A-Z]\w*|sm_[a-z]\w*")
# m4 begins a word after any character that is none of a word's, a digit included: 1dnl is 1 and dnl.
WORDS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# What each free kind lets through besides printable ASCII; the typed kinds of language.TYPES have their own shapes.
FREE_KINDS = {"text": "", "list": ",", "macros": "$", "lookup": "$()", "greeting": "$(),", "header": "$(),\n\t"}
COMMA_KINDS = ("paths", "auth_options", "tls_options", "ssl_options", "privacy", "blame")
MACRO = re.compile(r"\$(?:\?(?:[A-Za-z_]|\{[A-Za-z_]\w*\})|&?(?:[A-Za-z_]|\{[A-Za-z_]\w*\})|[|.])")
REASONS = {
    "`": ("a backquote", "m4 takes it for the start of a quotation"),
    "'": ("a quote (apostrophe)", "m4 takes it for the end of a quotation"),
    "\n": ("a line end", "what follows it would become a line of its own in the configuration"),
    "(": ("an opening parenthesis", "m4 takes it for the start of a list of arguments"),
    ")": ("a closing parenthesis", "m4 takes it for the end of a list of arguments"),
    ",": ("a comma", "m4 takes what follows it for another argument and drops it"),
    "$": ("a dollar", "m4 and sendmail replace it together with what follows it"),
}


def live_word(text):
    """Return the first word of a text that m4 would replace instead of keeping it, or None."""
    for match in WORDS.finditer(text):
        word = match.group()
        if word in LIVE_WORDS or LIVE_FAMILIES.fullmatch(word) or (word in CALLED_COMMANDS and text[match.end():match.end() + 1] == "("):
            return word
    return None


def quote(value, name="value", kind="text"):
    """Return a value as one quoted argument of a sendmail statement or of define(), such as ```mail.example.com'``.

    :param value: text, number or truth value; for kind ``list`` also a list, joined with commas.
    :param str name: the user's variable, for messages.
    :param str kind: ``text`` survives in every place. ``list`` keeps commas (options, DAEMON_OPTIONS, milters, queue groups; not FEATURE arguments or
        MASQUERADE_AS). ``lookup`` keeps ``$`` and parentheses that come in pairs (LDAP filters). ``macros``
        keeps sendmail's ``$j`` and ``$&{client_addr}`` (error texts, forward paths, mailer arguments), ``greeting`` also commas
        and parentheses, ``header`` also folded lines. Or a type of the language: ``host``, ``relay``, ``domain``, ``path``, ``integer``, ``interval`` ...
    :raises InvalidValue: naming the variable, the character or word, and what to do.
    """
    kind = "macros" if kind == "any" else kind
    if kind not in FREE_KINDS and kind not in language.TYPES and kind not in language.ENUMS and kind not in language.WORD_LISTS:
        raise InvalidValue("%s: kind '%s' of a value is unknown.%s" % (name, kind, language.nearest(kind, list(FREE_KINDS) + list(language.TYPES))), name=name)
    text = _text(value, name, kind)
    _refuse_characters(text, name, kind)
    word = live_word(text)
    if word:
        raise InvalidValue("%s: the word '%s' in '%s' is a command of m4 or of sendmail's macro library, which would replace it, and nothing can protect it. "
                           "Write the value without that word%s." % (name, word, _shown(text), _other_spelling(word, kind)), name=name, word=word)
    if kind not in FREE_KINDS and (text or kind not in language.WORD_LISTS):
        wanted = language.expected(kind, text)
        if wanted:
            raise InvalidValue("%s: '%s' is not %s." % (name, _shown(text), wanted), name=name, expected=wanted)
    return "`" + text + "'"


def _text(value, name, kind):
    if isinstance(value, (list, tuple)):
        if kind not in ("list", "ssl_options", "privacy", "blame"):
            raise InvalidValue("%s is a list; expected one value." % name, name=name)
        items = [_text(item, name, "text") for item in value]
        for item in items:
            _refuse_characters(item, name, "text")
        return ",".join(items)
    if value is None or isinstance(value, dict):
        raise InvalidValue("%s is %s; expected a value." % (name, "missing" if value is None else "a dictionary"), name=name)
    return str(value)


def _other_spelling(word, kind):
    return "; host names mean the same in lower case, so '%s' will do" % word.lower() \
        if kind in ("host", "relay", "domain") and word.lower() != word and live_word(word.lower()) is None else ""


def _refuse_characters(text, name, kind):
    allowed = FREE_KINDS.get(kind, "," if kind in COMMA_KINDS else "")
    for position, character in enumerate(text):
        if character not in allowed and (character in REASONS or not " " <= character <= "~"):
            what, why = REASONS.get(character) or _unprintable(character)
            raise InvalidValue("%s: found %s at position %d of '%s'; %s. Write the value without it." % (name, what, position + 1, _shown(text), why),
                               name=name, character=character)
    if text != text.strip():
        raise InvalidValue("%s: '%s' begins or ends with a blank, which m4 would drop. Write the value without it." % (name, _shown(text)), name=name)
    if text.startswith("|"):
        raise InvalidValue("%s: '%s' begins with a bar; sendmail runs what follows a leading bar as a program. Give a file instead." % (name, _shown(text)),
                           name=name, character="|")
    if "$" in allowed:
        _refuse_dollars(text, name)
    if kind == "lookup" and not _paired(text):
        raise InvalidValue("%s: the parentheses of '%s' do not come in pairs." % (name, _shown(text)), name=name, character="(")
    if "\n" in allowed and re.search(r"\n(?!\t\S)|(?<!\n)\t", text):
        raise InvalidValue("%s: a header may be folded only by a line end and one tab before further text; found another line end or tab in '%s'." % (
            name, _shown(text)), name=name, character="\n")


def _paired(text):
    depth = 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            return False
    return depth == 0


def _refuse_dollars(text, name):
    """Let sendmail's own macros through, and nothing that m4 would take for an argument of the library's macros."""
    rest = MACRO.sub("", text)
    if "$" in rest:
        found = re.search(r"\$.?", MACRO.sub(lambda match: " " * len(match.group()), text), re.S).group()
        raise InvalidValue("%s: found '%s' in '%s'; only macros of sendmail such as $j, ${client_addr} or $&{client_addr} may follow a dollar." % (
            name, found, _shown(text)), name=name, character=found)
    if text.count("$?") != text.count("$."):
        raise InvalidValue("%s: each $? in '%s' needs one $. that ends it." % (name, _shown(text)), name=name, character="$?")


def _unprintable(character):
    if ord(character) > 126:
        return "'%s'" % character, "sendmail's configuration is plain ASCII (a domain name is written in its xn-- form)"
    return "the control character 0x%02x" % ord(character), "it does not belong in a configuration"


def _shown(text):
    text = text.replace("\n", "\\n")
    return text if len(text) <= 80 else text[:77] + "..."


# -- The head of an .mc file

# m4's commands that run programs, write files, or reach one of these by another name; no configuration needs them.
DISARMED = "syscmd esyscmd maketemp mkstemp builtin indir debugfile debugmode traceon traceoff dumpdef m4exit".split()
_PREAMBLE = """dnl These lines take from m4 what a configuration never needs: running commands, making files, reading any file but those of the cf library.
dnl Without the lines "built by ... on ..." the compiled file is the same to the byte on every run.
define(`_NO_MAKEINFO_')define(`TEMPFILE', `/dev/null')dnl
define(`_MJ_DISARM_', `define(`$1', `ifelse($'`#, `0', ``$1'', `errprint(`*** ERROR: $1() is disarmed in this configuration
')')')')dnl
%(disarm)s
ifdef(`_MJ_INCLUDE_', `', `define(`_MJ_INCLUDE_', defn(`include'))define(`_MJ_UNDIVERT_', defn(`undivert'))')dnl
define(`_MJ_MAY_READ_', `ifelse(%(includes)sindex(`$1', `..'), `-1', `ifdef(`_CF_DIR_', `eval(index(`$1', _CF_DIR_) == 0)', \
`eval(regexp(`$1', `^/.*/m4/cf\\.m4$') == 0)')', `0')')dnl
define(`include', `ifelse($#, `0', ``include'', _MJ_MAY_READ_(`$1'), `1', `_MJ_INCLUDE_(`$1')', `errprint(`*** ERROR: include($1) is no file of the cf library
')')')define(`sinclude', `ifelse($#, `0', ``sinclude'', `include(`$1')')')dnl
define(`undivert', `ifelse($#, `0', `_MJ_UNDIVERT_', regexp(`$1', `^-?[0-9]+$'), `0', `_MJ_UNDIVERT_(`$1')', `errprint(`*** ERROR: undivert($1) reads a file
')')')dnl
"""


def preamble(includes=()):
    """Return the first lines of an .mc file: m4's own commands disarmed, and the compiled file the same to the byte on each run.

    A disarmed command that is called says so on stderr (which fails the compilation); as a bare word it stays the word. ``include`` reads files of the cf
    library only, ``undivert`` numbers only. The lines do no harm where they come twice.

    :param includes: further files that may be included, such as ``/etc/mail/m4/provider.m4``.
    """
    allowed = "".join("`$1', %s, `1', " % quote(path, "sendmail_includes", "path") for path in includes or ())
    return _PREAMBLE % {"disarm": "".join("_MJ_DISARM_(`%s')" % word for word in DISARMED) + "dnl", "includes": allowed}


PREAMBLE = preamble()


# -- Listeners

LISTENER_KEYS = (("name", "Name"), ("family", "Family"), ("address", "Addr"), ("port", "Port"), ("modifiers", "Modifiers"), ("listen", "Listen"),
                 ("children", "children"), ("delivery_mode", "DeliveryMode"), ("queue_load", "queueLA"), ("refuse_load", "refuseLA"),
                 ("delay_load", "delayLA"), ("milters", "InputMailFilters"), ("send_buffer", "SndBufSize"), ("receive_buffer", "RcvBufSize"))


def daemon_options(listener, name="sendmail_listeners"):
    """Return the argument of DAEMON_OPTIONS for one listener, such as ``Name=MTA, Family=inet, Port=25, Modifiers=fE``.

    :param dict listener: keys ``name``, ``family`` (inet, inet6), ``address``, ``port``, ``modifiers`` (list of letters), and the limits ``listen`` (backlog),
        ``children``, ``delivery_mode``, ``queue_load``, ``refuse_load``, ``delay_load``, ``milters`` (list), ``send_buffer``, ``receive_buffer``.
    :param str name: the user's variable, for messages.
    :raises InvalidValue: naming the listener, the key and what was expected.
    """
    known = [key for key, _equate in LISTENER_KEYS]
    where = "%s (%s)" % (name, listener.get("name") or "a listener without name")
    for key in listener:
        if key not in known:
            raise InvalidValue("%s: key '%s' is unknown.%s Keys are %s." % (where, key, language.nearest(key, known), ", ".join(known)), name=name, key=key)
    if not listener.get("name"):
        raise InvalidValue("%s: each listener needs a name, which the log shows." % where, name=name, key="name")
    values = dict((key, value) for key, value in listener.items() if value not in (None, "", []))
    values.setdefault("family", "inet6" if ":" in str(values.get("address", "")) else "inet")
    parts = ["%s=%s" % (equate, _listener_value(values[key], where, key)) for key, equate in LISTENER_KEYS if key in values]
    text = ", ".join(parts)
    try:
        language.check_daemon_options(text)
    except InvalidValue as exc:
        raise InvalidValue("%s: %s" % (where, exc.message), name=name, **exc.details)
    return text


CLIENT_KEYS = (("family", "Family"), ("address", "Addr"), ("port", "Port"), ("modifiers", "Modifiers"), ("send_buffer", "SndBufSize"),
               ("receive_buffer", "RcvBufSize"))


def client_options(options, name="sendmail_client_options"):
    """Return the argument of CLIENT_OPTIONS for one entry, such as ``Family=inet, Addr=192.0.2.1, Modifiers=h``.

    :param dict options: keys ``family`` (inet, inet6), ``address``, ``port``, ``modifiers`` (list of letters), ``send_buffer``, ``receive_buffer``.
    :param str name: the user's variable, for messages.
    :raises InvalidValue: naming the key and what was expected.
    """
    known = [key for key, _equate in CLIENT_KEYS]
    for key in options:
        if key not in known:
            raise InvalidValue("%s: key '%s' is unknown.%s Keys are %s." % (name, key, language.nearest(key, known), ", ".join(known)), name=name, key=key)
    values = dict((key, value) for key, value in options.items() if value not in (None, "", []))
    values.setdefault("family", "inet6" if ":" in str(values.get("address", "")) else "inet")
    text = ", ".join("%s=%s" % (equate, _listener_value(values[key], name, key)) for key, equate in CLIENT_KEYS if key in values)
    try:
        language.check_daemon_options(text, client=True)
    except InvalidValue as exc:
        raise InvalidValue("%s: %s" % (name, exc.message), name=name, **exc.details)
    return text


def _listener_value(value, where, key):
    if isinstance(value, (list, tuple)):
        value = ("" if key == "modifiers" else ";").join(str(item) for item in value)
    # As text a comma is refused: it would begin another key of the same listener.
    return quote(value, "%s: %s" % (where, key), "text")[1:-1]
