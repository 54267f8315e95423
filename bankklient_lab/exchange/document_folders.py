"""Where documents of an account are saved as they come: a folder of the lab's machine, which an administrator sets.

Nothing that a bank says becomes a path: the folder is ours, and a document's name is made of letters, digits, "_" and
one "." (formats.documents). A file that is there with another content is never written over.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.formats.bank_files import FILE_MESSAGE, read_file
from bankklient_lab.formats.batches import Message
from bankklient_lab.formats.documents import DocumentName, read_name
from bankklient_lab.lab import Lab, Read
from bankklient_lab.store.files import existing_folder, write_whole

_SAME_NAME_MAX = 100


@table_action("231|2")
def document_folders(lab: Lab) -> Read:
    """Return the accounts whose documents are saved as they come. Columns: account (IBAN), folder."""
    return lab.read("SELECT account, folder FROM ops.document_folder ORDER BY account")


@action("2", mode="exclusive")
def set_document_folder(lab: Lab, account: str, folder: str) -> None:
    """Let documents of an own account (IBAN) be saved into a folder of the lab's machine from now on; "": not any more.

    UnknownName for an account that there is not, BadArgument for what is no whole path of a folder.
    """
    with lab.database.tx("ops") as cursor:
        if not cursor.execute("SELECT 1 FROM ops.account WHERE number = ?", [account]).fetchone():
            raise UnknownName("own account", account, "give its number as `bankklient accounts` shows it")
        path = existing_folder(folder)
        cursor.execute("DELETE FROM ops.document_folder WHERE account = ?", [account])
        if path:
            cursor.execute("INSERT INTO ops.document_folder VALUES (?, ?)", [account, path])
        lab.log(cursor, "set_document_folder", account, folder=path)


def folder_of(cursor: Any, account: str) -> Path | None:
    """Return the folder for the documents of an account, None when there is none."""
    row = cursor.execute("SELECT folder FROM ops.document_folder WHERE account = ?", [account]).fetchone()
    return Path(row[0]) if row else None


def save_arrived(cursor: Any, messages: Sequence[Message]) -> list[str]:
    """Save the documents of a batch that was applied, each where its account says.

    Returns why that was not possible, which is no reason not to keep them.
    """
    findings = []
    for file in (read_file(message) for message in messages if message.name == FILE_MESSAGE):
        name = read_name(file.name)
        folder = folder_of(cursor, name.account)
        if folder is None:
            continue
        try:
            write_into(folder, name, file.content)
        except BadArgument as error:
            findings.append(
                f"document {file.name} is kept, and not saved into the folder of its account: {error.message}"
            )
    return findings


def write_into(folder: Path, name: DocumentName, content: bytes) -> Path:
    """Write a document into a folder and return its path: under a name of its own while another file has it.

    BadArgument when the folder can't be written.
    """
    path = folder / name.file_name
    for number in range(2, _SAME_NAME_MAX):
        try:
            if not os.path.lexists(path):
                write_whole(path, content)
                return path
            if path.is_file() and path.read_bytes() == content:
                return path
        except OSError as error:
            raise BadArgument(f"{path} can't be read ({error.strerror})") from None
        path = folder / f"{Path(name.file_name).stem}-{number}.{name.format}"
    raise BadArgument(f"{folder} has {_SAME_NAME_MAX} other files of the name {name.file_name}")
