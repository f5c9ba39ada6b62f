"""Random forms, as botocore makes them, and what can be done to one: part of `post_policy.py`,
which says how to run.

Not generated: control characters in values, which countersign refuses, for most fields become
headers; names of fields that are no header names; a base path with virtual addressing, which
botocore ends with a slash; and `${filename}` before the end of a key, which no condition can meet.
"""

import json

import botocore.auth
import botocore.session
import botocore.signers
from botocore.config import Config

from cases import BUCKETS, HOSTS, PRINTABLE, REGIONS, UNICODE, common_case
from mutations import SECOND, basic, moment

LETTERS = [*PRINTABLE, *PRINTABLE, *UNICODE, '"', "\\", "\\$", "\\v", "$", "</script>", "/"]
KEYS = [
    "plain.txt", "user/é日😀", "a//b", 'q"uo\\te', "tab\there", "$key", "${FILENAME}", "line\n",
]
FIELDS = [
    "acl", "Cache-Control", "Content-Type", "Content-Disposition", "Content-Encoding", "Expires",
    "success_action_redirect", "redirect", "success_action_status", "tagging",
    "x-amz-meta-uuid", "X-Amz-Meta-Tag", "x-amz-storage-class", "x-amz-server-side-encryption",
    "x-amz-checksum-sha256", "x-amz-website-redirect-location", "x-ignore-this",
]
VARIABLE = "${filename}"
FILE_NAME = "dé\"ta.csv"


def some_value(rng):
    return "".join(rng.choice(LETTERS) for _ in range(rng.choice([0, 1, 5, 40])))


def any_case(rng, name):
    return rng.choice([name, name, name.lower(), name.upper(), name.swapcase()])


def condition_for(rng, name, value):
    """A condition that this field meets."""
    spelled = any_case(rng, name)
    kind = rng.randrange(3)
    if kind == 0:
        return {spelled: value}
    if kind == 1:
        return [any_case(rng, "eq"), f"${spelled}", value]
    # A prefix of a list of content types has to be one of each of them.
    prefix = "" if name.lower() == "content-type" else value[:rng.randrange(len(value) + 1)]
    return [any_case(rng, "starts-with"), f"${spelled}", prefix]


def some_range(rng):
    least = rng.choice([0, 1, rng.randrange(1 << 40)])
    ends = [least, least + rng.randrange(1 << 40)]
    return ["content-length-range", *(map(str, ends) if rng.random() < 0.1 else ends)]


def some_case(rng, pool, number, place):
    """A line for `policy --batch`. Every field is covered, as botocore wants it."""
    key = rng.choice([rng.choice(KEYS), some_value(rng) or "k"])
    if rng.random() < 0.5:
        key = rng.choice(["", "user/", key]) + VARIABLE
    fields = {name: some_value(rng) for name in rng.sample(FIELDS, rng.choice([0, 1, 3, 8]))}
    conditions = []
    for name, value in fields.items():
        conditions += [condition_for(rng, name, value) for _ in range(rng.choice([1, 1, 1, 2]))]
    if rng.random() < 0.5:
        conditions.append(some_range(rng))
    rng.shuffle(conditions)
    case = common_case(rng, pool, number) | place
    del case["service"]
    return case | {"key": key, "fields": fields, "conditions": conditions}


def some_place(rng, pool):
    """What a client of botocore is made for, so that one does for many cases."""
    style = rng.choice(["path", "virtual"])
    base = rng.choice(["", "", "/base"]) if style == "path" else ""
    return {
        "credentials": rng.choice(pool),
        "region": rng.choice(REGIONS),
        "endpoint": rng.choice(["https://", "http://"]) + rng.choice(HOSTS[:3]) + base,
        "addressing": style,
        "bucket": rng.choice(BUCKETS),
    }


def client_for(session, place):
    keys = place["credentials"]
    config = Config(signature_version="s3v4", s3={"addressing_style": place["addressing"]})
    return session.create_client(
        "s3",
        region_name=place["region"],
        endpoint_url=place["endpoint"],
        aws_access_key_id=keys["access_key_id"],
        aws_secret_access_key=keys["secret_access_key"],
        aws_session_token=keys["session_token"],
        config=config)


def post_of(client, case, conditions=None):
    """What botocore makes of a case: its URL and its fields."""
    at = moment(case["time"])
    for module in (botocore.auth, botocore.signers):
        module.get_current_datetime = lambda: at
    post = client.generate_presigned_post(
        case["bucket"], case["key"], case["fields"], conditions or case["conditions"],
        case["expires"])
    assert post["fields"]["x-amz-date"] == case["time"], "botocore reads its time elsewhere"
    return post


def posted_cases(rng, pool, count):
    """Pairs of a case and the form that botocore makes of it."""
    session, cases = botocore.session.Session(), []
    while len(cases) < count:
        place = some_place(rng, pool)
        client = client_for(session, place)
        for _ in range(min(40, count - len(cases))):
            case = some_case(rng, pool, len(cases), place)
            cases.append((case, post_of(client, case)))
    return cases


def uncovered_cases(rng, pool, count):
    """Cases with fields that no condition covers, and what botocore makes where they are covered
    exactly, after the other conditions and in the order in which a batch has fields: by name."""
    session, cases = botocore.session.Session(), []
    place = some_place(rng, pool)
    client = client_for(session, place)
    for number in range(count):
        case = some_case(rng, pool, number, place)
        dropped = rng.sample(list(case["fields"]), rng.randint(0, len(case["fields"])))
        lower = {name.lower() for name in dropped}

        def is_kept(condition):
            name = condition[1] if isinstance(condition, list) else next(iter(condition))
            return str(name).lstrip("$").lower() not in lower

        case["conditions"] = list(filter(is_kept, case["conditions"]))
        covered = sorted(name for name in dropped if not name.startswith("x-ignore-"))
        exact = [{name: case["fields"][name]} for name in covered]
        cases.append((case, post_of(client, case, case["conditions"] + exact)))
    return cases


def received(case, post, **changes):
    """A line for `verify_forms`: the form as a server receives it."""
    return {
        "credentials": case["credentials"],
        "region": case["region"],
        "bucket": case["bucket"],
        "fields": list(post["fields"].items()),
        "file_name": FILE_NAME,
        "now": case["time"],
    } | changes


def with_field(fields, name, value):
    return [(other, value if other == name else old) for other, old in fields]


def tampered(case, post, rng):
    """Changed forms, each with the start of the reason for which it has to be refused."""
    fields = list(post["fields"].items())
    signature = post["fields"]["x-amz-signature"]
    flipped = ("1" if signature[0] == "0" else "0") + signature[1:]
    end = moment(case["time"]) + SECOND * case["expires"]
    early = moment(case["time"]) - SECOND * 901
    stranger = case["credentials"] | {"secret_access_key": "another"}
    unknown = case["credentials"] | {"access_key_id": "NOBODY"}
    policy = post["fields"]["policy"]
    other_policy = policy[:-8] + ("A" if policy[-8] != "A" else "B") + policy[-7:]
    yield {"fields": with_field(fields, "x-amz-signature", flipped)}, "Claim(SignatureMismatch"
    # A changed policy may still be one, or end elsewhere.
    yield {"fields": with_field(fields, "policy", other_policy)}, "Claim(SignatureMismatch"
    yield {"credentials": stranger}, "Claim(SignatureMismatch"
    yield {"credentials": unknown}, "Claim(UnknownKey"
    yield {"now": basic(end)}, "Claim(Expired"
    yield {"now": basic(early)}, "Claim(NotYetValid"
    yield {"bucket": case["bucket"] + "x"}, 'Unmet("bucket"'
    yield {"region": case["region"] + "x"}, "Claim(Scope"
    yield {"fields": [("x-amz-acl", "public-read"), *fields]}, 'Uncovered("x-amz-acl"'
    yield {"fields": [*fields, ("KEY", "other")]}, "Shape(Duplicate"
    yield {"fields": [*fields, ("AWSAccessKeyId", "x")]}, "Shape(SignatureVersion2"
    yield {"fields": [pair for pair in fields if pair[0] != "key"]}, 'Shape(Missing("key"'
    prefix = case["key"].removesuffix(VARIABLE)
    if prefix:
        yield {"fields": with_field(fields, "key", "\u2603" + case["key"])}, 'Unmet("key"'
    if case["fields"]:
        name = rng.choice(list(case["fields"]))
        without = [pair for pair in fields if pair[0] != name]
        yield {"fields": without}, "Unmet("
    token = case["credentials"]["session_token"]
    if token:
        changed = with_field(fields, "x-amz-security-token", token + "x")
        yield {"fields": changed}, "Claim(SignatureMismatch"
        yield {"credentials": case["credentials"] | {"session_token": None}}, (
            "Claim(SignatureMismatch")


def bad_cases(good):
    """Requests that nobody may sign."""
    good = good | {"id": "bad", "key": "k", "fields": {}, "conditions": [], "expires": 60}
    bad = {
        "key": [
            "", "a\0b", "a" * 1025, "a" * 1024 + VARIABLE, VARIABLE + "x", VARIABLE * 2, 7, None],
        "bucket": ["", ".", "..", "a/b", "a b", 7],
        "endpoint": ["", "h.example", "ftp://h", "https://u@h", None],
        "addressing": ["", "auto", None],
        "region": ["", "a/b", None],
        "time": ["", "20251101", "99991231T235930Z", None],
        "expires": [0, 604801, -1, 1.5, "60", None],
        "fields": [
            {"key": "x"}, {"Bucket": "x"}, {"policy": "x"}, {"X-Amz-Signature": "x"},
            {"x-amz-date": "x"}, {"file": "x"}, {"AWSAccessKeyId": "x"}, {"signature": "x"},
            {"": "x"}, {"a b": "x"}, {"é": "x"}, {"a" * 257: "x"}, {"acl": "a\nb"}, {"acl": "\0"},
            {"acl": "a", "ACL": "a"}, {"acl": 1}, [["acl", "a"]], "acl", {"acl": "x" * 70_000},
            {f"x-amz-meta-{number}": "" for number in range(91)}],
        "conditions": [
            {}, "x", [1], [{}], [{"a": "b", "c": "d"}], [{"a": 1}], [["eq", "acl", "a"]],
            [["in", "$acl", "a"]], [["eq", "$acl"]], [["content-length-range", 2, 1]],
            [["content-length-range", -1, 1]], [[]], [{"a": "b"}] * 101],
        "credentials": [None, {}, good["credentials"] | {"access_key_id": "a/b"}],
    }
    for field, values in bad.items():
        yield from (good | {field: value} for value in values)


def line_of(case, rng):
    return json.dumps(case, ensure_ascii=rng.random() < 0.5).encode()
