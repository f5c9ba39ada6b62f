#!/usr/bin/env python3
"""Asks a running server too often, by one key, by one address, and under made-up addresses.

    python rates.py target/release/countersign

What a client says of its own address counts for nothing; what a trusted proxy says does.
"""

import http.client

from server import main, running, send

LIMIT = 5
SPOOFS = 1000


def statuses(url, key, chains, source="127.0.0.1"):
    """The statuses of one call with each of these chains of addresses, from an address of ours."""
    found = []
    host, _, port = url.removeprefix("http://").partition(":")
    for chain in chains:
        connection = http.client.HTTPConnection(host, int(port), 60, source_address=(source, 0))
        headers = {"X-Api-Key": key} | ({"X-Forwarded-For": chain} if chain else {})
        connection.request("GET", "/v1/files", headers=headers)
        found.append(connection.getresponse().status)
        connection.close()
    return found


def address(number):
    return f"198.51.{number // 250}.{number % 250 + 1}"


def by_key(options, folder, tally):
    with running(options.binary, folder, "--rate-limit", f"{LIMIT}/h", data=folder / "key") as server:
        pair, other = server.keys("acme", "ann", s3=False), server.keys("acme", "bob", s3=False)
        found = statuses(server.url, pair["api_key"], [None] * (LIMIT + 3))
        tally.check("limits of a key", found == [200] * LIMIT + [429] * 3, found)
        found = statuses(server.url, other["api_key"], [None] * LIMIT)
        tally.check("limits of a key", found == [200] * LIMIT, found)
        answer = send(f"{server.url}/v1/schemas", "GET", None, {"X-Api-Key": pair["api_key"]})
        wait = int(answer.headers["Retry-After"])
        tally.check("limits of a key", answer.status == 429 and 1 <= wait <= 3600 // LIMIT + 1, answer)
        tally.check("limits of a key", server.stop() == 0, "did not end well")


def spoofed(options, folder, tally):
    limit = ["--client-rate-limit", f"{LIMIT}/h"]
    with running(options.binary, folder, *limit, data=folder / "client") as server:
        pair = server.keys("acme", "ann", s3=False)
        found = statuses(server.url, pair["api_key"], map(address, range(SPOOFS)))
        is_right = found == [200] * LIMIT + [429] * (SPOOFS - LIMIT)
        tally.check("made-up addresses", is_right, found.count(200), "were let through")
        found = statuses(server.url, "csk_wrong", [None])
        tally.check("made-up addresses", found == [429], found)
        tally.check("made-up addresses", server.stop() == 0, "did not end well")


def proxied(options, folder, tally):
    """Here 127.0.0.1 is a proxy, and 127.0.0.2 a client that reaches the server without it."""
    limit = ["--client-rate-limit", f"{LIMIT}/h", "--trusted-proxy", "127.0.0.1/32"]
    with running(options.binary, folder, *limit, data=folder / "proxied") as server:
        pair = server.keys("acme", "ann", s3=False)
        key = pair["api_key"]
        for number in range(3):
            # Before what the proxy adds, a client may have written what it likes.
            chains = [f"{address(spoof)}, 203.0.113.{number}" for spoof in range(LIMIT + 5)]
            found = statuses(server.url, key, chains)
            tally.check("trusted proxies", found == [200] * LIMIT + [429] * 5, found)
        chains = [*map(address, range(LIMIT + 5)), "127.0.0.1", "203.0.113.9, 127.0.0.1"]
        found = statuses(server.url, key, chains, "127.0.0.2")
        tally.check("trusted proxies", found == [200] * LIMIT + [429] * 7, found)
        tally.check("trusted proxies", server.stop() == 0, "did not end well")


def step(options, folder, tally):
    for part in (by_key, spoofed, proxied):
        part(options, folder, tally)


if __name__ == "__main__":
    main("rates", __doc__, step)
