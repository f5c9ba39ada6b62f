/// The fields of a form before its file, as a server receives them.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) fields: Vec<(String, String)>,
}

impl Form {
    /// Takes fields in their order.
    pub(crate) fn new<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self { fields: fields.into_iter().map(owned).collect() }
    }

    /// The value of a field, or nothing.
    pub(crate) fn value(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(other, _)| other == name);
        field.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// With another value of a field that is there.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|(other, _)| other == name);
        value.clone_into(&mut field.unwrap().1);
        self
    }
}
