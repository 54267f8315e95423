"""Messages to the bank, and replies to its own: written here, each sent in a batch of its own after balancing.

A message can be changed and deleted until balancing has taken it. Its status is that of its batch until the bank itself
says more (BNK-143 to BNK-150).
"""

from __future__ import annotations

from typing import Any

from bankklient_lab.balancing.content import Frozen, Head
from bankklient_lab.formats.bank_files import BankFile
from bankklient_lab.formats.batches import Batch, write_batch
from bankklient_lab.formats.letters import Letter, write_letter
from bankklient_lab.lab import Lab

# ruff: noqa: S608 - every text below is made of our own declarations


def waiting_messages(_step: str, _held: object) -> str:
    """Return SQL of the messages that no batch has taken, as records of balancing."""
    return (
        "SELECT message_id AS record_id, version, 'messages' AS part, 'client_message' AS kind, '' AS status,"
        " NULL::VARCHAR AS own_account, NULL::VARCHAR AS currency, 0::DECIMAL(18,3) AS amount, true AS ready,"
        " false AS allowed_duplicate FROM ops.client_message WHERE batch_id IS NULL"
    )


def frozen_message(lab: Lab, cursor: Any, head: Head, messages: str) -> Frozen:
    """Return the payload of the one message of a relation (order_id)."""
    ((message_id, answers, kind, subject, text, form, name, attachment),) = cursor.execute(
        "SELECT message_id, answers, kind, subject, content, form, attachment_name, attachment FROM ops.client_message"
        f" WHERE message_id IN (SELECT order_id FROM {messages})"
    ).fetchall()
    file = BankFile(name, bytes(attachment)) if name else None
    letter = Letter(message_id, subject, text, lab.clock(), kind=kind, answers=answers, attachment=file, form=form)
    return Frozen(write_batch(Batch(head.identity, head.priority, (), [write_letter(letter)])), [message_id])
