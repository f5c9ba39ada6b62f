//! What a policy asks of a form, one condition at a time.

use alloc::{boxed::Box, string::String, vec, vec::Vec};

use super::{ConditionFault, ContentLengthRange, json::Node};

/// A condition of a policy, in the spelling in which it goes into the policy.
///
/// Follows [condition matching][doc].
///
/// ```
/// use countersign::post_policy::{Condition, ContentLengthRange};
///
/// let range = ContentLengthRange::new(1, 1024).ok_or("upside down")?;
/// for (condition, json) in [
///     (Condition::exact("acl", "private")?, r#"{"acl": "private"}"#),
///     (Condition::eq("acl", "private")?, r#"["eq", "$acl", "private"]"#),
///     (Condition::starts_with("key", "user/")?, r#"["starts-with", "$key", "user/"]"#),
///     (Condition::content_length_range(range), r#"["content-length-range", 1, 1024]"#),
/// ] {
///     assert_eq!(condition.as_json(), json);
///     assert_eq!(Condition::parse(json)?, condition);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html#sigv4-ConditionMatching
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    rule: Rule,
    json: Box<str>,
}

impl Condition {
    /// The field has this value: `{"acl": "private"}`.
    ///
    /// # Errors
    ///
    /// [`ConditionFault::FieldName`], when the name is empty.
    pub fn exact(field: &str, value: &str) -> Result<Self, ConditionFault> {
        Self::of(&Node::Object(vec![(field.into(), Node::Text(value.into()))]))
    }

    /// The field has this value, in the other spelling: `["eq", "$acl", "private"]`.
    ///
    /// # Errors
    ///
    /// [`ConditionFault::FieldName`], when the name is empty.
    pub fn eq(field: &str, value: &str) -> Result<Self, ConditionFault> {
        Self::of(&operation("eq", field, value))
    }

    /// The field's value starts with this; with nothing, any value does. Of a `Content-Type` with
    /// commas each part has to.
    ///
    /// # Errors
    ///
    /// [`ConditionFault::FieldName`], when the name is empty.
    pub fn starts_with(field: &str, prefix: &str) -> Result<Self, ConditionFault> {
        Self::of(&operation("starts-with", field, prefix))
    }

    /// The file has so many bytes.
    #[must_use]
    pub fn content_length_range(range: ContentLengthRange) -> Self {
        let node = Node::List(vec![
            Node::Text("content-length-range".into()),
            Node::Number(range.min_bytes()),
            Node::Number(range.max_bytes()),
        ]);
        Self { rule: Rule::Length(range), json: written(&node) }
    }

    /// Reads a condition as it stands in a policy. How its words are spelled is kept; how they are
    /// spaced and escaped is not.
    ///
    /// # Errors
    ///
    /// [`ConditionFault`]
    pub fn parse(json: &str) -> Result<Self, ConditionFault> {
        Self::of(&Node::parse(json).map_err(|_| ConditionFault::Shape)?)
    }

    /// As it stands in the policy.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.json
    }

    /// The name of the field that it is about, if it is about one.
    pub(crate) fn field(&self) -> Option<&str> {
        self.rule.field()
    }

    fn of(node: &Node) -> Result<Self, ConditionFault> {
        Ok(Self { rule: Rule::of(node)?, json: written(node) })
    }
}

fn operation(operator: &str, field: &str, value: &str) -> Node {
    let texts = [operator.into(), alloc::format!("${field}"), value.into()];
    Node::List(texts.into_iter().map(Node::Text).collect::<Vec<_>>())
}

fn written(node: &Node) -> Box<str> {
    let mut text = String::new();
    node.put(&mut text);
    text.into()
}

/// What a condition means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rule {
    Exact { field: Box<str>, value: Box<str> },
    StartsWith { field: Box<str>, prefix: Box<str> },
    Length(ContentLengthRange),
}

impl Rule {
    /// Reads a condition. There are three kinds, and any other could be one that restricts: so it
    /// is refused.
    pub(crate) fn of(node: &Node) -> Result<Self, ConditionFault> {
        match node {
            Node::Object(members) => match members.as_slice() {
                [(field, Node::Text(value))] => {
                    Ok(Self::Exact { field: field_name(field)?, value: value.as_str().into() })
                }
                _ => Err(ConditionFault::Shape),
            },
            Node::List(items) => match items.as_slice() {
                [Node::Text(operator), arguments @ ..] => Self::of_operator(operator, arguments),
                _ => Err(ConditionFault::Shape),
            },
            _ => Err(ConditionFault::Shape),
        }
    }

    fn of_operator(operator: &str, arguments: &[Node]) -> Result<Self, ConditionFault> {
        let is = |name: &str| operator.eq_ignore_ascii_case(name);
        if is("content-length-range") {
            return length_range(arguments).map(Self::Length).ok_or(ConditionFault::LengthRange);
        }
        if !is("eq") && !is("starts-with") {
            return Err(ConditionFault::Operator);
        }
        let [Node::Text(field), Node::Text(value)] = arguments else {
            return Err(ConditionFault::Shape);
        };
        let field = field_name(field.strip_prefix('$').ok_or(ConditionFault::FieldName)?)?;
        let value = value.as_str().into();
        Ok(if is("eq") {
            Self::Exact { field, value }
        } else {
            Self::StartsWith { field, prefix: value }
        })
    }

    /// The name of the field that it is about, if it is about one.
    pub(crate) fn field(&self) -> Option<&str> {
        match self {
            Self::Exact { field, .. } | Self::StartsWith { field, .. } => Some(field),
            Self::Length(_) => None,
        }
    }

    /// Whether the value of its field is right.
    pub(crate) fn allows(&self, received: &str) -> bool {
        match self {
            Self::Exact { value, .. } => **value == *received,
            // Amazon reads such a value as a list, all of which has to be right.
            Self::StartsWith { field, prefix } if field.eq_ignore_ascii_case("content-type") => {
                received.split(',').all(|part| part.trim_start_matches(' ').starts_with(&**prefix))
            }
            Self::StartsWith { prefix, .. } => received.starts_with(&**prefix),
            Self::Length(_) => true,
        }
    }
}

fn field_name(name: &str) -> Result<Box<str>, ConditionFault> {
    if name.is_empty() { Err(ConditionFault::FieldName) } else { Ok(name.into()) }
}

fn length_range(arguments: &[Node]) -> Option<ContentLengthRange> {
    let [min_bytes, max_bytes] = arguments else { return None };
    ContentLengthRange::new(byte_count(min_bytes)?, byte_count(max_bytes)?)
}

/// A number, or one in quotes, which some signers write.
fn byte_count(node: &Node) -> Option<u64> {
    match node {
        Node::Number(value) => Some(*value),
        Node::Text(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_none_of_the_three_kinds_is_refused() {
        use ConditionFault::{FieldName, LengthRange, Operator, Shape};
        for (json, fault) in [
            ("{}", Shape),
            (r#"{"a": "b", "c": "d"}"#, Shape),
            (r#"{"a": 1}"#, Shape),
            (r#"{"a": null}"#, Shape),
            (r#"{"a": ["b"]}"#, Shape),
            (r#"{"": "b"}"#, FieldName),
            ("[]", Shape),
            ("1", Shape),
            (r#""eq""#, Shape),
            (r#"["eq"]"#, Shape),
            (r#"["eq", "$a"]"#, Shape),
            (r#"["eq", "$a", 1]"#, Shape),
            (r#"["eq", "$a", "b", "c"]"#, Shape),
            (r#"["eq", "a", "b"]"#, FieldName),
            (r#"["eq", "$", "b"]"#, FieldName),
            (r#"[["eq"], "$a", "b"]"#, Shape),
            (r#"["in", "$a", "b"]"#, Operator),
            (r#"["ends-with", "$a", "b"]"#, Operator),
            (r#"["", "$a", "b"]"#, Operator),
            (r#"["content-length-range"]"#, LengthRange),
            (r#"["content-length-range", 0]"#, LengthRange),
            (r#"["content-length-range", 0, 1, 2]"#, LengthRange),
            (r#"["content-length-range", -1, 0]"#, LengthRange),
            (r#"["content-length-range", 1, 0]"#, LengthRange),
            (r#"["content-length-range", 0, 1.5]"#, LengthRange),
            (r#"["content-length-range", 0, 1e3]"#, LengthRange),
            (r#"["content-length-range", "", "1"]"#, LengthRange),
            (r#"["content-length-range", "+0", "1"]"#, LengthRange),
            (r#"["content-length-range", 0, 18446744073709551616]"#, LengthRange),
        ] {
            assert_eq!(Condition::parse(json), Err(fault), "{json}");
        }
    }

    #[test]
    fn the_spelling_of_words_is_kept_and_counts_for_nothing() {
        for json in [
            r#"["StArTs-WiTh", "$KeY", "user/"]"#,
            r#"["content-length-range", "0", "10"]"#,
            r#"["Content-Length-Range", 0, 10]"#,
            r#"{"AcL": "private"}"#,
        ] {
            assert_eq!(Condition::parse(json).unwrap().as_json(), json);
        }
        let rule = |json| Condition::parse(json).unwrap().rule;
        assert_eq!(rule(r#"{"acl":"a"}"#), rule(r#"["EQ", "$acl", "a"]"#));
        assert_eq!(
            rule(r#"["content-length-range", "0", "10"]"#),
            rule(r#"["content-length-range",0,10]"#)
        );
    }

    #[test]
    fn each_part_of_a_list_of_content_types_has_to_be_right() {
        let of = |field| Condition::starts_with(field, "image/").unwrap().rule;
        for (received, is_right) in [
            ("image/png", true),
            ("image/png,image/gif", true),
            ("image/png, image/gif", true),
            ("image/png,text/html", false),
            ("image/png,", false),
            (",image/png", false),
            (" text/html", false),
            ("", false),
        ] {
            assert_eq!(of("Content-Type").allows(received), is_right, "{received}");
            assert_eq!(of("content-TYPE").allows(received), is_right, "{received}");
        }
        assert!(of("x-amz-meta-list").allows("image/png,text/html"));
    }
}
