"""Requests for Oracle Cloud, signed by Oracle's SDK: part of `oci_sdk.py`, which says how to run.

Not generated, because the SDK is known to differ there:
- white space at the end of a value, which it signs and HTTP takes off;
- methods in lower case, which it takes, and values that are not ASCII, at which it fails;
- text as a body that is not ASCII, for which it signs the count of characters as the length;
- PUT of an object with its body unsigned at any other path: it leaves that to its caller.
"""

import base64
import dataclasses
import datetime
import email.utils
import functools
import io
import pathlib
import re

import oci
from oci._vendor import requests
from oci.auth.signers import SecurityTokenSigner
from oci.object_storage import ObjectStorageClient, models

SDK_VERSION = oci.__version__
KEYS = pathlib.Path(__file__).resolve().parents[3] / "countersign/tests/data/oci-keys"
PKCS8, PKCS1, PUBLIC_PEM = (
    (KEYS / name).read_text("ascii") for name in ["pkcs8.pem", "pkcs1.pem", "public.pem"])
# One key, as it is found in files.
PEMS = [PKCS8, PKCS1, PKCS8 + "OCI_API_KEY", PKCS1 + "OCI_API_KEY\n", PKCS8.replace("\n", "\r\n")]
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
METHODS = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]
HOSTS = [
    "objectstorage.eu-frankfurt-1.oraclecloud.com", "iaas.us-phoenix-1.oraclecloud.com",
    "ns.objectstorage.sa-saopaulo-1.oci.customer-oci.com", "localhost:8080", "127.0.0.1:1",
    "[::1]:8080", "Host.Example"]
# None of these is an upload, not even by PUT.
TARGETS = [
    "/", "/20160918/instances", "/n", "/n/ns/b/bucket/p", "/n/ns/b/bucket/O/a%2Fb",
    "/n/ns/b/bucket/o/", "/n/ns/b/bucket/u?x=/", "//n/ns/b/bucket/o/a", "/n/ns/b/bucket/o/../p",
    "/a/../b/./c", "/%", "/a?b?c=d&&=&%zz", "/a;b=c/d,e:f@g!$'()*+~"]
UPLOADS = [
    "/n/ns/b/bucket/o/a.csv", "/n/ns/b/my-bucket/o/a%2Fb%20c?x=1", "/n/ns/b/bucket/o/a/b/c",
    "/n/ns/b/bucket/u/a.csv?uploadId=x%2By&uploadPartNum=7"]
UPLOAD = re.compile(r"/n/[^/?]+/b/[^/?]+/[ou]/")
# Checking a key costs more than all else here.
oci.signer.load_private_key = functools.cache(oci.signer.load_private_key)
EPOCH = datetime.datetime(2014, 1, 5, tzinfo=datetime.timezone.utc)


@dataclasses.dataclass
class Signed:
    """A request that the SDK signed."""
    key_id: str
    method: str
    target: str
    # What is signed, in order.
    listed: list
    # What is sent.
    headers: dict
    body: bytes
    text: str
    is_upload: bool
    is_of_client: bool = False

    @property
    def authorization(self):
        return self.headers["authorization"]

    @property
    def signature(self):
        return re.search(r'signature="([^"]+)"', self.authorization).group(1)


class Recorder:
    """Keeps the texts that a signer of the SDK signs."""

    def __init__(self, signer):
        self.signer, self.texts = signer, []
        for one in [signer._basic_signer, signer._body_signer]:
            one._sign = lambda text, sign=one._sign: self.texts.append(text) or sign(text)

    def signed(self, prepared, host, is_upload):
        text = self.texts[-1].decode("ascii")
        names = re.search(r'headers="([^"]+)"', prepared.headers["authorization"]).group(1)
        special = {"(request-target)": "", "host": host}
        body = prepared.body or b""
        if hasattr(body, "read"):
            body.seek(0)
            body = body.read()
        return Signed(
            key_id=self.signer.api_key, method=prepared.method, target=prepared.path_url,
            listed=[[name, special.get(name, prepared.headers.get(name))]
                    for name in names.split(" ")],
            headers=dict(prepared.headers.lower_items()), text=text, is_upload=is_upload,
            body=body.encode() if isinstance(body, str) else bytes(body))


def api_key_signer(rng):
    ocid = lambda kind: f"ocid1.{kind}.oc1..{''.join(rng.choices('abcdefghij234567', k=60))}"
    fingerprint = rng.randbytes(16).hex(":")
    return oci.Signer(
        ocid("tenancy"), ocid("user"), fingerprint, None, private_key_content=rng.choice(PEMS))


def session_signer(rng):
    """A signer with a token for a key id, and with a list of headers of its own."""
    generic = ["(request-target)", "host", *rng.choice([["date"], ["x-date"], ["date", "x-date"]])]
    generic += rng.sample(["accept", "opc-request-id", "x-odd_name.1~", "user-agent"], k=2)
    content = ["content-length", "content-type", "x-content-sha256"]
    rng.shuffle(generic)
    rng.shuffle(content)
    token = ".".join(
        base64.urlsafe_b64encode(rng.randbytes(rng.randrange(1, 300))).decode("ascii")
        for _ in range(3))
    key = oci.signer.load_private_key(rng.choice(PEMS), None)
    return SecurityTokenSigner(token, key, generic_headers=generic, body_headers=content)


def http_date(rng):
    at = EPOCH + datetime.timedelta(seconds=rng.randrange(10**9))
    return email.utils.format_datetime(at, usegmt=True)


def odd_text(rng, length_max):
    return "".join(rng.choices(PRINTABLE, k=rng.randrange(1, length_max)))


def random_target(rng, is_upload):
    if is_upload:
        return rng.choice(UPLOADS)
    if rng.random() < 0.5:
        return rng.choice(TARGETS)
    # No client sends what follows a `#`.
    return "/" + odd_text(rng, 200).replace("#", "")


def random_headers(rng):
    headers = {
        "date": http_date(rng), "x-date": http_date(rng), "accept": "*/*",
        "opc-request-id": rng.choice(["", "a", odd_text(rng, 60)]),
        "x-odd_name.1~": f"{odd_text(rng, 20)}  \t {odd_text(rng, 20)}",
        "user-agent": "Oracle-PythonSDK/2 (python 3; x86_64-Linux)",
    }
    if rng.random() < 0.5:
        headers["content-type"] = rng.choice(["text/csv", "text/plain; charset=\"utf-8\"", "a/b"])
    return headers


def random_body(rng):
    raw = rng.randbytes(rng.randrange(300))
    return rng.choice([None, b"", "", raw, '{"name": "a"}', "é\u20ac".encode(), io.BytesIO(raw + b"x")])


def random_request(rng):
    is_upload = rng.random() < 0.1
    method = "PUT" if is_upload else rng.choice(METHODS)
    host = rng.choice(HOSTS)
    recorder = Recorder(rng.choice([api_key_signer, session_signer])(rng))
    prepared = requests.Request(
        method, f"https://{host}/", headers=random_headers(rng), data=random_body(rng)).prepare()
    # Not as this library would spell it.
    prepared.url = f"https://{host}{random_target(rng, is_upload)}"
    # Of a file it sends the length only where it looks for it.
    prepared.headers.pop("Transfer-Encoding", None)
    recorder.signer(prepared, enforce_content_headers=not is_upload)
    prepared.headers["host"] = host
    return recorder.signed(prepared, host, is_upload)


class Held(Exception):
    """Instead of an answer."""


class Holder(requests.adapters.BaseAdapter):
    """Holds a request that would be sent."""

    def send(self, request, **_):
        raise Held(request)

    def close(self):
        pass


def client_requests():
    """What the SDK's client for Object Storage sends."""
    config = {
        "tenancy": "ocid1.tenancy.oc1..a", "user": "ocid1.user.oc1..b", "key_content": PKCS8,
        "fingerprint": "20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34",
        "region": "eu-frankfurt-1"}
    recorder = Recorder(oci.Signer.from_config(config | {"key_file": None}))
    client = ObjectStorageClient(
        config, signer=recorder.signer, retry_strategy=oci.retry.NoneRetryStrategy())
    client.base_client.session.mount("https://", Holder())
    par = models.CreatePreauthenticatedRequestDetails(
        name="upload", access_type="AnyObjectWrite", object_name="p/",
        time_expires=datetime.datetime(2031, 3, 5, tzinfo=datetime.timezone.utc))
    parts = models.CommitMultipartUploadDetails(
        parts_to_commit=[models.CommitMultipartUploadPartDetails(part_num=1, etag="e")])
    calls = [
        lambda: client.get_namespace(),
        lambda: client.list_buckets("ns", "ocid1.compartment.oc1..c", limit=10),
        lambda: client.create_bucket("ns", models.CreateBucketDetails(
            name="bucket", compartment_id="ocid1.compartment.oc1..c")),
        lambda: client.head_object("ns", "bucket", "a/b c+é.csv"),
        lambda: client.get_object("ns", "bucket", "a/b c.csv", range="bytes=0-9"),
        lambda: client.list_objects("ns", "bucket", prefix="a/b c&d=e", fields="name,size"),
        lambda: client.delete_object("ns", "bucket", "a/../b"),
        lambda: client.put_object("ns", "bucket", "a/b.csv", b"body", content_type="text/csv"),
        lambda: client.put_object("ns", "bucket", "ü", io.BytesIO(b"body"), if_none_match="*"),
        lambda: client.create_multipart_upload(
            "ns", "bucket", models.CreateMultipartUploadDetails(object="a/b")),
        lambda: client.upload_part("ns", "bucket", "a/b", "x+y/z=", 1, b"body"),
        lambda: client.commit_multipart_upload("ns", "bucket", "a/b", "x+y/z=", parts),
        lambda: client.abort_multipart_upload("ns", "bucket", "a/b", "x+y/z="),
        lambda: client.create_preauthenticated_request("ns", "bucket", par),
        lambda: client.list_preauthenticated_requests("ns", "bucket", object_name_prefix="p/"),
        lambda: client.delete_preauthenticated_request("ns", "bucket", "a+b/c=:d.csv"),
    ]
    return [held(recorder, call) for call in calls]


def held(recorder, call):
    try:
        call()
    except Held as reason:
        prepared = reason.args[0]
        # What the SDK leaves unsigned of a body shows which requests it takes for uploads.
        is_upload = prepared.method == "PUT" and "x-content-sha256" not in prepared.headers
        assert is_upload == (prepared.method == "PUT" and bool(UPLOAD.match(prepared.path_url)))
        host = prepared.headers["host"]
        signed = recorder.signed(prepared, host, is_upload)
        return dataclasses.replace(signed, is_of_client=True)
    raise AssertionError("the client sent nothing")


def vector(signed):
    """A signed request, for the tests of the core."""
    date = signed.headers.get("x-date") if "x-date" in dict(signed.listed) else None
    at = email.utils.parsedate_to_datetime(date or signed.headers["date"])
    # What a signer has not signed of a date, a server must not find.
    headers = {
        name: value for name, value in signed.headers.items()
        if name != "x-date" or "x-date" in dict(signed.listed)}
    return {
        "key_id": signed.key_id, "method": signed.method, "target": signed.target,
        "headers": [list(pair) for pair in headers.items()],
        "body_base64": base64.b64encode(signed.body).decode("ascii"),
        "is_upload": signed.is_upload, "date": at.strftime("%Y%m%dT%H%M%SZ"),
        "signed_headers": [name for name, _ in signed.listed],
        "signing_string": signed.text, "signature": signed.signature,
    }
