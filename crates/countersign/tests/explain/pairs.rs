//! Two things at once.

use super::{Failure, Model, rich};

#[test]
fn two_changes_of_different_parts_are_found_together() {
    let codes = |failure: Failure| {
        let explanation = failure.explain();
        let mut codes: Vec<_> =
            explanation.findings().iter().map(|finding| finding.cause.code()).collect();
        assert!(explanation.findings().iter().all(|it| it.evidence.as_str() == "proven"));
        codes.sort_unstable();
        codes
    };
    let by_proxy =
        Failure::of(&rich()).with_host("files.example.com:443").replaced("%2Bc/", "%2Bc//");
    assert_eq!(codes(by_proxy), ["host_port", "path_slashes"]);
    let by_client = Failure::of(&rich()).with_method("POST");
    let mut by_client = by_client.with_host("FILES.example.com");
    assert_eq!(codes(by_client.clone()), ["host_case", "method"]);
    by_client = Failure::of(&rich()).with_method("GET").without_header("content-type");
    assert_eq!(codes(by_client), ["header_absent", "method"]);
    let spoiled = Failure::of(&Model { secret: "abc\n".into(), ..rich() });
    let spoiled = spoiled.with_host("files.example.com:80");
    let trimmed = super::credentials(&rich().id, "abc");
    assert_eq!(
        codes(Failure { credentials: trimmed, ..spoiled }),
        ["host_port", "secret_white_space"]
    );
}
