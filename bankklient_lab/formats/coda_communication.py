"""What the communication of a CODA movement says, free or structured."""

from __future__ import annotations

import re
from typing import Any

from bankklient_lab.formats.base import clean


def columns(movement: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that the communication and the information of a movement fill."""
    text = movement["communication"]
    information = clean(" ".join(movement["information"]))
    if not movement["structured"]:
        return {"remittance": clean(text), "additional_info": information}
    code, content = text[:3], text[3:]
    if code in ("101", "102") and re.fullmatch(r"[0-9]{12}", content[:12]):
        digits = content[:12]
        reference = f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"
        return {"remittance": clean(f"{reference} {content[12:]}"), "additional_info": information}
    if code == "127":  # day 6, type 1, scheme 1, reason 1, creditor 35, mandate 35, text 62
        return {
            "creditor_id": clean(content[9:44]),
            "mandate_id": clean(content[44:79]),
            "remittance": clean(content[79:141]),
            "additional_info": information,
        }
    return {"additional_info": clean(f"{code} {content} {information or ''}")}
