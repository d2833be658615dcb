//! What each byte may begin, end or go on with: tables that the lexer looks into.

/// What a byte may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Blank,
    Letter,
    Digit,
    Quote,
    Open,
    Close,
    Comma,
    Dot,
    /// An operator, unless the next byte makes it longer or a comment of it.
    Sign,
    /// Anything else that may be more than one byte.
    Mark,
    Other,
}

pub(super) static CLASSES: [Class; 256] = classes();

/// Bytes of an identifier after its first.
pub(super) static IN_WORD: [bool; 256] = in_word();

const fn classes() -> [Class; 256] {
    let mut table = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => Class::Blank,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80..=0xff => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            b'\'' | b'"' | b'`' => Class::Quote,
            b'(' => Class::Open,
            b')' => Class::Close,
            b',' => Class::Comma,
            b'.' => Class::Dot,
            b'=' | b'<' | b'>' | b'+' | b'-' | b'*' | b'/' => Class::Sign,
            b'!'..=b'~' => Class::Mark,
            _ => Class::Other,
        };
        byte += 1;
    }
    table
}

const fn in_word() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(classes()[byte], Class::Letter | Class::Digit) || byte == 0x24;
        byte += 1;
    }
    table
}

/// Bytes that an operator may have after its first, in any engine; those of comments are among them.
pub(super) static EXTENDS: [bool; 256] = extends();

const fn extends() -> [bool; 256] {
    let mut table = [false; 256];
    let signs = b"+-*/<>=~!@#%^&|";
    let mut at = 0;
    while at < signs.len() {
        table[signs[at] as usize] = true;
        at += 1;
    }
    table
}

/// Whether a value or a name may end with this byte.
pub(super) fn ends_operand(byte: u8) -> bool {
    IN_WORD[byte as usize] || matches!(byte, b'?' | b'\'' | b'"' | b'`' | b')' | b']' | b'.')
}
