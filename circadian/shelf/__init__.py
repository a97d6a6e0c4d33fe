"""SHELF: dated adapters, the one live link, what was live before it, pins, retention and the ledger.

Never: a link that names an incomplete or failed adapter, or a deletion of what is live, pinned or next in a rollback.
"""

from circadian.shelf.adapters import (
    Adapter,
    adapter_folder,
    check,
    file_hashes,
    list_adapters,
    live_problem,
    live_tag,
    next_tag,
    open_adapter,
    passed,
    read_manifest,
    read_verdict,
    write_manifest,
)
from circadian.shelf.ledger import Ledger, read_ledger, record
from circadian.shelf.legacy import take_in_legacy
from circadian.shelf.live import promote, rollback, rollback_target
from circadian.shelf.retention import delete, pin, pinned, retain, unpin
from circadian.shelf.weights import candidate_problems

__all__ = [
    "Adapter",
    "Ledger",
    "adapter_folder",
    "candidate_problems",
    "check",
    "delete",
    "file_hashes",
    "list_adapters",
    "live_problem",
    "live_tag",
    "next_tag",
    "open_adapter",
    "passed",
    "pin",
    "pinned",
    "promote",
    "read_ledger",
    "read_manifest",
    "read_verdict",
    "record",
    "retain",
    "rollback",
    "rollback_target",
    "take_in_legacy",
    "unpin",
    "write_manifest",
]
