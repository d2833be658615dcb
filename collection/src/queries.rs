//! Files of statements: SQL separated by semicolons, with `-- name: x` headers; for MongoDB JSON.

mod mongodb;

use crate::driver::Workload;
use crate::error::{CollectError, ErrorKind, Result};
use planscope_explain::Engine;
use planscope_explain::workload::fingerprint::fingerprint;
use planscope_explain::workload::query::{explainable, split_statements};
use planscope_explain::workload::{Counters, Problem, Source, Statement};
use std::fs;
use std::path::{Path, PathBuf};

/// Most bytes of one file: more is a dump, not a workload.
const MAX_BYTES: u64 = 64 << 20;

/// What to name instead of a file that cannot be read.
const HINT: &str = "name a file of SQL (MongoDB: of JSON), or a folder with such files";

/// A statement from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryText {
    /// The name in the header above it, or the file's stem with a number.
    pub name: String,
    /// The statement, without the final semicolon.
    pub text: String,
    /// Where it stands.
    pub source: Source,
    /// How often the workload runs it, from `-- calls: 40`; 1 by default.
    pub calls: u32,
}

/// Reads the statements of a file, or of every `*.sql` file in a folder, sorted by name; for MongoDB of
/// files with JSON.
///
/// # Errors
/// When a file cannot be read, is no text, is too large, or holds no statement; with file and line.
pub fn read(path: &Path, engine: Engine) -> Result<Vec<QueryText>> {
    let mut all = Vec::new();
    for file in files(path, endings(engine))? {
        let text = read_text(&file)?;
        all.extend(parse(&text, &file, engine)?);
    }
    if all.is_empty() {
        let hint = match engine {
            Engine::Mongodb => "write each command as a JSON document",
            _ => "statements end with a semicolon",
        };
        return Err(input(path, "holds no statement").hint(hint));
    }
    Ok(all)
}

fn input(path: &Path, what: &str) -> CollectError {
    CollectError::new(ErrorKind::Input, format!("{} {what}", path.display()))
}

/// Endings of the files that hold statements.
fn endings(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Mongodb => &mongodb::ENDINGS,
        _ => &["sql"],
    }
}

fn files(path: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let unreadable = |error: std::io::Error| {
        input(path, &format!("cannot be read: {error}")).caused_by(error).hint(HINT)
    };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let ending = file.extension().unwrap_or_default().to_ascii_lowercase();
        if endings.iter().any(|wanted| ending == *wanted) && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        let what = format!("has no file that ends with .{}", endings.join(" or ."));
        return Err(input(path, &what).hint(HINT));
    }
    Ok(files)
}

fn read_text(file: &Path) -> Result<String> {
    let unreadable = |error: std::io::Error| {
        input(file, &format!("cannot be read: {error}")).caused_by(error).hint(HINT)
    };
    let length = fs::metadata(file).map_err(unreadable)?.len();
    if length > MAX_BYTES {
        let what = format!("has {length} bytes; the limit is {MAX_BYTES}");
        return Err(input(file, &what).hint("split it, or take out the data"));
    }
    let bytes = fs::read(file).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        CollectError::new(
            ErrorKind::Input,
            format!("{}:{line}: the text is not UTF-8", file.display()),
        )
        .hint("convert it: iconv -f LATIN1 -t UTF-8")
    })
}

/// The statements of one text.
fn parse(text: &str, file: &Path, engine: Engine) -> Result<Vec<QueryText>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if engine == Engine::Mongodb {
        return mongodb::parse(text, file);
    }
    let stem = file.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
    let mut queries = Vec::new();
    for statement in split_statements(text, engine) {
        let header = header(statement.comment, "--").map_err(|wrong| {
            let place = format!("{}:{}", file.display(), statement.line);
            let message = format!("{place}: {wrong}");
            CollectError::new(ErrorKind::Input, message).hint("write -- calls: 40")
        })?;
        queries.push(QueryText {
            name: header.name.unwrap_or_else(|| format!("{stem}-{}", queries.len() + 1)),
            text: statement.sql.to_owned(),
            source: Source { file: file.display().to_string(), line: statement.line },
            calls: header.calls.unwrap_or(1),
        });
    }
    Ok(queries)
}

/// What the comments above a statement say.
#[derive(Default)]
struct Header {
    name: Option<String>,
    calls: Option<u32>,
}

/// Reads `-- name: x` and `-- calls: n` in the comments, which open with `mark`, above a statement.
fn header(comments: &str, mark: &str) -> std::result::Result<Header, &'static str> {
    let mut header = Header::default();
    for line in comments.lines() {
        let Some(comment) = line.trim().strip_prefix(mark) else { continue };
        let Some((key, value)) = comment.split_once(':') else { continue };
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "name" if !value.is_empty() => header.name = Some(value.to_owned()),
            "calls" => {
                let calls = value.parse().ok().filter(|calls| *calls > 0);
                header.calls =
                    Some(calls.ok_or(
                        "the number of calls above this statement is no whole number from 1",
                    )?);
            }
            _ => {}
        }
    }
    Ok(header)
}

/// Statements whose work nobody counted: only how often they are called is known.
pub(crate) fn unmeasured(
    queries: &[QueryText],
    engine: Engine,
    database: Option<String>,
) -> Workload {
    let mut workload = Workload { of: queries.len() as u64, ..Workload::default() };
    for query in queries {
        let id = fingerprint(&query.text, engine);
        // A command of MongoDB is looked at by its driver.
        let refused = match engine {
            Engine::Mongodb => None,
            _ => explainable(&query.text, engine).err(),
        };
        if let Some(why) = refused {
            let Source { file, line } = &query.source;
            workload.problems.push(Problem {
                kind: "not-explainable".to_owned(),
                message: format!("{file}:{line}: {} has no plan: {why}", query.name),
                statement: Some(id),
            });
            continue;
        }
        workload.statements.push(Statement {
            fingerprint: id,
            text: query.text.clone(),
            name: Some(query.name.clone()),
            source: Some(query.source.clone()),
            database: database.clone(),
            counters: Counters { calls: Some(f64::from(query.calls)), ..Counters::default() },
            ..Statement::default()
        });
    }
    workload
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(text: &str) -> Result<Vec<QueryText>> {
        parse(text, Path::new("shop/heavy.sql"), Engine::Postgres)
    }

    #[test]
    fn statements_have_names_lines_and_calls() {
        let text = "-- a comment\n-- name: top customers\n-- calls: 40\nselect 1; -- done\n\n\
                    select ';' /* ; */\n  from t;\n\n-- name: last\nselect 3";
        let queries = parse_text(text).unwrap();
        let seen: Vec<_> =
            queries.iter().map(|q| (q.name.as_str(), q.source.line, q.calls)).collect();
        assert_eq!(seen, [("top customers", 4, 40), ("heavy-2", 6, 1), ("last", 10, 1)]);
        assert_eq!(queries[1].text, "select ';' /* ; */\n  from t");
    }

    #[test]
    fn errors_name_file_and_line() {
        let error = parse_text("select 1;\n\n-- calls: many\nselect 2;").unwrap_err();
        assert_eq!(
            error.to_string(),
            "shop/heavy.sql:4: the number of calls above this statement is no whole number from 1"
        );
    }

    #[test]
    fn folders_are_read_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        assert!(read(folder.path(), Engine::Postgres).unwrap_err().message.contains(".sql"));
        write("b.sql", b"select 2;");
        write("a.sql", b"\xef\xbb\xbfselect 1;");
        write("c.txt", b"select 3;");
        let names: Vec<String> =
            read(folder.path(), Engine::Postgres).unwrap().into_iter().map(|q| q.name).collect();
        assert_eq!(names, ["a-1", "b-1"]);
        write("c.sql", b"select 1;\nselect '\xff';");
        let error = read(folder.path(), Engine::Postgres).unwrap_err();
        assert!(error.message.ends_with("c.sql:2: the text is not UTF-8"), "{error}");
    }

    #[test]
    fn empty_and_missing_files_are_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "-- nothing\n").unwrap();
        assert_eq!(read(file.path(), Engine::Postgres).unwrap_err().kind, ErrorKind::Input);
        let error = read(Path::new("no/such.sql"), Engine::Postgres).unwrap_err();
        assert!(error.message.starts_with("no/such.sql cannot be read"), "{error}");
    }

    #[test]
    fn statements_without_a_plan_are_problems() {
        let queries = parse_text("select 1; vacuum t;").unwrap();
        let workload = unmeasured(&queries, Engine::Postgres, None);
        assert_eq!(workload.statements.len(), 1);
        assert_eq!(workload.problems[0].kind, "not-explainable");
        assert!(workload.problems[0].message.starts_with("shop/heavy.sql:1: heavy-2"));
    }
}
