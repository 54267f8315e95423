"""Payment orders: their kinds and rules, and their lifecycle from creation to confirmation."""
