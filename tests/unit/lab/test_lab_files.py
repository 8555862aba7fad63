"""Recipes, the files of hosts, inventory: text that the lab makes."""

import dataclasses
import io
import tarfile

import pytest
import yaml

from lab import address, build, containers, hostfiles, inventory, mailbox, paths, recipe, runtime
from lab.shell import LabError

PLAN = address.plan("demo", 1, ["debian12", "debian13"])
SECRETS = hostfiles.Secrets("ssh-ed25519 AAA user\n", "private\n", "ssh-ed25519 BBB host\n", "ca\n",
                            {host.fqdn: ("certificate\n", "key\n") for host in PLAN.hosts}, ("192.0.2.53",))


def files_of(key):
    """Files of one host by path."""
    return {file.path: file for file in hostfiles.files(PLAN, PLAN.host(key), SECRETS)}


@pytest.mark.parametrize("host", PLAN.hosts, ids=lambda host: host.key)
def test_every_host_knows_its_full_name_first(host):
    mine = [line.split() for line in files_of(host.key)["/etc/hosts"].content.splitlines()]
    assert [host.fqdn, host.key] in [line[1:] for line in mine]


def test_the_internal_server_relays_by_the_first_gateway():
    main = files_of("mail")["/etc/postfix/main.cf"].content
    assert "relayhost = [198.51.100.42]" in main
    assert "virtual_mailbox_domains = corp.example mail.corp.example" in main
    assert "$" not in main


def test_mailboxes_of_both_names_of_the_organisation_are_one():
    lines = files_of("mail")["/etc/postfix/mailboxes"].content.splitlines()
    assert "alice@corp.example corp.example/alice/" in lines
    assert "alice@mail.corp.example corp.example/alice/" in lines


def test_private_keys_are_private():
    for path in ("/etc/ssl/lab/host.key", "/etc/ssh/ssh_host_ed25519_key"):
        assert files_of("gw-debian12")[path].mode == 0o600


def test_machine_ids_differ():
    ids = [files_of(host.key)["/etc/machine-id"].content for host in PLAN.hosts]
    assert len(set(ids)) == len(ids) and all(len(one) == 33 for one in ids)


def test_the_archive_is_the_same_for_the_same_files():
    listed = list(files_of("ns").values())
    assert hostfiles.archive(listed) == hostfiles.archive(listed)
    with tarfile.open(fileobj=io.BytesIO(hostfiles.archive(listed))) as tar:
        names = tar.getnames()
        assert "etc/bind/lab/corp.example.zone" in names
        assert tar.getmember("home/ansible/.ssh").mode == 0o700
        link = tar.getmember("etc/systemd/system/multi-user.target.wants/named.service")
        assert link.linkname == "/usr/lib/systemd/system/named.service"


def test_only_gateways_get_a_real_sandbox():
    words = {host.key: containers.create_argv(PLAN, host, "image") for host in PLAN.hosts}
    assert [key for key, argv in words.items() if "seccomp=unconfined" in argv] == ["gw-debian12", "gw-debian13"]


def test_a_container_is_made_anew_when_files_or_image_change():
    argv = containers.create_argv(PLAN, PLAN.host("ns"), "image:1")
    other = containers.create_argv(PLAN, PLAN.host("ns"), "image:2")
    assert len({containers.fingerprint(*one) for one in ((argv, b"a"), (argv, b"b"), (other, b"a"))}) == 3


def test_the_inventory_is_yaml_with_the_four_groups():
    table = yaml.safe_load(inventory.inventory_text(PLAN, "/dir", "/dir/%C"))
    groups = table["all"]["children"]
    assert set(groups) == {"gateways", "mailserver", "client", "nameserver"}
    assert list(groups["gateways"]["hosts"]) == ["gw-debian12.corp.example", "gw-debian13.corp.example"]
    assert groups["gateways"]["hosts"]["gw-debian13.corp.example"]["ansible_host"] == "198.51.100.43"
    assert table["all"]["vars"]["lab_inside_net"] == "198.51.100.32/27"
    assert table == inventory.inventory(PLAN, "/dir", "/dir/%C")


def test_ssh_finds_a_host_by_each_of_its_names():
    assert "Host gw-debian13 gw-debian13.corp.example 198.51.100.43\n" in inventory.ssh_config(PLAN, "/dir", "/dir/%C")


@pytest.mark.parametrize(("key", "user", "path"), [
    ("mail", "alice", "/var/mail/lab/corp.example/alice"),
    ("mail", "alice@corp.example", "/var/mail/lab/corp.example/alice"),
    ("client", "dave", "/var/mail/lab/third.example/dave"),
    ("client", "postmaster@third.example", "/var/mail/lab/third.example/postmaster"),
])
def test_mailboxes(key, user, path):
    assert mailbox.directory(PLAN.host(key), user) == path


@pytest.mark.parametrize(("key", "user"), [("mail", "carol"), ("client", "carol@third.example"), ("ns", "root")])
def test_a_mailbox_that_is_not_there_is_explained(key, user):
    with pytest.raises(LabError, match="has no mailbox"):
        mailbox.directory(PLAN.host(key), user)


@pytest.mark.parametrize(("choice", "table"), [
    (runtime.Choice(), {}),
    (runtime.Choice("runc"), {"engine": {"runtime": "runc"}}),
    (runtime.Choice("", ("nofile=9:9", "nproc=8:8")), {"containers": {"default_ulimits": ["nofile=9:9", "nproc=8:8"]}}),
])
def test_containers_conf(choice, table):
    written = recipe.tomllib.loads(choice.conf())
    assert written.pop("network") == {"network_backend": "netavark"}
    assert {key: value for key, value in written.items() if value} == table


@pytest.mark.parametrize(("hybrid", "order"), [(False, ["", "crun", "runc"]), (True, ["runc", "", "crun"])])
def test_what_is_tried_first(hybrid, order, tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "HYBRID", tmp_path if hybrid else tmp_path / "absent")
    monkeypatch.setattr(runtime.shutil, "which", lambda name: f"/usr/bin/{name}")
    tried = runtime.candidates()
    assert list(dict.fromkeys(choice.runtime for choice in tried)) == order
    assert [bool(choice.limits) for choice in tried] == [False, True] * 3


HOSTS = {"peer", "debian12", "debian13", "el9", "el10", "suse", "suse-exec"}


def root_of(name):
    """The recipe with a suite that an image goes back to."""
    one = recipe.load(name)
    return root_of(one.base) if one.base else one


def test_the_recipes_here_load_and_gateways_are_bare():
    assert set(recipe.available()) >= HOSTS
    for name in recipe.available():
        assert not set(recipe.load(name).packages) & set(recipe.load(name).absent)
    for name in HOSTS:
        assert "openssh-server" in root_of(name).packages
    for name in HOSTS - {"peer"}:
        assert {"postfix", "sendmail-bin", "m4", "make"} <= set(root_of(name).absent)


@pytest.fixture
def cookbook(tmp_path, monkeypatch):
    """A directory of recipes to write to."""
    monkeypatch.setattr(paths, "IMAGES", tmp_path)
    (tmp_path / "base.toml").write_text('packages = ["a", "b"]\n[files."/x"]\ncontent = "\\nline\\n"\n')
    (tmp_path / "el.toml").write_text('include = ["base.toml"]\nsuite = "s"\npackages = ["b", "c"]\ntrees = ["el"]\n')
    (tmp_path / "el" / "etc").mkdir(parents=True)
    (tmp_path / "el" / "etc" / "os-release").write_text("ID=el\n")
    return tmp_path


def test_included_recipes_are_joined(cookbook):
    one = recipe.load("el")
    assert one.packages == ("a", "b", "c")
    assert one.files == (("/x", "line\n", 0o644),)
    assert recipe.available() == ["el"]


def test_the_digest_changes_with_all_that_makes_the_image(cookbook):
    seen = [recipe.digest(recipe.load("el")), recipe.digest(recipe.load("el"))]
    (cookbook / "el" / "etc" / "os-release").write_text("ID=other\n")
    seen.append(recipe.digest(recipe.load("el")))
    (cookbook / "el" / "etc" / "os-release").chmod(0o600)
    seen.append(recipe.digest(recipe.load("el")))
    seen.append(recipe.digest(dataclasses.replace(recipe.load("el"), run=("true",))))
    assert seen[0] == seen[1] and len(set(seen)) == 4


@pytest.fixture
def layers(cookbook):
    """Two recipes more: el8 is made from el, with something out of tools."""
    (cookbook / "tools.toml").write_text('suite = "s"\nrun = ["true"]\n')
    (cookbook / "el8.toml").write_text('from = "el"\ntake = ["tools"]\n')
    return cookbook


def test_an_image_may_be_made_from_others(layers):
    one = recipe.load("el8")
    assert one.needs == ("el", "tools") and one.suite == ""
    assert recipe.available() == ["el", "el8", "tools"]


@pytest.mark.parametrize("path", ["el/etc/os-release", "tools.toml"])
def test_the_digest_changes_with_what_the_image_is_made_from(layers, path):
    before = recipe.digest(recipe.load("el8"))
    (layers / path).write_text('suite = "other"\n')
    assert recipe.digest(recipe.load("el8")) != before


def test_a_recipe_without_other_images_keeps_the_digest_it_had_before_there_were_such():
    one = recipe.Recipe("x", "bookworm", packages=("a",))
    assert recipe.digest(one) == "eeead8590f30"


def test_a_recipe_made_from_itself_is_explained(layers):
    (layers / "tools.toml").write_text('from = "el8"\n')
    with pytest.raises(LabError, match="made from itself: el8 -> tools -> el8"):
        recipe.digest(recipe.load("el8"))


def test_an_image_may_be_made_from_one_that_a_variable_names(cookbook, monkeypatch):
    (cookbook / "real.toml").write_text('from = "$SOME_IMAGE"\n')
    monkeypatch.delenv("SOME_IMAGE", raising=False)
    assert recipe.available() == ["el"]
    with pytest.raises(LabError, match=r"\$SOME_IMAGE names, but that is not set"):
        recipe.load("real")
    monkeypatch.setenv("SOME_IMAGE", "registry.example/one:9")
    one = recipe.load("real")
    assert (one.foreign, one.needs) == ("registry.example/one:9", ()) and recipe.available() == ["el", "real"]
    monkeypatch.setenv("SOME_IMAGE", "registry.example/one:10")
    assert recipe.digest(recipe.load("real")) != recipe.digest(one)


def test_only_what_is_missing_is_built_and_in_order(layers):
    def names(*there):
        return [one.name for one in build.missing(["el8"], exists=lambda reference: any(f"/{name}:" in reference for name in there))]

    assert names() == ["el", "tools", "el8"]
    assert names("tools") == ["el", "el8"]
    assert names("el8") == []
    assert [one.name for one in build.missing(["el8"], force=True, exists=lambda _: True)] == ["el8"]


def test_an_image_is_built_once_what_it_is_made_from_is_there(layers):
    waiting = [recipe.load(name) for name in ("el8", "tools", "el")]
    assert [one.name for one in build.ready(waiting, {"el8", "tools", "el"})] == ["el", "tools"]
    assert [one.name for one in build.ready(waiting[:1], {"el8", "tools"})] == []
    assert [one.name for one in build.ready(waiting[:1], {"el8"})] == ["el8"]


@pytest.mark.parametrize(("text", "words"), [
    ('from = "el"\npackages = ["x"]', "there can be no suite, components or packages beside it"),
    ('from = "el"\nsuite = "s"', "there can be no suite"),
    ('suite = "s"\npackage = ["x"]', "unknown key package"), ("suite = ", "not valid TOML"),
    ("packages = []", "no suite")])
def test_a_wrong_recipe_is_explained(cookbook, text, words):
    (cookbook / "wrong.toml").write_text(text)
    with pytest.raises(LabError, match=words):
        recipe.load("wrong")


def test_a_missing_recipe_names_those_that_exist(cookbook):
    with pytest.raises(LabError, match="there are: el"):
        recipe.load("sles")


def test_the_build_fails_on_a_package_that_must_be_absent():
    script = dataclasses.replace(recipe.load("debian12"), absent=("exim4-base",)).setup_script()
    assert "exim4-base is in the image" in script and script.startswith("set -eu\n")
