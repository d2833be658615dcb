//! A text as an entry. Anything that is not as this version writes it is refused with its line.

use super::tokens::{Token, split};
use super::write::{MOST_LEVELS, usual_label};
use super::{Entry, MAGIC};
use crate::engine::Engine;
use crate::plan::{Condition, ConditionKind, Node, Operator, Plan, PlanBuilder, Role, Workers};
use crate::workload::{Fingerprint, Index, IndexKey, Source, Table};
use std::collections::BTreeMap;
use thiserror::Error;

/// What is wrong in a text, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {what}")]
pub struct BaselineError {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong.
    pub what: String,
    /// Whether it is no baseline at all, or one of a newer version.
    pub is_foreign: bool,
}

type Read<T> = Result<T, String>;

/// Reads the text of one entry.
///
/// # Errors
/// When it is no baseline, of another version, or not as [`super::write`] writes it.
pub fn read(text: &str) -> Result<Entry, BaselineError> {
    let mut lines = text.lines().map(|line| line.trim_end_matches('\r'));
    check_magic(lines.next().unwrap_or_default().trim_start_matches('\u{feff}'))?;
    let mut draft = Draft::default();
    let mut section = String::new();
    for (i, line) in lines.enumerate() {
        let number = i as u32 + 2;
        let failed = |what: String| BaselineError { line: number, what, is_foreign: false };
        if line.trim().is_empty() {
            continue;
        }
        if let Some(content) = line.strip_prefix("  ") {
            draft.content(&section, content).map_err(failed)?;
        } else {
            section = draft.head(line).map_err(failed)?;
        }
    }
    let end = text.lines().count() as u32;
    draft.finish().map_err(|what| BaselineError { line: end, what, is_foreign: false })
}

fn check_magic(first: &str) -> Result<(), BaselineError> {
    let foreign = |what: String| Err(BaselineError { line: 1, what, is_foreign: true });
    match first.strip_prefix("planscope baseline ").map(|version| version.trim()) {
        _ if first == MAGIC => Ok(()),
        Some(version) => foreign(format!("format {version} is of another version of planscope")),
        None => foreign(format!("it does not begin with `{MAGIC}`")),
    }
}

#[derive(Default)]
struct Draft {
    name: Option<String>,
    fingerprint: Option<Fingerprint>,
    source: Option<Source>,
    server: Option<(Engine, String)>,
    settings: BTreeMap<String, String>,
    tables: Vec<Table>,
    indexes: Vec<Index>,
    text: Vec<String>,
    builder: PlanBuilder,
}

impl Draft {
    /// A line that is not indented: a fact, or the head of a section, which is then its name.
    fn head(&mut self, line: &str) -> Read<String> {
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| line.starts_with(mark)) {
            return Err("a merge conflict is not resolved: accept the statement anew".to_owned());
        }
        let (key, value) =
            line.split_once(':').ok_or_else(|| format!("`{line}` has no meaning"))?;
        let mut words = Words::new(value)?;
        match key {
            "query" => self.name = Some(words.text()?),
            "fingerprint" => {
                let text = words.text()?;
                let read = text.parse().ok().filter(|_| text.len() == 16);
                self.fingerprint = Some(read.ok_or("a fingerprint has 16 hexadecimal digits")?);
            }
            "source" => {
                let (file, line) = (words.text()?, words.number::<u32>()?);
                self.source = Some(Source { file, line });
            }
            "server" => {
                let engine = words.text()?;
                let known = Engine::from_name(&engine);
                let known = known.ok_or_else(|| format!("there is no engine `{engine}`"))?;
                self.server = Some((known, words.text()?));
            }
            "settings" | "tables" | "indexes" | "statement" | "plan" => {
                words.end()?;
                return Ok(key.to_owned());
            }
            _ => return Err(format!("`{key}` has no meaning")),
        }
        words.end()?;
        Ok(String::new())
    }

    fn content(&mut self, section: &str, line: &str) -> Read<()> {
        match section {
            "settings" => {
                let mut words = Words::new(line)?;
                self.settings.insert(words.text()?, words.text()?);
                words.end()
            }
            "tables" => {
                self.tables.push(table(line)?);
                Ok(())
            }
            "indexes" => {
                self.indexes.push(index(line)?);
                Ok(())
            }
            "statement" => {
                self.text.push(sql_line(line)?);
                Ok(())
            }
            "plan" => self.plan_line(line),
            _ => Err("an indented line outside of a section".to_owned()),
        }
    }

    fn plan_line(&mut self, line: &str) -> Read<()> {
        let text = line.trim_start();
        if let Some(condition) = text.strip_prefix("| ") {
            let (kind, text) = condition.split_once(':').ok_or("a condition has no kind")?;
            let kind = ConditionKind::from_name(kind)
                .ok_or_else(|| format!("there is no kind of condition `{kind}`"))?;
            let text = sql_line(text.strip_prefix(' ').unwrap_or(text))?;
            let node = self.builder.current().ok_or("a condition without a node")?;
            node.conditions.push(Condition::new(kind, text));
            return Ok(());
        }
        let indent = line.len() - text.len();
        if !indent.is_multiple_of(2) {
            return Err("a node is indented by two blanks a level".to_owned());
        }
        let (depth, text) = match text.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
            Some((depth, text)) => (depth.parse().map_err(|_| "a level is no number")?, text),
            None => (indent / 2, text),
        };
        let deep = depth > MOST_LEVELS && indent / 2 != MOST_LEVELS;
        if deep || depth > self.builder.depth() || (depth == 0) != self.builder.is_empty() {
            return Err("the node's level does not fit the node above it".to_owned());
        }
        self.builder.close_to_depth(depth);
        self.builder.open(node(text)?).map_err(|error| error.to_string())?;
        Ok(())
    }

    fn finish(self) -> Read<Entry> {
        let missing = |what: &str| format!("`{what}:` is missing");
        let (engine, version) = self.server.ok_or_else(|| missing("server"))?;
        let plan: Plan = self.builder.finish(engine, "baseline").map_err(|_| missing("plan"))?;
        Ok(Entry {
            name: self.name.ok_or_else(|| missing("query"))?,
            fingerprint: self.fingerprint.ok_or_else(|| missing("fingerprint"))?,
            source: self.source,
            engine,
            version,
            settings: self.settings,
            tables: self.tables,
            indexes: self.indexes,
            text: self.text.join("\n"),
            plan,
        })
    }
}

/// A line of SQL, in quotes or not.
fn sql_line(line: &str) -> Read<String> {
    match line.starts_with('"') {
        true => serde_json::from_str(line).map_err(|_| "a quoted line is not JSON".to_owned()),
        false => Ok(line.to_owned()),
    }
}

fn table(line: &str) -> Read<Table> {
    let mut words = Words::new(line)?;
    let mut table = Table { name: words.text()?, ..Table::default() };
    while let Some(word) = words.word() {
        match word.as_str() {
            "in" => table.schema = Some(words.text()?),
            "rows" => table.rows = Some(words.number()?),
            other => return Err(format!("`{other}` has no meaning at a table")),
        }
    }
    words.end()?;
    Ok(table)
}

fn index(line: &str) -> Read<Index> {
    let mut words = Words::new(line)?;
    let mut index =
        Index { name: words.text()?, method: "btree".to_owned(), usable: true, ..Index::default() };
    while let Some(token) = words.next() {
        match token {
            Token::Mark('(') => index.keys = words.list(key)?,
            Token::Word(word) => match word.as_str() {
                "on" => index.table = words.text()?,
                "in" => index.schema = Some(words.text()?),
                "using" => index.method = words.text()?,
                "unique" => index.unique = true,
                "primary" => index.primary = true,
                "constraint" => index.constraint = true,
                "unusable" => index.usable = false,
                "where" => index.predicate = Some(words.text()?),
                "include" => {
                    words.mark('(')?;
                    index.include = words.list(Words::text)?;
                }
                other => return Err(format!("`{other}` has no meaning at an index")),
            },
            _ => return Err("an index is not written as `name on table (columns)`".to_owned()),
        }
    }
    Ok(index)
}

fn key(words: &mut Words) -> Read<IndexKey> {
    let mut key = IndexKey::default();
    match words.next() {
        Some(Token::Word(word)) if word == "expr" => key.expression = Some(words.text()?),
        Some(Token::Word(name) | Token::Quoted(name)) => key.column = Some(name),
        _ => return Err("a key is missing".to_owned()),
    }
    while let Some(word) = words.word() {
        match word.as_str() {
            "prefix" => key.prefix_length = Some(words.number()?),
            "collate" => key.collation = Some(words.text()?),
            "opclass" => key.operator_class = Some(words.text()?),
            "desc" => key.descending = true,
            "nulls-first" => key.nulls_first = Some(true),
            "nulls-last" => key.nulls_first = Some(false),
            other => return Err(format!("`{other}` has no meaning at a key")),
        }
    }
    Ok(key)
}

fn node(line: &str) -> Read<Node> {
    let mut words = Words::new(line)?;
    let operator = Operator::from_name(&words.text()?);
    let mut node = Node::new(operator.clone(), usual_label(&operator));
    while let Some(word) = words.word() {
        match word.as_str() {
            "label" => node.label = words.text()?,
            "join" => node.join_type = Some(words.text()?),
            "on" => node.relation = Some(words.text()?),
            "in" => node.schema = Some(words.text()?),
            "as" => node.alias = Some(words.text()?),
            "using" => node.index = Some(words.text()?),
            "role" => {
                let name = words.text()?;
                let role = Role::from_name(&name);
                node.role = role.ok_or_else(|| format!("there is no role `{name}`"))?;
            }
            "sub" => node.subplan = Some(words.text()?),
            "workers" => {
                node.workers = Some(Workers { planned: Some(words.number()?), launched: None });
            }
            "details" => {
                let details: serde_json::Map<String, serde_json::Value> =
                    serde_json::from_str(&words.text()?).map_err(|_| "details are not JSON")?;
                node.details = details.into();
            }
            "rows" => node.estimate.rows_per_loop = Some(words.number()?),
            "cost" => node.estimate.total_cost = Some(words.number()?),
            other => return Err(format!("`{other}` has no meaning at a node")),
        }
    }
    words.end()?;
    Ok(node)
}

/// The words of a line that are left.
struct Words(std::iter::Peekable<std::vec::IntoIter<Token>>);

impl Words {
    fn new(line: &str) -> Read<Self> {
        Ok(Self(split(line)?.into_iter().peekable()))
    }

    fn next(&mut self) -> Option<Token> {
        self.0.next()
    }

    /// The next word, if it is one that can mean something.
    fn word(&mut self) -> Option<String> {
        match self.0.next_if(|token| matches!(token, Token::Word(_)))? {
            Token::Word(word) => Some(word),
            Token::Quoted(_) | Token::Mark(_) => None,
        }
    }

    /// A name or a text.
    fn text(&mut self) -> Read<String> {
        match self.0.next() {
            Some(Token::Word(text) | Token::Quoted(text)) => Ok(text),
            _ => Err("a word is missing".to_owned()),
        }
    }

    /// A number; for fractions only a finite one that is not negative.
    fn number<T: std::str::FromStr>(&mut self) -> Read<T> {
        let text = self.text()?;
        let plain = text.starts_with(|c: char| c.is_ascii_digit());
        text.parse().ok().filter(|_| plain).ok_or_else(|| format!("`{text}` is no number"))
    }

    fn mark(&mut self, mark: char) -> Read<()> {
        match self.0.next() {
            Some(Token::Mark(found)) if found == mark => Ok(()),
            _ => Err(format!("`{mark}` is missing")),
        }
    }

    /// Items with commas between them, up to the closing parenthesis.
    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut items = Vec::new();
        if self.0.next_if_eq(&Token::Mark(')')).is_some() {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            match self.0.next() {
                Some(Token::Mark(',')) => {}
                Some(Token::Mark(')')) => return Ok(items),
                _ => return Err("a list does not end with `)`".to_owned()),
            }
        }
    }

    fn end(&mut self) -> Read<()> {
        match self.0.next() {
            None => Ok(()),
            Some(_) => Err("there is more in the line than belongs there".to_owned()),
        }
    }
}
