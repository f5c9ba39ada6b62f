//! Presigning, from the start: what a presigned URL is, how it comes about, where it goes wrong.
//!
//! There is nothing here but text and examples. The example is the one of the AWS documentation
//! ([authenticating requests: query parameters][doc]), and each step of it is asserted.
//!
//! # What a presigned URL is
//!
//! A URL to one object in a store, with leave to do one thing with it for some time. The leave
//! stands in its query, and is bound by a signature to the method, the host, the path, all other
//! parameters, and chosen headers. The store asks for nothing else: whoever has the URL has the
//! leave. It was made without the store, by somebody who has a secret key in common with it.
//!
//! # How it is made
//!
//! Somebody wants to hand out `test.txt` of the bucket `examplebucket` for one day. Who signs, with
//! what, where, and when:
//!
//! ```
//! use countersign::*;
//!
//! let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
//! let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
//! let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::VirtualHost)?;
//! let now = Timestamp::parse("20130524T000000Z")?;
//! # Ok::<(), InvalidValue>(())
//! ```
//!
//! **1. The canonical request.** Signer and verifier write the request down as one text: method,
//! path, query, headers, the names of those headers, and what is said of the body.
//!
//! ```text
//! GET
//! /test.txt
//! X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1
//!     %2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host
//! host:examplebucket.s3.amazonaws.com
//!
//! host
//! UNSIGNED-PAYLOAD
//! ```
//!
//! (The query is one line.) The query has all that is to be said of the signature but the signature
//! itself, each name and value percent-encoded, sorted. The body is not known when a URL is made,
//! hence `UNSIGNED-PAYLOAD`. This crate never keeps the text: it goes straight into SHA-256.
//!
//! A [`Bucket`] knows the host and the path before the key, a [`WirePath`] the whole path, encoded
//! once. A [`PresignRequest`] is all that is signed.
//!
//! ```
//! # use countersign::*;
//! # let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::VirtualHost)?;
//! let bucket = endpoint.bucket("examplebucket")?;
//! assert_eq!(bucket.authority(), "examplebucket.s3.amazonaws.com");
//! let path = bucket.object("test.txt")?;
//! assert_eq!(path.to_string(), "/test.txt");
//! let request = PresignRequest::new(Method::GET, path, Lifetime::from_secs(86_400)?);
//! # Ok::<(), InvalidValue>(())
//! ```
//!
//! **2. The string to sign.** Four lines: algorithm, time, scope, and the digest of the canonical
//! request. A [`Scope`] is what a signature is good for: one day, one region, one service.
//!
//! ```
//! use countersign::*;
//! use sha2::{Digest, Sha256};
//!
//! let now = Timestamp::parse("20130524T000000Z")?;
//! let scope = Scope::new(now.date(), Region::new("us-east-1")?, Service::S3);
//! let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256\
//!     &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
//!     &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host";
//! let canonical_request = format!(
//!     "GET\n/test.txt\n{query}\nhost:examplebucket.s3.amazonaws.com\n\nhost\nUNSIGNED-PAYLOAD"
//! );
//! let digest = hex::encode(Sha256::digest(canonical_request));
//! let string_to_sign = format!("AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest}");
//! assert_eq!(
//!     string_to_sign,
//!     "AWS4-HMAC-SHA256\n\
//!      20130524T000000Z\n\
//!      20130524/us-east-1/s3/aws4_request\n\
//!      3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04"
//! );
//! # Ok::<(), InvalidValue>(())
//! ```
//!
//! **3. The signing key.** The secret itself signs nothing. Four HMACs make a key of it that is good
//! for the scope only: over the day under `AWS4` and the secret, over the region under that, then
//! the service, then `aws4_request`. That is [`SigningKey::derive`], once a day.
//!
//! **4. The signature.** HMAC-SHA-256 of the string to sign, under the signing key, in 64 hex digits,
//! as the last parameter. [`SigningKey::at`] fixes the second, [`Presigner::presign`] does the rest.
//!
//! ```
//! # use countersign::*;
//! # let secret = SecretKey::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
//! # let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret)?;
//! # let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::VirtualHost)?;
//! # let now = Timestamp::parse("20130524T000000Z")?;
//! # let scope = Scope::new(now.date(), Region::new("us-east-1")?, Service::S3);
//! # let bucket = endpoint.bucket("examplebucket")?;
//! # let lifetime = Lifetime::from_secs(86_400)?;
//! # let request = PresignRequest::new(Method::GET, bucket.object("test.txt")?, lifetime);
//! let key = SigningKey::derive(&credentials, scope);
//! let url = key.at(now)?.presign(&request)?;
//! assert_eq!(
//!     url.as_str(),
//!     "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
//!      &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
//!      &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
//!      &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
//! );
//! assert_eq!(url.expires_at().to_string(), "20130525T000000Z");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How it is verified
//!
//! The verifier makes the same text of the request that it received, and compares signatures. In
//! between it has to refuse much: another region, a time that is over, a header that ought to be
//! signed. Each step has a type, and takes the one before: [`RequestHead`] → [`Claim`] →
//! [`Checked`] → [`Verified`]. Only the last one may be believed. [`Verifier`] has the example.
//!
//! # Where it goes wrong
//!
//! **Encoding.** A path is encoded once. A library that encodes the URL again (`%20` to `%2520`), or
//! tidies `//` and `..` away, makes it another path. Keys are given as they are; send the URL as it
//! came out.
//!
//! ```
//! # use countersign::*;
//! # let endpoint = Endpoint::parse("https://s3.amazonaws.com", Addressing::Path)?;
//! let bucket = endpoint.bucket("examplebucket")?;
//! assert_eq!(bucket.object("a b")?.to_string(), "/examplebucket/a%20b");
//! assert_eq!(bucket.object("a%20b")?.to_string(), "/examplebucket/a%2520b");
//! # Ok::<(), InvalidValue>(())
//! ```
//!
//! **Host and port.** What is signed is the `Host` that the client sends: the port is part of it,
//! unless it is the default of the scheme. A proxy that passes on a `Host` of its own breaks every
//! URL; the [`Endpoint`] has to be the one that clients see. A URL cannot be moved to another
//! host.
//!
//! **Headers that are not signed.** A header binds only if it is signed, and a signed one has to be
//! sent: [`PresignedUrl::required_headers`] says which. An upload whose `Content-Type` is not signed
//! takes any. A verifier has to refuse `x-amz-` headers that are not signed; [`Verifier`] does, or
//! else the holder of an upload URL could add `x-amz-acl`.
//!
//! **The body.** It is not bound, unless an `x-amz-content-sha256` header is signed, and then only
//! if whoever stores it compares ([`Verified::payload`]). A signed `Content-Length` bounds its size.
//!
//! **The clock.** A URL holds from its `X-Amz-Date`, less the [`Skew`] that its verifier allows, up
//! to and excluding `X-Amz-Date` + `X-Amz-Expires`. A signer whose clock is ahead by more than that
//! makes URLs that do not work yet, one that is behind makes them shorter.
//!
//! **Midnight.** The day of the key is that of `X-Amz-Date`, in UTC. A key that is kept overnight
//! signs no more, and [`SigningKey::at`] says so. The verifier needs the key of the day on which a
//! URL was signed, up to seven days back, not that of today: [`Checked::scope`].
//!
//! **HEAD and GET.** The method is signed. A URL for GET is none for HEAD, which download managers
//! try first; S3 refuses it.
//!
//! **Session tokens.** Temporary credentials come with a token, which is part of the query and is
//! signed. They end, and their URLs with them, whatever `X-Amz-Expires` says: tell the
//! [`Credentials`] when ([`Credentials::with_expiry`]), and a [`Clamp`] what else limits a URL.
//!
//! **Caches.** Each second makes another URL, and so another entry in every cache. A [`Window`] makes
//! the same one for longer.
//!
//! **Revoking.** There is no way to call one URL back. What ends it early is the end of its key, or
//! of the object, or a verifier that asks somebody. Until then it works for everybody who sees it:
//! in a log, a referrer, a chat. Make lifetimes short. `Debug` shows no signature in this crate.
//!
//! # Which type stands for what
//!
//! | of the specification | here |
//! | --- | --- |
//! | access key id, secret access key, session token | [`Credentials`], [`SecretKey`] |
//! | `X-Amz-Date`, the day of a scope | [`Timestamp`], [`Date`] |
//! | `X-Amz-Expires` | [`Lifetime`]; [`Clamp`], [`Window`] make one |
//! | `X-Amz-Credential` | an access key id and a [`Scope`] |
//! | `X-Amz-SignedHeaders` | [`PresignRequest::with_signed_header`] |
//! | canonical URI | [`WirePath`], out of [`Endpoint`] and [`Bucket`] |
//! | hashed payload | [`PayloadRule`] |
//! | signing key | [`SigningKey`] |
//! | signature | [`Presigner`] makes it, [`Checked::verify`] compares it |
//!
//! [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html

#[expect(clippy::wildcard_imports, reason = "its links lead all over the crate")]
#[cfg(doc)]
use crate::*;
