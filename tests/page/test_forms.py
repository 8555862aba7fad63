"""The other forms of the report, read back by libraries that others wrote."""

import io
import json

import jsonschema
import pytest
import sample
from junitparser import Error, Failure, JUnitXml, Skipped
from sarif import loader

from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_fleet, audit_host, audit_junit, audit_sarif

SCHEMA = json.loads((sample.ROOT / "docs" / "audit.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=[True, False], ids=["compared", "first"])
def made(request):
    """Reports, with and without a former one."""
    return sample.report(30, compared=request.param)


def test_json_is_what_its_schema_says(made):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    found = json.loads(audit_fleet.text(made))
    jsonschema.validate(found, SCHEMA, cls=jsonschema.Draft202012Validator)
    for host in found["hosts"][:4]:
        jsonschema.validate(json.loads(audit_fleet.text(audit_fleet.single(found, host))), SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.pop("generated"),
        lambda found: found["hosts"][5].update(state="asleep"),
        lambda found: found["hosts"][5]["controls"][0].update(verdict="splendid"),
        lambda found: found["hosts"][5]["controls"][0].update(more=1),
        lambda found: found["summary"].pop("failures"),
        lambda found: found.update(schema="other/1"),
    ],
)
def test_the_schema_refuses_what_is_none(change):
    found = json.loads(audit_fleet.text(sample.report(20)))
    change(found)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_junit_as_junitparser_reads_it(made):
    read = JUnitXml.fromstring(audit_junit.text(made).encode("utf-8"))
    suites = {suite.name: suite for suite in read}
    assert list(suites) == [host["name"] for host in made["hosts"]]
    for host in made["hosts"]:
        cases = list(suites[host["name"]])
        kinds = {kind: [case for case in cases if any(isinstance(one, kind) for one in case.result)] for kind in (Failure, Skipped, Error)}
        assert len(kinds[Failure]) == len(audit_host.failing(host)) and len(kinds[Error]) == (host["state"] != "audited")
        assert len(kinds[Skipped]) == sum(row["verdict"] != "pass" for row in host["controls"]) - len(kinds[Failure])
        assert (suites[host["name"]].tests, suites[host["name"]].failures, suites[host["name"]].errors, suites[host["name"]].skipped) == (
            len(cases),
            len(kinds[Failure]),
            len(kinds[Error]),
            len(kinds[Skipped]),
        )
    assert (read.tests, read.failures) == (sum(len(list(suite)) for suite in suites.values()), sum(suite.failures for suite in suites.values()))


def test_sarif_as_sarif_tools_read_it(made, tmp_path):
    path = tmp_path / "audit.sarif"
    path.write_text(audit_fleet.text(audit_sarif.log(made)), encoding="utf-8")
    read = loader.load_sarif_file(str(path))
    assert read.get_distinct_tool_names() == ["mailjail.sendmail audit"]
    counts = read.get_report().get_issue_count_for_severity
    by_severity = {
        name: sum(row["verdict"] in ("fail", "waived") and row["severity"] == name for host in made["hosts"] for row in host["controls"])
        for name in ("critical", "high", "medium", "low")
    }
    assert (counts("error"), counts("warning"), counts("note")) == (by_severity["critical"] + by_severity["high"], by_severity["medium"], by_severity["low"])
    places = {record["Location"] for record in read.get_records()}
    assert any(place.startswith("mx") and place.endswith("/etc/mail/sendmail.cf") for place in places)


# What SARIF 2.1.0 asks of the parts that are used here (OASIS, sections named), as a schema of our own: strict, so that a misspelt key is found.
TEXT = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {"text": {"type": "string", "minLength": 1}, "markdown": {"type": "string"}},
}
# GitHub takes no log with a place that is in no file.
PLACE = {
    "type": "object",
    "required": ["physicalLocation"],
    "additionalProperties": False,
    "properties": {
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation"],
            "additionalProperties": False,
            "properties": {  # 3.29
                "artifactLocation": {
                    "type": "object",
                    "required": ["uri"],
                    "additionalProperties": False,
                    "properties": {"uri": {"type": "string", "format": "uri-reference"}},
                },
                "region": {"type": "object", "additionalProperties": False, "properties": {"startLine": {"type": "integer", "minimum": 1}}},
            },
        },  # 3.30
        "logicalLocations": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {  # 3.33
                    "name": {"type": "string"},
                    "fullyQualifiedName": {"type": "string"},
                    "kind": {"type": "string"},
                },
            },
        },
    },
}
RESULT = {
    "type": "object",
    "required": ["ruleId", "ruleIndex", "kind", "level", "message", "locations"],
    "additionalProperties": False,
    "properties": {  # 3.27
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "kind": {"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": TEXT,
        "locations": {"type": "array", "minItems": 1, "items": PLACE},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        "properties": {"type": "object"},
        "baselineState": {"enum": ["new", "unchanged", "updated", "absent"]},
        "suppressions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kind"],
                "additionalProperties": False,
                "properties": {  # 3.35
                    "kind": {"enum": ["inSource", "external"]},
                    "status": {"enum": ["accepted", "underReview", "rejected"]},
                    "justification": {"type": "string"},
                },
            },
        },
    },
    # 3.27.10: a level other than none only with the kind fail.
    "if": {"properties": {"kind": {"const": "fail"}}},
    "else": {"properties": {"level": {"const": "none"}}},
}
RULE = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "properties": {  # 3.49
        "id": {"type": "string"},
        "shortDescription": TEXT,
        "fullDescription": TEXT,
        "help": TEXT,
        "defaultConfiguration": {"type": "object", "additionalProperties": False, "properties": {"level": RESULT["properties"]["level"]}},
        "properties": {"type": "object"},
    },
}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {  # 3.13
        "$schema": {"type": "string"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool"],
                "additionalProperties": False,
                "properties": {  # 3.14
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "additionalProperties": False,
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "additionalProperties": False,
                                "properties": {  # 3.19
                                    "name": {"type": "string"},
                                    "version": {"type": "string"},
                                    "semanticVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
                                    "rules": {"type": "array", "uniqueItems": True, "items": RULE},
                                },
                            }
                        },
                    },
                    "automationDetails": {"type": "object", "additionalProperties": False, "properties": {"id": {"type": "string"}}},
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"type": "array", "items": RESULT},
                    "invocations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["executionSuccessful"],
                            "additionalProperties": False,
                            "properties": {  # 3.20
                                "executionSuccessful": {"type": "boolean"},
                                "endTimeUtc": TIME,
                                "toolExecutionNotifications": {
                                    "type": "array",
                                    "items": {
                                        "type": "object",
                                        "required": ["message"],
                                        "additionalProperties": False,
                                        "properties": {"message": TEXT, "level": RESULT["properties"]["level"]},
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def test_sarif_keeps_the_rules_of_its_standard(made):
    log = json.loads(audit_fleet.text(audit_sarif.log(made)))
    jsonschema.validate(log, SARIF, cls=jsonschema.Draft202012Validator)
    run = log["runs"][0]
    identities = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(identities)) == len(identities) and all(identities[one["ruleIndex"]] == one["ruleId"] for one in run["results"])
    # 3.27.24: every result has it, or none.
    assert len({"baselineState" in one for one in run["results"]}) == 1


def test_all_forms_are_read_from_bytes(made):
    JUnitXml.fromfile(io.BytesIO(audit_junit.text(made).encode("utf-8")))
    assert audit_fleet.text(made).isascii() and audit_fleet.text(audit_sarif.log(made)).isascii()
