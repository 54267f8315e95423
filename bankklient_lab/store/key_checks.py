"""What is always true of connection points and keys."""

from __future__ import annotations

from bankklient_lab.store.invariant import Check

KEY_CHECKS: tuple[Check, ...] = (
    Check(
        "connection_points",
        "There is one own connection point and one of the bank, and every key is of one of them.",
        """
        SELECT 'key' AS what, key_id AS number FROM ops.key WHERE point NOT IN (SELECT point FROM ops.connection_point)
        UNION ALL
        SELECT role, count(*) FROM (VALUES ('own'), ('bank')) r(role)
        LEFT JOIN ops.connection_point p USING (role) GROUP BY role HAVING count(p.point) <> 1
        """,
    ),
    Check(
        "valid_keys",
        "The valid key of a connection point, kind and user is the last one that was not refused or replaced.",
        """
        SELECT key_id, key_order, kind, valid FROM ops.key
        QUALIFY valid IS DISTINCT FROM (NOT refused
            AND key_id = max(key_id) FILTER (NOT refused) OVER (PARTITION BY point, kind, user_id)
            AND key_id NOT IN (SELECT replaces FROM ops.key WHERE NOT refused AND replaces IS NOT NULL))
        """,
    ),
    Check(
        "key_orders",
        "No two keys of a connection point have one order, and no two rows one certificate.",
        """
        SELECT key_id, point, key_order FROM ops.key
        QUALIFY count(*) OVER (PARTITION BY point, key_order) > 1 OR count(*) OVER (PARTITION BY certificate) > 1
        """,
    ),
    Check(
        "key_owners",
        "Keys that sign here are the client's, in the lab or on a card; authorized persons alone have personal keys.",
        """
        SELECT k.key_id, k.kind, k.user_id, u.kind AS user_kind FROM ops.key k
        JOIN ops.connection_point p ON p.point = k.point LEFT JOIN ops.user u ON u.user_id = k.user_id
        WHERE (p.role = 'bank' AND (k.private_key IS NOT NULL OR k.card <> '' OR k.user_id IS NOT NULL))
            OR (k.private_key IS NOT NULL AND k.card <> '')
            OR (k.kind = 'personal') <> (k.user_id IS NOT NULL) OR (k.user_id IS NOT NULL AND u.kind <> 'authorized')
            OR (k.kind <> 'operational' AND k.saved_password <> '')
        """,
    ),
)
