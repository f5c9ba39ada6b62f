"""What a store has to have after calls, and what may lie in its folder: for strace_faults.py."""

import functools
import hashlib
import json

MASK = (1 << 64) - 1


def body_of(seed, length):
    """The bytes that tests/support/bodies.rs makes of a seed (SplitMix64)."""
    out, state = bytearray(seed.to_bytes(8, "little")), seed
    while len(out) < length:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        out += (z ^ (z >> 31)).to_bytes(8, "little")
    return bytes(out[:length])


@functools.cache
def digest_of(body):
    return hashlib.sha256(body_of(*body)).hexdigest()


def apply(state, call):
    """The state after a call, or None where it has to be refused: (objects, uploads, origins)."""
    objects, uploads, made = dict(state[0]), dict(state[1]), dict(state[2])
    name, *words = call.split(" ")
    if name in ("put", "delete"):
        objects.pop(words[0], None)
        made.pop(words[0], None)
        if name == "put":
            objects[words[0]] = (int(words[1]), int(words[2]))
    elif name in ("freeze", "copy"):
        source, target = words
        if name == "freeze" and target in objects:
            return state
        if source not in objects:
            return None
        objects[target] = objects.pop(source) if name == "freeze" else objects[source]
        made.pop(target, None)
        if name == "freeze" and source in made:
            made[target] = made.pop(source)
    elif name == "part":
        if words[1] not in uploads:
            return None
        part = {int(words[2]): (int(words[3]), int(words[4]))}
        uploads[words[1]] = tuple(sorted((dict(uploads[words[1]]) | part).items()))
    elif name == "complete":
        if words[1] not in uploads:
            return state if made.get(words[0]) == words[1] else None
        objects[words[0]] = dict(uploads.pop(words[1]))[int(words[2])]
        made[words[0]] = words[1]
    elif name == "abort":
        uploads.pop(words[1], None)
    return tuple(tuple(sorted(part.items())) for part in (objects, uploads, made))


def possible(state, calls, said, once):
    """Every state that may be found after this was said, or the first call that was answered wrongly."""
    states = {state}
    for place, call in enumerate(calls):
        after = {apply(one, call) for one in states} - {None}
        if place >= len(said):
            return states | after
        if said[place][0] == "ack":
            if not after:
                raise AssertionError(f"acknowledged, and cannot be: {call}")
            states = after
        elif not once:
            states = states | after
    return states


def wrong_in(root):
    """What lies in a store that should not, and does not that should."""
    named = []
    for record in [*root.glob("records/**/*.record"), *root.glob("uploads/*/[0-9]*.record")]:
        named += [part["data"] for part in json.loads(record.read_text().split("\n")[0])["segments"]]
    stored = {path.name for path in root.glob("data/*/*")}
    rest = list(root.glob("tmp/*")) + list(root.glob("uploads/*.completing"))
    if len(set(named)) != len(named):
        return "two records name the same data"
    return [*(stored ^ set(named)), *rest]
