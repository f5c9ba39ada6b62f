"""Looks for secrets where nobody may read them: part of `geolens_dialect.py` and `datasnap.py`."""

import re

import storages
from server import check, signatures_seen

HEX = re.compile(r"[0-9a-f]{64}")
# The name of a parameter alone is no secret: a query is refused by it.
NAMED = re.compile(r"(X-Amz-(Signature|Credential)=|authorization|x-(pd-)?api-key|csk_)\S*", re.I)
DEBUG_LINES_MIN = 200


def search_logs(folder, tally, secrets):
    """Nothing that a server wrote to its log or printed has a secret. The first one, of which there
    are lines enough to have some, was started with `--log trace`."""
    for log in sorted(folder.rglob("run-*.err")):
        printed = log.with_suffix(".out").read_text(errors="replace")
        text = log.read_text(errors="replace")
        hidden = [*secrets, *storages.current.secrets]
        found = [secret[:12] for secret in hidden if secret in text or secret in printed]
        tally.check("log searches", not found, log.name, found)
        found = set(HEX.findall(text + printed)) & signatures_seen
        tally.check("log searches", not found, log.name, found)
        found = NAMED.search(text)
        tally.check("log searches", not found, log.name, found)
        tally.check("log searches", "panicked" not in text, log.name)
    traced = (folder / "run-0.err").read_text(errors="replace").count(" DEBUG ")
    check(traced > DEBUG_LINES_MIN, "the log says nothing that could have a secret:", traced)


def search_folder(data, tally, secrets):
    """No file in a data folder has a secret: in hex, or as the bytes that hex digits stand for."""
    for path in sorted(data.rglob("*")):
        if not path.is_file() or path.name == "master.key":
            continue
        body = path.read_bytes()
        found = [form[:12] for secret in secrets for form in forms_of(secret) if form in body]
        tally.check("file searches", not found, path.name, found)


def forms_of(secret):
    """A secret as text and, where it is hex digits, as what they stand for."""
    forms = [secret.encode()]
    return [*forms, bytes.fromhex(secret)] if HEX.fullmatch(secret) else forms
