"""System information: enough for support, and nothing that is the client's or a person's own."""

from __future__ import annotations

import getpass
import io
import json
import platform
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.access.configuration import configure
from bankklient_lab.access.logins import caller_of, login
from bankklient_lab.access.system_information import database_changes, packed, system_information
from bankklient_lab.access.users import change_password, create_user
from bankklient_lab.history.reduction import reduce_history
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.store.migrations import migrations
from tests.clocks import NOON
from tests.history.test_reduction import DECEMBER, fill
from tests.statements import ACCOUNT

PASSWORD, PASSPHRASE = "Zvlastni-Heslo-7193", "velmi tajna veta 8264"
OWN = (
    "Rozalie", "Kvetakova", "QZ", "rozalie.k", "Tajemna Spolecnost", "Pokladna Karlin", ACCOUNT, "REF1", PASSWORD,
    PASSPHRASE, "tajny_stroj", "statement.sta", "argon2id$",
)  # fmt: skip


@pytest.fixture
def content(tmp_path: Path) -> dict[str, str]:
    """Return the files of the ZIP file of a lab in which everything has a recognisable name."""
    folder = tmp_path / "tajny_stroj"
    folder.mkdir()
    path = folder / "tajny_stroj.lab"
    with open_here(path, create=True, clock=lambda: NOON, passphrase=PASSPHRASE, user="rozalie.k") as lab:
        fill(lab, folder)
        bl.rename_account(lab, ACCOUNT, "Pokladna Karlin")
        configure(lab, {"client_name": "Tajemna Spolecnost", "backup_folder": str(folder)})
        reduce_history(lab, DECEMBER)
        change_password(lab, "", PASSWORD)
        create_user(
            lab, "druha", reference="QZ", role="SUPERUSER", password=PASSWORD, first_name="Rozalie",
            last_name="Kvetakova",
        )  # fmt: skip
        kept = lab.rows("SELECT value FROM ops.setting WHERE name IN ('archive_key', 'lab_id')")
        session = login(lab, "rozalie.k", PASSWORD, workstation="tajny_stroj")["session"]
        caller = caller_of(lab, session)
        assert caller is not None
        secrets = [session, *(value for (value,) in kept)]
        assert len(secrets) == 3
        with zipfile.ZipFile(io.BytesIO(packed(system_information(lab.acting(caller))))) as made:
            files = {name: made.read(name).decode() for name in made.namelist()}
    assert not [name for secret in secrets for name, text in files.items() if secret in text]
    return files


@pytest.mark.spec("ADM-255")
def test_it_holds_nothing_of_the_clients_own(content: dict[str, str]) -> None:
    own = (*OWN, getpass.getuser() + '"', platform.node() + '"')
    assert [(name, word) for name, text in content.items() for word in own if word.lower() in text.lower()] == []


@pytest.mark.spec("ADM-255")
def test_it_tells_versions_sizes_checks_and_the_log(content: dict[str, str]) -> None:
    found = {name: json.loads(text) for name, text in content.items()}
    assert set(found) == {"program.json", "lab.json", "checks.json", "configuration.json", "log.json"}
    assert found["program.json"]["duckdb"] == found["program.json"]["packages"]["duckdb"] == version("duckdb")
    assert found["program.json"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["program.json"]["schema"] == len(migrations())
    assert found["lab.json"]["rows"]["history.entry"] == 1
    assert found["lab.json"]["archive_bytes"] > 0
    assert found["lab.json"]["encrypted"] is True
    assert set(found["checks.json"].values()) == {0}
    assert found["configuration.json"]["client_name"] is True  # that there is one, not which
    assert found["configuration.json"]["reduction_newest"] == 1
    assert "import_file" in [entry["action"] for entry in found["log.json"]]


@pytest.mark.spec("ADM-250", "ADM-251")
def test_the_changes_of_the_database_are_listed(lab: Lab) -> None:
    rows = database_changes.rows(lab)
    assert [(row["version"], row["name"], row["key"]) for row in rows] == [
        (step.number, step.name, step.checksum) for step in migrations()
    ]
    assert all(row["done"] and row["done_at"] for row in rows)
