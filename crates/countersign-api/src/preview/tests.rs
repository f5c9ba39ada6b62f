use std::io;

use countersign_catalog::ColumnKind;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{table::SAMPLES_MAX, *};

/// An input that comes in pieces.
struct Pieces<'b> {
    bytes: &'b [u8],
    len: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.len.min(buffer.len()).min(self.bytes.len());
        let (piece, rest) = self.bytes.split_at(len);
        buffer[..len].copy_from_slice(piece);
        self.bytes = rest;
        Ok(len)
    }
}

/// An input that breaks off.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::TimedOut.into())
    }
}

/// Reads it whole and in pieces, which has to be the same.
#[track_caller]
fn read_all(format: Format, bytes: &[u8]) -> Result<Table, PreviewFault> {
    let whole = read(format, bytes);
    for len in [1, 7] {
        assert_eq!(read(format, Pieces { bytes, len }), whole, "in pieces of {len}");
    }
    whole
}

#[track_caller]
fn table(format: Format, text: &str) -> Table {
    read_all(format, text.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {text:?}"))
}

fn columns(table: &Table) -> Vec<(&str, ColumnKind)> {
    table.columns.iter().map(|column| (&*column.name, column.kind)).collect()
}

fn samples(table: &Table) -> Value {
    table.samples.iter().cloned().map(Value::from).collect()
}

use ColumnKind::{Boolean, Date, Float, Integer, Text};

#[test]
fn a_csv_has_columns_kinds_samples_and_rows() {
    let text = "name,people,km,since,is_old,none\nA,1,1.5,2026-11-22,true,\n\"B, \"\"b\"\"\",2,3,,FALSE,\n";
    let found = table(Format::Csv, text);
    let expected = [
        ("name", Text),
        ("people", Integer),
        ("km", Float),
        ("since", Date),
        ("is_old", Boolean),
        ("none", Text),
    ];
    assert_eq!(columns(&found), expected);
    let shown =
        json!([["A", 1, 1.5, "2026-11-22", true, null], ["B, \"b\"", 2, 3.0, null, false, null],]);
    assert_eq!(samples(&found), shown);
    assert_eq!((found.row_count, found.geometry, found.epsg), (2, None, None));
}

#[test]
fn lines_end_with_cr_lf_or_both_and_a_mark_of_the_byte_order_is_left_out() {
    for end in ["\n", "\r\n", "\r"] {
        for mark in ["", "\u{feff}"] {
            let text = format!("{mark}a,b{end}1,x{end}{end}2,\"y{end}z\"{end}");
            let found = table(Format::Csv, &text);
            assert_eq!(columns(&found), [("a", Integer), ("b", Text)], "{text:?}");
            assert_eq!(samples(&found), json!([[1, "x"], [2, format!("y{end}z")]]));
            // The last line need not end.
            assert_eq!(table(Format::Csv, text.trim_end_matches(['\r', '\n'])), found);
        }
    }
}

#[test]
fn the_first_line_tells_the_separator() {
    for (separator, text) in [
        (",", "a,b;c\n1,2\n"),
        (";", "a;b;c,d\n1;2;3\n"),
        ("\t", "\na\tb\n1\t2\n"),
        ("|", "\"a,b,c,d\"|b\n1|2\n"),
        (",", "a\n1;2\n"),
        (",", "\"a;b\n;;\",c\n1,2\n"),
    ] {
        let found = table(Format::Csv, text);
        let header = text.trim_start().lines().next().unwrap();
        let count = if header.contains("\"a;") { 2 } else { header.matches(separator).count() + 1 };
        assert_eq!(found.columns.len(), count.min(3), "{text:?}");
    }
    let found = table(Format::Tsv, "a,b\tc\n1,5\t2\n");
    assert_eq!(columns(&found), [("a,b", Text), ("c", Integer)]);
}

#[test]
fn a_csv_that_cannot_be_read_says_why() {
    let long = "x".repeat(usize::try_from(VALUE_LEN_MAX).unwrap() + 1);
    let unclosed = format!("a,b\n1,\"{long}");
    let wide = |count: usize| (0..count).map(|at| format!("c{at}")).collect::<Vec<_>>().join(",");
    for (bytes, fault) in [
        (&b""[..], PreviewFault::NoHeader),
        (b"\n\r\n\n", PreviewFault::NoHeader),
        (b"\xef\xbb\xbf", PreviewFault::NoHeader),
        (b"a,b,a\n", PreviewFault::RepeatedColumn { place: 3 }),
        (b",field_1\n", PreviewFault::RepeatedColumn { place: 2 }),
        (b"a,b\n1,2\n1,2,3\n", PreviewFault::TooManyValues { row: 2 }),
        (b"a\n1,\n", PreviewFault::TooManyValues { row: 1 }),
        (b"a\xff\n", PreviewFault::NotText),
        (b"a\n\0\n", PreviewFault::NotText),
        (b"a\n\xf0\x9f\xa6\n", PreviewFault::NotText),
        (unclosed.as_bytes(), PreviewFault::ValueTooLong),
        ("ü".repeat(513).as_bytes(), PreviewFault::NameTooLong),
        (wide(1_001).as_bytes(), PreviewFault::TooManyColumns),
    ] {
        assert_eq!(read_all(Format::Csv, bytes), Err(fault));
    }
    assert_eq!(table(Format::Csv, &"ü".repeat(512)).columns.len(), 1);
    assert_eq!(table(Format::Csv, &wide(1_000)).columns.len(), 1_000);
    let found = table(Format::Csv, &unclosed[..unclosed.len() - 1]);
    assert_eq!(found.samples[0][1].as_str().unwrap().len(), 256);
}

#[test]
fn values_may_be_missing_and_names_too() {
    let found = table(Format::Csv, ",b,\n1\n,2\n\" \"\n");
    let expected = [("field_1", Integer), ("b", Integer), ("field_3", Text)];
    assert_eq!(columns(&found), expected);
    assert_eq!(samples(&found), json!([[1, null, null], [null, 2, null], [" ", null, null]]));
}

#[test]
fn only_the_first_rows_tell_the_kinds_and_fewer_are_shown() {
    let mut text = String::from("a\n");
    for row in 0..TYPED_ROWS_MAX {
        text.extend([row.to_string().as_str(), "\n"]);
    }
    let found = table(Format::Csv, &(text.clone() + "x\n"));
    assert_eq!((columns(&found), found.row_count), (vec![("a", Integer)], TYPED_ROWS_MAX + 1));
    assert_eq!(samples(&found), json!([[0], [1], [2], [3], [4]]));
    let last = text.rfind("9999").unwrap();
    text.replace_range(last.., "x\n");
    assert_eq!(columns(&table(Format::Csv, &text)), [("a", Text)]);
    let rows = vec!["{\"a\":1}"; usize::try_from(TYPED_ROWS_MAX).unwrap()].join(",");
    let found = table(Format::Json, &format!("[{rows},{{\"a\":\"x\",\"b\":1e400}}]"));
    assert_eq!((columns(&found), found.row_count), (vec![("a", Integer)], TYPED_ROWS_MAX + 1));
}

#[test]
fn a_list_of_objects_has_the_columns_of_all() {
    let text = r#" [{"a":1,"b":"x","c":null},{"b":"2026-11-22","d":[1,{"a":2}],"a":-1.5},
        {"e":{"f":1},"c":true,"g":18446744073709551615,"h":"2026-11-22","":"1"}] "#;
    let found = table(Format::Json, text);
    let expected = [
        ("a", Float),
        ("b", Text),
        ("c", Boolean),
        ("d", Text),
        ("e", Text),
        ("g", Float),
        ("h", Date),
        ("", Text),
    ];
    assert_eq!(columns(&found), expected);
    let shown = json!([
        [1, "x", null, null, null, null, null, null],
        [-1.5, "2026-11-22", null, "[…]", null, null, null, null],
        [null, null, true, null, "{…}", 18_446_744_073_709_551_615_u64, "2026-11-22", "1"],
    ]);
    assert_eq!(samples(&found), shown);
    assert_eq!((found.row_count, found.geometry, found.epsg), (3, None, None));
    assert_eq!(table(Format::Json, "[]"), Table::default());
    assert_eq!(table(Format::Json, "\u{feff}[{}]").row_count, 1);
}

#[test]
fn a_geojson_has_its_features_properties_and_geometries() {
    let text = r#"{"features":[
        {"type":"Feature","geometry":{"coordinates":[[1,2],[3,4e500]],"type":"LineString"},
         "properties":{"km":1,"geometry":"x"},"id":1},
        {"properties":null,"geometry":null,"type":"Feature","bbox":[1,2]},
        {"geometry":{"type":"MultiLineString","coordinates":[]},"type":"Feature"}],
        "type":"FeatureCollection","properties":{"not":"a row"},"geometry":7}"#;
    for format in [Format::Json, Format::GeoJson] {
        let found = table(format, text);
        assert_eq!(columns(&found), [("km", Integer), ("geometry", Text)]);
        assert_eq!(samples(&found), json!([[1, "x"], [null, null], [null, null]]));
        let geometry = (found.geometry, found.epsg);
        assert_eq!(geometry, (Some(GeometryKind::MultiLineString), Some(4_326)));
        assert_eq!(found.row_count, 3);
    }
    for (text, geometry, epsg) in [
        (r#"{"type":"Point","coordinates":[1,2]}"#, Some(GeometryKind::Point), Some(4_326)),
        (r#"{"type":"Feature","properties":{},"geometry":null}"#, None, None),
        (
            r#"{"crs":{"type":"name","properties":{"a":[],"name":"EPSG:3857"}},"type":"Feature",
                "geometry":{"type":"Polygon"}}"#,
            Some(GeometryKind::Polygon),
            Some(3_857),
        ),
        (
            r#"{"crs":null,"type":"Feature","geometry":{"type":"Polygon"}}"#,
            Some(GeometryKind::Polygon),
            None,
        ),
    ] {
        let found = table(Format::GeoJson, text);
        assert_eq!((found.row_count, found.geometry, found.epsg), (1, geometry, epsg), "{text}");
    }
    let none = table(Format::GeoJson, r#"{"type":"FeatureCollection","features":[]}"#);
    assert_eq!(none, Table::default());
}

#[test]
fn json_that_cannot_be_read_says_why() {
    let nested = |depth: usize| format!("[{{\"a\":{}{}}}]", "[".repeat(depth), "]".repeat(depth));
    let long = usize::try_from(VALUE_LEN_MAX).unwrap();
    let with_text = |len: usize| format!("[{{\"a\":\"{}\"}}]", "x".repeat(len));
    let members = |count: usize| {
        let members: Vec<_> = (0..count).map(|at| format!("\"c{at}\":1")).collect();
        format!("[{{{}}}]", members.join(","))
    };
    for (text, fault) in [
        ("1", PreviewFault::NoRows),
        ("{}", PreviewFault::NoRows),
        (r#"{"type":"FeatureCollection"}"#, PreviewFault::NoRows),
        (r#"{"type":"FeatureCollection","features":{}}"#, PreviewFault::NoRows),
        (r#"{"type":"Topology","features":[]}"#, PreviewFault::NoRows),
        (r#"{"features":[],"features":[]}"#, PreviewFault::RepeatedFeatures),
        ("[1]", PreviewFault::NotObject { row: 1 }),
        ("[{},[]]", PreviewFault::NotObject { row: 2 }),
        (r#"[{"a":1},{"a":1,"a":2}]"#, PreviewFault::RepeatedMember { row: 2 }),
        (r#"{"features":[{}]}"#, PreviewFault::NotFeature { row: 1 }),
        (r#"{"features":[[]]}"#, PreviewFault::NotFeature { row: 1 }),
        (
            r#"{"features":[{"type":"Feature","properties":1}]}"#,
            PreviewFault::NotFeature { row: 1 },
        ),
        (r#"{"features":[{"type":"Feature","geometry":{}}]}"#, PreviewFault::NotFeature { row: 1 }),
        (r#"{"type":"Feature","properties":[]}"#, PreviewFault::NotFeature { row: 1 }),
        (r#"[{"a":1e400}]"#, PreviewFault::NumberTooLarge { line: 1, column: 12 }),
        ("", PreviewFault::NotJson { line: 1, column: 0 }),
        ("[{\n}", PreviewFault::NotJson { line: 2, column: 1 }),
        ("[] []", PreviewFault::NotJson { line: 1, column: 4 }),
        ("[{\"a\":1}\n{\"a\":1}]", PreviewFault::NotJson { line: 2, column: 1 }),
        (&nested(DEPTH_MAX), PreviewFault::TooDeep),
        (&with_text(long), PreviewFault::ValueTooLong),
        (&format!("[{{\"{}\":1}}]", "x".repeat(1_025)), PreviewFault::NameTooLong),
        (&members(1_001), PreviewFault::TooManyColumns),
    ] {
        let found = read_all(Format::Json, text.as_bytes());
        assert_eq!(found, Err(fault), "{}", text.get(..80).unwrap_or(text));
    }
    for right in [nested(DEPTH_MAX - 2), with_text(long - 1), members(1_000)] {
        table(Format::Json, &right);
    }
    assert_eq!(read_all(Format::GeoJson, b"[]"), Err(PreviewFault::NoRows));
    for half in [&b"\xef\xbb[]"[..], b"\xef[]"] {
        assert!(read_all(Format::Json, half).is_err());
    }
}

#[test]
fn an_endless_value_ends_and_a_broken_input_is_said_to_be_one() {
    for (format, start, filler) in [
        (Format::Csv, "a\n\"", b'x'),
        (Format::Csv, "", b'x'),
        (Format::Json, "[{\"a\":\"", b'x'),
        (Format::Json, "[{\"", b'\\'),
        (Format::Json, "", b'['),
        (Format::Json, "[{\"a\":", b'['),
    ] {
        let endless = start.as_bytes().chain(io::repeat(filler));
        assert!(read(format, endless).is_err(), "{start:?} {filler}");
    }
    for (format, start) in [(Format::Csv, "a\n1"), (Format::Json, "[{\"a\":1")] {
        assert_eq!(read(format, start.as_bytes().chain(Broken)), Err(PreviewFault::Broken));
    }
}

/// A text of CSV, with quotes where they are needed and where not.
fn record(values: &[String], is_quoted: bool) -> String {
    let value = |value: &String| {
        let has_mark = value.contains([',', ';', '\t', '|', '"', '\r', '\n']);
        if is_quoted || has_mark || value.is_empty() {
            format!("\"{}\"", value.replace('"', "\"\""))
        } else {
            value.clone()
        }
    };
    values.iter().map(value).collect::<Vec<_>>().join(",")
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        for format in [Format::Csv, Format::Tsv, Format::Json, Format::GeoJson] {
            let found = read_all(format, &bytes);
            if let Ok(found) = found {
                prop_assert!(found.samples.len() <= SAMPLES_MAX);
                prop_assert!(found.samples.iter().all(|row| row.len() == found.columns.len()));
            }
        }
    }

    #[test]
    fn nearly_json_is_read_or_refused(text in r#"[\[\]{}",:0-9a-e\\ .-]{0,64}"#) {
        for format in [Format::Json, Format::GeoJson] {
            if read_all(format, text.as_bytes()).is_ok() {
                prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
            }
        }
    }

    #[test]
    fn what_was_written_as_csv_is_read(
        rows in proptest::collection::vec(proptest::collection::vec("[a-z ,\"\r\n;é]{0,8}", 3), 0..8),
        is_quoted: bool,
    ) {
        let names = ["x,y".into(), "\"".into(), "z".to_owned()];
        let mut text = record(&names, true);
        for row in &rows {
            text.push_str("\r\n");
            text.push_str(&record(row, is_quoted));
        }
        let found = table(Format::Tsv, &text.replace(',', "\t"));
        prop_assert_eq!(found.row_count, rows.len() as u64);
        let found = read(Format::Csv, text.as_bytes()).unwrap();
        prop_assert_eq!(found.row_count, rows.len() as u64);
        for (row, shown) in rows.iter().zip(&found.samples) {
            for (value, shown) in row.iter().zip(shown) {
                let expected = if value.is_empty() { Value::Null } else { value.clone().into() };
                prop_assert_eq!(shown, &expected);
            }
        }
    }

    #[test]
    fn what_was_written_as_json_is_read(
        rows in proptest::collection::vec(proptest::collection::btree_map("[a-c]", any::<i32>(), 0..3), 0..8),
    ) {
        let text = serde_json::to_string(&rows).unwrap();
        let found = table(Format::Json, &text);
        prop_assert_eq!(found.row_count, rows.len() as u64);
        for (row, shown) in rows.iter().zip(&found.samples) {
            for (column, shown) in found.columns.iter().zip(shown) {
                let expected = row.get(&*column.name).map_or(Value::Null, |value| json!(value));
                prop_assert_eq!(shown, &expected);
            }
        }
        let features: Vec<_> =
            rows.iter().map(|row| json!({ "type": "Feature", "properties": row })).collect();
        let geo = json!({ "type": "FeatureCollection", "features": features }).to_string();
        prop_assert_eq!(table(Format::GeoJson, &geo), found);
    }
}
