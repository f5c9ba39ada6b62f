"""Received requests and what can be done to them: part of `botocore_diff.py`, which says how to
run.

`harmless` yields re-spellings of a presigned request that every S3 server takes as the same
request. `refusals` yields requests that differ in one thing, or in two where the order of checks
decides, with the only verdict that they may get. Several verdicts stand there where neither S3 nor
the contract of `verify --batch` says which it is.
"""

import dataclasses
import datetime
import json
import re

SECOND = datetime.timedelta(seconds=1)
SKEW = 900 * SECOND
DAY = 86400 * SECOND
EXPIRES_MAX = 604800
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
REQUIRED = [
    "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
    "X-Amz-Signature",
]
TOKEN = "X-Amz-Security-Token"
# Dates in other forms, or of days and times that do not exist.
BAD_DATES = [
    "2025-11-01T04:27:18Z", "20251301T000000Z", "20250229T000000Z", "20251101T240000Z",
    "20251101T000060Z", "20251101T000000", "20251101", "", "Sat%2C%2001%20Nov%202025",
]
BAD_NUMBERS = ["-1", "abc", "", "600.0", "1e3", "0x10", "%20600", "600%20", "%D9%A1"]
MUST_BE_SIGNED = [
    "X-Amz-Acl", "x-amz-copy-source", "x-amz-meta-zz", "X-AMZ-DATE", "x-amz-tagging", "Content-MD5",
]
# What clients may leave unescaped and signers escape.
SENT_RAW = {f"%{ord(char):02X}" for char in "!'()*:@$,;"}
# Verdicts.
MISMATCH, MALFORMED, SCOPE = "signature_mismatch", "malformed", "wrong_scope"
UNSIGNED, UNKNOWN, TOO_LONG = "unsigned_header", "unknown_key", "expires_too_long"
MISMATCH_OR_MALFORMED = f"{MISMATCH} {MALFORMED}"
# Escapes that are none, or that decode to what no key has.
BAD_ESCAPES = [
    "%", "%4", "%zz", "%+1", "%C3", "%FF", "%ED%A0%80", "%F8%88%80%80%80", "%C0%AF", "%00",
]


def basic(at):
    return at.strftime("%Y%m%dT%H%M%SZ")


def moment(text):
    return datetime.datetime.strptime(text, "%Y%m%dT%H%M%SZ")


@dataclasses.dataclass
class Request:
    """A request as a server receives it. A pair is a parameter as it stands in the query; with None
    for a value it has no `=`."""

    credentials: dict
    region: str
    service: str
    method: str
    path: str
    pairs: list
    headers: dict
    now: datetime.datetime

    @property
    def date(self):
        return moment(self.get("X-Amz-Date"))

    @property
    def expires(self):
        return int(self.get("X-Amz-Expires"))

    def get(self, name):
        return dict(self.pairs).get(name)

    def but(self, **changes):
        return dataclasses.replace(self, **changes)

    def put(self, name, value):
        return self.but(
            pairs=[(other, value if other == name else old) for other, old in self.pairs])

    def drop(self, name):
        return self.but(pairs=[pair for pair in self.pairs if pair[0] != name])

    def add(self, name, value):
        return self.but(pairs=[*self.pairs, (name, value)])

    def send(self, name, value):
        return self.but(headers=self.headers | {name: value})

    def unsend(self, name):
        return self.but(
            headers={other: value for other, value in self.headers.items() if other != name})

    def has_header(self, name):
        return name.lower() in {other.lower() for other in self.headers}

    def credential(self, place, value):
        parts = self.get("X-Amz-Credential").split("%2F")
        parts[place] = value
        return self.put("X-Amz-Credential", "%2F".join(parts))

    def line(self, number):
        query = "&".join(name if value is None else f"{name}={value}" for name, value in self.pairs)
        return json.dumps({
            "id": number,
            "credentials": self.credentials,
            "region": self.region,
            "service": self.service,
            "method": self.method,
            "target": f"{self.path}?{query}",
            "headers": self.headers,
            "now": basic(self.now),
        }).encode()


def respell(text, rng, kind, share=0.4):
    """Re-spells some of the characters that are `plain` or `escaped`."""
    def one(match):
        token = match[0]
        if kind == "over" and token.isalnum() and rng.random() < share:
            return f"%{ord(token):02X}"
        if kind == "lower" and len(token) == 3:
            return token.lower()
        if kind == "raw" and token in SENT_RAW:
            return chr(int(token[1:], 16))
        return token
    return re.sub(r"%[0-9A-F]{2}|.", one, text)


def respelled(request, rng, kind):
    """Re-spells path and query, but for what countersign takes in one spelling only, on purpose:
    the names of the claim's parameters, and the header names in X-Amz-SignedHeaders."""
    pairs = []
    for name, value in request.pairs:
        is_list = name == "X-Amz-SignedHeaders" and kind == "over"
        pairs.append((name if name.startswith("X-Amz-") else respell(name, rng, kind),
                      value if is_list else respell(value, rng, kind)))
    return request.but(path=respell(request.path, rng, kind), pairs=pairs)


def harmless(request, rng):
    """Yields labels and requests that stay `ok`."""
    begin, end = request.date - SKEW, request.date + SECOND * request.expires
    yield "as it is", request
    yield "at not_before", request.but(now=begin)
    yield "at the last second", request.but(now=end - SECOND)
    yield "at some second", request.but(now=begin + SECOND * rng.randrange(900 + request.expires))
    shuffled = rng.sample(request.pairs, len(request.pairs))
    yield "parameters in another order", request.but(pairs=shuffled)
    for kind in ["lower", "over", "raw"]:
        yield f"re-spelled: {kind}", respelled(request, rng, kind)
    yield "plus for %20 in the query", request.but(pairs=[
        (name.replace("%20", "+"), value.replace("%20", "+")) for name, value in request.pairs])
    yield "slashes in the credential", request.put(
        "X-Amz-Credential", request.get("X-Amz-Credential").replace("%2F", "/"))
    yield "plain semicolons", request.put(
        "X-Amz-SignedHeaders", request.get("X-Amz-SignedHeaders").replace("%3B", ";"))
    yield "no = without a value", request.but(
        pairs=[(name, value or None) for name, value in request.pairs])
    yield "slashes of the path as %2F", request.but(path="/" + request.path[1:].replace("/", "%2F"))
    yield "header names in capitals", request.but(
        headers={name.upper(): value for name, value in request.headers.items()})
    yield "white space around header values", request.but(
        headers={name: f" \t {value} " for name, value in request.headers.items()})
    yield "doubled spaces in header values", request.but(
        headers={name: value.replace(" ", "  ") for name, value in request.headers.items()})
    benign = {"User-Agent": "x", "accept-encoding": "gzip", "x-forwarded-for": "::1",
              "X-Amzn-Trace-Id": "1"}
    yield "headers that need no signature", request.but(headers=benign | request.headers)
    if not request.has_header("x-amz-content-sha256"):
        yield "unsigned payload header", request.send("x-amz-content-sha256", "UNSIGNED-PAYLOAD")


def refusals(request, rng):
    """Yields labels, requests and the verdicts that they may get."""
    groups = [times, signatures, parameters, own_parameters, expiries, scopes, headers,
              signed_headers, paths, orders]
    for group in groups:
        yield from group(request, rng)


def times(request, _rng):
    begin, end = request.date - SKEW, request.date + SECOND * request.expires
    yield "before not_before", request.but(now=begin - SECOND), "not_yet_valid"
    yield "long before", request.but(now=begin - 400 * DAY), "not_yet_valid"
    yield "at expiry", request.but(now=end), "expired"
    yield "long after", request.but(now=end + 4000 * DAY), "expired"


def flipped(signature, rng):
    place = rng.randrange(len(signature))
    digit = rng.choice([digit for digit in "0123456789abcdef" if digit != signature[place]])
    return signature[:place] + digit + signature[place + 1:]


def forged(request, rng):
    return request.put("X-Amz-Signature", flipped(request.get("X-Amz-Signature"), rng))


def signatures(request, rng):
    signature = request.get("X-Amz-Signature")
    yield "forged signature", forged(request, rng), MISMATCH
    for label, value in [("short", signature[:-1]), ("long", signature + "0"), ("empty", ""),
                         ("not hex", "g" + signature[1:]), ("capitals", signature.upper())]:
        if value != signature:
            yield f"{label} signature", request.put("X-Amz-Signature", value), MISMATCH_OR_MALFORMED
    others = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "X-ODD"]
    method = rng.choice([method for method in others if method != request.method])
    yield "another method", request.but(method=method), MISMATCH
    twin = {"GET": "HEAD", "HEAD": "GET"}.get(request.method)
    if twin:
        yield f"{request.method} taken for {twin}", request.but(method=twin), MISMATCH
    yield "method in lower case", request.but(method=request.method.lower()), MISMATCH
    keys = request.credentials
    wrong = keys | {"secret_access_key": keys["secret_access_key"] + "x"}
    yield "another secret", request.but(credentials=wrong), MISMATCH
    if keys["session_token"] is None:
        yield "token added", request.add(TOKEN, "t"), MISMATCH
        yield "token as a header", request.send(TOKEN, "t"), UNSIGNED
        other = keys | {"session_token": "token"}
        yield "token that the URL lacks", request.but(credentials=other), f"{MISMATCH} {UNKNOWN}"
    else:
        yield "token removed", request.drop(TOKEN), MISMATCH
        yield "token changed", request.put(TOKEN, request.get(TOKEN) + "x"), MISMATCH
        other = keys | {"session_token": None}
        yield "token that the key lacks", request.but(credentials=other), f"{MISMATCH} {UNKNOWN}"


def parameters(request, rng):
    for name in REQUIRED:
        yield f"without {name}", request.drop(name), MALFORMED
        lower = request.drop(name).add(name.lower(), request.get(name))
        yield f"{name} in lower case", lower, MALFORMED
        yield f"{name} twice", request.add(name, request.get(name)), MALFORMED
        yield f"another {name} before", request.but(pairs=[(name, "x"), *request.pairs]), MALFORMED
    for value in ["AWS4-HMAC-SHA512", "aws4-hmac-sha256", "AWS4-ECDSA-P256-SHA256", ""]:
        yield "another algorithm", request.put("X-Amz-Algorithm", value), MALFORMED
    for value in BAD_DATES:
        yield "date in another form", request.put("X-Amz-Date", value), MALFORMED
    yield "parameter added", request.add("response-content-type%21", "text%2Fhtml"), MISMATCH
    yield "empty parameter added", request.add("acl%21", None), MISMATCH
    for bad in BAD_ESCAPES:
        yield "bad escape in a value", request.add("zz", "a" + bad), MALFORMED
        yield "bad escape in a name", request.add("zz" + bad, ""), MALFORMED


def own_parameters(request, rng):
    """What is done to a parameter that is not one of the claim's."""
    own = [pair for pair in request.pairs if pair[0] not in [*REQUIRED, TOKEN]]
    if not own:
        return
    name, value = rng.choice(own)
    yield "parameter removed", request.drop(name), MISMATCH
    yield "parameter changed", request.put(name, value + "x"), MISMATCH
    yield "parameter twice", request.add(name, value), MALFORMED
    twin = respell(name, rng, "over", share=1)
    if twin != name:
        yield "parameter twice, spelled apart", request.add(twin, "x"), MALFORMED
    if "%2B" in value:
        yield "plus sent raw", request.put(name, value.replace("%2B", "+")), MISMATCH


def expiries(request, _rng):
    # Any second that both the signed and the changed times allow.
    at = request.but(now=request.date - 5 * SECOND)
    longer = request.expires + (1 if request.expires < EXPIRES_MAX else -1)
    yield "expires changed", at.put("X-Amz-Expires", str(longer)), MISMATCH
    for label, sign in [("a zero", "0"), ("a sign", "%2B")]:
        changed = at.put("X-Amz-Expires", f"{sign}{request.expires}")
        yield f"expires with {label}", changed, MISMATCH_OR_MALFORMED
    yield "expires 0", request.but(now=request.date).put("X-Amz-Expires", "0"), "expired"
    for value in [str(EXPIRES_MAX + 1), "99999999999"]:
        yield "expires too long", at.put("X-Amz-Expires", value), TOO_LONG
    yield "expires over 64 bits", at.put("X-Amz-Expires", str(2**64)), "expires_too_long malformed"
    for value in BAD_NUMBERS:
        yield "expires no number", at.put("X-Amz-Expires", value), MALFORMED
    other = request.date + (SECOND if request.date.second == 0 else -SECOND)
    yield "date changed", at.put("X-Amz-Date", basic(other)), MISMATCH
    day = request.date + DAY
    yield "date of another day", request.but(now=day).put("X-Amz-Date", basic(day)), SCOPE


def scopes(request, _rng):
    yield "region in the URL", request.credential(-3, "us-west-7"), SCOPE
    yield "region of the server", request.but(region="us-west-7"), SCOPE
    yield "region empty", request.credential(-3, ""), "wrong_scope malformed"
    yield "service in the URL", request.credential(-2, "ec2"), SCOPE
    yield "service of the server", request.but(service="ec2"), SCOPE
    yield "terminator", request.credential(-1, "aws4_requesT"), SCOPE
    yield "terminator empty", request.credential(-1, ""), "wrong_scope malformed"
    yield "scope of another day", request.credential(-4, basic(request.date + DAY)[:8]), SCOPE
    yield "scope without a day", request.credential(-4, "today"), MALFORMED
    yield "key id", request.credential(0, "AKIAOTHER"), UNKNOWN
    key_id, _, rest = request.get("X-Amz-Credential").partition("%2F")
    yield "key id longer", request.credential(0, key_id + "x"), UNKNOWN
    yield "key id empty", request.credential(0, ""), "malformed unknown_key"
    other = request.credentials | {"access_key_id": "OTHER"}
    yield "another key exists", request.but(credentials=other), UNKNOWN
    for label, credential in [("four", rest), ("six", f"a%2F{key_id}%2F{rest}")]:
        yield f"credential of {label} parts", request.put("X-Amz-Credential", credential), MALFORMED


def headers(request, rng):
    host = request.headers["Host"]
    yield "another host", request.send("Host", "evil." + host), MISMATCH
    has_port = re.search(r":\d+$", host)
    yield "another port", request.send("Host", host + ("1" if has_port else ":4430")), MISMATCH
    yield "host absent", request.unsend("Host"), MISMATCH
    yield "host twice", request.send("HOST", host), MISMATCH_OR_MALFORMED
    if host != host.upper():
        yield "host in capitals", request.send("Host", host.upper()), MISMATCH
    for name in MUST_BE_SIGNED:
        if not request.has_header(name):
            yield f"unsigned {name.lower()}", request.send(name, "private"), UNSIGNED
    for value in ["AWS4-HMAC-SHA256 Credential=a", "AWS a:b"]:
        yield "two mechanisms", request.send("Authorization", value), MALFORMED
    payload = "x-amz-content-sha256"
    if not request.has_header(payload):
        yield "payload header with a digest", request.send(payload, EMPTY_SHA256), MISMATCH
        streaming = request.send(payload, "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        yield "streaming payload", streaming, MISMATCH_OR_MALFORMED
    signed = [name for name in request.headers if name not in ("Host", "X-Amz-Content-SHA256")]
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
    names = request.get("X-Amz-SignedHeaders").split("%3B")
    listed = lambda names: request.put("X-Amz-SignedHeaders", "%3B".join(names))
    yield "host not listed", listed([name for name in names if name != "host"]), UNSIGNED
    yield "absent header listed", listed(sorted([*names, "x-nope"])), MISMATCH
    lists = {"twice": [*names, names[-1]], "in capitals": [name.upper() for name in names],
             "unsorted": [*names, "a"], "with an empty name": [*names, ""]}
    for label, other in lists.items():
        if other != names:
            allowed = f"{MISMATCH_OR_MALFORMED} {UNSIGNED}"
            yield f"headers listed {label}", listed(other), allowed
    for name in names:
        rest = listed([other for other in names if other != name])
        if name == "content-type":
            yield "signed header no longer listed", rest, MISMATCH
        elif name.startswith(("content-md5", "x-amz-")) and name != "x-amz-content-sha256":
            yield "amz header no longer listed", rest, UNSIGNED


def paths(request, rng):
    tokens = re.findall(r"%..|.", request.path)
    plain = [place for place, token in enumerate(tokens) if token.isalnum()]
    if plain:
        place = rng.choice(plain)
        changed = "a" if tokens[place] != "a" else "b"
        path = "".join([*tokens[:place], changed, *tokens[place + 1:]])
        yield "key byte changed", request.but(path=path), MISMATCH
    yield "key longer", request.but(path=request.path + "x"), MISMATCH
    yield "slash behind the key", request.but(path=request.path + "/"), MISMATCH
    yield "slash before the path", request.but(path="/" + request.path), MISMATCH
    yield "dot segment", request.but(path="/." + request.path), MISMATCH
    yield "escaped twice", request.but(path="/%25" + request.path[1:]), MISMATCH
    for bad in BAD_ESCAPES:
        yield "bad escape in the path", request.but(path=request.path + bad), MALFORMED
    if "%20" in request.path:
        path = request.path.replace("%20", "+")
        yield "plus for %20 in the path", request.but(path=path), MISMATCH
    for label, change in [("//", "/"), ("/../", "/"), ("/./", "/")]:
        if label in request.path:
            yield "path normalised", request.but(path=request.path.replace(label, change)), MISMATCH
    if "%25" in request.path:
        double = request.path.replace("%25", "%")
        yield "key decoded twice", request.but(path=double), MISMATCH_OR_MALFORMED


def orders(request, rng):
    """Wrong in two ways: what is checked first decides."""
    def with_expires(request, value):
        return request.put("X-Amz-Expires", value)

    early = request.but(now=request.date - 2 * SKEW)
    late = request.but(now=request.date + SECOND * (request.expires + 9))
    absent = lambda request: request.unsend("Host")
    yield "expired, forged", forged(late, rng), "expired"
    yield "expired, wrong scope", late.credential(-3, "us-west-7"), "expired"
    yield "expired, no credential of five parts", late.put("X-Amz-Credential", "a"), "expired"
    yield "expired, unsigned header", late.send("x-amz-zz", "1"), "expired"
    yield "expired, unknown key", late.credential(0, "OTHER"), "expired"
    yield "expired, absent header", absent(late), "expired"
    yield "early, wrong scope", early.credential(-3, "us-west-7"), "not_yet_valid"
    yield "early, forged", forged(early, rng), "not_yet_valid"
    yield "too long, early", with_expires(early, "604801"), TOO_LONG
    yield "too long, late", with_expires(late, "604801").but(now=late.date + 30 * DAY), TOO_LONG
    yield "too long, bad date", with_expires(request.put("X-Amz-Date", "x"), "604801"), MALFORMED
    yield "other algorithm, expired", late.put("X-Amz-Algorithm", "x"), MALFORMED
    yield "no signature, expired", late.drop("X-Amz-Signature"), MALFORMED
    yield "two mechanisms, expired", late.send("authorization", "AWS4-HMAC-SHA256 x"), MALFORMED
    scope, unknown = request.credential(-3, "x"), request.credential(0, "OTHER")
    yield "wrong scope, unsigned header", scope.send("x-amz-zz", "1"), SCOPE
    yield "wrong scope, unknown key", scope.credential(0, "OTHER"), SCOPE
    yield "unsigned header, unknown key", unknown.send("x-amz-zz", "1"), UNSIGNED
    yield "unsigned header, forged", forged(request.send("x-amz-zz", "1"), rng), UNSIGNED
    yield "unknown key, forged", forged(unknown, rng), UNKNOWN
    yield "unknown key, absent header", absent(unknown), UNKNOWN
