"""The lists of messages that are printed: each with its title and the columns that people get."""

from __future__ import annotations

from bankklient_lab.access.listings import Listing
from bankklient_lab.exchange.messages import bank_messages
from bankklient_lab.exchange.replies import client_messages

MESSAGE_LISTINGS = {
    "bank messages": Listing(
        "Messages from the bank", bank_messages,
        ("unread", "type", "confidential", "individual", "expired", "has_attachment", "reply", "replies",
         "received_at", "valid_until", "subject"),
        "message_id",
    ),
    "client messages": Listing(
        "Messages to the bank", client_messages,
        ("answers", "status", "kind", "form", "attachment_name", "created_at", "created_by", "sent_at", "confirmed_at",
         "received_at", "batch_order", "subject", "why"),
        "message_id",
    ),
}  # fmt: skip
