"""Random requests, and the URLs that botocore makes of them: part of `botocore_diff.py`, which says
how to run.

Not generated, because botocore is known to differ there:
- the headers of its SIGNED_HEADERS_BLACKLIST (user-agent, expect, connection, …) and the
  content type `application/x-www-form-urlencoded; charset=utf-8`, which it does not sign;
- Unicode white space inside a header value, which it folds as it folds spaces and tabs;
- lower-case methods, which it upper-cases, and a parameter twice, of which it drops one;
- NUL, which countersign refuses;
- through the client: virtual addressing of a dotted bucket by plain HTTP at an IP address (it
  makes `my.bucket.127.0.0.1`), escapes in a base path (it escapes them again), and a listing at
  `bucket.host/base/` (it keeps that last slash).
"""

import datetime
import os
from urllib.parse import urlsplit

import botocore.auth
import botocore.session
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.utils import percent_encode, percent_encode_sequence

from mutations import EMPTY_SHA256, EXPIRES_MAX, SECOND, basic, moment

# Nothing of the machine's own configuration shall count.
for variable in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[variable]
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull

PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
CONTROLS = "".join(map(chr, [*range(1, 0x20), 0x7F]))
UNICODE = [
    "é", "e\u0301", "Å", "A\u030a", "ß", "日本語", "😀", "👩\u200d👩\u200d👧", "\u202e", "\ufeff",
    "\ufffd", "\uffff", "\U0010ffff", "\x80", "\x85", "\xa0", "\u2028", "ẞ", "ﬀ",
]
ATOMS = [
    *PRINTABLE, *CONTROLS, *UNICODE, "//", "/", "/", "/./", "/../", ".", "..", "%41", "%2F", "%2f",
    "%00", "%", "%%", "+", " ", "  ", ";", "&", "=", "?", "#", "\r\n", "abc", "XYZ", "09",
]
KEYS = [
    *PRINTABLE, *CONTROLS, *UNICODE, PRINTABLE, CONTROLS, "".join(UNICODE), "//", "///", "a//b",
    "//a", "a//", "/lead", "trail/", "..", "../", "../../x", "a/../b", "a/./b", "./a", "a/.",
    "a/..", "%41", "%2F", "%", "%zz", "%00", "%C3%BC", "a+b c", "a;b", "a?b#c", "a&b=c",
    "http://h/x", "a\\b",
    "a" * 1024, "/" * 1024, " " * 1024, "\x01" * 1024, "😀" * 256, "é" * 512, "a/" * 512,
    "?X-Amz-Date=1",
]
# Names that sort before, between and after the `X-Amz-` parameters, and some that look like them.
NAMES = [
    "response-content-disposition", "response-content-type", "partNumber", "uploadId", "uploads",
    "versionId", "acl", "list-type", "prefix", "x-id", "X-Amz-Content-Sha256", "X-Amz", "X-Amz-",
    "X-Amz-A", "X-Amz-Algorithm2", "X-Amz-Cz", "X-Amz-Da", "X-Amz-Expiresx", "X-Amz-SignedHeader",
    "X-Amz-Zz", "x-amz-acl", "x-amz-meta-a", "x-amz-", "W", "X", "Y", "A", "0", "_", "~", "-", ".",
    "!", "/", "a b", "a+b", "a&b", "a=b", "%41", "X%2DAmz-Date", "é", "e\u0301", "日本", "😀",
    "\U0010ffff", "\x01", "\n", " ", "a[]", "zz",
]
HEADERS = [
    "Content-Type", "content-md5", "Content-Length", "cache-control", "content-disposition",
    "content-encoding", "If-None-Match", "range", "date", "X-Amz-Acl", "x-amz-tagging",
    "X-Amz-Meta-B", "x-amz-meta-a_b.c~", "x-amz-server-side-encryption", "x-amz-date",
    "x-amz-copy-source", "X-Custom", "a", "gost", "hosu", "zz", "0",
]
METHODS = ["GET", "PUT", "HEAD", "POST", "DELETE", "PATCH", "OPTIONS", "X-ODD_1"]
HOSTS = [
    "s3.amazonaws.com", "S3.Eu-Central-1.AmazonAWS.com", "localhost", "h_x.example.org", "a.b.",
]
ADDRESSES = ["127.0.0.1", "10.1.2.3", "[::1]", "[2001:db8::1]", "[2001:DB8::A]"]
PORTS = ["", "", ":80", ":443", ":8080", ":9000", ":65535", ":1"]
BASES = ["", "", "", "/", "/base", "/base/", "/a/b.c~d"]
BUCKETS = ["examplebucket", "my.dotted.bucket", "a-b-c", "UPPER", "under_score", "ab", "1.2.3.4"]
REGIONS = ["us-east-1", "eu-central-1", "us-gov-west-1", "auto", "garage"]
KEY_IDS = ["AKIAIOSFODNN7EXAMPLE", "minio+admin=", "a:b;c%41&d", "x"]


def credential_pool(rng):
    """Ids, secrets and tokens with the odd characters that each may have."""
    pool = []
    for index in range(12):
        secret = "".join(rng.choice(PRINTABLE + "/+é日") for _ in range(40)) + f"secret{index}"
        token = "".join(rng.choice(PRINTABLE[1:]) for _ in range(rng.choice([1, 100, 1500])))
        pool.append({
            "access_key_id": rng.choice(KEY_IDS) + str(index),
            "secret_access_key": secret,
            "session_token": token if index % 3 == 2 else None,
        })
    return pool


def some_text(rng, longest=12):
    text = "".join(rng.choice(ATOMS) for _ in range(rng.randint(1, longest)))
    return text.encode()[:1024].decode(errors="ignore")


def some_header_value(rng):
    word = lambda: "".join(rng.choice(PRINTABLE + "éß日") for _ in range(rng.randint(0, 9)))
    return rng.choice(["", " ", "  ", "\t", " \t "]).join(word() for _ in range(rng.randint(1, 5)))


def common_case(rng, pool, number):
    at = datetime.datetime(1971, 1, 1) + SECOND * rng.randrange(250 * 365 * 86400)
    odd = rng.choice(["", "", '"\n\u2028é\\'])
    return {
        "id": f"case {number}{odd}",
        "credentials": rng.choice(pool),
        "region": rng.choice(REGIONS),
        "service": "s3",
        "time": basic(at),
        "expires": rng.choice([1, 59, 3600, 86400, EXPIRES_MAX, rng.randint(1, EXPIRES_MAX)]),
    }


def auth_case(rng, pool, number):
    """A request for botocore's signer, which takes anything."""
    virtual = rng.random() < 0.4
    host = rng.choice(HOSTS if virtual else HOSTS + ADDRESSES)
    key = rng.choice([None, some_text(rng), some_text(rng, 400)])
    if number < len(KEYS):
        key = KEYS[number]
    names = rng.sample(NAMES, rng.choice([0, 1, 2, 6]))
    if rng.random() < 0.3:
        names.append(some_text(rng))
    query = {}
    for name in names:
        if name.lower() not in {other.lower() for other in query}:
            query[name] = rng.choice(["", "1", "a b", some_text(rng), some_text(rng, 60)])
    names = rng.sample(HEADERS, rng.choice([0, 0, 1, 2, 5]))
    headers = {name: some_header_value(rng) for name in names}
    if rng.random() < 0.1:
        headers["X-Amz-Content-SHA256"] = rng.choice(["UNSIGNED-PAYLOAD", EMPTY_SHA256])
    scheme, base = rng.choice(["https://", "http://"]), rng.choice([*BASES, "/a%20b%C3%A9"])
    return common_case(rng, pool, number) | {
        "region": rng.choice([*REGIONS, "a_b.c"]),
        "service": rng.choice(["s3"] * 9 + ["s3-outposts"]),
        "endpoint": scheme + host + rng.choice(PORTS) + base,
        "bucket": rng.choice(["examplebucket", "a-b-c", "123"] if virtual else BUCKETS),
        "addressing": "virtual" if virtual else "path",
        "method": rng.choice(METHODS),
        "key": key,
        "query": list(query.items()),
        "signed_headers": headers,
    }


def sign_by_auth(case):
    endpoint = urlsplit(case["endpoint"])
    is_virtual = case["addressing"] == "virtual"
    path = endpoint.path.rstrip("/") + ("" if is_virtual else "/" + case["bucket"])
    if case["key"] is not None:
        path += "/" + percent_encode(case["key"], safe="/~")
    host = f"{case['bucket']}." * is_virtual + endpoint.netloc
    url = f"{endpoint.scheme}://{host}{path or '/'}"
    params = dict(case["query"])
    if len(case["id"]) % 2 and params:  # botocore takes a query in two ways
        url, params = f"{url}?{percent_encode_sequence(params)}", None
    keys = case["credentials"]
    signer = botocore.auth.S3SigV4QueryAuth(
        Credentials(keys["access_key_id"], keys["secret_access_key"], keys["session_token"]),
        case["service"], case["region"], case["expires"])
    request = AWSRequest(case["method"], url, headers=case["signed_headers"], params=params)
    signer.add_auth(request)
    return request.url


def ascii_value(rng):
    return "".join(rng.choice(PRINTABLE[1:]) for _ in range(rng.randint(1, 20)))


def number_up_to(most):
    return lambda rng: rng.randint(1, most)


# What botocore calls a parameter, what S3 calls it, and a value for it.
QUERY_PARAMETERS = {
    "VersionId": ("versionId", some_text),
    "PartNumber": ("partNumber", number_up_to(10_000)),
    "UploadId": ("uploadId", some_text),
    "ResponseContentDisposition": ("response-content-disposition", some_text),
    "ResponseContentType": ("response-content-type", some_text),
    "Prefix": ("prefix", some_text),
    "Delimiter": ("delimiter", some_text),
    "ContinuationToken": ("continuation-token", some_text),
    "StartAfter": ("start-after", some_text),
    "MaxKeys": ("max-keys", number_up_to(1000)),
}
HEADER_PARAMETERS = {
    "ContentType": ("content-type", ascii_value),
    "ContentLength": ("content-length", number_up_to(1 << 40)),
    "CacheControl": ("cache-control", ascii_value),
    "Tagging": ("x-amz-tagging", ascii_value),
    "ACL": ("x-amz-acl", lambda _: "private"),
    "IfNoneMatch": ("if-none-match", lambda _: "*"),
    "Range": ("range", lambda _: "bytes=0-9"),
}
# Operation: method, query that it always has, parameters that it needs, and that it may have.
OPERATIONS = {
    "get_object": ("GET", {}, [], [
        "VersionId", "PartNumber", "ResponseContentDisposition", "ResponseContentType", "Range"]),
    "head_object": ("HEAD", {}, [], ["VersionId", "PartNumber"]),
    "put_object": ("PUT", {}, [], [
        "ContentType", "ContentLength", "CacheControl", "Tagging", "ACL", "IfNoneMatch"]),
    "upload_part": ("PUT", {}, ["PartNumber", "UploadId"], ["ContentLength"]),
    "create_multipart_upload": ("POST", {"uploads": ""}, [], [
        "ContentType", "CacheControl", "ACL", "Tagging"]),
    "list_objects_v2": ("GET", {"list-type": "2", "encoding-type": "url"}, [], [
        "Prefix", "Delimiter", "ContinuationToken", "StartAfter", "MaxKeys"]),
    "delete_object": ("DELETE", {}, [], ["VersionId"]),
}


def client_case(rng, pool, number):
    """A request for botocore's client, with what its operation means in a query and in headers."""
    operation = rng.choice(list(OPERATIONS))
    method, query, needed, possible = OPERATIONS[operation]
    query, headers, params = dict(query), {}, {}
    for name in needed + [name for name in possible if rng.random() < 0.5]:
        wire, value = (QUERY_PARAMETERS | HEADER_PARAMETERS)[name]
        params[name] = value(rng)
        (query if name in QUERY_PARAMETERS else headers)[wire] = str(params[name])
    if operation == "put_object":
        params["Metadata"] = {f"k{index}": ascii_value(rng) for index in range(rng.randint(0, 3))}
        headers |= {f"x-amz-meta-{name}": value for name, value in params["Metadata"].items()}
    is_listing = operation == "list_objects_v2"
    case = common_case(rng, pool, number)
    style, scheme = rng.choice(["path", "virtual"]), rng.choice(["https://", "http://"])
    host, bucket = rng.choice(HOSTS[:3] + ADDRESSES), rng.choice(BUCKETS)
    if host in ADDRESSES and style == "virtual" and bucket == "my.dotted.bucket":
        bucket = "examplebucket"
    base = rng.choice(["", "", "/", "/base"] if is_listing else BASES)
    case |= {
        "endpoint": scheme + host + rng.choice(PORTS) + base,
        "bucket": bucket,
        "addressing": style,
        "method": method,
        "key": None if is_listing else rng.choice([rng.choice(KEYS), some_text(rng, 30)]),
        "query": list(query.items()),
        "signed_headers": headers,
    }
    params["Bucket"] = bucket
    if not is_listing:
        params["Key"] = case["key"]
    return case, operation, params


def sign_by_client(session, case, operation, params):
    keys = case["credentials"]
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": case["addressing"]},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required")
    client = session.create_client(
        "s3",
        region_name=case["region"],
        endpoint_url=case["endpoint"],
        aws_access_key_id=keys["access_key_id"],
        aws_secret_access_key=keys["secret_access_key"],
        aws_session_token=keys["session_token"],
        config=config)
    return client.generate_presigned_url(operation, params, ExpiresIn=case["expires"])


def signed_cases(rng, pool, count):
    """Pairs of a case and the URL that botocore makes of it."""
    session, cases = botocore.session.Session(), []
    for number in range(count):
        if number % 4 == 3 and number >= len(KEYS):
            case, operation, params = client_case(rng, pool, number)
            sign = lambda: sign_by_client(session, case, operation, params)
        else:
            case = auth_case(rng, pool, number)
            sign = lambda: sign_by_auth(case)
        at = moment(case["time"])
        botocore.auth.get_current_datetime = lambda at=at: at
        url = sign()
        assert f"X-Amz-Date={case['time']}&" in url, "botocore reads its time elsewhere"
        cases.append((case, url))
    return cases
