"""The pages with orders without a browser: forms made from declarations, checks, lists, tasks."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bankklient_lab.codebooks import rows
from bankklient_lab.dashboards.create import Create
from bankklient_lab.dashboards.order_fields import WHOLE_ORDER, account_text, field_of, fields_of, shown
from bankklient_lab.dashboards.orders import Orders
from bankklient_lab.dashboards.own_key import OwnKey
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.dashboards.state import State
from bankklient_lab.dashboards.todo import ToDo
from bankklient_lab.lab import Lab
from bankklient_lab.orders.counterparties import save_counterparty
from bankklient_lab.orders.creating import correct_order, create_order
from bankklient_lab.orders.entering import entered_texts
from bankklient_lab.orders.headers import save_header
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.layouts import save_form_layout, standard
from bankklient_lab.orders.listing import order_ids
from bankklient_lab.orders.patterns import create_pattern
from bankklient_lab.orders.steps import take_step
from bankklient_lab.orders.timeline import order_steps
from bankklient_lab.rights.permissions import everything
from tests.history.test_matching import sent
from tests.orders.labs import (
    COLLECTION,
    DOMESTIC,
    FOREIGN,
    MAIN,
    SUPPLIER,
    domestic_values,
    equip,
    foreign_values,
    hands,
)


@pytest.fixture
def ann(lab: Lab) -> Lab:
    """The lab in the hands of somebody who may everything but have orders verified by themselves."""
    return hands(equip(lab), "AN", set(everything()) - {71, 76, 81, 111, 115, 116, 131, 132, 135, 136})


def looking(lab: Lab, page: str) -> State:
    return new_state(lab, f"?page={page}")


def type_in(page: Create, **values: str) -> None:
    view = page.form.view
    view.typed = {"values": view.values | values, "number": view.typed.get("number", 0) + 1}


def press(page: Create, button: str = "save", **values: str) -> None:
    view = page.form.view
    view.pressed = {"button": button, "values": view.values | values, "number": view.pressed.get("number", 0) + 1}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_form_has_every_item_that_people_enter(kind: object) -> None:
    assert kind in KINDS.values()
    here = [item for one in fields_of(kind) for item in one.items]  # type: ignore[arg-type]
    wanted = [item.name for item in kind.items if item.part != "import"]  # type: ignore[attr-defined]
    assert sorted(here) == sorted(wanted)
    assert len({one.name for one in fields_of(kind)}) == len(fields_of(kind))  # type: ignore[arg-type]


def test_every_error_is_shown_at_a_field_or_for_the_whole_order() -> None:
    elsewhere = {
        (kind.name, row["item"])
        for kind in KINDS.values()
        for row in rows("order_errors")
        if row["family"] == kind.family and field_of(kind, row["item"]) == WHOLE_ORDER
    }
    hidden = {"client_transaction_id", "creation_date", "agreed_rate", "transaction"}
    assert {item for _, item in elsewhere} <= hidden


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_form_shows_of_an_order_is_understood_as_the_same(kind: str) -> None:
    one = KINDS[kind]
    values = foreign_values() if kind == FOREIGN else domestic_values(client_message="first\nsecond")
    texts = entered_texts(one, values)
    again = entered_texts(one, {name: text for name, text in shown(one, texts).items() if text})
    assert {name: text for name, text in again.items() if text} == {name: text for name, text in texts.items() if text}


def test_accounts_are_written_as_people_write_them() -> None:
    assert account_text("000609", "150012947", "0600") == "609-150012947/0600"
    assert account_text("0", "150012947", "0600") == "150012947/0600"
    assert account_text("0", "", "0600") == ""


@pytest.mark.spec("ORD-064", "ORD-066")
def test_a_new_form_has_the_defaults_and_offers_own_accounts_of_its_side(ann: Lab) -> None:
    page = Create(ann, looking(ann, "create"))
    view = page.form.view
    assert (view.values["maturity_date"], view.values["currency"]) == ("2026-11-22", "CZK")
    assert [row[1] for row in view.lists["own_accounts"]] == ["Main", "Savings", "Euro"]  # not the one for credits only
    assert view.goal["name"] == ""  # the first field


@pytest.mark.spec("ORD-089", "ORD-354")
def test_checks_while_one_types_name_field_number_and_meaning(ann: Lab) -> None:
    page = Create(ann, looking(ann, "create"))
    type_in(page, own_account=MAIN, counter_account="5/0800", amount="1 234,5")
    view = page.form.view
    assert [one["code"] for one in view.problems["counter_account"]] == [31]
    assert "own_account" not in view.problems
    assert view.meanings["amount"] == "1\u202f234.50"
    assert view.meanings["maturity_date"] == "Sunday"
    assert "spořitelna" in view.meanings["counter_account"] or view.meanings["counter_account"] == "0800"


@pytest.mark.spec("ORD-112", "ORD-113")
def test_saving_begins_the_next_one_or_ends(ann: Lab) -> None:
    state = looking(ann, "create")
    page = Create(ann, state)
    press(page, own_account=MAIN, counter_account="5/0800", amount="10")
    assert page.created == []
    assert "counter_account" in page.form.view.problems
    press(page, own_account=MAIN, counter_account=SUPPLIER, amount="10")
    assert [one["amount"] for one in page.created] == [Decimal("10.000")]
    assert page.form.view.values["counter_account"] == ""
    assert state.drafts == {}
    page.endless.value = False
    press(page, own_account=MAIN, counter_account=SUPPLIER, amount="11")
    assert len(page.created) == 2
    assert page._done.visible
    assert not page.form.view.visible
    assert "21.00" in page._sitting.object


@pytest.mark.spec("BAS-277", "BAS-278", "BAS-279", "BAS-280")
def test_a_duplicate_is_shown_and_answered(ann: Lab) -> None:
    page = Create(ann, looking(ann, "create"))
    first = {"own_account": MAIN, "counter_account": SUPPLIER, "amount": "10"}
    press(page, **first)
    type_in(page, **first)
    assert page.twins.view.visible
    assert "20 days before" in page.twins._body.object
    press(page, **first)
    assert "duplicate_reason" in page.form.view.problems
    assert len(page.created) == 1
    press(page, "error", **first)
    assert page.created[-1]["status"] == "E"
    press(page, **first, duplicate_reason="another invoice")
    assert page.created[-1]["status"] == ""
    assert not page.twins.view.visible


@pytest.mark.spec("ORD-115", "ORD-116")
def test_a_header_fills_each_new_order_while_it_is_chosen(ann: Lab) -> None:
    save_header(ann, DOMESTIC, "rent", {"constant_symbol": "0308", "own_account": MAIN})
    page = Create(ann, looking(ann, "create"))
    assert page.form.view.values["constant_symbol"] == ""
    page._header.value = "rent"
    assert page.form.view.values["constant_symbol"] == "0308"
    assert page.form.view.values["currency"] == "CZK"
    press(page, counter_account=SUPPLIER, amount="10")
    assert page.form.view.values["own_account"] == MAIN  # of the next one
    page._header.value = "*"
    assert page.form.view.values["constant_symbol"] == ""


@pytest.mark.spec("ORD-005", "ORD-028", "ORD-063")
def test_a_pattern_or_a_counterparty_fills_the_form(ann: Lab) -> None:
    create_pattern(ann, DOMESTIC, "electricity", domestic_values(amount="900"))
    save_counterparty(ann, "Landlord", "3703-921811/0710", {"variable_symbol": "77"})
    page = Create(ann, looking(ann, "create"))
    view = page.form.view
    view.taken = {"list": "patterns", "value": "electricity", "values": view.values, "number": 1}
    assert view.merged["values"]["amount"] == "900"
    assert view.merged["values"]["counter_account"] == SUPPLIER
    assert ["3703-921811/0710", "Landlord", "77"] in view.lists["counterparties"]
    now = view.values | {"counter_account": "3703-921811/0710"}
    view.taken = {"list": "counterparties", "value": "3703-921811/0710", "values": now, "number": 2}
    assert view.merged["values"]["credit_variable_symbol"] == "77"


def test_the_form_is_arranged_as_its_user_has(ann: Lab) -> None:
    layout = standard(KINDS[DOMESTIC])
    amount = next(one for one in layout if one["name"] == "amount")
    for one in layout:
        one["place"] += one["place"] < amount["place"]
    amount |= {"place": 1, "label": "How much"}
    save_form_layout(ann, DOMESTIC, "amount first", layout)
    fields = Create(ann, looking(ann, "create")).form.view.fields
    assert [fields[0][key] for key in ("name", "label")] == ["amount", "How much"]


@pytest.mark.spec("ORD-060")
def test_kinds_that_one_may_not_create_are_not_offered(lab: Lab) -> None:
    clerk = hands(equip(lab), "CL", [51, 61])
    page = Create(clerk, looking(clerk, "create"))
    assert list(page._kind.options.values()) == [DOMESTIC, "domestic_collection"]
    reader = hands(lab, "RE", [161])
    assert "permission 51" in str(Create(reader, looking(reader, "create")).view.objects[0].objects[0].object)


def orders_page(lab: Lab) -> Orders:
    for amount in (100, 250, 900):
        create_order(lab, DOMESTIC, domestic_values(amount=f"{amount}", variable_symbol=f"1{amount}"))
    create_order(lab, FOREIGN, foreign_values())
    return Orders(lab, looking(lab, "orders"))


@pytest.mark.spec("ORD-009", "ORD-012")
def test_the_list_counts_its_sets_and_sums_what_it_shows(ann: Lab) -> None:
    page = orders_page(ann)
    assert page.list.total == 4
    assert {"CZK": Decimal("1250.000"), "EUR": Decimal("500.000")} == page.list.sums
    assert any(label.endswith(" 4") for label in page.sets.widget.options)
    page.list.filter("amount", "100..250")
    assert page.list.total == 2
    assert page.list.sums == {"CZK": Decimal("350.000")}
    page.toggle_totals()
    assert "350.00" in page._totals.object
    page.list.filter("amount", "")
    page._choose_kind(FOREIGN)
    assert page.list.total == 1


@pytest.mark.spec("ORD-037")
def test_a_selection_is_saved_and_shown_again(ann: Lab) -> None:
    page = orders_page(ann)
    page.list.filter("amount", "> 200")
    page._selections._name.value = "large"
    page._selections.save()
    page.list.replace_conditions({})
    assert page.list.total == 4
    page._selections.choose("large")
    assert page.list.where == {"amount": "> 200"}
    assert page.list.total == 3


def test_a_condition_that_is_none_is_refused_and_the_list_stays(ann: Lab) -> None:
    page = orders_page(ann)
    page.list._filter_column("amount", "much")
    assert page.list.where == {}
    assert page.list.total == 4


@pytest.mark.spec("ORD-061", "ORD-067", "ORD-069")
def test_an_order_is_corrected_copied_and_deleted_in_its_drawer(ann: Lab) -> None:
    page = orders_page(ann)
    state, drawer = page._state, page.drawer
    page.list.table.load([], 1)
    number = page.list.table.here[-1]["order_id_code"]
    drawer.open(number)
    assert "100.00" in drawer._head.object
    drawer.correct()
    form = drawer.correction.view
    form.pressed = {"button": "save", "values": form.values | {"amount": "120"}, "number": 1}
    assert "120.00" in drawer._head.object
    assert drawer._body.object.count("<li>") == 2  # created, corrected
    drawer._pressed("copy")
    assert state.page == "create"
    assert state.copied["texts"]["amount"] == "120"
    assert "maturity_date" not in state.copied["texts"]
    drawer.open(number)
    drawer._pressed("delete")
    assert [one["name"] for one in drawer._bar.buttons] == ["sure delete", "back"]
    drawer._pressed("sure delete")
    assert page.list.total == 3


@pytest.mark.spec("ORD-193", "ORD-195")
def test_what_is_typed_to_verify_an_order_is_not_told(ann: Lab) -> None:
    create_order(ann, DOMESTIC, domestic_values(amount="123.45"))
    page = ToDo(ann, looking(ann, "todo"))
    assert page.tasks.value == "verify"
    assert not {"amount", "counter_account"} & set(page.list.table.shown)
    assert page.list.sums == {}
    frame = page.list.table.load([], 1)
    assert frame is not None
    page.drawer.open(page.list.table.here[0]["order_id_code"])
    told = page.drawer._head.object + page.drawer._body.object
    assert "123.45" not in told
    assert "2000145399" not in told
    typing = page.drawer.typing.view
    assert {one["name"] for one in typing.fields} == {"counter_account", "amount"}
    typing.pressed = {"button": "save", "values": {"counter_account": SUPPLIER, "amount": "123"}, "number": 1}
    assert "Amount" in str(typing.problems)
    assert "123.45" not in str(typing.problems)
    typing.pressed = {"button": "save", "values": {"counter_account": SUPPLIER, "amount": "123.45"}, "number": 2}
    assert [row[0] for row in ann.rows("SELECT status FROM ops.domestic_order")] == ["V"]


def test_tasks_go_on_with_the_next_order(ann: Lab) -> None:
    for amount in ("10", "20"):
        create_order(ann, DOMESTIC, domestic_values(amount=amount))
    page = ToDo(ann, looking(ann, "todo"))
    page.list.table.load([], 1)
    first = page.list.table.here[0]["order_id_code"]
    page.drawer.open(first)
    typing = page.drawer.typing.view
    typing.pressed = {"button": "save", "values": {"counter_account": SUPPLIER, "amount": "10"}, "number": 1}
    assert page.drawer.order["order_id"] != first
    assert page.drawer.view.open


def test_group_steps_tell_what_stays_and_why(ann: Lab) -> None:
    page = orders_page(ann)
    actions = page.list.actions
    actions.press("confirm")
    actions.work.wait()
    assert "4 orders" in actions._question.object
    actions._agreed()
    actions.work.wait()
    assert page.list.total == 4
    assert {status for (status,) in ann.rows("SELECT status FROM ops.domestic_order")} == {""}


def test_a_step_on_the_whole_table_is_done_on_what_was_asked_about(ann: Lab) -> None:
    page = orders_page(ann)
    actions, other = page.list.actions, hands(ann, "BE", set(everything()) - {71, 76, 81, 111, 115, 116, 131, 132})
    page.list.filter("kind", DOMESTIC)
    before = ann.rows("SELECT order_id FROM ops.domestic_order")
    actions.press("delete")
    actions.work.wait()
    assert "3 orders (1\u202f250.00\xa0CZK)" in actions._question.object
    create_order(other, DOMESTIC, domestic_values(amount="777", variable_symbol="1777"))  # after the question
    actions._agreed()
    actions.work.wait()
    left = [order_id for (order_id,) in ann.rows("SELECT order_id FROM ops.domestic_order")]
    assert len(left) == 1
    assert (left[0],) not in before


def test_a_step_on_the_whole_table_is_refused_when_an_order_changed_after_the_question(ann: Lab) -> None:
    page = orders_page(ann)
    actions = page.list.actions
    actions.press("delete")
    actions.work.wait()
    page.list.table.load([], 1)
    number = min(row["order_id_code"] for row in page.list.table.here)
    correct_order(ann, number, {"amount": "123456"})
    actions._agreed()
    actions.work.wait()
    assert ann.rows("SELECT count(*) FROM ops.domestic_order") == [(3,)]
    assert page.list.sums["CZK"] == Decimal("124606.000")  # read anew: what is there now


def test_the_question_counts_what_came_since_the_table_was_read(ann: Lab) -> None:
    page = orders_page(ann)
    create_order(ann, DOMESTIC, domestic_values(amount="50", variable_symbol="1777"))
    page.list.actions.press("delete")
    page.list.actions.work.wait()
    assert "5 orders" in page.list.actions._question.object
    assert "1\u202f300.00\xa0CZK" in page.list.actions._question.object


def test_empty_pages_say_what_will_stand_here(ann: Lab) -> None:
    assert Orders(ann, looking(ann, "orders")).empty.visible
    assert ToDo(ann, looking(ann, "todo")).empty.visible


@pytest.mark.spec("ORD-008")
def test_what_was_typed_can_be_dropped(ann: Lab) -> None:
    state = looking(ann, "create")
    page = Create(ann, state)
    type_in(page, counter_account=SUPPLIER, amount="10")
    assert state.drafts
    press(page, "back", counter_account=SUPPLIER, amount="10")
    assert state.drafts == {}
    assert page.form.view.values["amount"] == ""
    assert page.form.view.values["currency"] == "CZK"
    assert page.created == []


def test_a_kind_that_one_comes_back_to_still_has_what_was_typed(ann: Lab) -> None:
    page = Create(ann, looking(ann, "create"))
    type_in(page, counter_account=SUPPLIER)
    page._kind.value = FOREIGN
    assert "counter_account" not in page.form.view.values
    page._kind.value = DOMESTIC
    assert page.form.view.values["counter_account"] == SUPPLIER


@pytest.mark.spec("ORD-013", "ORD-014", "ORD-036", "ORD-043")
def test_reading_anew_shows_what_others_did_and_keeps_the_conditions(ann: Lab) -> None:
    page = orders_page(ann)
    page.list.filter("amount", "> 200")
    assert page.list.total == 3
    create_order(hands(ann, "BE"), DOMESTIC, domestic_values(amount="777", variable_symbol="1777"))
    page.refresh()
    assert page.list.total == 4
    assert page.list.where == {"amount": "> 200"}
    page.list.replace_conditions({})
    assert page.list.total == 5
    assert Orders(ann, page._state).list.where == {}


@pytest.mark.spec("ORD-015")
def test_a_corrected_order_leaves_the_list_when_it_no_longer_fits(ann: Lab) -> None:
    page = orders_page(ann)
    page.list.filter("amount", "900")
    page.list.table.load([], 1)
    page.drawer.open(page.list.table.here[0]["order_id_code"])
    page.drawer.correct()
    form = page.drawer.correction.view
    form.pressed = {"button": "save", "values": form.values | {"amount": "901"}, "number": 1}
    assert page.list.total == 0
    page.list.filter("amount", "")
    assert page.list.total == 4


def test_a_list_and_an_order_are_taken_as_files(ann: Lab) -> None:
    page = orders_page(ann)
    taken: dict[str, bytes] = {}
    page._state.send_file = taken.__setitem__
    page.export.start(".csv")
    page.export.work.wait()
    page.list.table.load([], 1)
    page.drawer.open(page.list.table.here[0]["order_id_code"])
    page.drawer._pressed("take")
    assert taken["orders_all.csv"].count(b"\n") == 5
    assert next(content for name, content in taken.items() if name.endswith(".pdf")).startswith(b"%PDF")


def test_what_is_found_of_an_order_that_is_saved_by_now_is_not_told_of_the_next(ann: Lab) -> None:
    page = Create(ann, looking(ann, "create"))
    first = {"own_account": MAIN, "counter_account": SUPPLIER, "amount": "10"}
    page.form._now = page.form.view.values | first
    late = page.form._prepare()
    press(page, **first)
    page.form._show_check(late())
    assert not page.twins.view.visible
    assert page.form.view.problems == {}


def test_who_has_a_key_can_sign_what_they_confirm(ann: Lab) -> None:
    made = create_order(hands(ann, "CE", {51, 76}), DOMESTIC, domestic_values())
    ben = hands(ann, "BE")
    own = OwnKey(ben, looking(ben, "account"))
    assert not own.withdraw.view.visible
    for widget in own.form.widgets.values():
        widget.value = "Correct-Horse-7x"
    own.form.save()
    assert "fingerprint" in own._made.object
    page = Orders(ben, looking(ben, "orders"))
    actions = page.list.actions
    page.list.table.load([], 1)
    page.list.table.mark([0], added=True, flush=False)
    actions.press("confirm")
    assert actions.dialog.open
    assert actions._key_password.visible
    actions._key_password.value = "Wrong-Horse-7x"
    actions._agreed()
    actions.work.wait()
    assert actions._key_password.value == ""
    assert [row["signed"] for row in order_steps.rows(ben, made["order_id"])] == [False]
    page.list.table.mark([0], added=True, flush=False)
    actions.press("confirm")
    actions._key_password.value = "Correct-Horse-7x"
    actions._agreed()
    actions.work.wait()
    assert [row["signed"] for row in order_steps.rows(ben, made["order_id"])] == [False, True]
    own._withdraw()
    assert not own.withdraw.view.visible
    assert not actions._can_sign("confirm")


@pytest.mark.spec("BNK-097", "BNK-098")
def test_a_rejected_order_is_deleted_from_its_list_after_a_question(lab: Lab) -> None:
    orders = sent(equip(lab), DOMESTIC, COLLECTION)
    take_step(lab, "bank_rejects", orders)
    page = Orders(lab, looking(lab, "orders"))
    page._choose_set("rejected")
    assert [name for name, button in page.list.actions.buttons.items() if button.visible] == ["delete_rejection"]
    page.drawer.open(orders[0])
    page.drawer._pressed("delete_rejection")
    assert "They stay in the history" in page.drawer._bar.notes[0]
    page.drawer._pressed("back")
    assert order_ids(lab, which="rejected") == orders
    page.drawer._pressed("delete_rejection")
    page.drawer._pressed("sure delete_rejection")
    assert order_ids(lab, which="rejected") == orders[1:]
    assert "delete_rejection" not in [one["name"] for one in page.drawer._bar.buttons]
    page.list.actions.press("delete_rejection")
    page.list.actions.work.wait()
    page.list.actions._agreed()
    page.list.actions.work.wait()
    assert order_ids(lab, which="rejected") == []
    page._choose_set("all")
    assert "delete_rejection" not in [name for name, button in page.list.actions.buttons.items() if button.visible]


@pytest.mark.spec("TXN-114")
def test_a_sent_order_tells_what_became_of_it_and_is_marked_or_watched_no_more(lab: Lab) -> None:
    (order,) = sent(equip(lab))
    drawer = Orders(lab, looking(lab, "orders")).drawer
    drawer.open(order)
    assert "<h3>At the bank</h3><dl><dt>Batch</dt><dd>20260001</dd></dl>" in drawer._body.object

    def offered() -> set[str]:
        names = {"mark_for_revocation", "unmark_for_revocation", "stop_watching"}
        return names & {one["name"] for one in drawer._bar.buttons}

    assert offered() == {"mark_for_revocation", "stop_watching"}
    drawer._pressed("mark_for_revocation")
    assert "<dt>Revocation</dt><dd>included</dd>" in drawer._body.object
    assert offered() == {"unmark_for_revocation", "stop_watching"}
    drawer._pressed("unmark_for_revocation")
    drawer._pressed("stop_watching")
    assert "What the bank does with it stays as it is" in drawer._bar.notes[0]
    drawer._pressed("sure stop_watching")
    assert drawer.order["status"] == "MT"
    assert offered() == set()
