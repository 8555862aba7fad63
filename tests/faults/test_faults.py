"""A commit that is killed anywhere, or finds no room, leaves a whole configuration, old or new; the next run finishes it.

Needs a host with sendmail that testinfra reaches over ssh (``--hosts``, ``--ssh-config``) with sudo. ``MAILJAIL_COLLECTIONS`` names the directory
where the collection is installed.
"""

import base64
import io
import json
import os
import pathlib
import tarfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
REMOTE = "/root/faults"
ARGUMENT = 65536    # a kernel takes twice that in one argument
RUN = f"cd {REMOTE} && PYTHONPATH={REMOTE} python3 driver.py"


@pytest.fixture(scope="module")
def root(host):
    """Run a shell script as root on the host, where the driver and the collection's module_utils lie; both are gone afterwards."""
    collections = pathlib.Path(os.environ["MAILJAIL_COLLECTIONS"]).resolve()
    utils = pathlib.Path("ansible_collections/mailjail/sendmail/plugins/module_utils")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for path in sorted((collections / utils).glob("*.py")):
            tar.add(path, str(utils / path.name))
        tar.add(HERE / "driver.py", "driver.py")

    def run(script):
        return host.run("sudo sh -c %s", script)

    packed = base64.b64encode(archive.getvalue()).decode()
    assert run(f"rm -rf {REMOTE} && mkdir -p {REMOTE}").rc == 0
    for start in range(0, len(packed), ARGUMENT):
        assert run(f"echo {packed[start:start + ARGUMENT]} >> {REMOTE}/packed").rc == 0
    assert run(f"cd {REMOTE} && base64 -d packed | tar -xzf -").rc == 0
    yield run
    run(f"rm -rf {REMOTE} /etc/faults /var/lib/faults")


def digests(root):
    """Digest of every file that the driver manages."""
    return root("cd /etc/faults/mail && sha256sum *").stdout


def test_a_run_killed_at_any_step_leaves_each_file_whole_and_the_next_run_finishes(root):
    answer = root(f"{RUN} survey")
    assert answer.rc == 0, answer.stdout + answer.stderr
    rows = json.loads(answer.stdout)
    assert [row for row in rows if row["wrong"]] == []
    assert len(rows) > 40       # ten files, each with several steps


def test_without_room_for_the_generation_nothing_is_touched(root):
    assert root(f"{RUN} a").rc == 0
    before = digests(root)
    answer = root(f"unshare -m sh -c 'mount -t tmpfs -o size=64k,mode=0700 none /var/lib/faults && {RUN} b'")
    assert "No space left on device" in json.loads(answer.stdout)["failed"]
    assert digests(root) == before


def test_without_room_for_staging_nothing_is_touched(root):
    assert root(f"{RUN} a").rc == 0
    before = digests(root)
    full = ("cp -a /etc /root/etc.copy && mount -t tmpfs -o size=32m,mode=0755 none /etc && cp -a /root/etc.copy/. /etc/; rm -rf /root/etc.copy; "
            "dd if=/dev/zero of=/etc/filler bs=4k 2>/dev/null")
    answer = root(f"unshare -m sh -c '{full}; {RUN} b; cd /etc/faults/mail && sha256sum *'")
    said, rest = answer.stdout.split("\n", 1)
    assert "No space left on device" in json.loads(said)["failed"]
    assert rest == before       # as the starved run left them, in its own /etc
