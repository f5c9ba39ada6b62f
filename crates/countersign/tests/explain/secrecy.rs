//! Nothing that is shown helps to forge: over random failures, with the secret, the token and the
//! signatures also where they do not belong.

use countersign::explain::{Explanation, ServerText};
use proptest::prelude::*;

use super::{
    Failure, Model,
    common::{Dice, cases::Case, random::cases, uri_encode},
    server::canonical_request,
};

const SECRET: &str = "Canary/Secret+Key=0123456789abcdef";
const TOKEN: &str = "CanaryTokenFwoGZXIvYXdzEJr//////////wEaDA==";
const CASES: u32 = 24;

/// What may not turn up, in the spellings in which it could.
#[track_caller]
fn assert_secret(explanation: &Explanation, canaries: &[&str]) {
    let causes = explanation.findings().iter().map(|finding| {
        let cause = &finding.cause;
        format!("{cause} {:?} {:?} {}", cause.name(), cause.sides(), cause.advice())
    });
    let causes: String = causes.collect();
    let shown = format!("{explanation}\n{explanation:?}\n{causes}");
    for canary in canaries {
        let once = uri_encode(canary, false);
        for spelling in [canary, &*once, &uri_encode(&once, false), &uri_encode(canary, true)] {
            let is_shown = shown.to_lowercase().contains(&spelling.to_lowercase());
            assert!(!is_shown, "{spelling} in {shown}");
        }
    }
}

#[track_caller]
fn assert_one_screen(explanation: &Explanation) {
    let screen = explanation.to_string();
    assert!(screen.lines().count() <= 25, "{screen}");
    for line in screen.lines() {
        assert!(line.chars().count() <= 80, "{line}");
        assert!(!line.chars().any(char::is_control), "{line}");
    }
}

/// The same request, differently: what is received of what was signed.
fn spoil(model: &mut Model, dice: &mut Dice) {
    let text = dice.pick(&[SECRET, TOKEN, "plain", "\u{1b}[31m", "e\u{301}"]).to_owned();
    match dice.roll(12) {
        0 => model.host.push_str(":443"),
        1 => model.host = format!("{text}.example"),
        2 => model.path = format!("{}/{text}", model.path),
        3 => model.path = format!("/{text}{}", model.path),
        4 => model.query.push(("zz-added".into(), text)),
        5 => model.query.push((text, "value".into())),
        6 => model.headers.push(("zz-added".into(), text.replace('\u{1b}', " "))),
        7 => model.method = "PATCH".into(),
        8 => model.token = None,
        9 => model.scope[1] = "elsewhere-1".into(),
        10 => model.expires = "604800".into(),
        _ => drop(model.query.pop()),
    }
}

fn failure_of(case: &Case, seed: u64) -> (Failure, Model, Model) {
    let mut dice = Dice(seed);
    let mut signed = case.model();
    signed.secret = SECRET.into();
    signed.token = Some(TOKEN.into());
    let mut received = signed.clone();
    for _ in 0..=dice.roll(3) {
        spoil(&mut received, &mut dice);
    }
    let mut failure = Failure::of(&received);
    failure.credentials = signed.credentials();
    failure.request.target =
        failure.request.target.replace(&received.signature(), &signed.signature());
    failure.now = dice.pick(&["20130524T120000Z", "20990101T000000Z", "00020101T000000Z"]);
    failure.request.target = match dice.roll(6) {
        0 => failure.request.target.replace('&', "&amp;"),
        1 => format!("{}&Signature2={}", failure.request.target, received.signature()),
        2 => failure.request.target.replace('%', "%25"),
        _ => failure.request.target,
    };
    (failure, signed, received)
}

/// A failure takes two searches, so it is not shrunk for long.
fn config() -> ProptestConfig {
    ProptestConfig {
        cases: CASES,
        max_shrink_iters: 16,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_secret_token_or_signature_is_shown(case in cases(), seed in any::<u64>()) {
        let (failure, signed, received) = failure_of(&case, seed);
        let (ours, theirs) = (signed.signature(), received.signature());
        let text = canonical_request(&received);
        let string = received.string_to_sign(&text);
        let server = ServerText::default().with_canonical_request(&text);
        let server = server.with_string_to_sign(&string);
        for server in [ServerText::default(), server] {
            let explanation = failure.explain_by(true, server);
            assert_secret(&explanation, &[SECRET, TOKEN, &ours, &theirs]);
            assert_one_screen(&explanation);
            // Nobody said what the secret is, so it cannot be told from any other text.
            let explanation = failure.explain_by(false, server);
            assert_secret(&explanation, &[&ours]);
            assert_one_screen(&explanation);
        }
    }
}

#[test]
fn neither_is_the_tool_itself() {
    let mut model = Model::documented();
    model.token = Some(TOKEN.into());
    let credentials = model.credentials();
    let region = countersign::Region::new("us-east-1").unwrap();
    let text = format!("X-Amz-Security-Token={TOKEN}");
    let explainer = countersign::explain::Explainer::new(region, countersign::Service::S3)
        .with_credentials(&credentials)
        .with_server_text(ServerText::default().with_canonical_request(&text));
    let debug = format!("{explainer:?} {:?}", ServerText::default().with_canonical_request(&text));
    assert!(!debug.contains(TOKEN) && !debug.contains(&model.secret), "{debug}");
    assert!(debug.starts_with("Explainer {") && debug.contains("us-east-1"), "{debug}");
    assert!(debug.ends_with(" ServerText { .. }"), "{debug}");
}

/// A header that is a credential, and signed, as a proxy changes it.
#[test]
fn a_credential_in_a_header_is_not_shown_on_either_side() {
    let key = "CanaryCustomerKey0123456789";
    let header = "x-amz-server-side-encryption-customer-key";
    let headers = vec![(header.to_owned(), key.to_owned())];
    let signed = Model { headers, ..Model::documented() };
    let failure = Failure::of(&signed).with_host("other.example");
    let mut other = signed;
    other.headers[0].1 = format!("{key}, {key}");
    let text = canonical_request(&other);
    let server = ServerText::default().with_canonical_request(&text);
    for has_secret in [true, false] {
        let explanation = failure.explain_by(has_secret, server);
        assert!(explanation.findings().iter().any(|it| it.cause.name() == Some(header)));
        assert_secret(&explanation, &[key]);
    }
}

/// What a request has in one spelling is shown in another.
#[test]
fn a_token_that_is_repeated_is_not_shown_in_another_spelling() {
    let text = canonical_request(&Model::documented());
    let server = ServerText::default().with_canonical_request(&text);
    for (name, value, other) in [
        ("X-Amz-Copy-Token", "Can%61ry%2ftoken%2bvalue", "Canary/token%2bvalue"),
        ("X-Amz-Copy-Toke%6e", "Canary%2Ftoken%2Bvalue", "Canary%2ftoken%2bvalue"),
        ("signature", "Canary/token%2bvalue", "Canary%2Ftoken%2Bvalue"),
        ("token", "Canary%252ftoken%252bvalue", "Canary%2ftoken%2bvalue"),
        ("token", "other;Canary/token%2bvalue", "other%3BCanary/token%2bvalue"),
    ] {
        let mut failure = Failure::of(&Model::documented());
        let more = format!("&{name}={value}&zz={value}&zzz={other}");
        failure.request.target.push_str(&more);
        for has_secret in [true, false] {
            let explanation = failure.explain_by(has_secret, server);
            let mut found = explanation.findings().iter();
            assert!(found.any(|it| it.cause.name() == Some("zz")), "{explanation}");
            assert_secret(&explanation, &["token+value"]);
        }
    }
}

/// A parameter shows no more of it than the header does.
#[test]
fn a_credential_in_a_header_is_not_shown_where_it_is_repeated() {
    let text = canonical_request(&Model::documented());
    let server = ServerText::default().with_canonical_request(&text);
    for (value, repeated) in [
        ("Bearer CanaryValue+key", "Bearer CanaryValue+key"),
        ("Signature keyId=k,signature=CanaryValue/key==", "CanaryValue/key=="),
    ] {
        let mut failure = Failure::of(&Model::documented());
        failure.request.headers.push(("authorization".into(), value.into()));
        failure.request.target.extend(["&zz=", &*uri_encode(repeated, false)]);
        for has_secret in [true, false] {
            let explanation = failure.explain_by(has_secret, server);
            let mut found = explanation.findings().iter();
            assert!(found.any(|it| it.cause.name() == Some("zz")), "{explanation}");
            assert_secret(&explanation, &["CanaryValue"]);
        }
    }
}

/// An old signature has 40 digits, a digest that somebody made of a key 32.
#[test]
fn what_has_the_form_of_a_digest_is_not_shown() {
    let text = canonical_request(&Model::documented());
    let server = ServerText::default().with_canonical_request(&text);
    for (digits, is_shown) in [(31, true), (32, false), (40, false), (64, false)] {
        let digest = "0123456789abcdef".repeat(4).split_off(64 - digits);
        let mut failure = Failure::of(&Model::documented());
        failure.request.target.extend(["&zz=", &digest]);
        let explanation = failure.explain_by(false, server);
        let shown = format!("{explanation} {explanation:?}");
        assert_eq!(shown.contains(&digest), is_shown, "{shown}");
    }
}
