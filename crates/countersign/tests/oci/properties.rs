//! Whatever is signed is verified, and nothing else.

use countersign::{
    RequestHead, Timestamp,
    oci::{Authorization, Claim, Content, ContentRule, DateHeader, Request, Verifier},
};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

use super::{HOST, Sent, key, key_id, method, public_key, target};

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 256,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

fn methods() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"])
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_signed_is_verified(
        method_text in methods(),
        target_text in "/[!-\"$-~]{0,60}",
        content_type in "[!-~]([ -~]{0,20}[!-~])?",
        body in prop::collection::vec(any::<u8>(), 0..40),
        secs in Timestamp::MIN.unix_secs()..=Timestamp::MAX.unix_secs(),
        has_x_date in any::<bool>(),
    ) {
        let now = Timestamp::from_unix_secs(secs).unwrap();
        let content = Content::of(&body, &content_type);
        let date_header = if has_x_date { DateHeader::XDate } else { DateHeader::Date };
        let (target, rule) = (target(&target_text), ContentRule::Signed);
        let signed = Request::new(method(method_text), target, HOST, rule)
            .with_content(content)
            .with_date_header(date_header)
            .sign(&key_id(), key(), now)
            .unwrap();
        let mut headers: Vec<_> = signed.headers().collect();
        headers.insert(0, ("HOST", HOST));
        let headers = headers.as_slice();
        let head = RequestHead { method: method_text, target: &target_text, headers };
        let claim = Claim::parse(&head).unwrap();
        let checked = Verifier::new().check(&claim, now).unwrap();
        let verified = checked.verify(Some(public_key())).unwrap();
        prop_assert_eq!(verified.target().as_str(), &*target_text);
        prop_assert_eq!(verified.dated(), now);
        prop_assert_eq!(verified.content_type(), Some(content_type.as_str()));
        prop_assert_eq!(verified.content_length_bytes(), Some(content.length_bytes));
        prop_assert_eq!(verified.content_sha256(), Some(content.sha256));
    }

    #[test]
    fn a_target_that_was_changed_is_not_let_in(
        place in 0..20_usize, removed in 0..20_usize, inserted in "[!-\"$-~]{0,8}|\\PC{0,4}",
    ) {
        let mut sent = Sent::get();
        let good = sent.target.clone();
        let end = (place + removed).min(good.len());
        sent.target = format!("{}{inserted}{}", &good[..place], &good[end..]);
        prop_assume!(sent.target != good);
        prop_assert!(sent.outcome().is_err());
    }

    #[test]
    fn a_header_that_was_changed_is_not_let_in(
        place in any::<prop::sample::Index>(),
        removed in 0..30_usize,
        inserted in "[ -~]{0,8}|\\PC{0,4}",
    ) {
        let mut sent = Sent::post();
        let good = sent.value("authorization").clone();
        let start = place.index(good.len());
        let end = (start + removed).min(good.len());
        let changed = format!("{}{inserted}{}", &good[..start], &good[end..]);
        let meaning = |text: &str| Authorization::parse(text).map(|it| it.to_header_value()).ok();
        // Another spacing, or another key id, for which nobody would find this key.
        let is_other_key = |text: &str| {
            Authorization::parse(text).is_ok_and(|it| it.key_id().as_str() != super::KEY_ID)
        };
        prop_assume!(meaning(&changed) != meaning(&good) && !is_other_key(&changed));
        *sent.value("authorization") = changed;
        prop_assert!(sent.outcome().is_err());
    }

    #[test]
    fn what_is_read_is_written_and_read_again(text in "(Signature )?\\PC{0,60}") {
        if let Ok(read) = Authorization::parse(&text) {
            let written = read.to_header_value();
            let again = Authorization::parse(&written).unwrap();
            prop_assert_eq!(written, again.to_header_value());
        }
    }
}
