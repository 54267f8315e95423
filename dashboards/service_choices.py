"""What the forms of services offer: own accounts, and choices that depend on one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import bankklient_lab as bl
from bankklient_lab.codebooks.deposits import EARLY, REGULAR, RENEWED, TO_ACCOUNT, TO_DEPOSIT, variants
from bankklient_lab.codebooks.services import NEW, REVOCATION, VALID
from bankklient_lab.formats.forwards import OWN, RECIPIENT_ITEMS, said_of, sides
from bankklient_lab.formats.payments.accounts import national
from bankklient_lab.formats.standing_orders import FREQUENCIES
from bankklient_lab.orders.accounts import own_accounts
from bankklient_lab.orders.checking import national_currency
from bankklient_lab.services.listing import service_records
from bankklient_lab.services.receivable_rules import CREDIT_NOTE

from .form import Form
from .texts import section, text

NONE = "none"  # the widget takes "" for nothing chosen


def taken(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form holds, with "" for what was chosen to be none."""
    return {name: "" if value == NONE else value for name, value in values.items()}


class Choices:
    """The own accounts in the national currency from which payments may be ordered; `fill` fills a form."""

    accounts: tuple[str, ...] = ("own_account",)

    def __init__(self, lab: bl.Lab, forms: Mapping[str, Form]) -> None:
        self._lab, self._forms = lab, forms
        self.currency = national_currency(lab)

    def fill(self, form: Form, values: Mapping[str, Any], name: str) -> None:
        """Offer what there is to choose, and show values, or the draft of this name when there is one."""
        self._offer_accounts(form)
        form.fill(values, name=name)

    def _offer_accounts(self, form: Form) -> None:
        offered = {
            f"{national(row['account'])} {row['name'] or ''}".strip(): row["account"]
            for row in own_accounts.rows(self._lab)
            if row["currency"] == self.currency and row["position"] in ("debit", "both")
        }
        for name in self.accounts:
            if name in form.widgets:
                none = {} if form.fields[name].required else {text("services.with_principal"): NONE}
                _offer(form, name, none | offered)


class Frequencies(Choices):
    """How often a standing order pays, by its period."""

    def __init__(self, lab: bl.Lab, forms: Mapping[str, Form]) -> None:
        super().__init__(lab, forms)
        forms[NEW].widgets["period"].param.watch(lambda _event: self._offer_frequencies(), "value")

    def fill(self, form: Form, values: Mapping[str, Any], name: str) -> None:
        """Offer, and fill, as Choices."""
        if form is self._forms[NEW]:
            _offer(form, "frequency", {str(one): str(one) for some in FREQUENCIES.values() for one in some})
        super().fill(form, values, name)
        if form is self._forms[NEW]:
            self._offer_frequencies()

    def _offer_frequencies(self) -> None:
        form = self._forms[NEW]
        offered = FREQUENCIES[form.widgets["period"].value]
        _offer(form, "frequency", {str(one): str(one) for one in offered})


class Deposits(Choices):
    """The accounts, lengths and ways of interest that a variant of deposits has."""

    accounts = ("own_account", "principal_account", "interest_account")

    def __init__(self, lab: bl.Lab, forms: Mapping[str, Form]) -> None:
        super().__init__(lab, forms)
        forms[NEW].widgets["variant"].param.watch(lambda _event: self._offer_variant(), "value")

    def fill(self, form: Form, values: Mapping[str, Any], name: str) -> None:
        """Offer, and fill, as Choices."""
        variant = variants()[str(values.get("variant") or next(iter(variants())))]
        self.currency = variant.currency
        if form is self._forms[REVOCATION]:
            methods = (REGULAR, EARLY) if variant.renewal == RENEWED else (EARLY,)
            _offer(form, "method", _in_words(methods))
        super().fill(form, values, name)
        if form is self._forms[NEW]:
            self._offer_variant()

    def _offer_variant(self) -> None:
        form = self._forms[NEW]
        variant = variants()[form.widgets["variant"].value]
        self.currency = variant.currency
        self._offer_accounts(form)
        ways = (TO_ACCOUNT, TO_DEPOSIT) if variant.renewal == RENEWED else (TO_ACCOUNT,)
        for name, offered in (("length", variant.lengths), ("interest_to", ways)):
            _offer(form, name, _in_words(offered))


class Forwards(Choices):
    """The accounts that a pair sells from and buys to, and what is asked of each kind of recipient."""

    def __init__(self, lab: bl.Lab, forms: Mapping[str, Form]) -> None:
        super().__init__(lab, forms)
        self._form = forms[NEW]
        for name in ("pair", "deal_type", "recipient"):
            self._form.widgets[name].param.watch(lambda _event: self._offer(), "value")

    def fill(self, form: Form, values: Mapping[str, Any], name: str) -> None:
        """Offer, and fill, as Choices."""
        form.fill(values, name=name)
        self._offer()
        widget = form.widgets["own_account"]
        if values.get("own_account") in widget.options.values():
            widget.value = values["own_account"]

    def _offer(self) -> None:
        widgets = self._form.widgets
        pair = sides({"pair": widgets["pair"].value, "deal_type": widgets["deal_type"].value})
        self.currency = pair.sold
        self._offer_accounts(self._form)
        kind, account = widgets["recipient"].value, widgets["recipient_account"]
        for name in RECIPIENT_ITEMS:
            widgets[name].visible = name in said_of(kind)
            if not widgets[name].visible:
                widgets[name].value = ""
        own = {row["account"]: row["currency"] for row in own_accounts.rows(self._lab) if row["position"] != "none"}
        bought = [national(one) for one, currency in own.items() if currency == pair.bought]
        if kind == OWN and account.value not in bought:
            account.value = next(iter(bought), "")
        elif kind != OWN and account.value in map(national, own):
            account.value = ""


class Financed(Choices):
    """The accounts of agreements on financing, each with its currency, and what a credit note has beside an invoice."""

    def __init__(self, lab: bl.Lab, forms: Mapping[str, Form]) -> None:
        super().__init__(lab, forms)
        self._form = forms[NEW]
        self._currencies: dict[str, str] = {}
        self._form.widgets["own_account"].param.watch(lambda _event: self._follow(), "value")
        self._form.widgets["receivable_type"].param.watch(lambda _event: self._follow(), "value")

    def fill(self, form: Form, values: Mapping[str, Any], name: str) -> None:
        """Offer, and fill, as Choices."""
        super().fill(form, values, name)
        self._follow()

    def _offer_accounts(self, form: Form) -> None:
        rows = [row for row in service_records.rows(self._lab, "receivable") if row["state"] == VALID]
        self._currencies = {row["agreement_account"]: row["agreement_currency"] for row in rows}
        offered = {f"{national(one)} {currency}": one for one, currency in self._currencies.items()}
        _offer(form, "own_account", offered)

    def _follow(self) -> None:
        widgets = self._form.widgets
        widgets["currency"].value = self._currencies.get(widgets["own_account"].value, widgets["currency"].value)
        original = widgets["original_variable_symbol"]
        original.visible = widgets["receivable_type"].value == CREDIT_NOTE
        if not original.visible:
            original.value = ""


def _in_words(values: Sequence[str]) -> dict[str, str]:
    words = section("service_option")
    return {words.get(one.replace(" ", "_"), one): one for one in values}


def _offer(form: Form, name: str, offered: Mapping[str, Any]) -> None:
    """Offer values in a field, and keep the one that is chosen where it is among them."""
    widget, choices = form.widgets[name], form.fields[name].options
    kept = widget.value if widget.value in offered.values() else next(iter(offered.values()), None)
    assert isinstance(choices, dict)  # what the field takes as one of its values
    choices.clear()
    choices |= offered
    widget.param.update(options=dict(offered), value=kept)
