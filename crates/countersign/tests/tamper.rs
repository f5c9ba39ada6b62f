//! Proves that a request that was changed after it was signed is refused, for the right reason, or
//! else decodes to the very same: Appendix A of the threat model, class by class, on random requests,
//! presigned and signed in their header, and the tables of V-02 and V-06 to V-10.
//!
//! Not here, because the core never sees what they change: class 53 (the body: whoever stores it
//! compares it with [`Verified::payload`](countersign::Verified::payload); the content type that
//! belongs to it is a signed header, class 52) and what a storage makes of a key (`..`, `\`, empty
//! segments are bytes to the core, so in classes 37 to 42 they are just another key).

#[path = "tamper/authorization.rs"]
mod authorization;
mod common;
#[path = "tamper/header_claim.rs"]
mod header_claim;
#[path = "tamper/header_tables.rs"]
mod header_tables;
#[path = "tamper/keys.rs"]
mod keys;
#[path = "tamper/limits.rs"]
mod limits;
#[path = "tamper/parameters.rs"]
mod parameters;
#[path = "tamper/path.rs"]
mod path;
#[path = "tamper/request.rs"]
mod request;
#[path = "tamper/signature.rs"]
mod signature;
#[path = "tamper/spelling.rs"]
mod spelling;
#[path = "tamper/tables.rs"]
mod tables;
#[path = "tamper/times.rs"]
mod times;

use std::{cell::RefCell, collections::BTreeMap};

use common::{
    Dice, Model, Report, Request, Server,
    cases::Case,
    header,
    random::{self, cut},
};
use countersign::{Date, Mechanism, Region, Scope, Service, SigningKey, Timestamp, VerifyError};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};

/// On how many random requests each class is tried: 200, or as many as `COUNTERSIGN_URLS` says.
fn requests() -> u32 {
    std::env::var("COUNTERSIGN_URLS").map_or(200, |count| count.parse().unwrap())
}

/// The end of every key: something for each class to change.
const KEY_END: &str = "/Az é+ b";
const KEY_END_ENCODED: &str = "/Az%20%C3%A9%2B%20b";

/// A class of tampering: all the ways in which it changes a good request.
type Class = fn(&Good, &mut Dice) -> Vec<Attempt>;

/// A request, in pieces that can be changed one by one.
#[derive(Debug, Clone, PartialEq)]
struct Sent {
    method: String,
    /// As it stands in the URL, and so are the names and values of the query.
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    now: Timestamp,
    /// Whether the owner's key is no longer known.
    is_retired: bool,
}

impl Sent {
    fn request(&self) -> Request {
        let pieces: Vec<_> =
            self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Request {
            method: self.method.clone(),
            target: format!("{}?{}", self.path, pieces.join("&")),
            headers: self.headers.clone(),
        }
    }

    fn value(&mut self, name: &str) -> &mut String {
        let parameter = self.query.iter_mut().find(|(other, _)| other == name);
        &mut parameter.unwrap().1
    }

    fn remove(&mut self, name: &str) {
        self.query.retain(|(other, _)| other != name);
    }

    fn append(&mut self, name: &str, value: &str) {
        self.query.push((name.to_owned(), value.to_owned()));
    }

    fn header(&mut self, name: &str) -> &mut String {
        if !self.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            self.add_header(name, "");
        }
        let field = self.headers.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name));
        &mut field.unwrap().1
    }

    fn remove_header(&mut self, name: &str) {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    fn add_header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }
}

/// A request that is accepted, and the server that accepts it.
#[derive(Debug)]
struct Good {
    mechanism: Mechanism,
    case: Case,
    sent: Sent,
    server: Server,
    report: Report,
}

impl Good {
    fn new(mechanism: Mechanism, case: Case) -> Result<Self, VerifyError> {
        let (case, now) = match mechanism {
            Mechanism::Query => (case.clone(), case.now()),
            // One second more or less is still near enough.
            Mechanism::Header => {
                let case = Case { waited: 10 + case.waited % 1781, ..header::in_header(case) };
                (case.clone(), case.now_in_header())
            }
        };
        let Request { method, target, headers } = match mechanism {
            Mechanism::Query => case.request(),
            Mechanism::Header => case.request_in_header(),
        };
        let (path, query) = target.split_once('?').unwrap();
        let owned = |piece: &str| {
            let (name, value) = piece.split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        };
        let sent = Sent {
            method,
            path: path.to_owned(),
            query: query.split('&').map(owned).collect(),
            headers,
            now,
            is_retired: false,
        };
        let mut server = case.server();
        server.users.push(other_user(&case));
        let report = answer(&server, mechanism, &sent)?;
        Ok(Self { mechanism, case, sent, server, report: in_order(report) })
    }

    /// A reason that depends on the mechanism.
    fn either(&self, query: &'static str, header: &'static str) -> &'static str {
        match self.mechanism {
            Mechanism::Query => query,
            Mechanism::Header => header,
        }
    }

    /// What must be refused, for a reason that starts like this.
    fn refused(&self, reason: &'static str, change: impl FnOnce(&mut Sent)) -> Attempt {
        Attempt { expected: Expected::Refused(reason), ..self.equal(change) }
    }

    /// What is only another spelling.
    fn equal(&self, change: impl FnOnce(&mut Sent)) -> Attempt {
        let mut sent = self.sent.clone();
        change(&mut sent);
        Attempt { sent, expected: Expected::Equal }
    }

    fn check(&self, attempt: &Attempt) -> Result<(), String> {
        let Attempt { sent, expected } = attempt;
        if *sent == self.sent {
            return Err("nothing was changed".to_owned());
        }
        let answer = if sent.is_retired {
            let nobody = Server { users: Vec::new(), ..self.case.server() };
            answer(&nobody, self.mechanism, sent)
        } else {
            answer(&self.server, self.mechanism, sent)
        };
        let is_expected = match (&answer, expected) {
            (Ok(report), Expected::Equal) => in_order(report.clone()) == self.report,
            (Err(error), Expected::Refused(reason)) => format!("{error:?}").starts_with(reason),
            _ => false,
        };
        let message = || format!("{expected:?} expected, but {answer:?} for {sent:?}");
        if is_expected { Ok(()) } else { Err(message()) }
    }
}

/// What a server answers that takes this mechanism only.
fn answer(server: &Server, mechanism: Mechanism, sent: &Sent) -> Result<Report, VerifyError> {
    match mechanism {
        Mechanism::Query => server.answer(&sent.request(), sent.now),
        Mechanism::Header => server.answer_in_header(&sent.request(), sent.now),
    }
}

/// A change, and what must become of it.
#[derive(Debug)]
struct Attempt {
    sent: Sent,
    expected: Expected,
}

#[derive(Debug)]
enum Expected {
    Refused(&'static str),
    Equal,
}

/// The order of the parameters is not what was signed.
fn in_order(mut report: Report) -> Report {
    report.query.sort();
    report
}

const OTHER_ID: &str = "AKIDOFSOMEBODYELSE";

/// Somebody else whom the server knows.
fn other_user(case: &Case) -> (countersign::Credentials, SigningKey) {
    let (id, secret) = (OTHER_ID.to_owned(), "another secret".to_owned());
    let credentials = Model { id, secret, token: None, ..case.model() }.credentials();
    let key = SigningKey::derive(&credentials, case.signing_key().scope());
    (credentials, key)
}

/// Cases in which each class has something to change, and each change has one reason to fail.
fn cases() -> impl Strategy<Value = Case> {
    random::cases().prop_map(|case| {
        let key = case.key.as_deref().unwrap_or("key");
        let key = format!("{}{KEY_END}", cut(key, 1000));
        let mut query = case.query.clone();
        query.retain(|(name, _)| !name.starts_with("response-") && !name.ends_with("-acl"));
        query.retain(|(name, _)| name != "versionId");
        for (name, value) in
            [("response-content-type", "text/plain; a+b"), ("partNumber", "1"), ("uploadId", "Up")]
        {
            query.push((name.to_owned(), value.to_owned()));
        }
        let mut headers = case.headers.clone();
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        headers.push(("Content-Type".to_owned(), "text/csv; charset=\"utf-8\"".to_owned()));
        // One second more or less is still the same day.
        let day = if case.date.starts_with('0') { "20130524" } else { &case.date[..8] };
        let date = format!("{day}T{}3Z", &case.date[9..14]);
        let lifetime = 60 + case.lifetime % 600_000;
        let waited = 910 + case.waited % (lifetime - 20);
        let method = case.method.to_ascii_uppercase();
        Case { method, key: Some(key), query, headers, date, lifetime, waited, ..case }
    })
}

fn try_on_random_requests(mechanism: Mechanism, classes: &[(u8, Class)]) {
    let config = Config { cases: requests(), failure_persistence: None, ..Config::default() };
    let tried = RefCell::new(BTreeMap::new());
    let result = TestRunner::new(config).run(&(cases(), any::<u64>()), |(case, seed)| {
        let good = Good::new(mechanism, case)
            .map_err(|error| TestCaseError::fail(format!("the control was refused: {error:?}")))?;
        let mut dice = Dice(seed);
        for (number, class) in classes {
            for attempt in class(&good, &mut dice) {
                good.check(&attempt)
                    .map_err(|error| TestCaseError::fail(format!("class {number}: {error}")))?;
                *tried.borrow_mut().entry(*number).or_insert(0_u32) += 1;
            }
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let tried = tried.into_inner();
    println!("changes tried by class: {tried:?}");
    for (number, _) in classes {
        let count = tried.get(number).copied().unwrap_or_default();
        assert!(
            count >= requests(),
            "class {number} made {count} changes to {} requests",
            requests()
        );
    }
}

#[test]
fn classes_1_to_10_the_signature() {
    try_on_random_requests(Mechanism::Query, &signature::CLASSES);
}

#[test]
fn classes_11_to_32_the_parameters() {
    try_on_random_requests(Mechanism::Query, &parameters::CLASSES);
}

#[test]
fn classes_33_to_48_the_path() {
    try_on_random_requests(Mechanism::Query, &path::CLASSES);
}

#[test]
fn classes_49_to_56_the_request() {
    try_on_random_requests(Mechanism::Query, &request::CLASSES);
}

#[test]
fn classes_1_to_11_the_authorization_header() {
    try_on_random_requests(Mechanism::Header, &authorization::CLASSES);
}

#[test]
fn classes_12_to_26_the_claim_in_the_header() {
    try_on_random_requests(Mechanism::Header, &header_claim::CLASSES);
}

#[test]
fn classes_29_to_32_the_query_of_a_request_signed_in_its_header() {
    try_on_random_requests(Mechanism::Header, &parameters::CLASSES_OF_ANY_QUERY);
}

#[test]
fn classes_33_to_48_the_path_of_a_request_signed_in_its_header() {
    try_on_random_requests(Mechanism::Header, &path::CLASSES);
}

#[test]
fn classes_49_to_56_the_request_signed_in_its_header() {
    try_on_random_requests(Mechanism::Header, &request::CLASSES);
}

#[test]
fn all_that_is_signed_in_its_header_and_not_tampered_with_is_accepted() {
    let config = Config { cases: requests(), failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&cases(), |case| {
        let good = Good::new(Mechanism::Header, case).unwrap();
        let mut query = good.case.query.clone();
        query.sort();
        prop_assert_eq!(good.case.report_in_header(query), good.report);
        // It is no presigned request.
        prop_assert!(good.server.answer(&good.sent.request(), good.sent.now).is_err());
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn all_that_is_not_tampered_with_is_accepted() {
    let config = Config { cases: requests(), failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&cases(), |case| {
        let good = Good::new(Mechanism::Query, case).unwrap();
        let mut query = good.case.query.clone();
        query.sort();
        prop_assert_eq!(good.case.report(query), good.report);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// The key of the documentation's example, for another scope.
fn documented_key(date: &str, region: &str, service: &str) -> SigningKey {
    let scope = Scope::new(
        Date::parse(date).unwrap(),
        Region::new(region).unwrap(),
        Service::new(service).unwrap(),
    );
    SigningKey::derive(&Model::documented().credentials(), scope)
}

fn documented_time() -> Timestamp {
    Timestamp::parse("20130524T000000Z").unwrap()
}
