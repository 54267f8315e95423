"""Every limit of the HTTP API, in one place; docs/how-to/api.md tells them to callers."""

from __future__ import annotations

BODY_BYTES_MAX = 16 * 1024**2  # of a call; a file is sent before it, up to formats.base.LIMITS.file_bytes
DEPTH_MAX = 100  # of the JSON of a call
FILES_WAITING_MAX = 32  # sent, and named in no call yet
SECONDS_FILES_WAIT = 3_600

CALLS_A_SECOND, CALLS_IN_A_BURST = 50.0, 200  # of one session or token
STRANGERS_A_SECOND, STRANGERS_IN_A_BURST = 10.0, 100  # of one address, without or with a wrong token
LOGINS_A_SECOND, LOGINS_IN_A_BURST = 0.5, 20  # of one address
CALLERS_KNOWN_MAX = 10_000

READS_AT_ONCE = 16
LONG_WORK_AT_ONCE = 4
CONNECTIONS_MAX = 1_000
SECONDS_FOR_HEADERS = 20
SECONDS_BETWEEN_PARTS = 20  # of a body
SECONDS_TO_FINISH = 10
SECONDS_FOR_HEALTH = 5

ROWS_A_PAGE, ROWS_A_PAGE_MAX = 1_000, 10_000

KEY_CHARS_MIN, KEY_CHARS_MAX = 16, 255
DAYS_ANSWERS_KEPT = 7
