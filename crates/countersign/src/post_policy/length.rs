//! How many bytes a file may have.

use core::fmt;

/// How many bytes a file may have: from `min_bytes` to `max_bytes`, both included.
///
/// - The one is never over the other.
///
/// Follows `content-length-range` of [POST policy][doc].
///
/// ```
/// use countersign::post_policy::ContentLengthRange;
///
/// let range = ContentLengthRange::new(1, 1024).ok_or("upside down")?;
/// assert_eq!((range.min_bytes(), range.max_bytes()), (1, 1024));
/// assert_eq!(ContentLengthRange::new(2, 1), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [doc]: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentLengthRange {
    min_bytes: u64,
    max_bytes: u64,
}

impl ContentLengthRange {
    /// Any length.
    const ANY: Self = Self { min_bytes: 0, max_bytes: u64::MAX };

    /// Takes the least and the most, or is `None` where no length is both.
    #[must_use]
    pub const fn new(min_bytes: u64, max_bytes: u64) -> Option<Self> {
        if min_bytes > max_bytes { None } else { Some(Self { min_bytes, max_bytes }) }
    }

    /// The least.
    #[must_use]
    pub const fn min_bytes(self) -> u64 {
        self.min_bytes
    }

    /// The most.
    #[must_use]
    pub const fn max_bytes(self) -> u64 {
        self.max_bytes
    }

    /// What both allow, or `None` where that is nothing.
    pub(crate) fn and(self, other: Self) -> Option<Self> {
        Self::new(self.min_bytes.max(other.min_bytes), self.max_bytes.min(other.max_bytes))
    }
}

/// Counts the bytes of a file while they stream in, and says when they are too many or too few.
///
/// Made by [`VerifiedForm::meter`](super::VerifiedForm::meter), or of a range.
///
/// ```
/// use countersign::post_policy::{ContentLengthRange, FileLengthError, FileMeter};
///
/// let mut meter = FileMeter::new(ContentLengthRange::new(3, 5));
/// meter.add(4)?; // a piece of 4 bytes came
/// assert_eq!(meter.add(2), Err(FileLengthError::TooLarge { max_bytes: 5 }));
///
/// let mut meter = FileMeter::new(ContentLengthRange::new(3, 5));
/// meter.add(2)?;
/// assert_eq!(meter.finish(), Err(FileLengthError::TooSmall { min_bytes: 3, bytes: 2 }));
/// # Ok::<(), FileLengthError>(())
/// ```
#[derive(Debug)]
pub struct FileMeter {
    range: ContentLengthRange,
    bytes: u64,
}

impl FileMeter {
    /// Starts to count. Without a range any length is right.
    #[must_use]
    pub fn new(range: Option<ContentLengthRange>) -> Self {
        Self { range: range.unwrap_or(ContentLengthRange::ANY), bytes: 0 }
    }

    /// Counts a piece, before it is kept.
    ///
    /// # Errors
    ///
    /// [`FileLengthError::TooLarge`], as soon as one byte is over; and from then on.
    pub fn add(&mut self, bytes: usize) -> Result<(), FileLengthError> {
        // What does not fit is over any limit but the last, and the sum stays there.
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        self.check_max()
    }

    /// Ends the count, after the last byte: how many there were.
    ///
    /// # Errors
    ///
    /// [`FileLengthError`], also where an error of [`add`](Self::add) was passed over.
    pub fn finish(self) -> Result<u64, FileLengthError> {
        self.check_max()?;
        let (min_bytes, bytes) = (self.range.min_bytes, self.bytes);
        if bytes < min_bytes {
            return Err(FileLengthError::TooSmall { min_bytes, bytes });
        }
        Ok(bytes)
    }

    const fn check_max(&self) -> Result<(), FileLengthError> {
        let max_bytes = self.range.max_bytes;
        if self.bytes > max_bytes {
            return Err(FileLengthError::TooLarge { max_bytes });
        }
        Ok(())
    }
}

/// Why a file is not of the length that its policy allows.
///
/// ```
/// use countersign::post_policy::FileLengthError;
///
/// let error = FileLengthError::TooLarge { max_bytes: 5 };
/// assert_eq!(error.to_string(), "the file has more than 5 bytes");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileLengthError {
    /// `EntityTooLarge`, 400. The rest of the file need not be read.
    TooLarge {
        /// The most that the policy allows.
        max_bytes: u64,
    },
    /// `EntityTooSmall`, 400.
    TooSmall {
        /// The least that the policy allows.
        min_bytes: u64,
        /// How many there were.
        bytes: u64,
    },
}

impl fmt::Display for FileLengthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { max_bytes } => write!(f, "the file has more than {max_bytes} bytes"),
            Self::TooSmall { min_bytes, bytes } => {
                write!(f, "the file has {bytes} bytes, not {min_bytes}")
            }
        }
    }
}

impl core::error::Error for FileLengthError {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    fn meter(min_bytes: u64, max_bytes: u64) -> FileMeter {
        FileMeter::new(ContentLengthRange::new(min_bytes, max_bytes))
    }

    #[test]
    fn both_ends_of_the_range_are_in_it() {
        for (bytes, expected) in
            [(1, Err(FileLengthError::TooSmall { min_bytes: 2, bytes: 1 })), (2, Ok(2)), (3, Ok(3))]
        {
            let mut meter = meter(2, 3);
            (0..bytes).for_each(|_| meter.add(1).unwrap());
            assert_eq!(meter.finish(), expected, "{bytes}");
        }
        let mut meter = meter(2, 3);
        meter.add(3).unwrap();
        assert_eq!(meter.add(1), Err(FileLengthError::TooLarge { max_bytes: 3 }));
        assert_eq!(meter.finish(), Err(FileLengthError::TooLarge { max_bytes: 3 }));
    }

    #[test]
    fn a_refusal_says_how_many_bytes_there_may_be() {
        let too_small = FileLengthError::TooSmall { min_bytes: 3, bytes: 2 };
        assert_eq!(too_small.to_string(), "the file has 2 bytes, not 3");
        let too_large = FileLengthError::TooLarge { max_bytes: 5 };
        assert_eq!(too_large.to_string(), "the file has more than 5 bytes");
    }

    #[test]
    fn a_count_never_wraps() {
        let mut meter = meter(0, u64::MAX - 1);
        meter.add(usize::MAX).unwrap_err();
        meter.add(usize::MAX).unwrap_err();
        meter.add(0).unwrap_err();
        assert!(meter.finish().is_err());
    }

    #[test]
    fn two_ranges_allow_what_both_allow() {
        let range = |min, max| ContentLengthRange::new(min, max).unwrap();
        assert_eq!(range(1, 5).and(range(3, 9)), ContentLengthRange::new(3, 5));
        assert_eq!(range(1, 5).and(range(5, 9)), ContentLengthRange::new(5, 5));
        assert_eq!(range(1, 5).and(range(6, 9)), None);
    }
}
