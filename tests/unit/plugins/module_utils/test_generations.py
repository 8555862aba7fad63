# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generations: a kept state comes back whole, or not at all."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk, generations
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommitError

OWNER = (str(os.getuid()), str(os.getgid()))


@pytest.fixture
def host(tmp_path):
    state, files = str(tmp_path / "state"), [str(tmp_path / name) for name in ("map", "mc", "cf")]
    for path in files:
        put(path, "first")
    generations.write_state(state, {"paths": files})
    return state, files


def put(path, text):
    disk.write(path, text.encode("utf-8"), OWNER[0], OWNER[1], "0644")


def content(paths):
    return [disk.read(path) for path in paths]


def test_the_previous_state_comes_back_in_the_order_of_a_commit(host):
    state, files = host
    kept = generations.keep(state, files, 5)
    for path in files:
        put(path, "second")
    assert generations.restore(state, "previous") == files
    assert content(files) == [b"first"] * 3
    assert generations.restore(state, kept) == []


def test_a_file_that_was_absent_is_absent_again(host):
    state, files = host
    os.unlink(files[0])
    generations.keep(state, files, 5)
    put(files[0], "new")
    generations.restore(state, "previous")
    assert not os.path.exists(files[0])


def test_owner_and_mode_belong_to_the_state(host):
    state, files = host
    generations.keep(state, files, 5)
    os.chmod(files[1], 0o600)
    assert generations.restore(state, "previous") == [files[1]]
    assert os.stat(files[1]).st_mode & 0o777 == 0o644


def test_the_same_state_is_kept_once(host):
    state, files = host
    assert generations.keep(state, files, 5) == generations.keep(state, files, 5)
    assert len(generations.listing(state)) == 1


def test_a_damaged_generation_is_refused_and_nothing_is_touched(host):
    state, files = host
    kept = generations.keep(state, files, 5)
    put(os.path.join(state, "generations", kept, "000"), "altered")
    for path in files:
        put(path, "second")
    with pytest.raises(CommitError, match="altered"):
        generations.restore(state, kept)
    assert content(files) == [b"second"] * 3


def test_a_generation_whose_keeping_was_cut_off_does_not_exist(host):
    state, files = host
    os.makedirs(os.path.join(state, "generations", "00001"))
    os.makedirs(os.path.join(state, "generations", "00002.partial"))
    put(os.path.join(state, "generations", "00002.partial", "manifest.json"), '{"files": {}, "order": [], "fingerprint": "", "time": 1, "good": true}')
    assert generations.listing(state) == []
    with pytest.raises(CommitError, match="there are: none"):
        generations.choose(state, "previous")
    assert generations.keep(state, files, 5) == "00001"
    assert os.listdir(os.path.join(state, "generations")) == ["00001"]


def test_the_newest_good_generation_outlives_the_count(host):
    state, files = host
    generations.mark_good(state)
    good = generations.keep(state, files, 2)
    for number in range(6):
        put(files[0], "change %d" % number)
        generations.keep(state, files, 2)
    assert generations.last_good(state) == good
    assert generations.restore(state, "good") == [files[0]]
    assert content(files)[0] == b"first"


def large(path, first):
    with open(path, "wb") as target:
        target.write(first)
        target.truncate(generations.LARGE + 1)


def stored(state, kept, path):
    return os.path.join(state, "generations", kept, generations.choose(state, kept)["files"][path]["stored"])


def test_a_large_file_that_a_commit_replaces_is_kept_without_copying(host):
    state, files = host
    large(files[0], b"old")
    inode = os.stat(files[0]).st_ino
    kept = generations.keep(state, files, 5, replaced=[files[0]])
    put(files[0], "small now")
    assert os.stat(stored(state, kept, files[0])).st_ino == inode
    assert generations.restore(state, kept) == [files[0]]
    with open(files[0], "rb") as source:
        assert source.read(3) == b"old"
    assert generations.restore(state, kept) == []


def test_a_large_file_that_stays_live_has_no_second_name_and_is_copied_once(host):
    state, files = host
    large(files[0], b"old")
    first = generations.keep(state, files, 5)
    put(files[1], "second")
    second = generations.keep(state, files, 5)
    assert os.stat(files[0]).st_nlink == 1
    assert os.path.samefile(stored(state, first, files[0]), stored(state, second, files[0]))


def test_a_large_kept_file_that_was_written_into_is_refused(host):
    state, files = host
    large(files[0], b"old")
    kept = generations.keep(state, files, 5)
    with open(stored(state, kept, files[0]), "r+b") as target:
        target.write(b"altered")
    put(files[0], "small now")
    with pytest.raises(CommitError, match="altered"):
        generations.restore(state, kept)


def test_unreadable_state_only_costs_work(host):
    state, unused = host
    put(os.path.join(state, "state.json"), "{ half")
    assert generations.read_state(state) == {}


def test_what_is_retired_goes_and_comes_back_with_its_generation(host):
    state, files = host
    kept = generations.keep(state, files, 5)
    generations.write_state(state, {"paths": files[1:], "retired": files[:1]})
    generations.retire(state)
    assert not os.path.exists(files[0])
    assert "retired" not in generations.read_state(state)
    assert generations.restore(state, kept) == files[:1]
    assert generations.read_state(state)["paths"] == files


@pytest.fixture(name="grown")
def grown_(tmp_path):
    """A host whose configuration grew: its first run did not manage two of the paths, one of which the administrator had made."""
    state, files = str(tmp_path / "state"), [str(tmp_path / name) for name in ("mc", "aliases", "table")]
    put(files[0], "the distribution's")
    put(files[1], "the administrator's")
    generations.keep(state, files[:1], 2)
    generations.write_state(state, {"paths": files[:1]})
    put(files[0], "ours")
    return state, files


def later(state):
    return generations.listing(state)[0].get("later")


def test_what_a_later_run_begins_to_manage_is_kept_for_good(grown):
    state, files = grown
    first = generations.listing(state)[0]
    for number in range(5):
        generations.keep(state, files, 2)
        generations.write_state(state, {"paths": files})
        for path in files:
            put(path, "ours %d" % number)
    found = generations.before(generations.listing(state))
    assert [manifest["id"] for manifest in generations.listing(state)] == ["00001", "00005", "00006"]
    assert found["files"][files[2]] == {"absent": True} and generations.damage(state, found) is None
    generations.put_back(state, found, files[1])
    assert content(files[1:2]) == [b"the administrator's"]
    # A way back to the first generation is what it was.
    assert {key: value for key, value in generations.listing(state)[0].items() if key != "later"} == first
    assert generations.restore(state, "00001") == files[:1] and generations.read_state(state)["paths"] == files[:1]


def test_what_was_noted_once_is_not_noted_again(grown):
    """The next run after one that was killed may find a file of ours there."""
    state, files = grown
    generations.keep(state, files, 2)
    noted = later(state)
    assert sorted(noted) == sorted(files[1:])
    put(files[1], "ours")
    for manifest in generations.listing(state)[1:]:
        generations.shutil.rmtree(os.path.join(state, "generations", manifest["id"]))
    generations.keep(state, files, 2)
    assert later(state) == noted
    more = files[0] + ".more"
    put(more, "the administrator's as well")
    generations.keep(state, files + [more], 2)
    found = generations.before(generations.listing(state))
    assert sorted(later(state)) == sorted(files[1:] + [more]) and generations.damage(state, found) is None


@pytest.mark.parametrize("dies", ["manifest.json", "00002.partial"])
def test_a_note_that_was_cut_off_is_made_by_the_next_run(grown, monkeypatch, dies):
    state, files = grown
    writing, making = disk.write, os.mkdir

    def dying(place, *words):
        if str(place).endswith(dies):
            raise KeyboardInterrupt()
        return (writing if len(words) != 1 or isinstance(words[0], bytes) else making)(place, *words)

    monkeypatch.setattr(disk, "write", dying)
    monkeypatch.setattr(generations.os, "mkdir", dying)
    with pytest.raises(KeyboardInterrupt):
        generations.keep(state, files, 2)
    monkeypatch.undo()
    generations.keep(state, files, 2)
    found = generations.before(generations.listing(state))
    generations.write_state(state, {"paths": files})
    put(files[1], "ours")
    generations.put_back(state, found, files[1])
    assert content(files[1:2]) == [b"the administrator's"]


def test_what_is_managed_already_is_no_file_of_the_host(grown):
    """A host that a former release of this collection configured: nobody knows what was there before."""
    state, files = grown
    generations.write_state(state, {"paths": files[:2], "retired": files[2:]})
    generations.keep(state, files, 2)
    assert later(state) is None


def test_a_large_file_that_is_managed_later_comes_back(grown):
    state, files = grown
    large(files[1], b"the administrator's")
    inode = os.stat(files[1]).st_ino
    generations.keep(state, files, 2, replaced=[files[1]])
    put(files[1], "ours")
    found = generations.before(generations.listing(state))
    generations.put_back(state, found, files[1])
    with open(files[1], "rb") as source:
        assert source.read(19) == b"the administrator's"
    assert os.stat(files[1]).st_ino != inode and os.stat(files[1]).st_nlink == 1


@pytest.fixture(name="beside")
def beside_(tmp_path, monkeypatch):
    """What another role made for the configuration that is kept."""
    place = str(tmp_path / "etc" / "users")
    os.mkdir(os.path.dirname(place))
    put(place, "alice")
    monkeypatch.setattr(generations.keep, "__defaults__", generations.keep.__defaults__[:-1] + ((place, place + ".never"),))
    return place


def test_what_a_configuration_needs_besides_comes_back_with_it(host, beside):
    state, files = host
    os.chmod(beside, 0o600)
    kept = generations.keep(state, files, 5)
    put(files[2], "second")
    os.unlink(beside)
    manifest = generations.choose(state, kept)
    assert generations.differing(manifest) == [beside, files[2]] and generations.damage(state, manifest) is None
    assert generations.restore(state, kept) == [beside, files[2]]
    assert content([beside]) == [b"alice"] and os.stat(beside).st_mode & 0o777 == 0o600


def test_what_is_there_besides_stays_as_it_is(host, beside):
    """A way back brings no old password."""
    state, files = host
    kept = generations.keep(state, files, 5)
    put(files[2], "second")
    put(beside, "bob")
    assert generations.restore(state, kept) == [files[2]] and content([beside]) == [b"bob"]


def test_what_changed_besides_is_kept_anew(host, beside):
    state, files = host
    first = generations.keep(state, files, 5)
    assert generations.keep(state, files, 5) == first
    put(beside, "bob")
    assert generations.keep(state, files, 5) != first
    os.unlink(beside)
    assert generations.restore(state, "00002") == [beside] and content([beside]) == [b"bob"]


def test_a_damaged_copy_besides_is_refused(host, beside):
    state, files = host
    kept = generations.keep(state, files, 5)
    put(os.path.join(state, "generations", kept, "beside-000"), "altered")
    assert generations.damage(state, generations.choose(state, kept)) == beside
