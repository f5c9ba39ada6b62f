use std::io::{self, Read};

use super::{DEPTH_MAX, PreviewFault, VALUE_LEN_MAX};

/// JSON on its way to its reader, which holds a string whole, and a level of nesting as long as it
/// is open: what has too much of either ends here.
///
/// It looks at quotes and brackets alone. What is no JSON besides is for the reader to say.
pub(super) struct Guard<R> {
    input: R,
    depth: usize,
    /// The bytes of the string that is open.
    string_len: Option<u64>,
    is_escaped: bool,
}

impl<R: Read> Guard<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, depth: 0, string_len: None, is_escaped: false }
    }

    fn look_at(&mut self, byte: u8) -> Result<(), PreviewFault> {
        let Some(len) = &mut self.string_len else {
            match byte {
                b'"' => self.string_len = Some(0),
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            return if self.depth > DEPTH_MAX { Err(PreviewFault::TooDeep) } else { Ok(()) };
        };
        *len += 1;
        if *len > VALUE_LEN_MAX {
            return Err(PreviewFault::ValueTooLong);
        }
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = true,
            b'"' => self.string_len = None,
            _ => {}
        }
        Ok(())
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.input.read(buffer)?;
        for byte in buffer.get(..len).unwrap_or_default() {
            self.look_at(*byte)?;
        }
        Ok(len)
    }
}
