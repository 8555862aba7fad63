"""The oldest ansible-core that meta/runtime.yml names runs the same playbook."""

import os
import re

import pytest

pytestmark = pytest.mark.only("default")

OLDEST = os.environ.get("MAILJAIL_OLDEST")


@pytest.fixture(autouse=True)
def there_is_one():
    """What meta/runtime.yml says is tested, or is not said."""
    assert OLDEST, "no Python 3.10 to 3.12 on this machine, so ansible-core 2.16 can not be tried; install one (Debian 12 has 3.11)"


class TestOldest:
    """With ansible-playbook of that release."""

    def test_syntax(self, world):
        run = world.play("--syntax-check", ansible=OLDEST)
        assert run.status == 0, run

    def test_check_mode_on_a_converged_host_announces_nothing(self, world):
        run = world.play("--check", ansible=OLDEST)
        assert run.status == 0, run
        assert [run.changed(gateway) for gateway in world.gateways] == [[]] * len(world.gateways)

    def test_it_is_that_release(self, world):
        run = world.play("--version", ansible=OLDEST)
        assert re.match(r"ansible-playbook \[core 2\.16\.", run.output), run.output
