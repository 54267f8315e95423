"""A filled form of a message as XML: its type, and what its fields say, each with the words that stood beside it.

<Form xmlns="urn:bankklient:form:1" type="complaint"><Field name="amount" label="Amount">120.00</Field></Form>
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.batches import element_of

NAMESPACE = "urn:bankklient:form:1"
_FORM, _FIELD = f"{{{NAMESPACE}}}Form", f"{{{NAMESPACE}}}Field"


class Filled(NamedTuple):
    """A field that says something; `label` is what people saw beside it."""

    name: str
    label: str
    text: str


def write_form(kind: str, fields: Sequence[Filled]) -> str:
    """Return the XML of a form of a type of message; its texts hold only characters that XML has."""
    from lxml import etree

    form = etree.Element(_FORM, {"type": kind}, nsmap={None: NAMESPACE})  # type: ignore[dict-item] # of the stubs
    for field in fields:
        etree.SubElement(form, _FIELD, {"name": field.name, "label": field.label}).text = field.text
    return etree.tostring(form, encoding="unicode", pretty_print=True)


def read_form(text: str) -> list[Filled]:
    """Return the fields of a form in their order; FormatError for what is none."""
    form = element_of(text.encode(), "form")
    if form.tag != _FORM or any(one.tag != _FIELD or len(one) for one in form):
        raise FormatError("a form has fields, and they have texts", field="Form")
    found = [Filled(str(one.get("name", "")), str(one.get("label", "")), one.text or "") for one in form]
    if len({one.name for one in found}) != len(found) or not all(one.name and one.label for one in found):
        raise FormatError("each field of a form has a name of its own and a label", field="Field")
    return found
