"""After a converge, check mode has nothing to announce, and everything that ran came from the installed collection."""

import os


def test_check_mode_announces_nothing(world, gateway):
    record = world.last()
    assert record["check"]
    totals = record["hosts"][gateway.name]
    assert totals["ok"] > 0 and not totals["failures"] and not totals["unreachable"], totals
    assert [row["task"] for row in record["results"] if row["host"] == gateway.name and row["changed"]] == []


def test_at_most_ten_remote_runs(world, gateway):
    """What a run costs when nothing changes: each module call is a round trip. Tasks that stay on the controller cost none."""
    local = ("assert", "fail", "debug", "include_tasks", "import_tasks", "include_vars", "include_role", "import_role", "set_fact", "meta",
             "validate_argument_spec")
    remote = [row["task"] for row in world.last()["results"] if row["host"] == gateway.name and row["action"].split(".")[-1] not in local]
    assert 0 < len(remote) <= 10, remote


def test_the_installed_collection_was_run(world):
    installed = os.environ.get("MAILJAIL_INSTALLED") or str(world.directory.parents[1] / "collections/ansible_collections/mailjail/sendmail")
    paths = {row["path"] for row in world.last()["results"]}
    assert paths and all(path.startswith(installed + "/") for path in paths), paths
