//! Runs of bytes, eight at a time: what lexing spends its time on.
//!
//! A loop over single bytes ends at a place that no processor predicts, once a word. Here eight bytes
//! are one number, its bytes are compared all at once, and the place is counted from the result's
//! lowest bit. Nothing depends on the processor: the first byte is always the lowest.

/// A number whose eight bytes are all `byte`.
pub const fn eight(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The highest bit of each byte.
pub const HIGH: u64 = eight(0x80);

/// The eight bytes from `at` on, the first one lowest; beyond the end there are zeros.
#[inline(always)]
pub fn load(text: &[u8], at: usize) -> u64 {
    let rest = text.get(at..).unwrap_or_default();
    rest.first_chunk().map_or_else(|| load_short(text, rest), |chunk| u64::from_le_bytes(*chunk))
}

/// The less than eight bytes at the end of a text.
#[cold]
fn load_short(text: &[u8], rest: &[u8]) -> u64 {
    match text.last_chunk() {
        _ if rest.is_empty() => 0,
        Some(last) => u64::from_le_bytes(*last) >> ((8 * (8 - rest.len())) & 63),
        None => rest.iter().rev().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte)),
    }
}

/// The highest bit of each byte that is from `least` to `most`, the other bits are of no meaning;
/// `bytes` and both bounds are below 128.
#[inline(always)]
const fn between(bytes: u64, least: u8, most: u8) -> u64 {
    // The sums stay within their bytes: nothing is carried into the next. What is beyond `most` is
    // beyond `least` too, and goes.
    bytes.wrapping_add(eight(0x80 - least)) ^ bytes.wrapping_add(eight(0x7f - most))
}

/// The highest bit of each byte that is `byte`, the other bits are of no meaning; `bytes` are below 128.
#[inline(always)]
const fn equal(bytes: u64, byte: u8) -> u64 {
    HIGH.wrapping_sub(bytes ^ eight(byte))
}

/// The highest bit of the first byte that is `byte`; those above it are of no meaning.
#[inline(always)]
pub const fn first(bytes: u64, byte: u8) -> u64 {
    let zero = bytes ^ eight(byte);
    zero.wrapping_sub(eight(1)) & !zero & HIGH
}

/// How many bytes there are before the lowest one that is marked; 8 when none is.
#[inline(always)]
pub const fn before(marks: u64) -> usize {
    marks.trailing_zeros() as usize / 8
}

/// The bytes of an identifier after its first: letters, digits, `_`, `$`, and all beyond ASCII.
#[inline(always)]
pub const fn in_word(bytes: u64) -> u64 {
    let low = bytes & !HIGH;
    let letters = between(low | eight(0x20), b'a', b'z');
    (letters | between(low, b'0', b'9') | equal(low, b'_') | equal(low, b'$') | bytes) & HIGH
}

/// The digits.
#[inline(always)]
pub const fn digits(bytes: u64) -> u64 {
    between(bytes & !HIGH, b'0', b'9') & !bytes & HIGH
}

/// The bytes of a name that needs no quotes: small letters, digits and `_`.
#[inline(always)]
pub const fn in_simple_name(bytes: u64) -> u64 {
    let low = bytes & !HIGH;
    (between(low, b'a', b'z') | between(low, b'0', b'9') | equal(low, b'_')) & !bytes & HIGH
}

/// The bytes with ASCII's capitals in lower case.
#[inline(always)]
pub const fn lower(bytes: u64) -> u64 {
    let capitals = between(bytes & !HIGH, b'A', b'Z') & !bytes & HIGH;
    // The highest bit of a byte, moved to the one that makes a capital small.
    bytes | capitals >> 2
}

/// The lowest `count` of the eight bytes, the others zero; one to eight.
#[inline(always)]
pub const fn lowest(bytes: u64, count: usize) -> u64 {
    let others = 8_u32.wrapping_mul(8_u32.wrapping_sub(count as u32)) & 63;
    bytes << others >> others
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte in every place, beside neighbours that a carry would change.
    #[test]
    fn eight_bytes_at_once_say_what_one_at_a_time_says() {
        let is_marked = |marks: u64, place: usize| marks >> (8 * place + 7) & 1 == 1;
        for byte in 0..=255_u8 {
            for (place, other) in (0..8).flat_map(|p| [0, 0x7f, 0x80, 0xff, b'a'].map(|o| (p, o))) {
                let mut text = [other; 8];
                text[place] = byte;
                let bytes = load(&text, 0);
                let named = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..);
                assert_eq!(is_marked(in_word(bytes), place), named, "{byte} {other}");
                assert_eq!(
                    is_marked(digits(bytes), place),
                    byte.is_ascii_digit(),
                    "{byte} {other}"
                );
                let simple = matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
                assert_eq!(is_marked(in_simple_name(bytes), place), simple, "{byte} {other}");
                assert_eq!(lower(bytes).to_le_bytes(), text.map(|b| b.to_ascii_lowercase()));
                let at = text.iter().position(|b| *b == byte).unwrap();
                assert_eq!(before(first(bytes, byte)), at);
            }
        }
    }

    #[test]
    fn beyond_the_end_are_zeros() {
        assert_eq!(load(b"abc", 1), u64::from_le_bytes(*b"bc\0\0\0\0\0\0"));
        assert_eq!(load(b"abc", 3), 0);
        assert_eq!(load(b"abc", 9), 0);
        assert_eq!(before(0), 8);
        assert_eq!(lowest(eight(1), 3), 0x0001_0101);
    }
}
