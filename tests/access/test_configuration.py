"""The configuration: what each parameter takes, what only the bank sets, what is never shown, what is left out."""

from __future__ import annotations

import csv
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankklient_lab.access.configuration import configuration, configure, configure_from_bank, setting
from bankklient_lab.codebooks import rows
from bankklient_lab.errors import BadArgument, NotAllowed, Refused, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.rights.settings import BANK, Parameter, parameters
from scripts import configuration_reference
from tests.access.people import of, with_users

MANUAL = Path(__file__).parents[2] / "docs" / "spec" / "codebooks" / "config_parameters.csv"
DEFAULTS = {  # what the specification and its decisions say
    "signature_attempts": 3, "login_attempts": 0, "lock_minutes": 0, "inactivity_minutes": 0,
    "waiting_data_seconds": 30, "waiting_balancing_seconds": 60, "waiting_password_seconds": 20,
    "waiting_input_seconds": 20, "waiting_message_seconds": 10,
    "duplicates": True, "duplicates_own_account": True, "duplicates_variable_symbol": True,
    "duplicates_specific_symbol": False, "duplicates_constant_symbol": False, "duplicates_days_before": 20,
    "duplicates_days_after": 10, "verified_items": ("counter_account", "amount"), "verified_items_foreign": (),
}  # fmt: skip


def value(lab: Lab, name: str) -> str:
    """Return the value of a parameter as the list shows it."""
    (found,) = [row["value"] for row in configuration.rows(lab) if row["name"] == name]
    return str(found)


@pytest.mark.spec("ADM-145", "ADM-152", "ADM-153", "ADM-158", "ADM-159", "ADM-169", "ADM-170", "ADM-171", "BAL-061")
@pytest.mark.parametrize("name", DEFAULTS)
def test_a_new_lab_has_the_defaults_of_the_specification(lab: Lab, name: str) -> None:
    assert setting(lab, name) == DEFAULTS[name]


def test_every_default_is_a_value_that_its_parameter_takes() -> None:
    for one in parameters().values():
        assert one.checked(one.default) == one.default, one.name
        assert one.checked(one.value(one.default)) == one.default, one.name


@pytest.mark.spec("ADM-137", "ADM-146", "ADM-163")
def test_seeing_and_changing_the_configuration_needs_permission_2(lab: Lab) -> None:
    tester = with_users(lab, berta="USER", adam="ADMINISTRATOR")
    berta, adam = of(tester, "berta"), of(tester, "adam")
    with pytest.raises(NotAllowed):
        configuration.rows(berta)
    with pytest.raises(NotAllowed):
        configure(berta, {"duplicates": False, "shared_mode": False})
    configure(adam, {"duplicates": False, "shared_mode": False})
    assert value(adam, "shared_mode") == "no"
    assert value(adam, "duplicates") == "no"


@pytest.mark.spec("ADM-138", "ADM-140", "ADM-157", "BAS-217")
@pytest.mark.parametrize(
    ("name", "given_", "kept", "means"),
    [
        ("client_name", "  Mlékárna, a. s. ", "Mlékárna, a. s.", "Mlékárna, a. s."),
        ("funds_days", 7, "7", 7),
        ("funds_days", "007", "7", 7),
        ("check_variable_symbol", True, "yes", True),
        ("regular_payments_at_start", "yes", "yes", True),
        ("check_encrypted_batches", False, "no", False),
        ("batch_verification", True, "yes", True),
        ("batch_confirmation", True, "yes", True),
        ("batch_including", True, "yes", True),
        ("locked_items", ["amount", "counter_account"], "counter_account amount", ("counter_account", "amount")),
        ("locked_items", "amount amount", "amount", ("amount",)),
        ("verified_items", [], "", ()),
        ("transmission_days", {"sun", "mon"}, "mon sun", ("mon", "sun")),
        ("transmission_time", "23:59", "23:59", "23:59"),
        ("transmission_interval_minutes", 1440, "1440", 1440),
        ("password_strength", "very strong", "very strong", "very strong"),
    ],
)
def test_a_value_is_kept_and_means_what_its_kind_says(
    lab: Lab, name: str, given_: object, kept: str, means: object
) -> None:
    configure(lab, {name: given_})
    assert value(lab, name) == kept
    assert setting(lab, name) == means


@pytest.mark.spec("ADM-138")
@pytest.mark.parametrize(
    ("name", "wrong", "takes"),
    [
        ("funds_days", -1, "0 to 99"), ("funds_days", 100, "0 to 99"), ("funds_days", "", "0 to 99"),
        ("funds_days", "1.5", "0 to 99"), ("funds_days", "٣", "0 to 99"), ("signature_attempts", 11, "1 to 10"),
        ("signature_attempts", 0, "1 to 10"), ("duplicates", "maybe", "yes or no"), ("duplicates", 1, "yes or no"),
        ("password_strength", "STRONG", "weak or strong or very strong"), ("client_name", "x" * 101, "100 characters"),
        ("transmission_days", ["mon", "holiday"], "any of mon, tue"), ("transmission_time", "24:00", "such as 06:30"),
        ("transmission_time", "6:30", "such as 06:30"), ("proxy_port", 65536, "1 to 65535"),
        ("proxy_password", "x" * 201, "200 characters"),
    ],
)  # fmt: skip
def test_a_value_out_of_its_range_refuses_all_and_names_the_parameter(
    lab: Lab, name: str, wrong: object, takes: str
) -> None:
    label = parameters()[name].label
    with pytest.raises(BadArgument) as refused:
        configure(lab, {"client_name": "kept?", name: wrong} if name != "client_name" else {name: wrong})
    assert refused.value.message.startswith(f"{label} ({name}) can't be ")
    assert takes in refused.value.message
    assert value(lab, "client_name") == ""
    with pytest.raises(UnknownName, match="parameter 'colour'"):
        configure(lab, {"client_name": "kept?", "colour": "red"})
    assert value(lab, "client_name") == ""


@pytest.mark.spec("ADM-154")
def test_a_secret_is_kept_but_neither_shown_nor_logged_nor_quoted(lab: Lab) -> None:
    secret = "tiger in the tank"
    configure(lab, {"proxy": True, "proxy_address": "proxy.test", "proxy_port": 3128, "proxy_user": "us",
                    "proxy_password": secret})  # fmt: skip
    assert setting(lab, "proxy_password") == secret
    assert value(lab, "proxy_password") == "set"
    assert secret not in json.dumps(configuration.rows(lab))
    configure(lab, {"proxy_password": ""})
    assert value(lab, "proxy_password") == "not set"
    with pytest.raises(BadArgument) as refused:
        configure(lab, {"proxy_password": secret * 20})
    assert secret not in refused.value.message
    assert not [entry for entry in lab.rows("FROM ops.log") if secret in str(entry)]


@pytest.mark.spec("ADM-139", "BAS-216")
def test_what_the_bank_sets_is_shown_and_cannot_be_changed(lab: Lab) -> None:
    of_bank = [one.name for one in parameters().values() if one.kind == BANK]
    assert of_bank == ["bank_identification", "client_identification", "national_currency", "bank_code"]
    for name in of_bank:
        with pytest.raises(Refused, match="comes from the bank"):
            configure(lab, {name: "x"})
    assert (value(lab, "bank_identification"), value(lab, "client_identification")) == ("1", "20001")
    configure_from_bank(lab, {"bank_code": "0600", "national_currency": "CZK"})
    assert (value(lab, "bank_code"), value(lab, "national_currency")) == ("0600", "CZK")
    with pytest.raises(Refused, match="not the bank's"):
        configure_from_bank(lab, {"bank_code": "0100", "client_name": "x"})
    assert value(lab, "bank_code") == "0600"


def test_only_what_changes_is_logged(lab: Lab) -> None:
    configure(lab, {"funds_days": 0, "client_name": "Dairy"})
    configure(lab, {"funds_days": 0, "client_name": "Dairy"})
    ((subject, details, chain),) = lab.rows("SELECT subject, details, chain FROM ops.log WHERE action = 'configure'")
    assert (subject, json.loads(details), chain) == ("client_name", {"client_name": "Dairy"}, "security")


@given(st.text(max_size=30), st.sampled_from(sorted(parameters())))
def test_any_text_is_refused_or_kept_so_that_it_is_taken_again(text: str, name: str) -> None:
    one: Parameter = parameters()[name]
    with suppress(BadArgument):
        kept = one.checked(text)
        assert one.checked(kept) == kept
        assert one.checked(one.value(kept)) == kept


def test_each_parameter_of_the_specification_is_there_or_left_out_with_a_reason() -> None:
    with MANUAL.open(encoding="utf-8") as file:
        manual = [
            (row["tab"], row["parameter"])
            for row in csv.DictReader(file)
            if not row["parameter"].startswith("rule:")  # of a parameter beside
        ]
    ours = rows("manual_parameters")
    assert [(row["tab"], row["parameter"]) for row in ours] == manual
    for row in ours:
        assert bool(row["name"]) != bool(row["reason"]), row
        assert not row["name"] or row["name"] in parameters(), row


@pytest.mark.spec("ADM-155")
def test_the_page_of_the_configuration_is_current() -> None:
    assert configuration_reference.PAGE.read_text("utf-8") == configuration_reference.page(), "run `make docs`"
