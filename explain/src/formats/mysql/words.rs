//! Finding marks in an engine's text outside of quotes and parentheses.

/// Calls `found` with every byte that stands outside of quotes and its depth of parentheses (that
/// of a parenthesis itself is the depth inside), until it says that it is enough.
fn walk(text: &str, mut found: impl FnMut(usize, u8, usize) -> bool) {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut quote) = (0, 0_usize, None);
    while let Some(&byte) = bytes.get(at) {
        match (quote, byte) {
            (Some(_), b'\\') => at += 1,
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"' | b'`') => quote = Some(byte),
            (None, _) => {
                depth += usize::from(byte == b'(');
                if found(at, byte, depth) {
                    return;
                }
                depth = depth.saturating_sub(usize::from(byte == b')'));
            }
        }
        at += 1;
    }
}

/// The parts of `text` between the marks that stand outside of quotes and parentheses.
pub(super) fn split<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    walk(text, |at, _, depth| {
        if depth == 0 && at >= start && text.as_bytes()[at..].starts_with(mark.as_bytes()) {
            parts.extend(text.get(start..at));
            start = at + mark.len();
        }
        false
    });
    parts.extend(text.get(start..));
    parts
}

/// What stands before and after the first mark outside of quotes and parentheses.
pub(super) fn split_once<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let mut place = None;
    walk(text, |at, _, depth| {
        let is_it = depth == 0 && text.as_bytes()[at..].starts_with(mark.as_bytes());
        place = is_it.then_some(at);
        is_it
    });
    let at = place?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

/// The inside of the parentheses that open at the start of `text`, and what follows them.
pub(super) fn parenthesized(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('(')?;
    let mut end = None;
    walk(text, |at, byte, depth| {
        let is_it = byte == b')' && depth == 1;
        end = is_it.then_some(at);
        is_it
    });
    let end = end?;
    Some((inner.get(..end - 1)?, text.get(end + 1..)?))
}

/// `text` without the parentheses around all of it.
pub(super) fn bare(text: &str) -> &str {
    let mut text = text.trim();
    while let Some((inner, "")) = parenthesized(text) {
        text = inner.trim();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_in_quotes_and_parentheses_do_not_count() {
        assert_eq!(split("a, f(b, c), 'd, e', `x, y`", ", "), ["a", "f(b, c)", "'d, e'", "`x, y`"]);
        assert_eq!(split("", ", "), [""]);
        assert_eq!(
            split_once("(a and b) and c = ' and ' and d", " and "),
            Some(("(a and b)", "c = ' and ' and d"))
        );
        assert_eq!(parenthesized("(a = ')' and (b)) x"), Some(("a = ')' and (b)", " x")));
        assert_eq!(parenthesized("(a"), None);
        assert_eq!((bare("((a) and (b))"), bare("(a) or (b)")), ("(a) and (b)", "(a) or (b)"));
    }
}
