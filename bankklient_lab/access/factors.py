"""Second factors: what a user must show at login besides the password."""

from __future__ import annotations

from bankklient_lab.lab import Lab


def check_factor(lab: Lab, user_id: int, code: str) -> list[str]:
    """Return the kinds of factors of which one must still be shown: none when `code` is right or the user has none."""
    kinds = lab.rows(
        "SELECT DISTINCT kind FROM ops.factor WHERE user_id = $id AND confirmed AND removed_at IS NULL ORDER BY kind",
        {"id": user_id},
    )
    return [kind for (kind,) in kinds]
