//! The screen itself.

use countersign::explain::ServerText;

use super::{Failure, Model, rich, server::canonical_request};

#[test]
fn a_proven_cause_shows_both_sides_and_marks_the_column() {
    let failure = Failure::of(&Model::documented()).with_host("examplebucket.s3.amazonaws.com:443");
    let expected = "\
refused: the signature is not that of the request
S3 would answer 403 SignatureDoesNotMatch

1. the host was signed with another port (proven: without that the signature is
   right)
     signed    examplebucket.s3.amazonaws.com
     received  examplebucket.s3.amazonaws.com:443
                                             ^
   Sign for the host as clients send it: without :443, :80 by default.";
    assert_eq!(failure.explain().to_string(), expected);
}

#[test]
fn an_expired_url_is_three_lines_and_a_word_on_its_signature() {
    let mut failure = Failure::of(&Model::documented());
    failure.now = "20130527T010203Z";
    let expected = "\
refused: it is not the time
S3 would answer 403 AccessDenied

1. it expired 176523 s (2 days) ago
   Sign anew, or for longer; compare the clocks.

The signature itself is right.";
    assert_eq!(failure.explain().to_string(), expected);
}

#[test]
fn a_difference_far_to_the_right_is_brought_into_view() {
    let path = format!("/bucket/{}/end.txt", "folder/".repeat(20));
    let signed = Model { path: path.clone(), ..rich() };
    let text = canonical_request(&Model { path: path.replace("end.txt", "END.txt"), ..rich() });
    let server = ServerText::default().with_canonical_request(&text);
    let expected = "\
without the secret no more can be said than this

1. another path was signed (by what the server says)
     signed    ...r/folder/folder/folder//end.txt
     received  ...r/folder/folder/folder//END.txt
                                          ^
   Compare the key and the bucket on both sides.";
    let screen = Failure::of(&signed).explain_by(false, server).to_string();
    assert_eq!(screen, expected);
}

#[test]
fn more_than_fits_is_counted() {
    let mut failure = Failure::of(&rich());
    failure.region = "eu-west-1";
    failure.now = "20140101T000000Z";
    let failure = failure.with_header("x-amz-acl", "private").with_header("x-amz-grant-read", "a");
    let screen = failure.explain().to_string();
    assert!(screen.contains("\n\n3. the header `x-amz-acl`"), "{screen}");
    assert!(screen.contains("\n\nand 1 more\n\nThe signature itself is right."), "{screen}");
}

#[test]
fn what_a_terminal_would_obey_is_escaped() {
    let failure = Failure::of(&rich()).with_header("X-Forwarded-Host", "a\u{1b}[2Jb\u{202e}c");
    let screen = failure.with_host("backend").explain_by(false, ServerText::default()).to_string();
    assert!(screen.contains("a\\u{1b}[2Jb\\u{202e}c"), "{screen}");
}
