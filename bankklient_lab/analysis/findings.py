"""Findings: what the files and the statements show to be wrong or worth a look."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from bankklient_lab.actions import table_action
from bankklient_lab.analysis.parameters import known_accounts
from bankklient_lab.errors import BadArgument
from bankklient_lab.lab import Lab, Read

SEVERITIES = ("any", "error", "warning", "info")


@table_action("920|231")
def findings(
    lab: Lab,
    *,
    accounts: Collection[str] = (),
    severity: str = "any",
    since: date | None = None,
    until: date | None = None,
) -> Read:
    """Return the findings of live imports, the newest days first, errors before warnings.

    Those whose statement ends in [since, until), or that concern no statement. Columns: import_id, file_name,
    statement_no,
    entry_no, account, label, day, code, severity ("error", "warning", "info"), title, what_to_do, place, field, value.
    Findings between statements (statement_gap, opening_differs, overlaps) hold as of now: a statement that arrives
    late mends them.
    """
    if severity not in SEVERITIES:
        raise BadArgument(f"severity must be one of {', '.join(SEVERITIES)}, not {severity!r}")
    return lab.read(
        """
        SELECT f.import_id, i.file_name, f.statement_no, f.entry_no, a.account, a.label, f.day, f.code, c.severity,
        c.title,
            c.what_to_do, f.place, f.field, f.value
        FROM all_finding() f JOIN finding_code c USING (code) JOIN ops.import i USING (import_id)
            LEFT JOIN chosen_account($accounts) a USING (account_id)
        WHERE ($severity = 'any' OR c.severity = $severity)
            AND (len($accounts) = 0 OR a.account IS NOT NULL)
            AND ($since IS NULL OR f.day IS NULL OR f.day >= $since) AND ($until IS NULL OR f.day IS NULL OR f.day <
            $until)
        ORDER BY f.day DESC NULLS LAST, list_position(['error', 'warning', 'info'], c.severity), f.import_id DESC,
            f.statement_no, f.entry_no, f.code
        """,
        {"accounts": known_accounts(lab, accounts), "severity": severity, "since": since, "until": until},
    )
