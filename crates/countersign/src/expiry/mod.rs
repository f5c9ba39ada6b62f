//! How long a claim holds.
//!
//! A [`Lifetime`] is what a URL is given, a [`Validity`] the seconds in which it holds. A [`Clamp`]
//! makes a lifetime of a wish and of all that limits it; a [`Window`] makes signing times that
//! repeat.

mod clamp;
mod window;

use core::fmt;

pub use self::{
    clamp::{Clamp, Clamped, ExpiryError},
    window::Window,
};
use crate::{InvalidValue, Timestamp};

/// How long a URL lives: 1 to 604,800 seconds, by construction.
///
/// Seven days are the most that Signature Version 4 allows
/// ([`X-Amz-Expires`](https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html)).
///
/// ```
/// use countersign::Lifetime;
///
/// assert_eq!(Lifetime::from_secs(86_400)?.as_secs(), 86_400);
/// assert!(Lifetime::from_secs(0).is_err());
/// assert!(Lifetime::from_secs(604_801).is_err());
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lifetime {
    secs: u32,
}

impl Lifetime {
    /// Seven days.
    pub const MAX: Self = Self { secs: 604_800 };
    /// One second.
    pub const MIN: Self = Self { secs: 1 };

    /// Takes whole seconds.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Lifetime`] outside 1 to 604,800.
    pub fn from_secs(secs: u64) -> Result<Self, InvalidValue> {
        match u32::try_from(secs) {
            Ok(secs) if (Self::MIN.secs..=Self::MAX.secs).contains(&secs) => Ok(Self { secs }),
            _ => Err(InvalidValue::Lifetime),
        }
    }

    /// The whole seconds.
    #[must_use]
    pub const fn as_secs(self) -> u32 {
        self.secs
    }
}

impl fmt::Debug for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.secs)
    }
}

/// How far ahead the clock of a signer may be: 0 to 900 seconds, by construction.
///
/// ```
/// use countersign::Skew;
///
/// assert_eq!(Skew::default().as_secs(), 900);
/// assert!(Skew::from_secs(901).is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Skew {
    secs: u32,
}

impl Skew {
    /// Fifteen minutes, as AWS allows.
    pub const MAX: Self = Self { secs: 900 };
    /// Clocks that agree.
    pub const ZERO: Self = Self { secs: 0 };

    /// Takes whole seconds.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Skew`] over 900.
    pub fn from_secs(secs: u32) -> Result<Self, InvalidValue> {
        if secs > Self::MAX.secs {
            return Err(InvalidValue::Skew);
        }
        Ok(Self { secs })
    }

    /// The whole seconds.
    #[must_use]
    pub const fn as_secs(self) -> u32 {
        self.secs
    }
}

impl Default for Skew {
    fn default() -> Self {
        Self::MAX
    }
}

impl fmt::Debug for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.secs)
    }
}

/// The seconds in which a claim holds: from `not_before`, up to and excluding `not_after`.
///
/// ```
/// use countersign::{Lifetime, Skew, Timestamp, Validity};
///
/// let signed_at = Timestamp::parse("20130524T000000Z")?;
/// let validity = Validity::new(signed_at, Lifetime::from_secs(60)?, Skew::from_secs(5)?)
///     .expect("the year is not 9999");
/// assert!(!validity.contains(Timestamp::parse("20130523T235954Z")?));
/// assert!(validity.contains(Timestamp::parse("20130523T235955Z")?));
/// assert!(validity.contains(Timestamp::parse("20130524T000059Z")?));
/// assert!(!validity.contains(Timestamp::parse("20130524T000100Z")?));
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Validity {
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Validity {
    /// The validity of what was signed at `signed_at`, or `None` where it ends after the year 9999.
    #[must_use]
    pub fn new(signed_at: Timestamp, lifetime: Lifetime, skew: Skew) -> Option<Self> {
        Some(Self {
            not_before: signed_at.saturating_sub_secs(skew.secs),
            not_after: signed_at.checked_add_secs(lifetime.secs)?,
        })
    }

    /// The validity of what was signed at `signed_at` to be sent at once, by a clock that is off by
    /// no more than the skew; or `None` where it ends after the year 9999.
    ///
    /// ```
    /// use countersign::{Skew, Timestamp, Validity};
    ///
    /// let signed_at = Timestamp::parse("20130524T000000Z")?;
    /// let validity = Validity::around(signed_at, Skew::from_secs(5)?).expect("the year is not 9999");
    /// assert!(!validity.contains(Timestamp::parse("20130523T235954Z")?));
    /// assert!(validity.contains(Timestamp::parse("20130523T235955Z")?));
    /// assert!(validity.contains(Timestamp::parse("20130524T000005Z")?));
    /// assert!(!validity.contains(Timestamp::parse("20130524T000006Z")?));
    /// # Ok::<(), countersign::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn around(signed_at: Timestamp, skew: Skew) -> Option<Self> {
        Some(Self {
            not_before: signed_at.saturating_sub_secs(skew.secs),
            not_after: signed_at.checked_add_secs(skew.secs.checked_add(1)?)?,
        })
    }

    /// The validity of what says itself when it ends.
    #[cfg(feature = "post-policy")]
    pub(crate) const fn until(not_after: Timestamp, not_before: Timestamp) -> Self {
        Self { not_before, not_after }
    }

    /// The validity between two seconds, or `None` where no lifetime and skew make it.
    #[cfg(any(feature = "arbitrary", feature = "serde"))]
    pub(crate) fn between(not_before: Timestamp, not_after: Timestamp) -> Option<Self> {
        let secs = not_after.unix_secs().checked_sub(not_before.unix_secs())?;
        let secs_max = Lifetime::MAX.secs.checked_add(Skew::MAX.secs)?;
        (1..=i64::from(secs_max)).contains(&secs).then_some(Self { not_before, not_after })
    }

    /// The first second in which the claim holds.
    #[must_use]
    pub const fn not_before(self) -> Timestamp {
        self.not_before
    }

    /// The first second in which the claim no longer holds.
    #[must_use]
    pub const fn not_after(self) -> Timestamp {
        self.not_after
    }

    /// Whether the claim holds at `now`.
    #[must_use]
    pub fn contains(self, now: Timestamp) -> bool {
        self.not_before <= now && now < self.not_after
    }
}
