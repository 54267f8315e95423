"""A statement of one account over any days, and the statements that the banks sent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from bankklient_lab.actions import table_action
from bankklient_lab.analysis.parameters import known_accounts, one_account, period
from bankklient_lab.lab import Lab, Read


@table_action("231")
def statement(lab: Lab, account: str, *, since: date, until: date, currency: str | None = None) -> Read:
    """Return the booked entries of an account in [since, until) with the running balance, in the bank's order.

    Columns: position (from 1), day, booking_day, value_day, amount and balance (DECIMAL, credit positive), currency,
    the
    counterparty, symbols, texts and references, statement_number. `currency` is needed when the account is held in
    several.
    Raises UnknownName, BadArgument.
    """
    period(since, until)
    values: dict[str, object] = {"account": one_account(lab, account, currency), "since": since, "until": until}
    # In two steps: values known when the second one is planned let DuckDB skip nearly all entries.
    (found,) = lab.read("FROM statement_frame($account, $since, $until)", values).rows()
    return lab.read(
        "FROM statement_line($account, $since, $until, $last_before, $first_opening, $parts)", values | found
    )


@table_action("231")
def statement_head(lab: Lab, account: str, *, since: date, until: date, currency: str | None = None) -> Read:
    """Return the one row above a statement of [since, until).

    Columns: account, currency, bank, name, label, owner (as the bank writes it), since, until (not included), opening,
    sum_credit, sum_debit (unsigned), closing (as the bank states it), difference (closing less opening and entries;
    not 0 when the
    bank's statements don't add up or one is missing), entries, numbers (of the bank's statements, "3, 4, 5"),
    known_since, known_until (the days of the period between the account's first and last statement, both inclusive;
    null when there are none), stated (whether the bank states a balance of the account anywhere; balances are counted
    from zero when it does not).
    """
    period(since, until)
    values = {"account": one_account(lab, account, currency), "since": since, "until": until}
    return lab.read(
        """
        WITH sums AS (
            SELECT coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS sum_credit,
                coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS sum_debit, count(*) AS entries
            FROM counted_entry() WHERE account_id = $account AND day >= $since AND day < $until
        ), chain AS MATERIALIZED (
            FROM statement_chain(wanted := $account)
        ), sent AS (
            SELECT string_agg(number, ', ' ORDER BY to_day, number) AS numbers, max_by(account_name, to_day) AS owner
            FROM chain WHERE from_day < $until AND to_day >= $since
        ), known AS (
            SELECT min(from_day) AS first_day, max(to_day) AS last_day,
                coalesce(any_value(basis) = 'stated', false) AS stated
            FROM chain
        )
        SELECT a.account, a.currency, a.bank, a.name, a.label, sent.owner, $since AS since, $until AS until, o.opening,
            s.sum_credit::DECIMAL(18,3) AS sum_credit, s.sum_debit::DECIMAL(18,3) AS sum_debit,
            coalesce(b.balance, o.opening)::DECIMAL(18,3) AS closing,
            (coalesce(b.balance, o.opening) - o.opening - s.sum_credit + s.sum_debit)::DECIMAL(18,3) AS difference,
            s.entries, sent.numbers,
            CASE WHEN first_day < $until AND last_day >= $since THEN greatest(first_day, $since) END AS known_since,
            CASE WHEN first_day < $until AND last_day >= $since THEN least(last_day, $until - 1) END AS known_until,
            known.stated
        FROM labelled_account() a LEFT JOIN balance_on($until - 1, wanted := $account) b USING (account_id),
            (SELECT opening_by(last_before, first_opening, $since) AS opening
                FROM statement_frame($account, $since, $until)) o, sums s, sent, known
        WHERE a.account_id = $account
        """,
        values,
    )


@table_action("231")
def statements(
    lab: Lab,
    *,
    since: date | None = None,
    until: date | None = None,
    accounts: Collection[str] = (),
    interim: bool = False,
) -> Read:
    """Return the statements that the banks sent (or, with `interim`, the reports during the day), newest first.

    Those whose days touch [since, until). Columns: import_id, statement_no, account, label, currency, number, page,
    from_day,
    to_day (inclusive), opening, closing, entries, sum_credit, sum_debit (booked, unsigned), format, file_name, errors,
    warnings (numbers of findings).
    """
    return lab.read(
        """
        WITH counted AS (
            SELECT import_id, statement_no, count(*) FILTER (WHERE c.severity = 'error') AS errors,
                count(*) FILTER (WHERE c.severity = 'warning') AS warnings
            FROM live_finding() f JOIN finding_code c USING (code) GROUP BY ALL
        )
        SELECT s.import_id, s.statement_no, a.account, a.label, s.currency, s.number, s.page, s.from_day, s.to_day,
        s.opening + s.repeated_net AS opening,
            s.closing, s.booked_entries AS entries, s.sum_credit, s.sum_debit, i.format, i.file_name,
            coalesce(c.errors, 0) AS errors, coalesce(c.warnings, 0) AS warnings
        FROM live_statement() s JOIN chosen_account($accounts) a USING (account_id) JOIN ops.import i USING (import_id)
            LEFT JOIN counted c ON c.import_id = s.import_id AND c.statement_no = s.statement_no
        WHERE s.interim = $interim AND ($since IS NULL OR s.to_day >= $since) AND ($until IS NULL OR s.from_day <
        $until)
        ORDER BY s.to_day DESC, a.label, s.number DESC, s.import_id DESC, s.statement_no DESC
        """,
        {"accounts": known_accounts(lab, accounts), "since": since, "until": until, "interim": interim},
    )
