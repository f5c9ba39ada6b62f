"""Requests that are signed in the `Authorization` header, and what can be done to them: part of
`header_diff.py`, which says how to run.

`harmless` yields re-spellings that every S3 server takes as the same request. `refusals` yields
requests that differ in one thing, or in two where the order of checks decides, with the only
verdict that they may get.
"""

import dataclasses
import re

from mutations import (
    BAD_ESCAPES, DAY, EMPTY_SHA256, MALFORMED, MISMATCH, MISMATCH_OR_MALFORMED, MUST_BE_SIGNED,
    SCOPE, SECOND, SKEW, TOKEN, UNKNOWN, UNSIGNED, Request, basic, flipped, moment, own_parameters,
    paths, respelled)

AUTHORIZATION, DATE, PAYLOAD = "Authorization", "X-Amz-Date", "X-Amz-Content-SHA256"
SKEWED = "time_skewed"
BAD_DATES = [
    "2025-11-01T04:27:18Z", "20251301T000000Z", "20250229T000000Z", "20251101T240000Z",
    "20251101T000060Z", "20251101T000000", "20251101", "", "Sat, 01 Nov 2025 00:00:00 GMT",
]


@dataclasses.dataclass
class Signed(Request):
    """A request whose claim stands in its headers."""

    @property
    def date(self):
        return moment(self.headers[DATE])

    def parameters(self):
        """The three of the Authorization header, by name."""
        _, _, parameters = self.headers[AUTHORIZATION].partition(" ")
        return dict(parameter.split("=", 1) for parameter in parameters.split(", "))

    def authorize(self, parameters, separator=", ", algorithm="AWS4-HMAC-SHA256 "):
        text = separator.join(f"{name}={value}" for name, value in parameters)
        return self.send(AUTHORIZATION, algorithm + text)

    def claim(self, name, value):
        return self.authorize((self.parameters() | {name: value}).items())

    def credential(self, place, value):
        parts = self.parameters()["Credential"].split("/")
        parts[place] = value
        return self.claim("Credential", "/".join(parts))


def harmless(request, rng):
    """Yields labels and requests that stay `ok`."""
    yield "as it is", request
    yield "at the first second", request.but(now=request.date - SKEW)
    yield "at the last second", request.but(now=request.date + SKEW)
    yield "at the very second", request.but(now=request.date)
    shuffled = rng.sample(request.pairs, len(request.pairs))
    yield "parameters in another order", request.but(pairs=shuffled)
    for kind in ["lower", "over", "raw"]:
        yield f"re-spelled: {kind}", respelled(request, rng, kind)
    yield "plus for %20 in the query", request.but(pairs=[
        (name.replace("%20", "+"), value.replace("%20", "+")) for name, value in request.pairs])
    yield "no = without a value", request.but(
        pairs=[(name, value or None) for name, value in request.pairs])
    yield "slashes of the path as %2F", request.but(path="/" + request.path[1:].replace("/", "%2F"))
    yield "header names in capitals", request.but(
        headers={name.upper(): value for name, value in request.headers.items()})
    yield "white space around header values", request.but(
        headers={name: f" \t {value} " for name, value in request.headers.items()})
    yield "doubled spaces in header values", request.but(
        headers={name: value.replace(" ", "  ") for name, value in request.headers.items()})
    parameters = list(request.parameters().items())
    yield "claim in another order", request.authorize(rng.sample(parameters, 3))
    yield "claim without spaces", request.authorize(parameters, ",")
    yield "claim with tabs", request.authorize(parameters, "\t,\t", "AWS4-HMAC-SHA256\t")
    benign = {"User-Agent": "x", "accept-encoding": "gzip", "x-forwarded-for": "::1",
              "X-Amzn-Trace-Id": "1"}
    if not request.has_header("content-type"):
        benign["Content-Type"] = "text/csv"
    yield "headers that need no signature", request.but(headers=benign | request.headers)


def refusals(request, rng):
    """Yields labels, requests and the verdicts that they may get."""
    groups = [times, signatures, tokens, claims, queries, own_parameters, scopes, payloads, headers,
              signed_headers, paths, orders]
    for group in groups:
        yield from group(request, rng)


def times(request, _rng):
    yield "a second too early", request.but(now=request.date - SKEW - SECOND), SKEWED
    yield "a second too late", request.but(now=request.date + SKEW + SECOND), SKEWED
    yield "long before", request.but(now=request.date - 400 * DAY), SKEWED
    yield "long after", request.but(now=request.date + 4000 * DAY), SKEWED
    at = request.but(now=request.date)
    other = request.date + (SECOND if request.date.second == 0 else -SECOND)
    yield "date changed", at.send(DATE, basic(other)), MISMATCH
    day = request.date + DAY
    yield "date of another day", at.but(now=day).send(DATE, basic(day)), SCOPE
    for value in BAD_DATES:
        yield "date in another form", request.send(DATE, value), MALFORMED
    yield "date absent", request.unsend(DATE), MALFORMED
    yield "date twice", request.send(DATE.lower(), request.headers[DATE]), MALFORMED
    yield "date in the query", request.unsend(DATE).add(DATE, request.headers[DATE]), MALFORMED


def forged(request, rng):
    return request.claim("Signature", flipped(request.parameters()["Signature"], rng))


def signatures(request, rng):
    signature = request.parameters()["Signature"]
    yield "forged signature", forged(request, rng), MISMATCH
    for label, value in [("short", signature[:-1]), ("long", signature + "0"), ("empty", ""),
                         ("not hex", "g" + signature[1:]), ("capitals", signature.upper()),
                         ("quoted", f'"{signature}"')]:
        if value != signature:
            yield f"{label} signature", request.claim("Signature", value), MISMATCH
    yield "signature with a space", request.claim("Signature", signature + " 0"), MALFORMED
    others = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "X-ODD"]
    method = rng.choice([method for method in others if method != request.method])
    yield "another method", request.but(method=method), MISMATCH
    yield "method in lower case", request.but(method=request.method.lower()), MISMATCH
    keys = request.credentials
    wrong = keys | {"secret_access_key": keys["secret_access_key"] + "x"}
    yield "another secret", request.but(credentials=wrong), MISMATCH


def tokens(request, _rng):
    keys = request.credentials
    if keys["session_token"] is None:
        yield "token added", request.send(TOKEN, "t"), UNSIGNED
        yield "token in the query", request.add(TOKEN, "t"), MISMATCH
        other = keys | {"session_token": "token"}
        yield "token that the request lacks", request.but(credentials=other), MISMATCH
    else:
        yield "token removed", request.unsend(TOKEN), MISMATCH
        yield "token changed", request.send(TOKEN, request.headers[TOKEN] + "x"), MISMATCH
        yield "token twice", request.send(TOKEN.lower(), "x"), MALFORMED
        other = keys | {"session_token": None}
        yield "token that the key lacks", request.but(credentials=other), MISMATCH


def claims(request, _rng):
    """The form of the Authorization header, and another mechanism beside it."""
    all_three = list(request.parameters().items())
    for name, value in all_three:
        rest = [pair for pair in all_three if pair[0] != name]
        yield f"without {name}", request.authorize(rest), MALFORMED
        yield f"{name} twice", request.authorize([*all_three, (name, value)]), MALFORMED
        yield f"{name} in lower case", request.authorize([*rest, (name.lower(), value)]), MALFORMED
    yield "an unknown parameter", request.authorize([*all_three, ("Expires", "60")]), MALFORMED
    same = request.headers[AUTHORIZATION]
    yield "a comma at the end", request.send(AUTHORIZATION, same + ","), MALFORMED
    yield "semicolons", request.authorize(all_three, "; "), MALFORMED
    for name in ["AWS4-HMAC-SHA512", "aws4-hmac-sha256", "AWS4-ECDSA-P256-SHA256", "Bearer"]:
        other = request.authorize(all_three, algorithm=f"{name} ")
        yield "another algorithm", other, MALFORMED
    for value in ["", "Bearer t", "AWS a:b", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 x"]:
        yield "another authorization", request.send(AUTHORIZATION, value), MALFORMED
    yield "no authorization", request.unsend(AUTHORIZATION), MALFORMED
    for value in [same, "Bearer t", ""]:
        yield "authorization twice", request.send("authorization", value), MALFORMED
    for name in ["X-Amz-Algorithm", "X-Amz-Signature"]:
        yield "two mechanisms", request.add(name, "AWS4-HMAC-SHA256"), MALFORMED


def queries(request, _rng):
    yield "parameter added", request.add("response-content-type%21", "text%2Fhtml"), MISMATCH
    yield "empty parameter added", request.add("acl%21", None), MISMATCH
    for name in ["X-Amz-Expires", "X-Amz-Date", "X-Amz-SignedHeaders"]:
        yield "parameter of a URL added", request.add(name, "60"), MISMATCH
    for bad in BAD_ESCAPES:
        yield "bad escape in a value", request.add("zz", "a" + bad), MALFORMED
        yield "bad escape in a name", request.add("zz" + bad, ""), MALFORMED


def scopes(request, _rng):
    yield "region in the claim", request.credential(-3, "us-west-7"), SCOPE
    yield "region of the server", request.but(region="us-west-7"), SCOPE
    yield "region empty", request.credential(-3, ""), SCOPE
    yield "service in the claim", request.credential(-2, "ec2"), SCOPE
    yield "service of the server", request.but(service="ec2"), SCOPE
    yield "terminator", request.credential(-1, "aws4_requesT"), SCOPE
    yield "scope of another day", request.credential(-4, basic(request.date + DAY)[:8]), SCOPE
    yield "scope without a day", request.credential(-4, "today"), MALFORMED
    yield "key id", request.credential(0, "AKIAOTHER"), UNKNOWN
    key_id, _, rest = request.parameters()["Credential"].partition("/")
    yield "key id longer", request.credential(0, key_id + "x"), UNKNOWN
    yield "key id encoded", request.credential(0, f"%{ord(key_id[0]):02X}{key_id[1:]}"), UNKNOWN
    yield "key id empty", request.credential(0, ""), MALFORMED
    other = request.credentials | {"access_key_id": "OTHER"}
    yield "another key exists", request.but(credentials=other), UNKNOWN
    for label, credential in [("four", rest), ("six", f"a/{key_id}/{rest}")]:
        yield f"credential of {label} parts", request.claim("Credential", credential), MALFORMED


def payloads(request, _rng):
    declared = request.headers[PAYLOAD]
    others = ["UNSIGNED-PAYLOAD", EMPTY_SHA256, "0" * 64]
    for value in others:
        if value != declared:
            yield "payload declared otherwise", request.send(PAYLOAD, value), MISMATCH
    for value in ["", "unsigned-payload", "A" * 64, "0" * 63, declared + "0"]:
        yield "payload in another form", request.send(PAYLOAD, value), MALFORMED
    for value in ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"]:
        yield "streaming payload", request.send(PAYLOAD, value), MALFORMED
    yield "payload not declared", request.unsend(PAYLOAD), MALFORMED
    yield "payload declared twice", request.send(PAYLOAD.lower(), declared), MALFORMED
    if not request.has_header("content-encoding"):
        yield "signed chunks", request.send("Content-Encoding", "aws-chunked"), MALFORMED


def headers(request, rng):
    host = request.headers["Host"]
    yield "another host", request.send("Host", "evil." + host), MISMATCH
    has_port = re.search(r":\d+$", host)
    yield "another port", request.send("Host", host + ("1" if has_port else ":4430")), MISMATCH
    yield "host absent", request.unsend("Host"), MISMATCH
    yield "host twice", request.send("HOST", host), MALFORMED
    for name in MUST_BE_SIGNED:
        if not request.has_header(name):
            yield f"unsigned {name.lower()}", request.send(name, "private"), UNSIGNED
    claim = {"host", "authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"}
    signed = [name for name in request.headers if name.lower() not in claim]
    if signed:
        name = rng.choice(signed)
        value = request.headers[name]
        yield "signed header changed", request.send(name, value + "x"), MISMATCH
        yield "signed header absent", request.unsend(name), MISMATCH
        if value.strip():
            yield "signed header emptied", request.send(name, ""), MISMATCH
        if name.swapcase() != name:
            yield "signed header twice", request.send(name.swapcase(), "x"), MISMATCH_OR_MALFORMED


def signed_headers(request, _rng):
    names = request.parameters()["SignedHeaders"].split(";")
    listed = lambda names: request.claim("SignedHeaders", ";".join(names))
    yield "host not listed", listed([name for name in names if name != "host"]), UNSIGNED
    yield "no header listed", listed([]), UNSIGNED
    yield "absent header listed", listed(sorted([*names, "x-nope"])), MISMATCH
    lists = {"twice": [*names, names[-1]], "in capitals": [name.upper() for name in names],
             "unsorted": [*names, "a"], "with an empty name": [*names, ""]}
    for label, other in lists.items():
        yield f"headers listed {label}", listed(other), MALFORMED
    yield "list encoded", request.claim("SignedHeaders", "%3B".join(names)), MALFORMED
    for name in names:
        rest = listed([other for other in names if other != name])
        if name == "content-type":
            yield "signed header no longer listed", rest, MISMATCH
        elif name.startswith(("content-md5", "x-amz-")) and name != "x-amz-content-sha256":
            yield "amz header no longer listed", rest, UNSIGNED


def orders(request, rng):
    """Wrong in two ways: what is checked first decides."""
    late = request.but(now=request.date + 2 * SKEW)
    yield "skewed, forged", forged(late, rng), SKEWED
    yield "skewed, wrong scope", late.credential(-3, "us-west-7"), SKEWED
    yield "skewed, no credential of five parts", late.claim("Credential", "a"), SKEWED
    yield "skewed, unsigned header", late.send("x-amz-zz", "1"), SKEWED
    yield "skewed, unknown key", late.credential(0, "OTHER"), SKEWED
    yield "skewed, absent header", late.unsend("Host"), SKEWED
    yield "skewed, payload not declared", late.unsend(PAYLOAD), MALFORMED
    yield "skewed, two mechanisms", late.add("X-Amz-Signature", "0"), MALFORMED
    scope, unknown = request.credential(-3, "x"), request.credential(0, "OTHER")
    yield "wrong scope, unsigned header", scope.send("x-amz-zz", "1"), SCOPE
    yield "wrong scope, unknown key", scope.credential(0, "OTHER"), SCOPE
    yield "unsigned header, unknown key", unknown.send("x-amz-zz", "1"), UNSIGNED
    yield "unsigned header, forged", forged(request.send("x-amz-zz", "1"), rng), UNSIGNED
    yield "unknown key, forged", forged(unknown, rng), UNKNOWN
    yield "unknown key, absent header", unknown.unsend("Host"), UNKNOWN
