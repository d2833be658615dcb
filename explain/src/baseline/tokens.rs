//! The words of a line: plain ones as they are, all others as JSON strings; parentheses and commas
//! stand for themselves.

/// A word or a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A word without quotes: it can mean something.
    Word(String),
    /// A word in quotes: always a name or a text.
    Quoted(String),
    /// `(`, `)` or `,`.
    Mark(char),
}

/// Words with a meaning, which as names stand in quotes.
const MEANINGS: [&str; 20] = [
    "as",
    "btree",
    "collate",
    "constraint",
    "cost",
    "desc",
    "details",
    "expr",
    "in",
    "include",
    "join",
    "label",
    "of",
    "on",
    "role",
    "rows",
    "sub",
    "unusable",
    "using",
    "where",
];

/// A name as it is written: bare where it can be.
pub(super) fn name(text: &str) -> String {
    let bare = !text.is_empty()
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '-' | '/'))
        && MEANINGS.binary_search(&text).is_err();
    if bare { text.to_owned() } else { quoted(text) }
}

/// A text in the quotes of JSON, in one line and without characters that a terminal obeys.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if must_be_escaped(c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Control characters, and the marks that end a line or turn the direction of writing.
pub(super) fn must_be_escaped(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The tokens of a line.
///
/// # Errors
/// When a quoted text does not end or is not JSON.
pub(super) fn split(line: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '(' | ')' | ',' => {
                tokens.push(Token::Mark(first));
                1
            }
            '"' => {
                let len = quoted_len(rest).ok_or("a text in quotes does not end")?;
                let text: String = serde_json::from_str(&rest[..len])
                    .map_err(|_| "a text in quotes is not written as JSON")?;
                tokens.push(Token::Quoted(text));
                len
            }
            _ => {
                let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '"');
                let len = rest.find(ends).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..len].to_owned()));
                len
            }
        };
        rest = rest[taken..].trim_start();
    }
    Ok(tokens)
}

/// Bytes of the quoted text at the start of `text`, quotes included.
fn quoted_len(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_meanings_are_sorted() {
        assert!(MEANINGS.is_sorted());
    }

    #[test]
    fn any_name_comes_back() {
        for text in ["orders", "a b", "desc", "", "größe", "x\n\"y\"\\", "a(b),c", "\u{202e}", "😀"]
        {
            let line = format!("{} ({}, x)", name(text), name("z"));
            let tokens = split(&line).unwrap();
            let (Token::Word(read) | Token::Quoted(read)) = &tokens[0] else {
                panic!("{tokens:?}")
            };
            assert_eq!(read, text);
            assert_eq!(tokens.len(), 6, "{tokens:?}");
            assert!(!line.chars().any(must_be_escaped), "{line}");
        }
        assert!(split("\"open").is_err() && split("\"\\q\"").is_err());
    }
}
