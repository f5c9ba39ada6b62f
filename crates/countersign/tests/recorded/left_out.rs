//! What is not replayed.

const STORAGE: &str = "the verifier lets the form in; the storage refuses what is in its field";

/// Answers that are none to a signature of version 4: test, answer, and why.
pub(crate) const LEFT_OUT: [(&str, &str, &str); 4] = [
    (
        "test_s3_copy_md5",
        "copy-obj",
        "the answer to a call of the SDK; the presigned copy has none that was recorded",
    ),
    ("test_post_object_with_tags[notxml]", "tagging-error", STORAGE),
    ("test_post_object_with_storage_class", "invalid-storage-error", STORAGE),
    (
        "test_post_object_with_wrong_content_type",
        "invalid-content-type-error",
        "the request is no form: whoever reads its parts refuses it before",
    ),
];
