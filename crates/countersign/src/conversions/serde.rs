//! Reading and writing plain values, each in the form that it has on the wire.
//!
//! | type | form |
//! | --- | --- |
//! | [`Timestamp`] | `"20130524T000000Z"`, as [`Timestamp::parse`] reads it |
//! | [`Date`] | `"20130524"` |
//! | [`Lifetime`], [`Skew`], [`Window`] | whole seconds, a number |
//! | [`Validity`] | `{"not_before": …, "not_after": …}` |
//! | [`Addressing`] | `"path"` or `"virtual"` |
//! | [`PayloadRule`] | as in `x-amz-content-sha256` |
//! | [`Method`], [`Region`], [`Service`] | their text, which must be there to borrow |
//!
//! What is read is checked as the constructors check it. There is nothing here for secrets, keys and
//! session tokens; nor for a [`PresignedUrl`](crate::PresignedUrl), which is as good as what it
//! allows: to write one into a response, say `url.as_str()`. A [`Claim`](crate::Claim) comes from a
//! request only, a [`Verified`](crate::Verified) from a verification only.

use alloc::string::String;
use core::fmt::{self, Display};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, IgnoredAny, MapAccess, Unexpected, Visitor},
    ser::SerializeStruct,
};

use crate::{
    Addressing, Date, InvalidValue, Lifetime, Method, PayloadRule, Region, Service, Skew,
    Timestamp, Validity, Window,
};

/// Text that a constructor reads.
struct Text<T, E> {
    expecting: &'static str,
    parse: fn(&str) -> Result<T, E>,
}

impl<T, E: Display> Visitor<'_> for Text<T, E> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<D: de::Error>(self, text: &str) -> Result<T, D> {
        (self.parse)(text).map_err(D::custom)
    }
}

/// Text that a constructor borrows.
struct Borrowed<'de, T> {
    expecting: &'static str,
    parse: fn(&'de str) -> Result<T, InvalidValue>,
}

impl<'de, T> Visitor<'de> for Borrowed<'de, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, borrowed", self.expecting)
    }

    fn visit_borrowed_str<D: de::Error>(self, text: &'de str) -> Result<T, D> {
        (self.parse)(text).map_err(D::custom)
    }
}

/// Whole seconds that a constructor takes.
struct Seconds<T> {
    parse: fn(u64) -> Result<T, InvalidValue>,
}

impl<T> Visitor<'_> for Seconds<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("whole seconds")
    }

    fn visit_u64<D: de::Error>(self, secs: u64) -> Result<T, D> {
        (self.parse)(secs).map_err(D::custom)
    }

    /// Some formats have signed numbers only.
    fn visit_i64<D: de::Error>(self, secs: i64) -> Result<T, D> {
        let unsigned =
            u64::try_from(secs).map_err(|_| D::invalid_value(Unexpected::Signed(secs), &self))?;
        self.visit_u64(unsigned)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text { expecting: "a time as 20130524T000000Z", parse: Self::parse };
        deserializer.deserialize_str(text)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text { expecting: "a date as 20130524", parse: Self::parse })
    }
}

impl Serialize for Lifetime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.as_secs())
    }
}

impl<'de> Deserialize<'de> for Lifetime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(Seconds { parse: Self::from_secs })
    }
}

impl Serialize for Skew {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.as_secs())
    }
}

impl<'de> Deserialize<'de> for Skew {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(Seconds {
            parse: |secs| {
                let secs = u32::try_from(secs).map_err(|_| InvalidValue::Skew)?;
                Self::from_secs(secs)
            },
        })
    }
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.as_secs())
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(Seconds {
            parse: |secs| {
                let secs = u32::try_from(secs).map_err(|_| InvalidValue::Window)?;
                Self::from_secs(secs)
            },
        })
    }
}

impl Serialize for Addressing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Path => "path",
            Self::VirtualHost => "virtual",
        })
    }
}

impl<'de> Deserialize<'de> for Addressing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const WORDS: &str = "`path` or `virtual`";
        deserializer.deserialize_str(Text {
            expecting: WORDS,
            parse: |text| match text {
                "path" => Ok(Self::Path),
                "virtual" => Ok(Self::VirtualHost),
                _ => Err(alloc::format!("the addressing is not {WORDS}")),
            },
        })
    }
}

impl Serialize for PayloadRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::new();
        self.put(&mut text);
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for PayloadRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expecting = "`UNSIGNED-PAYLOAD` or 64 lower-case hex digits";
        deserializer.deserialize_str(Text { expecting, parse: Self::parse })
    }
}

impl Serialize for Method<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Method<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Borrowed { expecting: "a method", parse: Method::new })
    }
}

impl Serialize for Region<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Region<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Borrowed { expecting: "a region", parse: Region::new })
    }
}

impl Serialize for Service<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Service<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Borrowed { expecting: "a service", parse: Service::new })
    }
}

const VALIDITY: &[&str] = &["not_before", "not_after"];

impl Serialize for Validity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Validity", VALIDITY.len())?;
        fields.serialize_field("not_before", &self.not_before())?;
        fields.serialize_field("not_after", &self.not_after())?;
        fields.end()
    }
}

impl<'de> Deserialize<'de> for Validity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("Validity", VALIDITY, ValidityVisitor)
    }
}

struct ValidityVisitor;

impl ValidityVisitor {
    fn finish<E: de::Error>(not_before: Timestamp, not_after: Timestamp) -> Result<Validity, E> {
        Validity::between(not_before, not_after)
            .ok_or_else(|| E::custom("no lifetime and skew make this validity"))
    }
}

impl<'de> Visitor<'de> for ValidityVisitor {
    type Value = Validity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fields `not_before` and `not_after`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Validity, A::Error> {
        let (mut not_before, mut not_after) = (None, None);
        while let Some(name) = fields.next_key::<Name>()? {
            let field = match name {
                Name::NotBefore => &mut not_before,
                Name::NotAfter => &mut not_after,
                Name::Other => {
                    fields.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if field.replace(fields.next_value()?).is_some() {
                return Err(de::Error::custom("a field of a validity is given twice"));
            }
        }
        let [not_before, not_after] = [(not_before, "not_before"), (not_after, "not_after")]
            .map(|(field, name)| field.ok_or_else(|| de::Error::missing_field(name)));
        Self::finish(not_before?, not_after?)
    }

    /// Formats that have no names have the fields in order.
    fn visit_seq<A: de::SeqAccess<'de>>(self, mut fields: A) -> Result<Validity, A::Error> {
        let missing = |place| de::Error::invalid_length(place, &Self);
        let not_before = fields.next_element()?.ok_or_else(|| missing(0))?;
        let not_after = fields.next_element()?.ok_or_else(|| missing(1))?;
        Self::finish(not_before, not_after)
    }
}

enum Name {
    NotBefore,
    NotAfter,
    Other,
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(Text {
            expecting: "the name of a field",
            parse: |name| {
                Ok::<_, InvalidValue>(match name {
                    "not_before" => Self::NotBefore,
                    "not_after" => Self::NotAfter,
                    _ => Self::Other,
                })
            },
        })
    }
}
