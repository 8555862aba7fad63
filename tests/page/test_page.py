"""The page of the report as a reader uses it, in a real browser: filters, search, keyboard, paper; what hosts say never runs, and nobody is asked anything."""

import copy
import json

import pytest
import sample
from selenium.webdriver.common.keys import Keys

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls_table
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_fleet, audit_host

VERDICTS = ("fail", "unknown", "waived")


def rows(report, *verdicts, **more):
    """Findings of a report that are like that, as (host, row)."""
    return [
        (host, row)
        for host in report["hosts"]
        for row in host["controls"]
        if row["verdict"] in verdicts and all(row.get(key) == value for key, value in more.items())
    ]


# -- what is there


def test_the_worst_host_is_the_first_and_hosts_that_are_away_are_before_it(page, report):
    assert page.hosts()[:5] == [host["name"] for host in report["hosts"][:5]]
    assert report["hosts"][0]["state"] == "unreachable" and "timed out" in page.text("#grid tbody tr td.blind")


def test_the_sums_are_those_of_the_report(page, report):
    shown = dict(
        (name, int(number))
        for number, name in page.js("return [...document.querySelectorAll('.tile')].map(one => [one.firstChild.textContent, one.lastChild.textContent])")
    )
    summary = report["summary"]
    assert shown["hosts"] == summary["hosts"] and {name: shown[name] for name in summary["failures"]} == summary["failures"]
    assert {name: shown[name] for name in ("pass", "unknown", "waived")} == {name: summary["verdicts"][name] for name in ("pass", "unknown", "waived")}
    assert (shown["new failures"], shown["mended"], shown["otherwise changed"]) == tuple(summary["changes"][name] for name in ("new", "mended", "changed"))
    assert page.count() == (summary["hosts"], sum(summary["verdicts"].get(name, 0) for name in VERDICTS))


def test_a_cell_says_the_worst_and_how_many(page, report):
    number, host = next((number, host) for number, host in enumerate(report["hosts"][:20]) if host["state"] == "audited" and host["worst"] == "critical")
    for family in controls_table.FAMILIES:
        failed = [row for row in host["controls"] if report["controls"][row["control"]]["family"] == family and row["verdict"] == "fail"]
        column = [row["id"] for row in report["families"]].index(family) + 2
        cell = page.one(f"#grid tr[data-row='{number}'] > :nth-child({column})")
        if failed:
            worst = max((row["severity"] for row in failed), key=("low", "medium", "high", "critical").index)
            assert cell.text.startswith(f"{worst[0].upper()} {len(failed)}") and f"{len(failed)} failure" in cell.get_attribute("aria-label")
        else:
            assert cell.text[0] in "?w✓·"


def test_a_finding_has_evidence_and_remedy(page, report):
    number, host = next((number, host) for number, host in enumerate(report["hosts"]) if host["worst"] == "critical")
    page.js(f"document.querySelector('#grid tr[data-row=\"{number}\"] .host').click()")
    row = next(row for row in host["controls"] if row["verdict"] == "fail" and row["severity"] == "critical")
    article = page.one(f"#detail article[aria-label^='{row['control']}']")
    about = report["controls"][row["control"]]
    for words in (
        about["title"],
        about["remedy"],
        about["reason"],
        row["evidence"][0]["where"],
        row["evidence"][0]["seen"],
        row["evidence"][0]["wanted"],
        about["references"][1]["number"],
    ):
        assert words in article.text
    assert host["name"] in page.text("#detail-name")


def test_a_waiver_says_who_and_until_when(page, report):
    host, row = rows(report, "waived")[0]
    page.type(f"{host['name']} {row['control']}")
    page.js("document.querySelector('#grid tbody .host').click()")
    assert "Waived until 2027-03-31 by postmaster: the old scanner needs it" in page.text("#detail")


# -- filters


def test_tiles_choose_severities_verdicts_and_changes(page, report):
    for names, expected in (
        (["critical"], rows(report, "fail", severity="critical")),
        (["critical", "low"], rows(report, "fail", severity="critical") + rows(report, "fail", severity="low")),
        (["unknown"], rows(report, "unknown")),
        (["waived", "high"], rows(report, "waived") + rows(report, "fail", severity="high")),
        (["pass"], rows(report, "pass")),
        (["new failures"], rows(report, "fail", change="new")),
        (["mended"], rows(report, "pass", change="mended")),
        (["critical", "new failures"], rows(report, "fail", severity="critical", change="new")),
    ):
        for name in names:
            page.tile(name)
        assert page.count() == (len({host["name"] for host, _row in expected}), len(expected)), names
        page.one("#reset").click()
        page.wait(lambda: page.count()[0] == len(report["hosts"]), "Show all does not show all")


def test_a_family_and_a_profile_are_chosen_together(page, report):
    page.choose("#family", [row["id"] for row in report["families"]].index("TLS"))
    page.choose("#profile", "hub")
    expected = [(host, row) for host, row in rows(report, *VERDICTS) if report["controls"][row["control"]]["family"] == "TLS" and host["profile"] == "hub"]
    assert page.count() == (len({host["name"] for host, _row in expected}), len(expected)) and expected


@pytest.mark.parametrize("words", ["SM-TLS-01", "mx0042", "ehlo 203.0.113", "TLSv1.1 critical", "postfix-of-nobody", "debian mx0004 smrsh"])
def test_search_finds_hosts_controls_and_evidence_by_all_words(page, report, words):
    page.type(words)

    def like(host, row):
        text = " ".join(
            [
                host["name"],
                host["profile"],
                host["system"],
                host["sendmail"],
                host["reason"],
                row["control"],
                report["controls"][row["control"]]["title"],
                row["severity"],
                *(" ".join(one.values()) for one in row["evidence"]),
            ]
        ).lower()
        return all(word in text for word in words.lower().split())

    expected = [(host, row) for host, row in rows(report, *VERDICTS) if like(host, row)]
    assert page.count()[1] == len(expected)
    assert {host["name"] for host, _row in expected} <= set(page.hosts()) or len(expected) > 30
    assert page.one("#nothing").is_displayed() == (words == "postfix-of-nobody")


def test_orders(page, report):
    page.choose("#order", "name")
    assert page.hosts()[:9] == sorted(host["name"] for host in report["hosts"])[:9]
    page.choose("#order", "changed")
    most = max(report["hosts"], key=lambda host: sum("change" in row for row in host["controls"]))
    changes = {host["name"]: sum("change" in row for row in host["controls"]) for host in report["hosts"]}
    assert changes[page.hosts()[0]] == changes[most["name"]] > 0


def test_by_control_shows_how_many_hosts_and_which(page, report):
    page.one("#tab-controls").click()
    assert not page.one("#hosts").is_displayed()
    failures = {}
    for host, row in rows(report, "fail"):
        failures.setdefault(row["control"], []).append(host["name"])
    name = page.text("#controls summary .id")
    worst = max(len(hosts) for control, hosts in failures.items() if report["controls"][control]["severity"] == "critical")
    assert report["controls"][name]["severity"] == "critical" and f"{worst} fail" in page.text("#controls summary .number") and len(failures[name]) == worst
    page.one("#controls summary").click()
    shown = page.wait(
        lambda: page.js("return [...document.querySelectorAll('#controls details:first-of-type .names span')].map(one => one.textContent)"), "no host is named"
    )
    assert set(failures[name]) <= set(shown) and report["controls"][name]["remedy"] in page.text("#controls details")


# -- keyboard


def test_everything_is_reached_by_the_tabulator_in_reading_order(page):
    seen = []
    for _press in range(60):
        page.keys(Keys.TAB)
        what = page.js("const one = document.activeElement; return one.id || one.className || one.tagName")
        if what == "BODY":
            break
        seen.append(what)
    assert seen[0] == "skip"
    order = [seen.index(name) for name in ("query", "family", "profile", "order", "reset", "tab-hosts", "host")]
    assert order == sorted(order) and seen.index("query") > max(number for number, name in enumerate(seen) if name.startswith("tile"))
    # The grid is one stop, whatever is in it.
    assert seen.count("host") == 1 and len(seen) < 40


def test_arrows_walk_the_grid_over_hosts_that_are_not_in_sight(page, report):
    page.js("document.querySelector('#grid tbody [tabindex=\"0\"]').focus()")
    page.keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    assert page.focused()[:2] == ["2", "1"]
    page.keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.ARROW_UP, Keys.END)
    assert page.focused()[0] == "1"
    page.chord(Keys.CONTROL, Keys.END)
    assert page.focused()[0] == str(len(report["hosts"]) - 1) and page.hosts()[-1] == report["hosts"][-1]["name"]
    page.chord(Keys.CONTROL, Keys.HOME)
    assert page.focused()[:2] == ["0", "0"]
    page.keys(*[Keys.PAGE_DOWN] * 3)
    assert int(page.focused()[0]) > 20
    place = page.js(
        "const one = document.activeElement.getBoundingClientRect(), frame = document.getElementById('scroller').getBoundingClientRect();"
        "return one.top >= frame.top && one.bottom <= frame.bottom + 1"
    )
    assert place, "the focused host is out of sight"


def test_enter_opens_findings_and_escape_goes_back(page):
    page.js("document.querySelector('#grid tbody [tabindex=\"0\"]').focus()")
    page.keys(*[Keys.ARROW_DOWN] * 6, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ENTER)
    assert page.one("#detail").is_displayed() and page.focused()[2] == "detail"
    page.keys(Keys.TAB)
    assert page.focused()[2] == "close"
    page.keys(Keys.ESCAPE)
    assert not page.one("#detail").is_displayed() and page.focused()[:2] == ["6", "2"]


def test_escape_goes_back_to_the_host_wherever_it_is_now(page, report):
    page.js("document.querySelector('#grid tbody [tabindex=\"0\"]').focus()")
    page.keys(*[Keys.ARROW_DOWN] * 6, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ENTER)
    name = report["hosts"][6]["name"]
    page.choose("#order", "name")
    row = sorted(host["name"] for host in report["hosts"]).index(name)
    page.js("document.getElementById('close').focus()")
    page.keys(Keys.ESCAPE)
    assert row != 6 and page.focused()[:2] == [str(row), "2"] and page.text(f"#grid tr[data-row='{row}'] .host b") == name


def test_escape_in_the_search_leaves_findings_open_and_a_host_that_is_gone_is_not_missed(page, report):
    page.js("document.querySelectorAll('#grid tbody .host')[4].click()")
    page.type(report["hosts"][7]["name"])
    assert page.focused()[2] == "query" and page.hosts() == [report["hosts"][7]["name"]]
    page.keys(Keys.ESCAPE)
    assert page.one("#detail").is_displayed()
    other = report["hosts"][9]["name"]
    page.js("const one = document.getElementById('query'); one.value = arguments[0]; one.dispatchEvent(new Event('input'))", other)
    page.wait(lambda: page.hosts() == [other], "the other host is not found")
    page.one("#close").click()
    assert not page.one("#detail").is_displayed() and page.focused()[0] == "0"


def test_findings_that_are_open_are_those_that_are_chosen(page, report):
    number, host = next((number, host) for number, host in enumerate(report["hosts"]) if host["worst"] == "critical")
    page.js(f"document.querySelector('#grid tr[data-row=\"{number}\"] .host').click()")
    page.tile("critical")
    expected = [row for row in host["controls"] if row["verdict"] == "fail" and row["severity"] == "critical"]
    assert len(page.all("#detail article")) == len(expected) < len([row for row in host["controls"] if row["verdict"] in VERDICTS])
    page.one("#tab-controls").click()
    page.tile("high")
    assert not page.one("#detail").is_displayed()


def test_buttons_of_findings_keep_the_focus_and_say_what_they_do(page, report):
    number = next(number for number, host in enumerate(report["hosts"]) if host["worst"] == "critical")
    page.js(f"document.querySelector('#grid tr[data-row=\"{number}\"] [data-column=\"2\"]').click()")
    page.js("[...document.querySelectorAll('#detail button')].find(one => one.textContent === 'All families').focus()")
    page.keys(Keys.ENTER)
    assert page.focused()[2] == "detail"
    page.js("document.getElementById('more').focus()")
    page.keys(Keys.ENTER)
    assert page.focused()[2] == "more" and page.text("#more") == "Only what is chosen"
    assert page.js("return [...document.querySelectorAll('[aria-pressed]')].every(one => /^(true|false)$/.test(one.getAttribute('aria-pressed')))")


def test_a_slash_goes_to_the_search_and_arrows_change_the_view(page):
    page.keys("/")
    assert page.focused()[2] == "query"
    page.js("document.getElementById('tab-hosts').focus()")
    page.keys(Keys.ARROW_RIGHT)
    assert page.focused()[2] == "tab-controls" and page.one("#controls").is_displayed()
    assert page.one("#tab-controls").get_attribute("aria-selected") == "true" and page.one("#tab-hosts").get_attribute("tabindex") == "-1"


def test_rows_and_columns_are_told_to_who_does_not_see_them(page, report):
    grid = page.one("#grid")
    assert (grid.get_attribute("aria-rowcount"), grid.get_attribute("aria-colcount")) == (str(len(report["hosts"]) + 1), str(len(report["families"]) + 1))
    page.chord(Keys.CONTROL, Keys.END)
    assert page.js(
        "return [...document.querySelectorAll('#grid tbody tr[data-row]')].every("
        "one => Number(one.getAttribute('aria-rowindex')) === Number(one.dataset.row) + 2)"
    )
    unnamed = page.js(
        "return [...document.querySelectorAll('button, input, select, [role=gridcell]')]"
        ".filter(one => !(one.textContent.trim() || one.getAttribute('aria-label')"
        " || (one.labels && one.labels.length))).length"
    )
    assert unnamed == 0 and page.one("#count").get_attribute("aria-live") == "polite"


# -- what hosts say, and who is asked

HOSTILE = [
    "</script><script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 1'>",
    "<!--<script>",
    "javascript:window.ran=1",
    '"><svg onload=window.ran=1>',
    "${window.ran = 1}",
    "{{7*7}}",
    "</style><style>*{display:none}</style>",
    "@@data@@",
    "\\u003cscript\\u003e",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_host_says_is_shown_and_does_not_run(opened, text):
    chosen = sample.table(19)
    said = {"control": chosen[0].id, "verdict": "fail", "evidence": [{"where": text, "seen": text, "wanted": text}]}
    waiver = {"control": chosen[1].id, "reason": text, "owner": text, "until": "2027-01-01"}
    asked = audit_host.Asked("", "high", chosen, {chosen[1].id: waiver}, [text], text)
    info = {"host": {"distribution": {"name": text}}, "sendmail": {"version": text}}
    records = [
        audit_host.record(f"mx {text}", asked, {"info": info, "baseline": {"controls": [said, dict(said, control=chosen[1].id)], "warnings": [text]}}),
        audit_host.record(f"away {text}", asked, {"info": {"unreachable": True, "msg": text}}),
    ]
    page = opened(audit_fleet.report(records, chosen, controls_table.FAMILIES, "2026-11-23T06:00:00Z", "0.1.0"))
    page.js("[...document.querySelectorAll('#grid .host')].pop().click()")
    assert text in page.text("#detail") and len(page.hosts()) == 2
    page.one("#tab-controls").click()
    page.js("for (const one of document.querySelectorAll('#controls details')) one.open = true")
    page.wait(lambda: text in page.text("#controls"), "the evidence is not shown")
    assert page.js("return window.ran") is None and page.js("return document.scripts.length") == 2
    console, network = page.drain()
    assert [row["message"] for row in console] == [] and requests(network) == []


def requests(network):
    """Addresses that the browser asked for, but for the file itself and data in the page."""
    asked = [row["params"]["request"]["url"] for row in network if row["method"] == "Network.requestWillBeSent"]
    return [url for url in asked if not url.startswith(("data:", "about:")) and not (url.startswith("file:") and url.endswith("audit.html"))]


def test_nobody_is_asked_anything(page):
    page.one("#tab-controls").click()
    page.type("tls")
    console, network = page.drain()
    assert requests(network) == [] and console == []
    assert any(row["method"] == "Network.requestWillBeSent" for row in network), "the log of the network holds nothing, so this proves nothing"


def test_the_policy_of_the_page_stops_what_is_put_into_it(page):
    """Should anything ever get past the rest: the browser refuses scripts that are not the page's own, and every address."""
    page.js(
        "const one = document.createElement('script'); one.textContent = 'window.ran = 1'; document.body.append(one);"
        "const image = document.createElement('img'); image.src = 'http://192.0.2.1/x.png'; document.body.append(image)"
    )
    console = page.wait(lambda: [row["message"] for row in page.driver.get_log("browser")], "the policy stopped nothing")
    assert page.js("return window.ran") is None and any("Content Security Policy" in text for text in console)


# -- size, paper, light


def test_a_thousand_hosts_are_a_page_of_few_rows(opened):
    page = opened(sample.report(1000, 19, compared=False))
    assert page.count()[0] == 1000 and len(page.all("#grid tbody tr")) < 80
    page.js("document.getElementById('scroller').scrollTop = 1e9")
    page.wait(lambda: "999" in str(page.js("return document.querySelector('#grid tbody tr[data-row=\"999\"]') && '999'")), "the last host is never drawn")
    page.chord(Keys.CONTROL, Keys.END)
    assert len(page.all("#grid tbody tr")) < 80


def test_paper_has_every_host_and_every_finding_that_is_chosen(page, report):
    page.tile("critical")
    page.js("window.dispatchEvent(new Event('beforeprint'))")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        expected = rows(report, "fail", severity="critical")
        assert len(page.hosts()) == len({host["name"] for host, _row in expected})
        named = page.js("return document.querySelectorAll('#controls .names span').length")
        assert named == len(expected) and page.one("#controls .evidence").is_displayed() and not page.one("#filters").is_displayed()
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    page.js("window.dispatchEvent(new Event('afterprint'))")


LUMINANCE = """
const linear = n => n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4;
const value = (text) => { const [r, g, b] = text.match(/[0-9.]+/g).map(n => linear(Number(n) / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const back = (one) => {
  for (; one; one = one.parentElement) {
    const found = getComputedStyle(one).backgroundColor;
    if (!/, 0\\)$|transparent/.test(found)) return found;
  }
  return 'rgb(255,255,255)';
};
const all = '#grid .box, .key .box, #grid small, .tile b, .tile span, #count, #when, #grid thead th, .badge, .remedy, .why, .evidence td, .evidence th, '
  + '.number, .views button';
return [...document.querySelectorAll(all)]
  .filter(one => one.offsetParent).map(one => {
  for (let up = one; up; up = up.parentElement) if (getComputedStyle(up).opacity !== '1') return [0, one.className + ' lets through what is behind it'];
   const [a, b] = [value(getComputedStyle(one).color), value(back(one))].sort((x, y) => y - x);
  return [(a + 0.05) / (b + 0.05), one.className + ' ' + one.textContent.slice(0, 30)]; }).filter(([ratio]) => ratio < 4.5);
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_in_the_dark(page, report, scheme):
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    try:
        page.js("document.querySelectorAll('#grid tbody .host')[4].click()")
        assert page.js(LUMINANCE) == []
        paper = page.js("return getComputedStyle(document.body).backgroundColor")
        assert (int(paper.split("(")[1].split(",")[0]) > 128) == (scheme == "light")
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.parametrize("width", [1920, 1024, 420])
def test_nothing_but_the_grid_is_wider_than_the_window(page, width):
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False})
    try:
        assert page.js("return document.documentElement.scrollWidth") <= width and page.one("#grid tbody tr").is_displayed()
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_fleet_of_one_and_a_fleet_of_none(opened):
    assert opened(sample.report(1, 19, compared=False)).count()[0] == 1
    none = copy.deepcopy(sample.report(1, 19, compared=False))
    none["hosts"] = []
    page = opened(json.loads(json.dumps(none)))
    assert page.one("#nothing").is_displayed()
