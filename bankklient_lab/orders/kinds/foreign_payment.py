"""Foreign payment: out of the country, in a foreign currency, or between currencies within the own bank."""

from __future__ import annotations

from bankklient_lab.orders.kinds.domestic import account_text
from bankklient_lab.orders.kinds.kind import (
    Item,
    Kind,
    Notice,
    Rule,
    characters_of,
    checks_taken,
    longer,
    missing,
    no_own_account,
    not_in,
    number_checks,
    numeric,
)

# ruff: noqa: S608 - every text below is our own

TEXT_CHARACTERS = 35
LINES = (1, 2, 3, 4)
# SWIFT's character set x.
ALLOWED = r"A-Za-z0-9 \-/?:().,''+"  # as within an SQL text
AMOUNT_MAX = "9999999999999.99"
INSTRUCTION_CHARACTERS = 30
CONFIRMATION_CHARACTERS = 50


def _lines(name: str, label: str, count: int) -> tuple[Item, ...]:
    return tuple(
        Item(f"{name}_line_{line}", f"{label} {line}", "text", TEXT_CHARACTERS, mandatory=line == 1)
        for line in range(1, count + 1)
    )


def _instructions() -> tuple[Item, ...]:
    return tuple(
        item
        for n in LINES
        for item in (
            Item(f"instruction_code_{n}", f"Instruction {n}", "text", 4, codebook="instructions", part="more"),
            Item(
                f"instruction_description_{n}", f"Instruction {n}: words", "text", INSTRUCTION_CHARACTERS, part="more"
            ),
        )
    )


def _line_rules(name: str, first: int, count: int) -> tuple[Rule, ...]:
    """Return the rules of a text of several lines: the first must be there."""
    rules = [missing(f"{name}_line_1", first)]
    for line in range(1, count + 1):
        number = first + 2 * line - 1
        rules += [
            longer(f"{name}_line_{line}", TEXT_CHARACTERS, number),
            characters_of(f"{name}_line_{line}", ALLOWED, number + 1),
        ]
    return tuple(rules)


def _instruction_rules(n: int) -> tuple[Rule, ...]:
    """Return the rules of one instruction: its code, and the words that some codes take."""
    code, words, first = f"instruction_code_{n}", f"instruction_description_{n}", 801 + 11 * (n - 1)
    others = ", ".join(f"instruction_code_{other}" for other in LINES if other != n)
    allowed = "c.operation_instructions[bank_operation_code]"
    collides = "list_contains(string_split(c.instruction_excludes[{}], ' '), {})"
    return (
        Rule(first, f"{code} IS NULL AND {words} IS NOT NULL"),
        Rule(first + 1, f"length({code}) <> 4"),
        characters_of(code, "A-Z0-9", first + 2),
        Rule(first + 3, f"{code} IS NOT NULL AND c.instruction_words[{code}] IS NULL"),
        Rule(first + 6, f"{code} IS NOT NULL AND {allowed} = 'none'"),
        Rule(first + 4, f"{allowed} <> 'all' AND NOT list_contains(string_split({allowed}, ' '), {code})"),
        Rule(
            first + 5,
            f"len(list_filter([{others}], lambda x: x = {code} OR coalesce({collides.format(code, 'x')}, false)"
            f" OR coalesce({collides.format('x', code)}, false))) > 0",
        ),
        Rule(first + 7, f"{words} IS NULL AND c.instruction_words[{code}] = 'required'"),
        longer(words, INSTRUCTION_CHARACTERS, first + 8),
        characters_of(words, ALLOWED, first + 9),
        Rule(first + 10, f"{words} IS NOT NULL AND c.instruction_words[{code}] = 'none'"),
    )


def _confirmation_rules(item: str, first: int) -> tuple[Rule, ...]:
    """Return the rules of an address for a confirmation: a fax number, or an e-mail address when it has an @."""
    return (
        longer(item, CONFIRMATION_CHARACTERS, first),
        Rule(first + 1, f"NOT contains({item}, '@') AND NOT regexp_full_match({item}, '[0-9 +()\\-]*')"),
        Rule(
            first + 2,
            f"contains({item}, '@')"
            f" AND NOT regexp_full_match({item}, '[A-Za-z0-9._%+\\-]+@[A-Za-z0-9\\-]+(\\.[A-Za-z0-9\\-]+)+')",
        ),
    )


_NUMBERS = {
    "own_prefix_right": "orderer_account_prefix",
    "own_base_right": "orderer_account_base",
    "recipient_prefix_right": "substr(recipient_bban, 5, 6)",
    "recipient_base_right": "substr(recipient_bban, 11, 10)",
}
_AMOUNT = "amount_text(amount)"
_DECIMALS = f"length(rtrim(split_part({_AMOUNT}, '.', 2), '0'))"

KIND = Kind(
    name="foreign_payment",
    family="foreign",
    letter="F",
    label="Foreign payment",
    plural="Foreign payments",
    creates="120|121",
    own="orderer",
    counter="recipient",
    items=(
        Item("orderer_account_prefix", "Orderer prefix", "digits", 6, default="'0'", help="Up to 6 digits; may be 0"),
        Item("orderer_account_base", "Orderer account", "digits", 10, mandatory=True, codebook="own_accounts"),
        Item("orderer_bank", "Orderer bank", "digits", 4, mandatory=True, default="c.default_bank"),
        Item(
            "recipient_account",
            "Recipient account",
            "text",
            34,
            mandatory=True,
            help="IBAN where the country has it, otherwise the local form",
            codebook="counterparties",
        ),
        *_lines("recipient", "Recipient", 3),
        Item("amount", "Amount", "amount", 20, mandatory=True, help="Greater than 0, decimals as the currency has"),
        Item("currency", "Currency", "text", 3, mandatory=True, codebook="currencies"),
        Item("maturity_date", "Maturity", "date", 10, mandatory=True, default="c.today"),
        Item("country", "Country of the bank", "text", 2, mandatory=True, codebook="countries"),
        Item("swift_bic", "BIC (SWIFT)", "text", 11, help="8 or 11 characters", codebook="bics"),
        *_lines("bank_connection", "Bank", 4),
        *_lines("recipient_info", "Information", 4),
        Item("charges", "Charges", "text", 3, mandatory=True, codebook="charges", default="'SHA'"),
        Item("bank_operation_code", "Bank operation", "text", 4, True, codebook="bank_operations", default="'CRED'"),
        Item("payer_reference", "Payer reference", "text", 35, help="SEPA payments only"),
        Item("agreed_rate_marked", "Agreed rate", "yes_no", 3, part="more"),
        Item("agreed_rate", "Agreed rate: value", "rate", 20, part="import"),
        Item("orderer_confirmation", "Confirmation to the orderer", "text", CONFIRMATION_CHARACTERS, part="more"),
        Item("recipient_confirmation", "Confirmation to the recipient", "text", CONFIRMATION_CHARACTERS, part="more"),
        *_instructions(),
        Item("payment_title", "Payment title", "text", 4, codebook="payment_titles", part="more", only_offered=True),
        Item(
            "contractual_partner",
            "Contractual partner",
            "text",
            11,
            codebook="contractual_partners",
            part="more",
            only_offered=True,
        ),
        Item("creation_date", "Day of creation", "date", 10, part="import"),
        Item("client_transaction_id", "Client identification", "text", 35, part="import"),
    ),
    rules=(
        Rule(701, "orderer_account_base IS NULL"),
        Rule(702, "length(significant(orderer_account_base)) NOT BETWEEN 2 AND 10"),
        numeric("orderer_account_base", 703),
        Rule(704, "NOT own_base_right"),
        Rule(
            705,
            "len(list_filter(c.blocked_bases, lambda k: k.bank = orderer_bank"
            " AND TRY_CAST(orderer_account_base AS BIGINT) BETWEEN k.first AND k.last)) > 0",
        ),
        Rule(706, "length(significant(orderer_account_prefix)) > 6"),
        numeric("orderer_account_prefix", 707),
        Rule(708, "NOT own_prefix_right"),
        Rule(
            709,
            "len(list_filter(c.blocked_prefixes, lambda k: k.bank = orderer_bank"
            " AND TRY_CAST(orderer_account_prefix AS BIGINT) BETWEEN k.first AND k.last)) > 0",
        ),
        no_own_account(710),
        Rule(710, "NOT list_contains(c.own_banks, orderer_bank) OR own_position NOT IN ('debit', 'both')"),
        missing("recipient_account", 711),
        longer("recipient_account", 34, 712),
        characters_of("recipient_account", "A-Z0-9/ \\-", 713),
        Rule(
            713,
            "is_iban AND stated_iban_length IS NOT NULL"
            " AND (length(recipient_account) <> stated_iban_length OR NOT iban_checks(recipient_account))",
        ),
        Rule(
            713,
            "recipient_bban IS NOT NULL AND (NOT recipient_prefix_right OR NOT recipient_base_right"
            " OR NOT list_contains(c.banks, substr(recipient_bban, 1, 4)))",
        ),
        Rule(713, "is_sepa AND NOT is_internal AND NOT is_iban"),
        missing("currency", 718),
        Rule(719, "length(currency) <> 3"),
        characters_of("currency", "A-Z", 720),
        not_in("currency", "abroad_currencies", 721),
        Rule(721, "country = 'CZ' AND currency = c.national_currency AND NOT is_internal"),
        Rule(
            721,
            "is_internal AND recipient_currencies IS NOT NULL AND NOT list_contains(recipient_currencies, currency)"
            " AND (coalesce(agreed_rate_marked_value, false) OR NOT list_contains(own_currencies, currency))",
        ),
        missing("country", 722),
        Rule(723, "length(country) <> 2"),
        characters_of("country", "A-Z", 724),
        not_in("country", "countries", 725),
        Rule(726, "length(swift_bic) NOT IN (8, 11)"),
        characters_of("swift_bic", "A-Z0-9", 727),
        *_line_rules("recipient", 728, 3),
        *_line_rules("bank_connection", 735, 4),
        *_line_rules("recipient_info", 744, 4),
        *_confirmation_rules("orderer_confirmation", 753),
        *_confirmation_rules("recipient_confirmation", 756),
        missing("amount", 759),
        Rule(760, f"NOT regexp_full_match({_AMOUNT}, '[+-]?\\d+(\\.\\d*)?')"),
        Rule(761, "amount_value = 0"),
        Rule(763, f"starts_with({_AMOUNT}, '-')"),
        Rule(764, f"{_DECIMALS} > currency_decimals"),
        Rule(762, f"amount_value IS NULL OR amount_value > {AMOUNT_MAX}"),
        missing("charges", 765),
        not_in("charges", "charge_codes", 766),
        Rule(766, "is_internal AND charges <> 'BEN'"),
        Rule(766, "is_eea AND NOT is_internal AND charges <> 'SHA'"),
        Rule(767, "NOT regexp_full_match(amount_text(agreed_rate), '[+-]?\\d+(\\.\\d*)?')"),
        Rule(769, "starts_with(amount_text(agreed_rate), '-')"),
        Rule(768, "agreed_rate IS NOT NULL AND (agreed_rate_value IS NULL OR agreed_rate_value = 0)"),
        Rule(771, "agreed_rate_marked_value AND maturity_date_value < c.today"),
        Rule(770, "agreed_rate_marked_value AND maturity_date_value > c.today"),
        Rule(772, "agreed_rate_marked_value AND agreed_rate IS NULL AND origin = 'accounting_system'"),
        Rule(773, "agreed_rate IS NOT NULL AND NOT coalesce(agreed_rate_marked_value, false)"),
        Rule(796, "maturity_date_value IS NULL"),
        Rule(774, "maturity_date_value > created_on + to_days(c.foreign_days)"),
        Rule(
            775, "maturity_date_value < created_on AND NOT coalesce(maturity_date_value < creation_date_value, false)"
        ),
        Rule(776, "maturity_date_value < creation_date_value"),
        Rule(777, "creation_date IS NOT NULL AND creation_date_value IS NULL"),
        missing("bank_operation_code", 782),
        Rule(783, "length(bank_operation_code) <> 4"),
        characters_of("bank_operation_code", "A-Z", 784),
        not_in("bank_operation_code", "bank_operations", 785),
        longer("payer_reference", 35, 791),
        characters_of("payer_reference", ALLOWED, 792),
        Rule(793, "payer_reference IS NOT NULL AND NOT is_sepa"),
        not_in("payment_title", "payment_titles", 794),
        not_in("contractual_partner", "contractual_partners", 795),
        Rule(797, "agreed_rate_marked IS NOT NULL AND agreed_rate_marked_value IS NULL"),
        longer("client_transaction_id", 35, 798),
        characters_of("client_transaction_id", ALLOWED, 799),
        *(rule for n in LINES for rule in _instruction_rules(n)),
    ),
    warnings=(
        Notice(
            "iban_missing",
            "iban_length IS NOT NULL AND NOT is_iban AND NOT is_internal",
            "The recipient's account is no IBAN although its country has them: the payment is slower and dearer.",
        ),
        Notice(
            "bic_missing",
            "swift_bic IS NULL AND list_contains(c.eu_countries, country)",
            "A payment into the European Union without a BIC: the charges can be higher.",
        ),
        Notice(
            "bic_country",
            "substr(swift_bic, 5, 2) <> country",
            "Positions 5 and 6 of the BIC name another country than the country of the bank.",
        ),
    ),
    relation=f"""
        SELECT f.*, {checks_taken(_NUMBERS)}, own.position AS own_position, own.currencies AS own_currencies,
            coalesce(nullif([f.stated_currency], [NULL]), recipient.currencies) AS recipient_currencies,
            c.iban_lengths[f.country] AS iban_length,
            c.iban_lengths[substr(f.recipient_account, 1, 2)] AS stated_iban_length,
            coalesce(c.currency_places[f.currency], 2) AS currency_decimals,
            coalesce(f.currency = 'EUR' AND list_contains(c.sepa_countries, f.country), false) AS is_sepa,
            coalesce(list_contains(c.eea_countries, f.country) AND list_contains(c.eea_currencies, f.currency), false)
                AS is_eea,
            coalesce(substr(f.recipient_bban, 1, 4) = f.orderer_bank, false) AS is_internal
        FROM (SELECT *, {number_checks(_NUMBERS)} FROM (
            SELECT *,
                coalesce(regexp_full_match(recipient_account, '[A-Z]{{2}}\\d{{2}}[A-Z0-9]{{8,30}}'), false) AS is_iban,
                CASE WHEN regexp_full_match(recipient_account, 'CZ\\d{{22}}') THEN substr(recipient_account, 5)
                    WHEN regexp_full_match(recipient_account, '(\\d{{1,6}}-)?\\d{{2,10}}/\\d{{4}}( [A-Z]{{3}})?') THEN
                        regexp_extract(recipient_account, '/(\\d{{4}})', 1)
                        || lpad(regexp_extract(recipient_account, '^(\\d{{1,6}})-', 1), 6, '0')
                        || lpad(regexp_extract(recipient_account, '(\\d{{2,10}})/', 1), 10, '0') END AS recipient_bban,
                CASE WHEN regexp_full_match(recipient_account, '.*/\\d{{4}} [A-Z]{{3}}')
                    THEN right(recipient_account, 3) END AS stated_currency,
                CASE WHEN regexp_full_match(concat(orderer_bank, orderer_account_base, orderer_account_prefix), '\\d*')
                    AND length(orderer_bank) = 4 AND length(significant(orderer_account_base)) BETWEEN 2 AND 10
                    AND length(coalesce(significant(orderer_account_prefix), '')) <= 6
                    THEN orderer_bank || lpad(coalesce(significant(orderer_account_prefix), ''), 6, '0')
                    || lpad(significant(orderer_account_base), 10, '0') END AS own_bban,
                orderer_bank AS own_bank
            FROM entered)) f
        LEFT JOIN own_sides own ON own.bban = f.own_bban
        LEFT JOIN own_sides recipient ON recipient.bban = f.recipient_bban
        CROSS JOIN context c""",
    own_account=account_text("orderer"),
    counter_account="recipient_account",
    counter_name="recipient_line_1",
    symbol="payer_reference",
    verified_setting="verified_items_foreign",
    verified_items={
        "maturity_date": ("maturity_date",),
        "orderer_account": ("orderer_account_prefix", "orderer_account_base"),
        "recipient_account": ("recipient_account",),
        "recipient_name_address_country": tuple(f"recipient_line_{line}" for line in (1, 2, 3)),
        "currency": ("currency",),
        "amount": ("amount",),
        "country_code": ("country",),
        "bank_connection": tuple(f"bank_connection_line_{line}" for line in LINES),
        "recipient_information": tuple(f"recipient_info_line_{line}" for line in LINES),
        "charges": ("charges",),
        "bank_operation_code": ("bank_operation_code",),
        "swift_bic": ("swift_bic",),
        "agreed_rate": ("agreed_rate_marked",),
        "payer_reference": ("payer_reference",),
        "payment_title": ("payment_title",),
        "contractual_partner": ("contractual_partner",),
        **{f"instruction_{n}": (f"instruction_code_{n}", f"instruction_description_{n}") for n in LINES},
    },
    duplicates=False,
)
