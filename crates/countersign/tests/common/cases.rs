//! What goes into a presigned URL, and what the crate and the model make of it.

use std::net::Ipv4Addr;

use super::{Model, Report, Request, Server, hex};
use countersign::{
    Addressing, Bucket, Endpoint, Lifetime, Mechanism, Method, PayloadRule, PresignRequest,
    PresignedUrl, Region, Scope, Service, SigningKey, Timestamp, Validity, Verifier,
};

/// What goes into a presigned URL.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) method: String,
    pub(crate) place: Place,
    pub(crate) bucket: String,
    pub(crate) key: Option<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) digest: Option<[u8; 32]>,
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
    pub(crate) region: String,
    pub(crate) service: String,
    /// `20130524T000000Z`
    pub(crate) date: String,
    pub(crate) lifetime: u32,
    /// When the request comes, in seconds after the first second in which it may.
    pub(crate) waited: u32,
}

/// Where the store answers: each part as it is given, and as it should be read.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) is_https: bool,
    pub(crate) host: (&'static str, &'static str),
    pub(crate) port: Option<u16>,
    pub(crate) base: (&'static str, &'static str),
    pub(crate) is_virtual_host: bool,
}

impl Place {
    /// The rule of the AWS SDKs: a bucket is a host where it is one, and where the wildcard of a
    /// certificate covers it.
    fn has_host_for(&self, bucket: &str) -> bool {
        let is_address = |host: &str| host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok();
        let labels: Vec<_> = bucket.split('.').collect();
        let is_label = |label: &&str| {
            let known = "abcdefghijklmnopqrstuvwxyz0123456789-";
            let is_known = label.chars().all(|letter| known.contains(letter));
            is_known && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
        };
        self.is_virtual_host
            && !is_address(self.host.1)
            && !is_address(bucket)
            && bucket.len() >= 3
            && bucket.len() <= 63
            && labels.iter().all(is_label)
            && (labels.len() == 1 || !self.is_https)
    }

    fn authority(&self) -> String {
        let host = self.host.1;
        match (self.is_https, self.port) {
            (_, None) | (true, Some(443)) | (false, Some(80)) => host.to_owned(),
            (_, Some(port)) => format!("{host}:{port}"),
        }
    }

    const fn scheme(&self) -> &'static str {
        if self.is_https { "https" } else { "http" }
    }
}

impl Case {
    pub(crate) fn is_in_host(&self) -> bool {
        self.place.has_host_for(&self.bucket)
    }

    pub(crate) fn model(&self) -> Model {
        let Self { place, bucket, key, .. } = self;
        let authority = place.authority();
        let key = key.as_ref().map(|key| format!("/{key}")).unwrap_or_default();
        let (host, mut path) = if self.is_in_host() {
            (format!("{bucket}.{authority}"), format!("{}{key}", place.base.1))
        } else {
            (authority, format!("{}/{bucket}{key}", place.base.1))
        };
        if path.is_empty() {
            path.push('/');
        }
        let day = self.date[..8].to_owned();
        let (region, service) = (self.region.clone(), self.service.clone());
        Model {
            method: self.method.clone(),
            host,
            path,
            query: self.query.clone(),
            headers: self.headers.clone(),
            signed_headers: None,
            payload: self.digest.map_or_else(|| "UNSIGNED-PAYLOAD".to_owned(), |it| hex(&it)),
            id: self.id.clone(),
            secret: self.secret.clone(),
            token: self.token.clone(),
            scope: [day, region, service, "aws4_request".to_owned()],
            date: self.date.clone(),
            expires: self.lifetime.to_string(),
        }
    }

    /// Scheme and authority.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.place.scheme(), self.model().host)
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        let Place { host, port, base, is_virtual_host, .. } = &self.place;
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let url = format!("{}://{}{port}{}", self.place.scheme(), host.0, base.0);
        let addressing = if *is_virtual_host { Addressing::VirtualHost } else { Addressing::Path };
        Endpoint::parse(&url, addressing).unwrap()
    }

    pub(crate) fn signing_key(&self) -> SigningKey {
        let region = Region::new(&self.region).unwrap();
        let service = Service::new(&self.service).unwrap();
        let scope = Scope::new(self.signed_at().date(), region, service);
        SigningKey::derive(&self.model().credentials(), scope)
    }

    pub(crate) fn payload(&self) -> PayloadRule {
        self.digest.map_or(PayloadRule::Unsigned, PayloadRule::Sha256)
    }

    pub(crate) fn presign(&self) -> PresignedUrl {
        let bucket = self.endpoint().bucket(&self.bucket).unwrap();
        let presigner = self.signing_key();
        let presigner = presigner.at(self.signed_at()).unwrap();
        presigner.presign(&self.presign_request(&bucket)).unwrap()
    }

    pub(crate) fn presign_request<'a>(&'a self, bucket: &'a Bucket) -> PresignRequest<'a> {
        let path = match &self.key {
            Some(key) => bucket.object(key).unwrap(),
            None => bucket.root(),
        };
        let lifetime = Lifetime::from_secs(u64::from(self.lifetime)).unwrap();
        let method = Method::new(&self.method).unwrap();
        let mut request = PresignRequest::new(method, path, lifetime).with_payload(self.payload());
        for (name, value) in &self.query {
            request = request.with_query(name, value).unwrap();
        }
        for (name, value) in &self.headers {
            request = request.with_signed_header(name, value).unwrap();
        }
        request
    }

    /// The request of a client that has the URL and its required headers.
    pub(crate) fn request(&self) -> Request {
        let url = self.presign();
        let target = url.as_str().strip_prefix(&self.origin()).unwrap().to_owned();
        let mut headers = vec![("Host".to_owned(), self.model().host)];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        headers.extend(url.required_headers().map(owned));
        Request { method: self.method.clone(), target, headers }
    }

    pub(crate) fn signed_at(&self) -> Timestamp {
        Timestamp::parse(&self.date).unwrap()
    }

    /// A second in which the URL works.
    pub(crate) fn now(&self) -> Timestamp {
        let start = self.signed_at().saturating_sub_secs(900);
        start.checked_add_secs(self.waited).unwrap()
    }

    /// A server that knows this case's owner, and takes its payload for granted.
    pub(crate) fn server(&self) -> Server {
        let region = Region::new(&self.region).unwrap();
        let verifier = Verifier::new(region, Service::new(&self.service).unwrap());
        Server {
            verifier: verifier.with_default_payload(self.payload()),
            endpoint: self.endpoint(),
            users: vec![(self.model().credentials(), self.signing_key())],
        }
    }

    /// What a verifier should say of it, with the query in this order.
    pub(crate) fn report(&self, query: Vec<(String, String)>) -> Report {
        let model = self.model();
        let lifetime = Lifetime::from_secs(u64::from(self.lifetime)).unwrap();
        Report {
            access_key_id: self.id.clone(),
            scope: model.scope.join("/"),
            mechanism: Mechanism::Query,
            method: self.method.clone(),
            path: model.path.clone(),
            bucket: Some(self.bucket.clone()),
            key: self.key.clone(),
            query,
            signed_headers: model.signed_headers().split(';').map(String::from).collect(),
            payload: self.payload(),
            validity: Validity::new(self.signed_at(), lifetime, countersign::Skew::MAX).unwrap(),
        }
    }

    /// In the first minutes of the year 1 there is no earlier second to wait from.
    pub(crate) fn clamped_wait(&self) -> u32 {
        let start = self.signed_at().saturating_sub_secs(900).unix_secs();
        let ahead = u32::try_from(self.signed_at().unix_secs() - start).unwrap();
        self.waited.min(ahead + self.lifetime - 1)
    }
}
