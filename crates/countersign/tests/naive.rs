//! Proves that signer and verifier agree with a slow, independent model of the documentation, the
//! verifier in every spelling that AWS takes.

mod common;

use common::{
    Dice, Model, Request, Server,
    cases::Case,
    header::{HeaderModel, in_header},
    random::cases,
    uri_encode,
};
use countersign::{Addressing, Endpoint, Mechanism, PayloadRule, Timestamp, VerifyError};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{FileFailurePersistence, TestRunner},
};

const CASES: u32 = 512;

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: CASES,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

#[test]
fn the_model_makes_the_documented_url() {
    let model = Model::documented();
    let documented = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    assert_eq!(model.signature(), documented);
    assert_eq!(
        model.target(),
        format!(
            "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
             &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
             &X-Amz-Signature={documented}"
        ),
    );
}

#[test]
fn the_model_makes_the_documented_header() {
    let documented = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
    assert_eq!(HeaderModel::documented().signature(), documented);
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn our_url_is_that_of_the_model(case in cases()) {
        let url = case.presign();
        let model = case.model();
        prop_assert_eq!(url.signature(), model.signature());
        prop_assert_eq!(url.expires_at(), case.report(Vec::new()).validity.not_after());
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let required: Vec<_> = url.required_headers().map(owned).collect();
        prop_assert_eq!(required, required_headers(&case));
        prop_assert_eq!(url.as_str(), format!("{}{}", case.origin(), model.target()));
    }

    #[test]
    fn our_verifier_says_of_our_own_url_what_went_in(case in cases()) {
        let report = case.server().answer(&case.request(), case.now()).unwrap();
        prop_assert_eq!(case.report(in_order_of_encoding(&case.query)), report);
    }

    #[test]
    fn our_authorization_is_that_of_the_model(case in cases().prop_map(in_header)) {
        let signed = case.sign_in_header();
        let model = case.header_model();
        prop_assert_eq!(signed.signature(), model.signature());
        prop_assert_eq!(signed.target(), model.target());
        let ours: Vec<_> = signed.headers().collect();
        let request = model.request();
        let theirs: Vec<_> = ["authorization", "x-amz-content-sha256", "x-amz-date",
            "x-amz-security-token"].into_iter().filter_map(|wanted| {
                let is_wanted = |(name, _): &&(String, String)| name.eq_ignore_ascii_case(wanted);
                Some((wanted, request.headers.iter().find(is_wanted)?.1.as_str()))
            }).collect();
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn our_verifier_says_of_what_we_signed_in_the_header_what_went_in(case in cases().prop_map(in_header)) {
        let request = case.request_in_header();
        let report = case.server().answer_in_header(&request, case.now_in_header()).unwrap();
        prop_assert_eq!(case.report_in_header(in_order_of_encoding(&case.query)), report);
        prop_assert_eq!(Mechanism::of(&request.head()), Ok(Some(Mechanism::Header)));
    }

    #[test]
    fn a_header_of_the_model_in_another_spelling_is_accepted_and_says_what_went_in(
        case in cases().prop_map(in_header),
        seed: u64,
    ) {
        let (request, query) = Speller(Dice(seed)).request_in_header(&case);
        let report = case.server().answer_in_header(&request, case.now_in_header());
        prop_assert_eq!(Ok(case.report_in_header(query)), report, "{:?}", request);
    }

    #[test]
    fn a_url_of_the_model_in_another_spelling_is_accepted_and_says_what_went_in(
        case in cases(),
        seed: u64,
    ) {
        let (request, query) = Speller(Dice(seed)).request(&case);
        let report = case.server().answer(&request, case.now());
        prop_assert_eq!(Ok(case.report(query)), report, "{:?}", request);
    }
}

/// Names in lower case, sorted; nothing that a client would have to trim.
fn required_headers(case: &Case) -> Vec<(String, String)> {
    let trimmed = |(name, value): &(String, String)| {
        (name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).to_owned())
    };
    let mut headers: Vec<_> = case.headers.iter().map(trimmed).collect();
    headers.sort();
    headers
}

fn in_order_of_encoding(query: &[(String, String)]) -> Vec<(String, String)> {
    let mut query = query.to_vec();
    query.sort_by_key(|(name, _)| uri_encode(name, false));
    query
}

/// What of a URL is being written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Path,
    Name,
    Value,
}

/// Writes one URL in one of its many equal spellings.
struct Speller(Dice);

impl Speller {
    /// The request, and the parameters beside the claim's in the order in which they stand in it.
    fn request(&mut self, case: &Case) -> (Request, Vec<(String, String)>) {
        let model = case.model();
        let mut pieces = Vec::new();
        for (name, value) in &model.query {
            let own = Some((name.clone(), value.clone()));
            pieces.push((own, self.parameter(name, value)));
        }
        for (name, value) in &model.claim() {
            let value = match name.as_str() {
                "X-Amz-SignedHeaders" => self.list(value),
                _ => self.spell(value, Part::Value),
            };
            pieces.push((None, format!("{name}={value}")));
        }
        let signature = self.spell(&model.signature(), Part::Value);
        pieces.push((None, format!("X-Amz-Signature={signature}")));
        self.0.shuffle(&mut pieces);
        let (own, pieces): (Vec<_>, Vec<_>) = pieces.into_iter().unzip();

        let path = self.spell(&model.path[1..], Part::Path);
        let target = format!("/{path}?{}", pieces.join("&"));
        let headers = self.headers(&model, &[("Authorization", "Bearer token")]);
        (Request { method: model.method, target, headers }, own.into_iter().flatten().collect())
    }

    /// The same of a request that is signed in its header.
    fn request_in_header(&mut self, case: &Case) -> (Request, Vec<(String, String)>) {
        let model = case.header_model();
        let mut query = model.0.query.clone();
        self.0.shuffle(&mut query);
        let pieces: Vec<_> =
            query.iter().map(|(name, value)| self.parameter(name, value)).collect();
        let path = self.spell(&model.0.path[1..], Part::Path);
        let mark = if pieces.is_empty() { self.0.pick(&["", "?"]) } else { "?" };
        let target = format!("/{path}{mark}{}", pieces.join("&"));

        let mut parameters = [
            format!("Credential={}", model.credential()),
            format!("SignedHeaders={}", model.0.signed_headers()),
            format!("Signature={}", model.signature()),
        ];
        self.0.shuffle(&mut parameters);
        let separator = self.0.pick(&[",", ", ", " ,\t", ",  "]);
        let authorization = format!(
            "AWS4-HMAC-SHA256{}{}",
            self.0.pick(&[" ", "  ", "\t"]),
            parameters.join(separator),
        );
        let headers = self.headers(&model.0, &[("Authorization", &authorization)]);
        (Request { method: model.0.method, target, headers }, query)
    }

    /// A parameter without a value needs no `=`.
    fn parameter(&mut self, name: &str, value: &str) -> String {
        let name = self.spell(name, Part::Name);
        if value.is_empty() && self.0.roll(2) == 0 {
            return name;
        }
        format!("{name}={}", self.spell(value, Part::Value))
    }

    /// The separators may be raw, which they cannot be as part of any other value.
    fn list(&mut self, names: &str) -> String {
        let mut list = String::new();
        for (index, name) in names.split(';').enumerate() {
            if index > 0 {
                list.push_str(self.0.pick(&[";", "%3B", "%3b"]));
            }
            list.push_str(&self.spell(name, Part::Value));
        }
        list
    }

    fn spell(&mut self, text: &str, part: Part) -> String {
        let mut spelled = String::new();
        for letter in text.chars() {
            let encoded = uri_encode(letter.encode_utf8(&mut [0; 4]), part == Part::Path);
            match self.0.roll(4) {
                0 if is_raw(letter, part) => spelled.push(letter),
                0 if letter == ' ' && part != Part::Path => spelled.push('+'),
                1 => spelled.push_str(&self.over_encoded(letter)),
                _ => spelled.push_str(&encoded),
            }
        }
        spelled
    }

    /// Each byte as an escape, needed or not, its digits in any case.
    fn over_encoded(&mut self, letter: char) -> String {
        let mut escapes = String::new();
        for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
            let escape =
                if self.0.roll(2) == 0 { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
            escapes.push_str(&escape);
        }
        escapes
    }

    /// The signed headers with other white space and in another case, among others.
    fn headers(&mut self, model: &Model, authorization: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut headers = vec![("HOST".to_owned(), model.host.clone())];
        for (name, value) in &model.headers {
            let value = value
                .trim_matches([' ', '\t'])
                .replace(' ', self.0.pick(&[" ", "  ", "\t", " \t "]));
            let (before, after) = (self.0.pick(&["", " ", "\t "]), self.0.pick(&["", " ", " \t"]));
            let is_upper = self.0.roll(2) == 0;
            let name = if is_upper { name.to_ascii_uppercase() } else { name.clone() };
            headers.push((name, format!("{before}{value}{after}")));
        }
        let unsigned =
            [("User-Agent", "a"), ("User-Agent", "b"), ("X-Forwarded-Host", "elsewhere")];
        for &(name, value) in unsigned.iter().chain(authorization) {
            if !model.headers.iter().any(|(signed, _)| signed.eq_ignore_ascii_case(name)) {
                headers.push((name.to_owned(), value.to_owned()));
            }
        }
        self.0.shuffle(&mut headers);
        headers
    }
}

/// Whether a character may stand there without an escape, and still mean itself.
fn is_raw(letter: char, part: Part) -> bool {
    let separators = match part {
        Part::Path => "%#?",
        Part::Name => "%#&+=",
        Part::Value => "%#&+",
    };
    !letter.is_ascii_control() && letter != ' ' && !separators.contains(letter)
}

/// Whether a case has some feature.
type Has<'a> = &'a dyn Fn(&Case) -> bool;

/// A test is worth no more than its cases.
#[test]
fn the_cases_have_everything_that_is_hard() {
    let mut runner = TestRunner::deterministic();
    let strategy = cases();
    let all: Vec<_> =
        (0..CASES).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let key = |case: &Case| case.key.clone().unwrap_or_default();
    let has_name = |case: &Case, wanted: fn(&str) -> bool| {
        case.query.iter().any(|(name, _)| wanted(&uri_encode(name, false)))
    };
    let features: [(&str, Has<'_>); 14] = [
        ("control", &|case| key(case).chars().any(|letter| letter.is_ascii_control())),
        ("dot segment", &|case| key(case).split('/').any(|segment| segment == "..")),
        ("empty segment", &|case| key(case).contains("//")),
        ("non-ASCII", &|case| !key(case).is_ascii()),
        ("1024 bytes", &|case| key(case).len() == 1024),
        ("no key", &|case| case.key.is_none()),
        ("name below", &|case| has_name(case, |name| name < "X-Amz-Algorithm")),
        ("name between", &|case| {
            has_name(case, |name| ("X-Amz-A".."X-Amz-SignedH").contains(&name))
        }),
        ("name above", &|case| has_name(case, |name| name > "X-Amz-SignedHeaders")),
        ("upper-case header", &|case| {
            case.headers.iter().any(|(name, _)| *name != name.to_lowercase())
        }),
        ("white space", &|case| case.headers.iter().any(|(_, value)| value.contains("  "))),
        ("token", &|case| case.token.is_some()),
        ("bucket in the host", &Case::is_in_host),
        ("digest", &|case| case.digest.is_some()),
    ];
    for (name, has) in features {
        let count = all.iter().filter(|case| has(case)).count();
        assert!(count >= 15, "{name}: only {count} of {CASES}");
    }
}

/// S3 reads the payload line there, whether the header is signed or not.
#[test]
fn an_unsigned_digest_header_is_the_payload_line() {
    let (server, now) = (Server::documented(), Timestamp::parse("20130524T000000Z").unwrap());
    let digest = "0123456789abcdef".repeat(4);
    let model = Model { payload: digest.clone(), ..Model::documented() };
    let mut request = model.request();
    assert_eq!(server.answer(&request, now), Err(VerifyError::SignatureMismatch));
    request.headers.push(("x-amz-content-sha256".to_owned(), digest.clone()));
    let report = server.answer(&request, now).unwrap();
    assert_eq!(report.payload, PayloadRule::parse(&digest).unwrap());
}

#[test]
fn a_bucket_without_a_key_is_found_behind_a_base_path_too() {
    let mut server = Server::documented();
    for (base, path) in [("", "/"), ("/base", "/base")] {
        let url = format!("https://s3.amazonaws.com{base}");
        server.endpoint = Endpoint::parse(&url, Addressing::VirtualHost).unwrap();
        let bucket = server.endpoint.bucket("examplebucket").unwrap();
        assert_eq!(bucket.root().to_string(), path);
        let model = Model { path: path.to_owned(), ..Model::documented() };
        let now = Timestamp::parse("20130524T000000Z").unwrap();
        let report = server.answer(&model.request(), now).unwrap();
        assert_eq!(report.bucket.as_deref(), Some("examplebucket"), "{url}");
    }
}
