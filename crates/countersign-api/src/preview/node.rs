//! A value of JSON, taken as it comes, and never held: by whoever knows what it is for.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// A value that has no others in it.
#[derive(Debug, Clone)]
pub(super) enum Scalar<'t> {
    Null,
    Boolean(bool),
    Number(Number),
    Text(&'t str),
}

/// Who takes a value. What nothing else is said of is read and left.
pub(super) trait Take: Sized {
    fn scalar<E: Error>(self, _scalar: Scalar<'_>) -> Result<(), E> {
        Ok(())
    }

    fn list<'de, A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        ignore_list(items)
    }

    fn object<'de, A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        ignore_object(members)
    }
}

pub(super) fn ignore_list<'de, A: SeqAccess<'de>>(mut items: A) -> Result<(), A::Error> {
    while items.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

pub(super) fn ignore_object<'de, A: MapAccess<'de>>(mut members: A) -> Result<(), A::Error> {
    while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// A value, for one who takes it.
pub(super) struct Node<T>(pub(super) T);

impl<'de, T: Take> DeserializeSeed<'de> for Node<T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Take> Visitor<'de> for Node<T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.0.scalar(Scalar::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.0.scalar(Scalar::Boolean(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.0.scalar(Scalar::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.0.scalar(Scalar::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        // There is no other number in JSON.
        self.0.scalar(Number::from_f64(value).map_or(Scalar::Null, Scalar::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.0.scalar(Scalar::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        self.0.list(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        self.0.object(members)
    }
}
