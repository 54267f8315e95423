"""How far what goes to the bank has come, beside orders: messages, orders of documents, and requests."""

from __future__ import annotations

from bankklient_lab.codebooks.codes import DISCARDED, TO_SEND, Sent, listed

# Of a record `m` with its batch `b`: empty while none has taken it, then that of the batch until the bank says more.
STATUS = (
    f"CASE WHEN m.batch_id IS NULL THEN '' WHEN b.status IN {listed(DISCARDED)} THEN 'DE'"
    f" WHEN b.status = {Sent.REJECTED} THEN 'ER' WHEN m.answer <> '' THEN m.answer"
    f" WHEN b.status IN {listed(TO_SEND)} THEN 'NS'"
    f" WHEN b.status IN {listed((Sent.RECEIVED, Sent.PROCESSED))} THEN 'RV' ELSE 'SE' END"
)
