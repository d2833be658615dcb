//! Puts the pieces of an input together: plans with their statements, rewritten texts and warnings.

use super::json::{Broken, Json};
use super::pieces::{Grid, Piece, first_document, is_plan, split};
use super::{merge, query_block, query_plan, rows, tree};
use crate::engine::Engine;
use crate::formats::{FormatError, Note, Reading, shortened};
use serde_json::Value;
use std::borrow::Cow;

/// Reads every plan of MySQL and MariaDB in `text`, of which at least one must be of `format`.
pub(in crate::formats) fn read(
    text: &str,
    format: &'static str,
) -> Result<Vec<Reading>, FormatError> {
    let mut session = Session { mariadb: format == "mariadb-json", ..Session::default() };
    // Without one of these there is no plan, and no need to look at every line.
    let marks = ["query_block", "query_plan", "operation", "-> ", "select_type"];
    if marks.iter().any(|mark| text.contains(mark)) {
        for piece in split(text) {
            session.piece(piece, 0)?;
        }
    }
    let readings: Vec<Reading> = session.finish();
    // MySQL's and MariaDB's query blocks are told apart only after they are read.
    let family =
        |format: &str| if format == "mariadb-json" { "mysql-json" } else { format }.to_owned();
    if readings.iter().any(|reading| family(reading.plan.format) == family(format)) {
        return Ok(readings);
    }
    Err(FormatError::Malformed {
        place: "the input".into(),
        expected: format!("a plan in the format {format}"),
        found: readings
            .first()
            .map_or_else(|| shortened(text), |reading| format!("{} only", reading.plan.format)),
    })
}

/// The engine of the first document of query blocks.
pub(super) fn first_block(text: &str) -> Option<Engine> {
    let mut hint = None;
    for piece in first_document(text) {
        match piece {
            Piece::Mariadb => hint = Some(Engine::Mariadb),
            Piece::Document(text, _) => {
                let json = Json::read(&text).ok().map(|(json, _)| json);
                if let Some(json) = json.filter(query_block::is_it) {
                    return Some(query_block::engine_of(&json, hint).0);
                }
            }
            _ => {}
        }
    }
    None
}

/// Plans may stand in the strings of a document, but not in those again.
const MAX_NESTING: usize = 2;

/// A statement is explained in at most so many forms in a row.
const MAX_FORMS: usize = 8;

#[derive(Default)]
struct Session {
    readings: Vec<Reading>,
    /// The statement of the plans to come.
    statement: Option<String>,
    /// The first of the plans that belong to the statement.
    of_statement: usize,
    mariadb: bool,
}

impl Session {
    fn hint(&self) -> Option<Engine> {
        self.mariadb.then_some(Engine::Mariadb)
    }

    fn piece(&mut self, piece: Piece<'_>, nesting: usize) -> Result<(), FormatError> {
        match piece {
            Piece::Statement(text) => {
                self.statement = Some(text);
                self.of_statement = self.readings.len();
            }
            Piece::Document(text, line) => self.document(&text, line, nesting)?,
            Piece::Tree(lines) => {
                let readings = tree::read(&lines, "mysql-tree")?;
                readings.into_iter().for_each(|reading| self.add(reading));
            }
            Piece::Table(grid, line) => self.table(&grid, line)?,
            Piece::Slow { plan, line, statement, query_ms } => {
                let mut reading = rows::read(&plan, Engine::Mariadb, line, "mariadb-slow-log")?;
                (reading.plan.statement, reading.plan.execution_ms) = (statement, query_ms);
                self.readings.push(reading);
                (self.statement, self.of_statement) = (None, self.readings.len());
            }
            Piece::Warning { code, message } => self.warning(code, message),
            Piece::Mariadb => self.mariadb = true,
        }
        Ok(())
    }

    fn add(&mut self, mut reading: Reading) {
        if let Some(statement) = &self.statement {
            let rewritten = reading.plan.statement.replace(statement.clone());
            if let Some(text) = rewritten {
                reading.plan.details.insert("rewritten_query".into(), Value::String(text));
            }
        }
        self.readings.push(reading);
    }

    fn table(&mut self, grid: &Grid, line: usize) -> Result<(), FormatError> {
        if !grid.is_plan() || grid.rows().is_empty() {
            return Ok(());
        }
        let (engine, guessed) = rows::engine_of(grid, self.hint());
        let mut reading = rows::read(grid, engine, line, "mysql-table")?;
        reading.notes.extend(guessed.then(|| guess(engine, format!("line {line}"))));
        self.add(reading);
        Ok(())
    }

    // ---- documents -------------------------------------------------------------------------------

    fn document(&mut self, text: &str, line: usize, nesting: usize) -> Result<(), FormatError> {
        let json = match Json::read(text) {
            Ok((json, _)) => json,
            Err(_) if !is_plan(text) => return Ok(()),
            Err(Broken::Limit(limit)) => return Err(limit.into()),
            Err(Broken::At { byte, expected }) => return Err(broken(text, line, byte, expected)),
        };
        let place = format!("line {line}");
        if query_plan::is_it(&json) {
            let reading = query_plan::read(&json, &place, "mysql-json-v2")?;
            self.add(reading);
            return Ok(());
        }
        if query_block::is_it(&json) {
            let (engine, guessed) = query_block::engine_of(&json, self.hint());
            let format = if engine == Engine::Mariadb { "mariadb-json" } else { "mysql-json" };
            let mut reading = query_block::read(&json, engine, &place, format)?;
            reading.notes.extend(guessed.then(|| guess(engine, place)));
            self.add(reading);
            return Ok(());
        }
        self.container(&json, text, line, nesting)
    }

    /// Rows as JSON, as drivers give them: of a tabular EXPLAIN, or with a plan in a string.
    fn container(
        &mut self,
        json: &Json<'_>,
        text: &str,
        line: usize,
        nesting: usize,
    ) -> Result<(), FormatError> {
        if nesting >= MAX_NESTING {
            return Ok(());
        }
        let grid = grid_of(json);
        if grid.is_plan() {
            return self.table(&grid, line);
        }
        self.inner_plans(json, text, line, nesting)
    }

    fn inner_plans(
        &mut self,
        json: &Json<'_>,
        text: &str,
        line: usize,
        nesting: usize,
    ) -> Result<(), FormatError> {
        let mut at = 1;
        while at < json.len() {
            let is_plan = json.get(at, "query_block").is_some()
                || json.get(at, "query_plan").is_some()
                || json.get(at, "operation").is_some() && json.get(at, "access_type").is_some();
            let start = json.start(at);
            if json.is_object(at) && is_plan {
                let line = line + text.get(..start).unwrap_or_default().matches('\n').count();
                self.document(text.get(start..).unwrap_or_default(), line, nesting + 1)?;
                at = json.after(at);
                continue;
            }
            let inner = json.text(at).filter(|inner| holds_plan(inner));
            if let Some(inner) = inner {
                for piece in split(&inner) {
                    self.piece(piece, nesting + 1)?;
                }
            }
            at += 1;
        }
        Ok(())
    }

    // ---- warnings --------------------------------------------------------------------------------

    fn warning(&mut self, code: u32, message: String) {
        // The plans that it can be about: those of the statement in its few forms, else the last.
        let last = self.readings.len().saturating_sub(1);
        let first = match &self.statement {
            Some(_) => self.of_statement.max(last.saturating_sub(MAX_FORMS)),
            None => last,
        };
        for reading in self.readings.iter_mut().skip(first) {
            let plan = &mut reading.plan;
            match code {
                // The statement as the optimizer has rewritten it.
                1003 if plan.statement.is_none() => plan.statement = Some(message.clone()),
                1003 => drop(
                    plan.details.insert("rewritten_query".into(), Value::String(message.clone())),
                ),
                // Interrupted: what EXPLAIN ANALYZE counted is not all.
                1317 => plan.partial = true,
                _ => {
                    let warnings =
                        plan.details.entry("warnings").or_insert_with(|| Value::Array(Vec::new()));
                    if let Value::Array(list) = warnings {
                        list.push(Value::String(format!("{code}: {message}")));
                    }
                }
            }
        }
    }

    fn finish(self) -> Vec<Reading> {
        merge::merge(self.readings)
    }
}

fn guess(engine: Engine, place: String) -> Note {
    let message =
        format!("nothing tells MySQL from MariaDB here; read as a plan of {}", engine.label());
    Note { place, message }
}

/// Whether a string is a plan itself.
fn holds_plan(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with("-> ") || text.starts_with('{') && is_plan(text)
}

/// Objects of an array as rows.
fn grid_of(json: &Json<'_>) -> Grid {
    let is_row = |&at: &usize| json.is_object(at) && json.get(at, "select_type").is_some();
    let rows: Vec<usize> = json.children(0).filter(is_row).collect();
    let Some(&first) = rows.first() else { return Grid::default() };
    let columns: Vec<String> = json.children(first).map(|at| json.key(at).to_owned()).collect();
    let mut grid = Grid::new(columns.clone());
    for row in rows {
        let text = |name: &String| -> Cow<'_, str> {
            let Some(at) = json.get(row, name) else { return "NULL".into() };
            match (json.text(at), json.value(at)) {
                (Some(text), _) => text,
                (None, Value::Null) => "NULL".into(),
                (None, value) => value.to_string().into(),
            }
        };
        let cells: Vec<Cow<'_, str>> = columns.iter().map(text).collect();
        grid.push(cells.iter().map(|cell| cell.as_ref()));
    }
    grid
}

fn broken(text: &str, line: usize, byte: usize, expected: &str) -> FormatError {
    let before = text.get(..byte).unwrap_or(text);
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
    let rest = text.get(byte..).unwrap_or_default();
    FormatError::Malformed {
        place: format!("line {}, column {column}", line + before.matches('\n').count()),
        expected: format!("JSON of a plan ({expected})"),
        found: if rest.trim().is_empty() { "the end".into() } else { shortened(rest) },
    }
}
