-- What the rules of orders share. A text that can't be what it should is null, and the rules say why.

-- People write amounts with a comma or a point, and thousands apart by spaces.
CREATE MACRO app.amount_text(entered) AS replace(replace(replace(entered, ' ', ''), chr(160), ''), ',', '.');

CREATE MACRO app.amount_value(entered) AS
    CASE WHEN regexp_full_match(amount_text(entered), '[+-]?\d{1,15}(\.\d{1,3})?')
        THEN TRY_CAST(amount_text(entered) AS DECIMAL(18,3)) END;

CREATE MACRO app.rate_value(entered) AS
    CASE WHEN regexp_full_match(amount_text(entered), '[+-]?\d{1,12}(\.\d{1,6})?')
        THEN TRY_CAST(amount_text(entered) AS DECIMAL(18,6)) END;

-- 2026-11-22, or as people in the country write it: 22.11.2026, 22. 11. 2026.
CREATE MACRO app.date_value(entered) AS
    CASE WHEN regexp_full_match(entered, '\d{4}-\d{2}-\d{2}') THEN TRY_CAST(entered AS DATE)
        WHEN regexp_full_match(entered, '\d{1,2}\. ?\d{1,2}\. ?\d{4}')
            THEN TRY_STRPTIME(replace(entered, ' ', ''), '%d.%m.%Y')::DATE END;

CREATE MACRO app.yes_no_value(entered) AS
    CASE lower(entered) WHEN 'yes' THEN true WHEN 'no' THEN false ELSE NULL END;

CREATE MACRO app.significant(digits) AS ltrim(digits, '0');

-- Weighted digit sum divisible by 11; true for what is no number of at most ten digits, which other rules refuse.
CREATE MACRO app.check_number(digits) AS coalesce(modulo_11(TRY_CAST(digits AS BIGINT)), true);

-- Company number: weights 8 to 2 over seven digits; the last is 11 less their sum by 11, of which the last digit counts.
CREATE MACRO app.ico_right(digits) AS coalesce(
    (11 - list_sum(list_transform(range(1, 8), lambda n: substr(digits, n, 1)::INTEGER * (9 - n))) % 11) % 10
        = substr(digits, 8, 1)::INTEGER, false);

-- Birth number: nine digits until 1953, then ten, divisible by 11; of women the month is 50 more, and either 20 more when
-- a day has run out of numbers.
CREATE MACRO app.birth_number_right(digits) AS coalesce(
    TRY_CAST(concat(
        CASE WHEN length(digits) = 9 OR substr(digits, 1, 2) >= '54' THEN '19' ELSE '20' END, substr(digits, 1, 2), '-',
        lpad((CASE WHEN substr(digits, 3, 2)::INTEGER > 70 THEN substr(digits, 3, 2)::INTEGER - 70
            WHEN substr(digits, 3, 2)::INTEGER > 50 THEN substr(digits, 3, 2)::INTEGER - 50
            WHEN substr(digits, 3, 2)::INTEGER > 20 THEN substr(digits, 3, 2)::INTEGER - 20
            ELSE substr(digits, 3, 2)::INTEGER END)::VARCHAR, 2, '0'),
        '-', substr(digits, 5, 2)) AS DATE) IS NOT NULL
    AND CASE length(digits) WHEN 9 THEN substr(digits, 1, 2) < '54' ELSE digits::BIGINT % 11 = 0 END, false);

-- ISO 13616: the first four characters go to the end, letters are 10 to 35, the rest of the whole number by 97 is 1. Any
-- text may stand here; one that is no IBAN otherwise is for other rules.
CREATE MACRO app.iban_checks(iban) AS
    list_reduce(list_prepend(0, list_transform(string_split(substr(iban, 5) || substr(iban, 1, 4), ''),
        lambda letter: ascii(letter) - CASE WHEN letter >= 'A' THEN 55 ELSE 48 END)),
        lambda rest, number: (rest * CASE WHEN number > 9 THEN 100 ELSE 10 END + number) % 97) = 1
    AND substr(iban, 3, 2) BETWEEN '02' AND '98';

-- The client's accounts as orders name them: the parts of a Czech number, and the side of an order they may stand on.
CREATE MACRO app.own_accounts() AS TABLE
    SELECT account_id, number, currency, name, position, substr(number, 5, 4) AS bank_code,
        coalesce(nullif(ltrim(substr(number, 9, 6), '0'), ''), '0') AS prefix, ltrim(substr(number, 15, 10), '0') AS base
    FROM ops.account WHERE regexp_full_match(number, 'CZ\d{22}');

CREATE MACRO app.in_force(valid_from, valid_until, day) AS valid_from <= day AND (valid_until IS NULL OR day < valid_until);

-- The rows of a codebook that are in force on a day.
CREATE MACRO app.codebook(book, day) AS TABLE
    SELECT code, name, attributes FROM ops.codebook
    WHERE codebook = book AND in_force(valid_from, valid_until, day);

-- Parts of an account as files name it: prefix-number/bank, number/bank, number, or a Czech IBAN. A text that is none of
-- these is a number as a whole, which the rules refuse.
CREATE MACRO app.is_czech_iban(account) AS coalesce(CASE WHEN regexp_full_match(account, 'CZ\d{22}')
    THEN (substr(account, 5) || '1235' || substr(account, 3, 2))::HUGEINT % 97 = 1 END, false);
CREATE MACRO app.has_account_parts(account) AS NOT (account LIKE '%/%/%' OR account LIKE '%-%-%' OR account LIKE '%/%-%');
CREATE MACRO app.account_bank(account) AS
    CASE WHEN is_czech_iban(account) THEN substr(account, 5, 4)
        WHEN has_account_parts(account) THEN nullif(split_part(account, '/', 2), '') END;
CREATE MACRO app.account_prefix(account) AS
    CASE WHEN is_czech_iban(account) THEN coalesce(nullif(significant(substr(account, 9, 6)), ''), '0')
        WHEN has_account_parts(account) AND contains(account, '-') THEN split_part(account, '-', 1) ELSE '0' END;
CREATE MACRO app.account_base(account) AS
    CASE WHEN is_czech_iban(account) THEN significant(substr(account, 15, 10))
        WHEN NOT has_account_parts(account) THEN account
        WHEN contains(account, '-') THEN nullif(split_part(split_part(account, '/', 1), '-', 2), '')
        ELSE nullif(split_part(account, '/', 1), '') END;

-- The number of a Czech account, also of one that is written as an IBAN; another account as it is.
CREATE MACRO app.account_number(account) AS CASE WHEN is_czech_iban(account)
    THEN concat(nullif(account_prefix(account), '0') || '-', account_base(account), '/', account_bank(account))
    ELSE account END;

-- One line of a text: as its line feeds cut it, or else as many characters as a line takes. The last line gets all that
-- is left over, so that the rules find what has no room.
CREATE MACRO app.text_line(content, line, lines, characters) AS nullif(
    CASE WHEN contains(content, chr(10)) THEN
            CASE WHEN line < lines THEN split_part(content, chr(10), line)
                ELSE array_to_string(string_split(content, chr(10))[lines:], ' ') END
        WHEN line < lines THEN trim(substr(content, (line - 1) * characters + 1, characters))
        ELSE trim(substr(content, (line - 1) * characters + 1)) END, '');
