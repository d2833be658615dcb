//! Foreign text made fit for a terminal: names, statements and server messages may hold control
//! characters, which a terminal obeys, and bidirectional marks, which make text look like another.

/// `text` with what a terminal would obey replaced; line feeds and tabs stay.
pub fn visible(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => c,
        c if c.is_control() && c.is_whitespace() => ' ',
        c if is_unsafe(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

/// JSON text with the same characters escaped: they can only stand inside of its strings, where
/// `\u009b` is what the character itself is.
pub fn escaped_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' => out.push(c),
            c if is_unsafe(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// `text` as it may stand in an element of HTML or XML, or between the quotes of an attribute.
pub fn escaped_markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Control characters of both sets, and the marks that turn the direction of writing.
pub fn is_unsafe(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns
}

/// `text` as an error may repeat it: what looks as if it held a password is not repeated.
pub fn repeatable(text: &str) -> &str {
    let before_at = text.split_once('@').map_or("", |(login, _)| login);
    if before_at.contains(':') || text.to_lowercase().contains("password") {
        "the name given"
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_replaced() {
        assert_eq!(
            visible("a\x1b[2J\u{9b}31m\u{202e}b\r\nc\td"),
            "a\u{fffd}[2J\u{fffd}31m\u{fffd}b \nc\td"
        );
        assert_eq!(visible("größe 表 جدول"), "größe 表 جدول");
    }

    #[test]
    fn json_stays_the_same_document() {
        let text = "\u{9b}2J \u{202e} \u{7f} \x1b é 表";
        let json = serde_json::to_string(text).unwrap();
        let escaped = escaped_json(&json);
        assert!(!escaped.chars().any(is_unsafe), "{escaped}");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }

    #[test]
    fn passwords_are_not_repeated() {
        assert_eq!(repeatable("@2"), "@2");
        assert_eq!(repeatable("shop"), "shop");
        assert_eq!(repeatable("me:secret@host/db"), "the name given");
        assert_eq!(repeatable("host=h password=secret"), "the name given");
    }
}
