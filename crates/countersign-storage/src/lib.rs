//! Storage backends of Countersign: objects by their S3 key, multipart uploads, and signed URLs.
//!
//! A [`Backend`] is one bucket: its [`Objects`] and its [`PartStore`]; a [`UrlSigner`] makes the URLs
//! that reach it. [`FileStore`] keeps a bucket in a folder and keeps what it acknowledged; [`S3`] is
//! one of an S3 store; [`Backend::over`] puts any [`object_store::ObjectStore`] behind the same traits;
//! [`Backend::memory`] is for tests.
//!
//! ```
//! use countersign_storage::{Backend, ObjectKey, PutRequest, bytes_of, collect};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let backend = Backend::memory();
//! let key = ObjectKey::new("reports/2026.csv")?;
//! let put = PutRequest::new(5).with_content_type("text/csv");
//! backend.objects().put(&key, bytes_of("a,b\n1"), put).await?;
//!
//! let object = backend.objects().open(&key).await?;
//! assert_eq!(object.info().size, 5);
//! assert_eq!(collect(object.read(0..3)).await?, "a,b");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What this crate does not do
//!
//! - It knows no teams, no API keys and no grants: whoever holds a [`Backend`] may do all.
//! - It serves no HTTP: that is the gateway's.
//! - It makes no bucket, and changes no rule of one.

mod backend;
mod body;
mod capability;
mod clock;
mod disposition;
mod error;
mod fs;
mod intake;
mod key;
mod key_of_day;
mod memory;
mod object;
mod part;
mod prefix_signer;
mod s3;
mod store_signer;
mod through;
mod url_signer;

pub use backend::Backend;
pub use body::{bytes_of, collect};
pub use capability::Capability;
pub use disposition::{Disposition, attachment};
pub use error::StoreError;
pub use fs::FileStore;
pub use key::{InvalidKey, ObjectKey};
pub use object::{
    BodyLength, ETag, Object, ObjectInfo, ObjectReader, Objects, PutMode, PutRequest,
};
pub use object_store::{Attribute, Attributes};
pub use part::{CompletedPart, InvalidPart, Part, PartNumber, PartStore, UploadId};
pub use prefix_signer::{PrefixSigner, PrefixUrl};
pub use s3::{S3, S3Error, S3Settings, S3SettingsError};
pub use store_signer::StoreSigner;
pub use url_signer::{Bound, Download, Existing, UrlError, UrlSigner};
