//! `\uXXXX`, which JSON and every notation made after it share.

/// The character of the four hexadecimal digits that `rest` begins with, or of two such that are a
/// surrogate pair (the second after another `\u`), and what follows. Half a pair is U+FFFD; `None`
/// where there are no four digits.
pub fn unicode(rest: &str) -> Option<(char, &str)> {
    let (first, after) = unit(rest)?;
    let second = after.strip_prefix("\\u").and_then(unit);
    let mut pair = char::decode_utf16([first].into_iter().chain(second.map(|(unit, _)| unit)));
    let decoded = pair.next()?;
    // When the second was needed for the first character, nothing is left of the two.
    let after = match (second, pair.next()) {
        (Some((_, after)), None) => after,
        _ => after,
    };
    Some((decoded.unwrap_or(char::REPLACEMENT_CHARACTER), after))
}

/// Four hexadecimal digits and what follows.
fn unit(text: &str) -> Option<(u16, &str)> {
    let (digits, after) = text.split_at_checked(4)?;
    let all_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    Some((u16::from_str_radix(digits, 16).ok().filter(|_| all_hex)?, after))
}

#[cfg(test)]
mod tests {
    use super::unicode;

    #[test]
    fn pairs_are_one_character_and_halves_are_marked() {
        assert_eq!(unicode("00e9x"), Some(('é', "x")));
        assert_eq!(unicode(r"d83d\ude00x"), Some(('😀', "x")));
        assert_eq!(unicode(r"d83d\u0041x"), Some(('\u{fffd}', r"\u0041x")));
        assert_eq!(unicode("d83d"), Some(('\u{fffd}', "")));
        assert_eq!(unicode(r"0041\u0042"), Some(('A', r"\u0042")));
        assert_eq!([unicode("+041"), unicode("00e"), unicode("00é9")], [None; 3]);
    }
}
