"""A process that owns a lab knows every action, whatever else it has imported."""

from __future__ import annotations

import subprocess
import sys

REGISTERED = """
import pkgutil
from importlib import import_module
import bankklient_lab
from bankklient_lab.actions import ACTIONS
from bankklient_lab.server.api import register_actions

register_actions()
known = set(ACTIONS)
for module in pkgutil.walk_packages(bankklient_lab.__path__, "bankklient_lab."):
    if not module.name.startswith(("bankklient_lab.dashboards", "bankklient_lab.notebooks")) and not module.ispkg:
        if not module.name.endswith("__main__"):
            import_module(module.name)
print(len(known), *sorted(set(ACTIONS) - known))
"""


def test_every_action_is_registered() -> None:
    said = subprocess.run([sys.executable, "-c", REGISTERED], capture_output=True, text=True, check=True, timeout=120)
    number, *left_out = said.stdout.split()
    assert left_out == []
    assert int(number) > 300
