"""The application log: what was done to the lab, by whom; nobody changes it, and it shows when somebody did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument
from bankklient_lab.lab import Lab, Read
from bankklient_lab.store.witness import UNWITNESSED, as_values, read_witness

Within = Literal["none", "month", "week", "day"]
LIMIT_MAX = 10_000
FINDINGS_SHOWN = 100
_REASON_CHARS_MAX = 200


@table_action(personal=True)
def application_log(
    lab: Lab,
    *,
    number: int | None = None,
    module: str = "",
    user: str = "",
    kind: str = "",
    within: Within = "none",
    before: int | None = None,
    limit: int = 100,
) -> Read:
    """Return entries of the log, newest first.

    Columns: order (position in the log), saved (when), number and message, module, type (fatal error, unknown error,
    error, message, login), user (empty: nobody had logged in), subject (what it was done to), details (JSON), session.

    Chosen by message `number`, `module`, `user`, `kind` (the type), and `within` the last month, week or day. The next
    page begins `before` the order of the last entry of this one; `limit` is at most 10,000.
    """
    if not 0 < limit <= LIMIT_MAX:
        raise BadArgument(f"limit is 1 to {LIMIT_MAX}, not {limit}")
    return lab.read(
        """
        WITH found AS (
            FROM ops.log
            WHERE ($number IS NULL AND $module = '' AND $kind = '' OR action IN (
                    SELECT action FROM app.log_message
                    WHERE ($number IS NULL OR number::INTEGER = $number) AND ($module = '' OR module = $module)
                        AND ($kind = '' OR type = $kind)))
                AND ($user = '' OR by_user = $user)
                AND ($since::TIMESTAMPTZ IS NULL OR done_at >= $since)
                AND ($before::BIGINT IS NULL OR log_id < $before)
            ORDER BY log_id DESC LIMIT $limit
        )
        SELECT l.log_id AS "order", l.done_at AS saved, m.number::INTEGER AS number, coalesce(m.message, l.action)
            AS message, m.module, m.type, l.by_user AS user, l.subject, l.details, l.session_id AS session
        FROM found l LEFT JOIN app.log_message m USING (action) ORDER BY l.log_id DESC
        """,
        {
            "number": number,
            "module": module,
            "user": user,
            "kind": kind.lower(),
            "since": _since(lab, within),
            "before": before,
            "limit": limit,
        },
    )


def _since(lab: Lab, within: str) -> object:
    """Return the instant from which entries count: a calendar month, seven days or 24 hours ago."""
    now = lab.clock()
    if within == "month":
        last_of_month_before = now.replace(day=1) - timedelta(days=1)
        return last_of_month_before.replace(day=min(now.day, last_of_month_before.day))
    try:
        return {"none": None, "week": now - timedelta(days=7), "day": now - timedelta(days=1)}[within]
    except KeyError:
        raise BadArgument(f"within is none, month, week or day, not {within[:20]!r}") from None


@action("2|960", mode="standard")
def verify_log(lab: Lab) -> dict[str, Any]:
    """Verify that no entry of the log was changed, removed (at the end either) or put in.

    Returns ok, entries, chains (per chain: first and last number kept), findings (sentences, at most 100), witness
    (since: from when on the end of the log is watched, None without a witness; failure: why it can't be written).
    """
    with lab.database.reading() as cursor:
        cursor.execute("BEGIN")  # one state for all of it
        try:
            chains = cursor.execute(
                "SELECT chain, a.number + 1, t.number FROM ops.log_tail t JOIN ops.log_anchor a USING (chain)"
            ).fetchall()
            ((entries,),) = cursor.execute("SELECT count(*) FROM ops.log").fetchall()
            broken = cursor.execute(
                "SELECT log_id, chain, number, reason FROM app.log_broken() ORDER BY log_id LIMIT ?", [FINDINGS_SHOWN]
            ).fetchall()
            unseen = cursor.execute(UNWITNESSED, as_values(lab.path)).fetchall()
        finally:
            cursor.execute("ROLLBACK")
    findings = [f"entry {log_id} ({chain} {number}): {reason}" for log_id, chain, number, reason in broken]
    findings += [
        f"the {chain} chain does not have the entry {number} that its witness saw (it ends with {last}): newer entries"
        " were removed, or the file was replaced by an older one"
        for chain, number, last in unseen
    ]
    witness = read_witness(lab.path)
    if witness is not None and witness.lab_id != lab.witness.lab_id():
        findings.append("the witness is that of another lab: the file was replaced")
    return {
        "ok": not findings,
        "entries": entries,
        "chains": {chain: {"first": first, "last": last} for chain, first, last in chains},
        "findings": findings[:FINDINGS_SHOWN],
        "witness": {"since": witness.begun_at if witness else None, "failure": lab.witness.failure},
    }


@action("2", proof=True)
def renew_witness(lab: Lab, reason: str) -> None:
    """Begin the witness of the log anew, after what it contradicts was looked into; `reason` stays in the log.

    That is right after the lab's file was replaced by a copy of an earlier day on purpose.
    """
    said = " ".join(reason.split())
    if not 0 < len(said) <= _REASON_CHARS_MAX:
        raise BadArgument(f"say why, in 1 to {_REASON_CHARS_MAX} characters")
    with lab.database.tx("ops") as cursor:
        lab.log(cursor, "renew_witness", "", reason=said)
        lab.database.after_commit(lab.witness.renew)
