//! Proves that a form is let in where its policy allows it and nowhere else: the documented example,
//! the cases of `s3-tests`, a matrix of conditions, a naive model, and what is refused before a
//! policy is looked at.

#[path = "post_policy/documented.rs"]
mod documented;
#[path = "post_policy/matrix.rs"]
mod matrix;
#[path = "post_policy/model.rs"]
mod model;
#[path = "post_policy/refusals.rs"]
mod refusals;
#[path = "post_policy/s3_tests.rs"]
mod s3_tests;
#[path = "post_policy/sent.rs"]
mod sent;
#[path = "post_policy/signing.rs"]
mod signing;
