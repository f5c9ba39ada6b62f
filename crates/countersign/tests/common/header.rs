//! The model of a request that is signed in its `Authorization` header, written from the AWS
//! documentation alone ([signature calculations][doc]), and a case as such a request.
//!
//! [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

use countersign::{
    Bucket, HeaderRequest, HeaderSignature, Mechanism, Method, Skew, Timestamp, Validity,
};

use super::{Model, Report, Request, cases::Case, signature_of, uri_encode};

/// A [`Model`] whose claim stands in headers: in its own they are, so that each is free to be wrong.
#[derive(Debug, Clone)]
pub(crate) struct HeaderModel(pub(crate) Model);

impl HeaderModel {
    /// The documentation's first example, a part of an object.
    pub(crate) fn documented() -> Self {
        let payload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let model = Model {
            headers: vec![("Range".to_owned(), "bytes=0-9".to_owned())],
            payload: payload.to_owned(),
            ..Model::documented()
        };
        Self::new(model, true)
    }

    /// Adds the headers of the claim: the date, perhaps a token, and perhaps what is said of the
    /// body.
    pub(crate) fn new(mut model: Model, sends_payload: bool) -> Self {
        let mut add = |name: &str, value: &str| {
            model.headers.push((name.to_owned(), value.to_owned()));
        };
        add("X-Amz-Date", &model.date);
        if let Some(token) = &model.token {
            add("X-Amz-Security-Token", token);
        }
        if sends_payload {
            add("x-amz-content-sha256", &model.payload);
        }
        Self(model)
    }

    fn canonical_query(&self) -> String {
        let encode =
            |(name, value): &(String, String)| (uri_encode(name, false), uri_encode(value, false));
        let mut encoded: Vec<_> = self.0.query.iter().map(encode).collect();
        encoded.sort();
        let pieces: Vec<_> =
            encoded.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pieces.join("&")
    }

    pub(crate) fn signature(&self) -> String {
        signature_of(&self.0, |lines| lines[2] = self.canonical_query())
    }

    pub(crate) fn credential(&self) -> String {
        format!("{}/{}", self.0.id, self.0.scope.join("/"))
    }

    pub(crate) fn authorization(&self) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={}, SignedHeaders={}, Signature={}",
            self.credential(),
            self.0.signed_headers(),
            self.signature(),
        )
    }

    pub(crate) fn target(&self) -> String {
        let (path, query) = (uri_encode(&self.0.path, true), self.canonical_query());
        if query.is_empty() { path } else { format!("{path}?{query}") }
    }

    /// The request of an honest client.
    pub(crate) fn request(&self) -> Request {
        let mut headers = vec![("Host".to_owned(), self.0.host.clone())];
        headers.extend(self.0.headers.clone());
        headers.push(("Authorization".to_owned(), self.authorization()));
        Request { method: self.0.method.clone(), target: self.target(), headers }
    }
}

/// An access key id with a comma stands in no `Authorization` header.
pub(crate) fn in_header(case: Case) -> Case {
    Case { id: case.id.replace(',', ";"), ..case }
}

impl Case {
    /// The headers beside those that the signer adds.
    fn own_headers(&self) -> Vec<(String, String)> {
        let added = ["x-amz-content-sha256", "x-amz-date", "x-amz-security-token"];
        let is_own = |(name, _): &(String, String)| {
            !added.iter().any(|added| added.eq_ignore_ascii_case(name))
        };
        self.headers.iter().filter(|field| is_own(field)).cloned().collect()
    }

    fn sends_payload(&self) -> bool {
        self.service == "s3" || self.digest.is_none()
    }

    pub(crate) fn header_model(&self) -> HeaderModel {
        let model = Model { headers: self.own_headers(), ..self.model() };
        HeaderModel::new(model, self.sends_payload())
    }

    pub(crate) fn sign_in_header(&self) -> HeaderSignature {
        let bucket = self.endpoint().bucket(&self.bucket).unwrap();
        let headers = self.own_headers();
        let key = self.signing_key();
        let signer = key.header_signer(self.signed_at()).unwrap();
        signer.sign(&self.header_request(&bucket, &headers)).unwrap()
    }

    fn header_request<'a>(
        &'a self,
        bucket: &'a Bucket,
        headers: &'a [(String, String)],
    ) -> HeaderRequest<'a> {
        let path = match &self.key {
            Some(key) => bucket.object(key).unwrap(),
            None => bucket.root(),
        };
        let method = Method::new(&self.method).unwrap();
        let mut request = HeaderRequest::new(method, path, self.payload());
        for (name, value) in &self.query {
            request = request.with_query(name, value).unwrap();
        }
        for (name, value) in headers {
            request = request.with_signed_header(name, value).unwrap();
        }
        request
    }

    /// The request of a client that adds what the signer says.
    pub(crate) fn request_in_header(&self) -> Request {
        let signed = self.sign_in_header();
        let mut headers = vec![("Host".to_owned(), self.model().host)];
        headers.extend(self.own_headers());
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        headers.extend(signed.headers().map(owned));
        Request { method: self.method.clone(), target: signed.target().to_owned(), headers }
    }

    /// A second in which the request is taken.
    pub(crate) fn now_in_header(&self) -> Timestamp {
        let start = self.signed_at().saturating_sub_secs(900);
        let last = self.signed_at().checked_add_secs(900).unwrap();
        start.checked_add_secs(self.waited % 1801).unwrap().min(last)
    }

    /// What a verifier should say of it, with the query in this order.
    pub(crate) fn report_in_header(&self, query: Vec<(String, String)>) -> Report {
        let list = self.header_model().0.signed_headers();
        Report {
            signed_headers: list.split(';').map(String::from).collect(),
            mechanism: Mechanism::Header,
            validity: Validity::around(self.signed_at(), Skew::MAX).unwrap(),
            ..self.report(query)
        }
    }
}
