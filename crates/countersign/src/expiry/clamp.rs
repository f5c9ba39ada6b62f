use core::fmt;

use crate::{Lifetime, Timestamp, Window};

/// A wished lifetime, held against one limit after another.
///
/// What limits a URL is rarely one thing: the store has a maximum, the credentials end, the job ends
/// that the URL is for. `L` is the caller's own name for a limit; the [`Clamped`] that comes out
/// says which of them cut the wish.
///
/// - The result is never longer than the wish, nor than any limit.
/// - Of two limits that are equal, the first is the one that cut.
///
/// ```
/// use countersign::{Clamp, Lifetime, Timestamp};
///
/// #[derive(Debug, PartialEq)]
/// enum Limit {
///     Store,
///     Credentials,
/// }
///
/// let now = Timestamp::parse("20130524T000000Z")?;
/// let clamped = Clamp::new(Lifetime::from_secs(86_400)?, now)
///     .at_most(Lifetime::MAX, Limit::Store)
///     .until(Timestamp::parse("20130524T010000Z")?, Limit::Credentials)
///     .finish()?;
/// assert_eq!(clamped.lifetime().as_secs(), 3600);
/// assert_eq!(clamped.expires_at().to_string(), "20130524T010000Z");
/// assert_eq!(clamped.limited_by(), Some(&Limit::Credentials));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Clamp<L> {
    now: Timestamp,
    signed_at: Timestamp,
    /// Perhaps after the year 9999: a limit may still bring it back.
    end_unix_secs: i64,
    limited_by: Option<L>,
}

impl<L> Clamp<L> {
    /// Starts with what was wished, for a URL that is signed now.
    #[must_use]
    pub fn new(wish: Lifetime, now: Timestamp) -> Self {
        Self::signed_at(now, wish, now)
    }

    /// Starts with what was wished, for a URL that is signed at the start of a window, and is the
    /// same URL to the window's end. Each limit is held against the whole life of the URL.
    ///
    /// ```
    /// use countersign::{Clamp, Lifetime, Timestamp, Window};
    ///
    /// let now = Timestamp::parse("20130524T000759Z")?;
    /// let (wish, window) = (Lifetime::from_secs(600)?, Window::from_secs(300)?);
    /// let clamped = Clamp::in_window(wish, window, now)?
    ///     .until(Timestamp::parse("20130524T001000Z")?, "job")
    ///     .finish()?;
    /// assert_eq!(clamped.signed_at().to_string(), "20130524T000500Z");
    /// assert_eq!(clamped.expires_at().to_string(), "20130524T001000Z");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ExpiryError::WindowTooLong`], when wish and window together are over seven days.
    pub fn in_window(
        wish: Lifetime,
        window: Window,
        now: Timestamp,
    ) -> Result<Self, ExpiryError<L>> {
        let lifetime = window.lifetime(wish).map_err(|_| ExpiryError::WindowTooLong)?;
        Ok(Self::signed_at(window.start(now), lifetime, now))
    }

    fn signed_at(signed_at: Timestamp, lifetime: Lifetime, now: Timestamp) -> Self {
        let end_unix_secs = end_of(signed_at, lifetime);
        Self { now, signed_at, end_unix_secs, limited_by: None }
    }

    /// Holds it against the longest lifetime that something allows.
    #[must_use]
    pub fn at_most(self, lifetime: Lifetime, limit: L) -> Self {
        let end_unix_secs = end_of(self.signed_at, lifetime);
        self.cut(end_unix_secs, limit)
    }

    /// Holds it against the first second in which something is over; `None` is no limit.
    #[must_use]
    pub fn until(self, not_after: impl Into<Option<Timestamp>>, limit: L) -> Self {
        match not_after.into() {
            Some(not_after) => self.cut(not_after.unix_secs(), limit),
            None => self,
        }
    }

    fn cut(self, end_unix_secs: i64, limit: L) -> Self {
        if end_unix_secs < self.end_unix_secs {
            return Self { end_unix_secs, limited_by: Some(limit), ..self };
        }
        self
    }

    /// What is left of the wish.
    ///
    /// # Errors
    ///
    /// - [`ExpiryError::NothingLeft`], when a limit leaves not one second from now.
    /// - [`ExpiryError::OutOfRange`], when no limit keeps the URL from outliving the year 9999.
    pub fn finish(self) -> Result<Clamped<L>, ExpiryError<L>> {
        let Self { now, signed_at, end_unix_secs, limited_by } = self;
        let expires_at =
            Timestamp::from_unix_secs(end_unix_secs).map_err(|_| ExpiryError::OutOfRange)?;
        let limited_by = match limited_by {
            Some(limit) if expires_at <= now => {
                return Err(ExpiryError::NothingLeft { limit, now, not_after: expires_at });
            }
            other => other,
        };
        let secs = end_unix_secs.saturating_sub(signed_at.unix_secs());
        let lifetime = u64::try_from(secs).ok().and_then(|secs| Lifetime::from_secs(secs).ok());
        let lifetime = lifetime.ok_or(ExpiryError::OutOfRange)?;
        Ok(Clamped { signed_at, lifetime, expires_at, limited_by })
    }
}

fn end_of(signed_at: Timestamp, lifetime: Lifetime) -> i64 {
    signed_at.unix_secs().saturating_add(lifetime.as_secs().into())
}

/// What the limits left of a wish.
///
/// - `signed_at` and `lifetime` together are `expires_at`, which is later than the `now` of its
///   [`Clamp`].
///
/// [`Clamp`] has the example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clamped<L> {
    signed_at: Timestamp,
    lifetime: Lifetime,
    expires_at: Timestamp,
    limited_by: Option<L>,
}

impl<L> Clamped<L> {
    /// When to sign: now, or at the start of the window.
    #[must_use]
    pub const fn signed_at(&self) -> Timestamp {
        self.signed_at
    }

    /// The lifetime to sign with.
    #[must_use]
    pub const fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    /// The first second in which the URL will no longer work: what a caller is to be told.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The limit that cut the wish, or `None` where the wish was granted.
    #[must_use]
    pub const fn limited_by(&self) -> Option<&L> {
        self.limited_by.as_ref()
    }
}

/// Why no lifetime came out of a wish and its limits.
///
/// ```
/// use countersign::{Clamp, ExpiryError, Lifetime, Timestamp};
///
/// let now = Timestamp::parse("20130524T000000Z")?;
/// let error = Clamp::new(Lifetime::MAX, now).until(now, "job").finish().unwrap_err();
/// assert_eq!(error, ExpiryError::NothingLeft { limit: "job", now, not_after: now });
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpiryError<L> {
    /// This limit leaves less than one second.
    NothingLeft {
        /// The caller's name for the limit.
        limit: L,
        /// The caller's clock.
        now: Timestamp,
        /// The first second that the limit does not allow.
        not_after: Timestamp,
    },
    /// Wish and window together are over 604,800 seconds.
    WindowTooLong,
    /// The URL would outlive the year 9999.
    OutOfRange,
}

impl<L> fmt::Display for ExpiryError<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingLeft { now, not_after, .. } => {
                write!(f, "nothing may be signed that lives past {not_after}, it is {now}")
            }
            Self::WindowTooLong => {
                f.write_str("lifetime and window together are over 604800 seconds")
            }
            Self::OutOfRange => f.write_str("the URL would expire after the year 9999"),
        }
    }
}

impl<L: fmt::Debug> core::error::Error for ExpiryError<L> {}
