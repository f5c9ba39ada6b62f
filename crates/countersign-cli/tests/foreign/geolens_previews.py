"""Previews, held against Python's own readers of CSV and JSON: part of `geolens_dialect.py`, which says
how to run."""

import csv
import datetime
import io
import json
import random
import re

from powerdrill_client import BOUNDARY
from server import MIB, check

FILES = 120
# What every row beyond these does not tell any more.
TYPED_ROWS, SAMPLES, CUT = 10_000, 5, 256
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
WORDS = ["", "", "A", "ü", "🦀 é", 'a "b"', "x,y", "x;y", "two\nlines", "true", "False", "0", "7",
         "-12", "+3", "007", "1.5", ".5", "1e3", "9223372036854775807", "9223372036854775808",
         "1e400", "nan", "inf", "2026-11-22", "2024-02-29", "2026-02-29", "1_000", " 4 "]


def type_of_text(text):
    text = text.strip(" ")
    if not text:
        return None
    if text.lower() in ("true", "false"):
        return "boolean"
    whole = re.split(r"[.eE]", text.lstrip("+-"))[0]
    if NUMBER.fullmatch(text) and (whole == "0" or not whole.startswith("0")):
        if re.fullmatch(r"[+-]?\d+", text) and -2 ** 63 <= int(text) < 2 ** 63:
            return "integer"
        if abs(float(text)) != float("inf"):
            return "float"
    return "date" if is_day(text) else "text"


def is_day(text):
    try:
        return bool(DAY.fullmatch(text) and datetime.date.fromisoformat(text))
    except ValueError:
        return False


def type_of_value(value):
    match value:
        case None:
            return None
        case bool():
            return "boolean"
        case int() if -2 ** 63 <= value < 2 ** 63:
            return "integer"
        case int() | float():
            return "float"
        case str():
            return "date" if is_day(value) else "text"
    return "text"


def common(types):
    types = set(types) - {None}
    if not types:
        return "text"
    if types <= {"integer", "float"} and len(types) == 2:
        return "float"
    return types.pop() if len(types) == 1 else "text"


def a_csv(choose):
    """A file, as Python writes it; and what Python reads in it."""
    columns = choose.randint(1, 6)
    of_column = [choose.sample(WORDS, choose.randint(1, 3)) for _ in range(columns)]
    header = [f"c{place} {choose.choice('aü')}" for place in range(columns)]
    rows = [[choose.choice(words) for words in of_column] for _ in range(choose.randint(0, 40))]
    text = io.StringIO()
    separator = choose.choice([",", ",", ";", "\t", "|"])
    end, quoting = choose.choice([
        ("\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_MINIMAL), ("\n", csv.QUOTE_ALL),
        # Where lines end with this one, Python quotes no other.
        ("\r", csv.QUOTE_ALL)])
    writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting)
    writer.writerows([header, *rows])
    mark = choose.choice(["", "\ufeff"])
    read = csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=separator)
    names, *rows = [row for row in read if row]
    types = [common(type_of_text(row[place]) for row in rows) for place in range(columns)]
    # One column of one separator looks like two of another.
    name = "a.tsv" if separator == "\t" or columns == 1 else "a.csv"
    return name, (mark + text.getvalue()).encode(), (names, types, len(rows))


def a_value(choose):
    return choose.choice([
        None, True, False, 0, -7, 2 ** 63 - 1, 2 ** 63, 1.5, -1e300, "", "ü \U0001f980 \n \"", "7",
        "2026-11-22", "2026-02-29", [1, {"a": []}], {"b": {"c": None}}])


def a_json(choose):
    names = [f"k{place}" for place in range(choose.randint(0, 5))]
    of_name = {name: [a_value(choose) for _ in range(choose.randint(1, 3))] for name in names}
    rows = []
    for _ in range(choose.randint(0, 40)):
        mine = choose.sample(names, choose.randint(0, len(names)))
        rows.append({name: choose.choice(of_name[name]) for name in mine})
    seen = list(dict.fromkeys(name for row in rows for name in row))
    types = [common(type_of_value(row.get(name)) for row in rows) for name in seen]
    options = {"ensure_ascii": choose.choice([True, False]), "indent": choose.choice([None, 1])}
    is_geo = choose.choice([True, False])
    whole = rows
    if is_geo:
        point = {"type": "Point", "coordinates": [1.5, 2]}
        features = [{"type": "Feature", "geometry": point, "properties": row} for row in rows]
        whole = {"type": "FeatureCollection", "features": features}
        if choose.choice([True, False]):
            whole = dict(reversed(whole.items()))
    text = json.dumps(whole, **options)
    check(json.loads(text) == whole, "Python reads what it wrote")
    name = choose.choice(["a.json", "a.geojson"]) if is_geo else "a.json"
    return name, text.encode(), (seen, types, len(rows))


def uploaded(api, name, body):
    """A job by a form."""
    head = (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n')
    form = head.encode() + body + f"\r\n--{BOUNDARY}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = api.call("POST", "/ingest/upload", form, kind)
    check(answer.status == 201, "a form:", answer)
    return answer.json()["job_id"]


def run(api, seed, tally):
    choose = random.Random(seed)
    for _ in range(FILES):
        name, body, (names, types, count) = choose.choice([a_csv, a_json])(choose)
        found = api.get(200, "POST", f"/ingest/preview/{uploaded(api, name, body)}")
        columns = [(it["name"], it["type"]) for it in found["columns"]]
        tally.check("previews like Python's", columns == list(zip(names, types)), body, columns, types)
        is_right = found["feature_count"] == count and len(found["sample_rows"]) == min(count, SAMPLES)
        tally.check("previews like Python's", is_right, body, found)
    large(api, tally)


def large(api, tally):
    """Files that are much larger than what is held of them. JSON of one line, and one value that
    never ends."""
    row = b'{"name":"A","km":1.5},'
    count = 24 * MIB // len(row)
    json_of_one_line = b"[" + row * (count - 1) + row[:-1] + b"]"
    lines = b"name,km\n" + b"A,1.5\n" * count
    for name, body in [("a.json", json_of_one_line), ("a.csv", lines)]:
        begun = api.uploaded(None, name, body)
        check(api.complete(None, begun["job_id"]).status == 200, "a large file")
        found = api.get(200, "POST", f"/ingest/preview/{begun['job_id']}")
        columns = [(it["name"], it["type"]) for it in found["columns"]]
        is_right = columns == [("name", "text"), ("km", "float")] and found["feature_count"] == count
        tally.check("large previews", is_right, found)
    for name, body in [("a.json", b'[{"a":"' + b"x" * 24 * MIB), ("a.csv", b'a\n"' + b"x" * 24 * MIB)]:
        begun = api.uploaded(None, name, body)
        check(api.complete(None, begun["job_id"]).status == 200, "a large file")
        found = api.get(422, "POST", f"/ingest/preview/{begun['job_id']}")
        told = "Unable to preview file: a value has more than 4194304 bytes."
        tally.check("large previews", found["detail"] == told, found)
