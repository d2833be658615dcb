//! `github`: workflow commands, which GitHub shows at the line of the statement.

use super::ci::{self, Level};
use super::{Output, Style};
use crate::error::Result;
use crate::report::Report;

pub(super) static OUTPUT: Output =
    Output { name: "github", machine_readable: false, only_for: &["diff"], render };

/// A command a problem. GitHub shows ten of a kind and step; the rest stands in the log.
fn render(report: &Report, _style: &Style) -> Result<Vec<u8>> {
    let mut text = String::new();
    for issue in ci::comparison(report).map(ci::issues).unwrap_or_default() {
        let command = match issue.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Allowed => "notice",
        };
        let mut properties = Vec::new();
        if let Some((file, line)) = &issue.place {
            properties.push(format!("file={},line={line}", property(file)));
        }
        properties.push(format!("title={}", property(&format!("planscope: {}", issue.title))));
        let allowed = issue.allowed.map_or(String::new(), |why| format!("\nallowed: {why}"));
        let message = data(&format!("{}{allowed}", issue.message));
        text.push_str(&format!("::{command} {}::{message}\n", properties.join(",")));
    }
    Ok(text.into_bytes())
}

/// The text of a command: GitHub reads it up to the end of the line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which ends at a comma or a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::ci::testing::rendered;
    use super::*;

    #[test]
    fn a_name_cannot_give_commands() {
        let text = rendered(&OUTPUT);
        for line in text.lines() {
            assert!(
                line.starts_with("::error file=") || line.starts_with("::notice file="),
                "{text}"
            );
            let (properties, message) = line[2..].split_once("::").unwrap();
            for property in properties.split_once(' ').unwrap().1.split(',') {
                let (name, value) = property.split_once('=').unwrap();
                assert!(["file", "line", "title"].contains(&name), "{property}");
                assert!(!value.contains(':'), "{property}");
            }
            assert!(!message.chars().any(char::is_control), "{message}");
        }
        let errors = text.lines().filter(|line| line.starts_with("::error ")).count();
        assert_eq!((errors, text.lines().count()), (2, 4), "{text}");
        assert!(text.contains("line=7,title=planscope%3A query_1%3A worse::"), "{text}");
        assert!(text.contains("undo: CREATE INDEX"), "{text}");
    }
}
