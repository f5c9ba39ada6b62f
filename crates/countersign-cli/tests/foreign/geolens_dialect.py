#!/usr/bin/env python3
"""Holds the dialect of GeoLens against its document, and against the vendor's own SDK.

    pip install --require-hashes --only-binary :all: -r requirements.txt
    python geolens_dialect.py target/release/countersign [--kills 10]

The flow of the document runs with `curl` and nothing else, for files in one piece and in parts
(`geolens_documented.py`), and with the published SDK, unchanged (`geolens_sdk.py`); so does all else
that the SDK has of it (`geolens_whole.py`). Previews are what Python's own readers say
(`geolens_previews.py`). URLs that are alive when their job is completed change nothing (`geolens_freeze.py`). What is wrong is refused in
the shape of the dialect, and writes nothing; what is another team's is answered as nobody's
(`geolens_refusals.py`). What was acknowledged outlives SIGKILL (`geolens_crash.py`). No log has a
secret.

It is not called `geolens.py`, for that is the name of the SDK's package.
"""

import geolens_crash
import geolens_documented
import geolens_freeze
import geolens_previews
import geolens_refusals
import geolens_sdk
import geolens_whole
import secrecy
from geolens_client import GeoLens
from hostile import memory_mib
from powerdrill_client import Powerdrill, text_of
from server import BOTH, check, main, running, secrets_of, signatures_seen
from store import object_files

# Files of 105 MiB go through.
MEMORY_MIB_MAX = 100


def step(options, folder, tally):
    body = text_of(options.seed, geolens_documented.SIZE)
    with running(options.binary, folder, "--log", "trace") as server:
        docs, sdk = server.keys("docs", "ann"), server.keys("sdk", "ann")
        pairs = [server.keys(*it) for it in [("acme", "ann"), ("acme", "bob"), ("evil", "eve")]]
        geolens_documented.run(server, docs, folder, body, options.seed, tally)
        geolens_sdk.run(server, sdk, body, options.seed, tally)
        tokens = geolens_whole.run(server, sdk, tally)
        pair = pairs[0]
        api = GeoLens(server.url, pair["api_key"])
        powerdrill = Powerdrill(server.url, pair["api_key"], pair["user_id"])
        geolens_previews.run(api, options.seed, tally)
        geolens_freeze.run(server, api, powerdrill, options.seed, tally)
        geolens_refusals.run(server, api, tally)
        geolens_refusals.tenancy(server, pairs, tally)
        check(server.is_alive(), "the server is not well")
        memory = memory_mib(server)
        tally.check("memory", memory < MEMORY_MIB_MAX, f"{memory} MiB")
        left = object_files(server)[1]
        tally.check("ends", server.stop() == 0 and not left, "did not end well", left)
    crash = geolens_crash.run(options, folder, tally, body)
    check(len(signatures_seen) > 100, "hardly any URL was made")
    secrets = [*secrets_of(docs, sdk, *pairs), *tokens]
    secrecy.search_logs(folder, tally, [*secrets, (folder / "data/master.key").read_text().strip()])
    secrecy.search_folder(folder / "data", tally, secrets)
    return f"{memory} MiB; {crash}"


def arguments(parser):
    parser.add_argument("--kills", type=int, default=10)


if __name__ == "__main__":
    main("geolens_dialect", __doc__, step, arguments, BOTH)
