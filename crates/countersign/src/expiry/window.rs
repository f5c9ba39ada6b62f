use core::fmt;

use crate::{InvalidValue, Lifetime, Timestamp};

/// Signing times that repeat: within a window of 1 to 86,400 seconds one request is always signed at
/// the window's start, and so is always the same URL. A cache can keep what it points to.
///
/// - Windows begin at midnight UTC. Where they do not divide the day, the day's last is shorter. So
///   the start of a window is of the same day as each of its seconds, and the
///   [`SigningKey`](crate::SigningKey) of the day signs.
/// - The start is never ahead of the clock, so no verifier's [`Skew`](crate::Skew) is used up by it.
/// - A URL lives longer by one window, so that it never has less left than was wished.
///
/// A URL that is shared by all who ask is no longer one that can be told apart by who asked.
///
/// ```
/// use countersign::{Lifetime, Timestamp, Window};
///
/// let window = Window::from_secs(900)?;
/// let now = Timestamp::parse("20130524T102959Z")?;
/// assert_eq!(window.start(now).to_string(), "20130524T101500Z");
/// assert_eq!(window.lifetime(Lifetime::from_secs(600)?)?.as_secs(), 1500);
/// # Ok::<(), countersign::InvalidValue>(())
/// ```
///
/// To sign with it, give the start to [`SigningKey::at`](crate::SigningKey::at) and the lifetime to
/// the request. Where the lifetime has limits too,
/// [`Clamp::in_window`](crate::Clamp::in_window) does both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    secs: u32,
}

impl Window {
    /// One day.
    pub const MAX: Self = Self { secs: 86_400 };
    /// One second: every second has URLs of its own.
    pub const MIN: Self = Self { secs: 1 };

    /// Takes whole seconds.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Window`] outside 1 to 86,400.
    pub fn from_secs(secs: u32) -> Result<Self, InvalidValue> {
        if (Self::MIN.secs..=Self::MAX.secs).contains(&secs) {
            Ok(Self { secs })
        } else {
            Err(InvalidValue::Window)
        }
    }

    /// The whole seconds.
    #[must_use]
    pub const fn as_secs(self) -> u32 {
        self.secs
    }

    /// The first second of the window that has this second.
    #[must_use]
    pub fn start(self, now: Timestamp) -> Timestamp {
        let of_day = now.unix_secs().rem_euclid(Self::MAX.secs.into());
        // Below the seconds of a day, and the divisor is not 0: neither default is ever taken.
        let of_window = u32::try_from(of_day).unwrap_or_default().checked_rem(self.secs);
        now.saturating_sub_secs(of_window.unwrap_or_default())
    }

    /// The lifetime that leaves at least the wished one in every second of the window.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::Lifetime`], when wish and window together are over 604,800 seconds: any
    /// shorter lifetime would leave less than was wished.
    pub fn lifetime(self, wish: Lifetime) -> Result<Lifetime, InvalidValue> {
        Lifetime::from_secs(u64::from(wish.as_secs()).saturating_add(self.secs.into()))
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.secs)
    }
}
