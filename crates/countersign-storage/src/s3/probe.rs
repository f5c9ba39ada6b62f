//! Whether a bucket answers, asked once.

use countersign::Method;

use super::{
    S3, S3Error,
    client::{Call, Repeat},
    prefix::Prefix,
};
use crate::ObjectKey;

/// Nobody stores anything here.
const KEY: &str = "countersign-probe";

impl S3 {
    /// Asks for an object that is not there: with one signed request, whether the bucket is, and
    /// whether the key may be used for it.
    ///
    /// A store that hides from the key what is not there, as S3 does without `s3:ListBucket`, is of
    /// no use here: nobody could tell what was not uploaded from what may not be read.
    ///
    /// ```
    /// use countersign::{Credentials, SecretKey};
    /// use countersign_storage::{S3, S3Error, S3Settings};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let credentials = Credentials::new("id", SecretKey::new("secret")?)?;
    /// let nobody = "http://127.0.0.1:1";
    /// let s3 = S3::new(S3Settings::new("datasets", "us-east-1", nobody, credentials))?;
    /// assert!(matches!(s3.probe().await, Err(S3Error::Unreachable(_))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`S3Error`]: a bucket that is absent is `NoSuchBucket`.
    pub async fn probe(&self) -> Result<(), S3Error> {
        let key = ObjectKey::new(KEY).ok();
        let prefix = Prefix::new(&self.settings.prefix);
        let key = prefix.zip(key).and_then(|(prefix, key)| prefix.of(&key).ok());
        let key = key.ok_or(S3Error::malformed("the key of the probe"))?;
        // Not HEAD: its refusal has no code.
        let call = Call::new(Method::GET, key.as_str(), Repeat::Always);
        match self.client.send(call).await {
            Ok(_) => Ok(()),
            Err(S3Error::Refused { status: 404, code }) if code.as_deref() == Some("NoSuchKey") => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
