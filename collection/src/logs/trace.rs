//! Trace context in the comments of statements, as sqlcommenter, marginalia and others write it.
//!
//! Only what names a place in a program is kept: a comment may hold anything, and a snapshot is
//! private by default.

use memchr::memmem;

/// The keys that are kept: those of sqlcommenter, and of marginalia, which it grew from.
const KEYS: [&str; 15] = [
    "action",
    "app",
    "application",
    "controller",
    "controller_with_namespace",
    "db_driver",
    "file",
    "framework",
    "function",
    "job",
    "line",
    "route",
    "source",
    "traceparent",
    "tracestate",
];

/// Most bytes of a value.
const MOST_BYTES: usize = 512;

/// `traceparent='00-…-…-01'` in a comment: version, trace, span and flags.
pub(super) fn trace(text: &[u8]) -> Option<String> {
    /// The four in hexadecimal, with hyphens between them.
    const LENGTH: usize = 55;
    let at = memmem::find(text, b"traceparent")? + 11;
    let rest = text.get(at..)?;
    let start =
        rest.iter().take(4).take_while(|b| matches!(b, b'=' | b':' | b' ' | b'\'' | b'"')).count();
    let found = rest.get(start..start + LENGTH)?;
    let is_trace = found.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-');
    is_trace.then(|| String::from_utf8_lossy(found).into_owned())
}

/// The known keys in the comments of a statement, sorted, each once.
pub(super) fn tags(text: &[u8]) -> Vec<(String, String)> {
    let mut tags = Vec::new();
    let mut rest = text;
    while let Some(open) = memmem::find(rest, b"/*") {
        let inside = &rest[open + 2..];
        let end = memmem::find(inside, b"*/").unwrap_or(inside.len());
        read_pairs(&String::from_utf8_lossy(&inside[..end]), &mut tags);
        rest = &inside[end..];
    }
    tags.sort();
    tags.dedup_by(|later, earlier| later.0 == earlier.0);
    tags
}

/// `key='value',key='value'` or `key:value,key:value`.
fn read_pairs(comment: &str, tags: &mut Vec<(String, String)>) {
    for pair in comment.split(',') {
        let Some((key, value)) = pair.split_once(['=', ':']) else { continue };
        let (key, value) = (key.trim(), value.trim().trim_matches('\''));
        if KEYS.contains(&key) && !value.is_empty() && value.len() <= MOST_BYTES {
            tags.push((key.to_owned(), percent_decoded(value)));
        }
    }
}

/// sqlcommenter writes values as in a URL.
fn percent_decoded(value: &str) -> String {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let byte = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_found_in_comments() {
        let id = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let text = format!("SELECT 1 /*app='x',traceparent='{id}'*/");
        assert_eq!(trace(text.as_bytes()).as_deref(), Some(id));
        assert_eq!(trace(b"SELECT traceparent FROM t"), None);
    }

    #[test]
    fn only_known_keys_are_kept() {
        let of = |text: &str| tags(text.as_bytes());
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            of("/* a:1 */ SELECT 1 /*route='%2Fpolls%201',action='show',user='bob'*/"),
            [pair("action", "show"), pair("route", "/polls 1")]
        );
        assert_eq!(
            of("SELECT 1 /*application:Shop,controller:carts*/"),
            [pair("application", "Shop"), pair("controller", "carts")]
        );
        assert_eq!(of("SELECT '/*app=%zz"), [pair("app", "%zz")]);
        assert_eq!(of("SELECT 1"), []);
    }
}
