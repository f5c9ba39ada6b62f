"""What answers say in their headers, whatever they answer: part of `geolens_dialect.py` and
`datasnap.py`."""

import storages
from server import check

# The URL is the credential, so any page may read what it has the URL of; nothing may run.
DATA_PLANE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-store",
    "access-control-allow-origin": "*",
}
API = {"x-content-type-options": "nosniff", "cache-control": "no-store"}


def check_headers(answer, wanted, unwanted):
    for name, value in wanted.items():
        found = answer.headers.get(name)
        check(found == value, f"{name}: {found}, not {value}:", answer)
    for name in unwanted:
        check(answer.headers.get(name) is None, f"{name} is in", answer)


def of_data_plane(answer):
    """The answer, if it has what every answer of the data plane has, where it is ours."""
    if not storages.current.is_ours(answer.url):
        return answer
    check_headers(answer, DATA_PLANE, ["set-cookie", "access-control-allow-credentials"])
    exposed = answer.headers.get("access-control-expose-headers", "").lower()
    check("etag" in exposed.split(", "), "no page sees the ETag:", exposed)
    return answer


def of_api(answer):
    """The answer, if it has what every answer of the API has: no page of a stranger reads it."""
    check_headers(answer, API, ["set-cookie", "access-control-allow-origin"])
    return answer
