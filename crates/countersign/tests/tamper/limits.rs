//! What is as large as may be is verified, and what is larger by one is refused by its name. All of it
//! is signed by the owner of the key, so that only its size is at issue.

use countersign::{Field, ParseError, VerifyError};

use crate::{
    common::{Model, Report, Request, Server, header::HeaderModel},
    documented_time,
};

const LEN_MAX: usize = 16_384;

fn too_large(field: Field) -> VerifyError {
    VerifyError::Parse(ParseError::TooLarge(field))
}

fn answer(request: &Request) -> Result<Report, VerifyError> {
    Server::documented().answer(request, documented_time())
}

fn answer_in_header(request: &Request) -> Result<Report, VerifyError> {
    Server::documented().answer_in_header(request, documented_time())
}

/// A request whose target is as long as this, by a path that is.
fn with_target_of(len: usize, sign: impl Fn(&str) -> Request) -> Request {
    let rest_len = sign("").target.len();
    let request = sign(&"a".repeat(len - rest_len));
    assert_eq!(request.target.len(), len);
    request
}

#[test]
fn a_target_of_16_384_bytes_is_read_and_no_longer_one() {
    let presigned =
        |more: &str| Model { path: format!("/test.txt{more}"), ..Model::documented() }.request();
    let in_header = |more: &str| {
        let mut model = HeaderModel::documented();
        model.0.path.push_str(more);
        model.request()
    };
    for over in [0, 1, 2, LEN_MAX] {
        let len = LEN_MAX + over;
        let expected = (over > 0).then_some(too_large(Field::Target));
        assert_eq!(answer(&with_target_of(len, presigned)).err(), expected, "{len}");
        assert_eq!(answer_in_header(&with_target_of(len, in_header)).err(), expected, "{len}");
    }
}

#[test]
fn an_authorization_header_of_16_384_bytes_is_read_and_no_longer_one() {
    let good = HeaderModel::documented().request();
    let with_spaces = |count: usize| {
        let mut request = good.clone();
        let (_, value) = request.headers.last_mut().unwrap();
        *value = value.replacen(", ", &format!(",{}", " ".repeat(count)), 1);
        (value.len(), request)
    };
    let (rest_len, _) = with_spaces(0);
    for over in [0, 1, 2, LEN_MAX] {
        let (len, request) = with_spaces(LEN_MAX - rest_len + over);
        assert_eq!(len, LEN_MAX + over);
        let expected = (over > 0).then_some(too_large(Field::Authorization));
        assert_eq!(answer_in_header(&request).err(), expected, "{len}");
    }
}
