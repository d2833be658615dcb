//! Bytes that are written a token at a time and cut back again.

/// A text that grows and shrinks: what is beyond its length is left there and written over, so that
/// eight bytes can be stored where fewer count.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    length: usize,
}

/// Bytes that it has at first, and the fewest that it grows by.
const STEP: usize = 1 << 10;

impl Buffer {
    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn text(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Forgets what comes after the first `length` bytes; no more than there are.
    #[inline(always)]
    pub(super) fn truncate(&mut self, length: usize) {
        self.length = length.min(self.length);
    }

    #[inline(always)]
    pub(super) fn push(&mut self, byte: u8) {
        match self.bytes.get_mut(self.length) {
            Some(slot) => *slot = byte,
            None => self.grow(&[byte]),
        }
        self.length += 1;
    }

    /// Adds a blank, or nothing.
    #[inline(always)]
    pub(super) fn push_blank(&mut self, wanted: bool) {
        match self.bytes.get_mut(self.length) {
            Some(slot) => *slot = b' ',
            None => self.grow(b" "),
        }
        self.length += usize::from(wanted);
    }

    /// Adds the lowest `count` of eight bytes; no more than eight.
    #[inline(always)]
    pub(super) fn push_eight(&mut self, bytes: u64, count: usize) {
        let rest = self.bytes.get_mut(self.length..).unwrap_or_default();
        match rest.first_chunk_mut() {
            Some(slot) => *slot = bytes.to_le_bytes(),
            None => self.grow(&bytes.to_le_bytes()),
        }
        self.length += count;
    }

    pub(super) fn extend(&mut self, text: &[u8]) {
        let end = self.length + text.len();
        match self.bytes.get_mut(self.length..end) {
            Some(slots) => slots.copy_from_slice(text),
            None => self.grow(text),
        }
        self.length = end;
    }

    /// Makes room, and stores there what did not fit.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, text: &[u8]) {
        self.bytes.truncate(self.length);
        self.bytes.extend_from_slice(text);
        self.bytes.resize((self.bytes.len() + STEP).max(2 * self.length), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_written_across_its_steps() {
        let (mut buffer, mut expected) = (Buffer::default(), Vec::new());
        for step in 0..3 * STEP {
            let eight = (step as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            buffer.push_eight(eight, step % 9);
            expected.extend_from_slice(&eight.to_le_bytes()[..step % 9]);
            buffer.push_blank(step % 2 == 0);
            expected.resize(expected.len() + (step + 1) % 2, b' ');
            buffer.push(step as u8);
            expected.push(step as u8);
            buffer.extend(&b"0123456789"[..step % 11]);
            expected.extend_from_slice(&b"0123456789"[..step % 11]);
            let cut = buffer.len() - step % 5;
            buffer.truncate(cut);
            expected.truncate(cut);
            assert_eq!(buffer.text(), expected, "after {step}");
        }
        buffer.truncate(usize::MAX);
        assert_eq!(buffer.text(), expected);
    }
}
