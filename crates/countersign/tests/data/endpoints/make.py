#!/usr/bin/env python3
"""Makes endpoints.json: where botocore sends a presigned GET, and what Host it signs.

    pip install botocore==1.44.5
    python make.py > endpoints.json
"""

import itertools
import json
from urllib.parse import urlsplit

import botocore.auth
import botocore.session
from botocore.config import Config

KEY = "a b/ü+.txt"

# Endpoints of AWS, which botocore makes of the region by itself.
AWS = {
    "https://s3.amazonaws.com": {"region_name": "aws-global"},
    "https://s3.eu-central-1.amazonaws.com": {"region_name": "eu-central-1"},
    "https://s3.us-gov-west-1.amazonaws.com": {"region_name": "us-gov-west-1"},
    "https://s3.cn-north-1.amazonaws.com.cn": {"region_name": "cn-north-1"},
    "https://s3.dualstack.us-west-2.amazonaws.com":
        {"region_name": "us-west-2", "use_dualstack_endpoint": True},
    "https://s3-fips.us-east-2.amazonaws.com":
        {"region_name": "us-east-2", "use_fips_endpoint": True},
}

# Endpoints of others.
GIVEN = [
    "https://h.example", "https://h.example/", "http://h.example", "https://h.example:443",
    "http://h.example:80", "https://h.example:80", "http://h.example:443", "http://h.example:9000",
    "https://H.Example", "HTTPS://h.example", "https://h.example:9000/base",
    "https://h.example/base/", "https://h.example/a/b", "http://localhost:8080/s3",
    "https://h.example.", "https://h-1.example", "https://h",
    "https://xn--bcher-kva.example", "https://ns.compat.objectstorage.eu-frankfurt-1.oraclecloud.com",
    "https://1.2.3.4", "http://1.2.3.4:9000", "https://[::1]", "http://[::1]:9000",
    "https://[2001:DB8::1]:443",
]

# Buckets that are a host, or are none.
BUCKETS = [
    "my-bucket", "my.bucket", "MyBucket", "my_bucket", "ab", "abc", "1.2.3.4", "-abc", "abc-",
    "a..b", "a" * 63, "a" * 64, "0123", "my-.bucket",
]


def client(url, addressing):
    options = dict(AWS.get(url) or {"endpoint_url": url, "region_name": "us-east-1"})
    config = Config(
        signature_version="s3v4", s3={"addressing_style": addressing},
        use_dualstack_endpoint=options.pop("use_dualstack_endpoint", None),
        use_fips_endpoint=options.pop("use_fips_endpoint", None))
    return botocore.session.Session().create_client(
        "s3", aws_access_key_id="AKID", aws_secret_access_key="secret", config=config, **options)


def rows():
    for url, addressing in itertools.product([*AWS, *GIVEN], ["path", "virtual"]):
        yield url, addressing, "my-bucket"
    for scheme, bucket in itertools.product(["http", "https"], BUCKETS[1:]):
        yield f"{scheme}://h.example", "virtual", bucket


def main():
    cases = []
    for url, addressing, bucket in rows():
        presigned = client(url, addressing).generate_presigned_url(
            "get_object", Params={"Bucket": bucket, "Key": KEY})
        cases.append({
            "endpoint": url, "addressing": addressing, "bucket": bucket,
            "host": botocore.auth._host_from_url(presigned), "path": urlsplit(presigned).path})
    head = json.dumps({"botocore": botocore.__version__, "key": KEY}, ensure_ascii=False)
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    print(f'{head[:-1]}, "cases": [\n{lines}\n]}}')


if __name__ == "__main__":
    main()
