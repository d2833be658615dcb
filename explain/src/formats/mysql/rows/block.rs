//! The rows of one SELECT: its tables from left to right, and what `Extra` says is done with them.

use super::super::access::{Access, Input, Join, left_deep};
use super::super::draft::{At, Draft};
use super::super::numbers::number;
use super::super::pieces::Grid;
use crate::plan::{Actual, LimitError, Node, Operator, Role};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// A SELECT, or the result of a union.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) id: Option<u64>,
    kind: String,
    rows: Vec<usize>,
    pub(super) top: Option<At>,
    /// Numbers of the SELECTs that are read, the scan that does, and whether it reads the new rows
    /// of a recursion.
    pub(super) reads: Vec<(u64, At, bool)>,
    /// The scans by the names of their tables; of two, the first.
    pub(super) scans: HashMap<String, At>,
    /// A table that `ref` names and that is none of these.
    pub(super) outside: Option<String>,
    /// `1,2` of `<union1,2>`.
    union: String,
}

impl Block {
    /// Whether this is the row of a union's temporary table.
    pub(super) fn is_result(&self) -> bool {
        self.kind.ends_with("RESULT")
    }

    /// Whether this is another part of a union.
    pub(super) fn is_union(&self) -> bool {
        !self.is_result()
            && ["UNION", "INTERSECT", "EXCEPT"].iter().any(|word| self.kind.contains(word))
    }

    pub(super) fn is_dependent(&self) -> bool {
        self.kind.starts_with("DEPENDENT") || self.kind.starts_with("UNCACHEABLE")
    }

    /// The numbers of the SELECTs that the union names.
    pub(super) fn united(&self) -> Vec<u64> {
        let mut ids: Vec<u64> = Vec::new();
        for part in self.union.split(',') {
            match part.trim().parse() {
                Ok(id) => ids.push(id),
                // `<union1,2,...,9>`
                Err(_) if part.contains("...") => {
                    let last =
                        self.union.rsplit(',').next().and_then(|last| last.trim().parse().ok());
                    let first = ids.last().map_or(1, |id| id + 1);
                    ids.extend(last.map_or(0..0, |last: u64| first..last.min(first + 10_000)));
                }
                Err(_) => {}
            }
        }
        ids
    }
}

/// The blocks of a table: neighbours of one number, wherever a number comes again.
pub(super) fn split(grid: &Grid) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for (at, row) in grid.rows().iter().enumerate() {
        let id = grid.cell(row, "id").and_then(|id| id.parse().ok());
        let kind = grid.cell(row, "select_type").unwrap_or("SIMPLE").to_ascii_uppercase();
        let goes_on = blocks
            .last()
            .is_some_and(|last| last.id == id && last.is_result() == kind.ends_with("RESULT"));
        if !goes_on || blocks.is_empty() {
            blocks.push(Block { id, kind, ..Block::default() });
        }
        if let Some(block) = blocks.last_mut() {
            block.rows.push(at);
        }
    }
    blocks
}

/// What `Extra` says: parts apart by `; `.
struct Extra<'a>(Vec<&'a str>);

impl<'a> Extra<'a> {
    fn has(&self, part: &str) -> bool {
        self.0.contains(&part)
    }

    /// The inside of the parentheses of a part that begins so.
    fn inside(&self, start: &str) -> Option<&'a str> {
        let inner = |part: &&'a str| part.strip_prefix(start)?.strip_prefix('(')?.strip_suffix(')');
        self.0.iter().find_map(inner)
    }
}

/// Makes the block's nodes. Gives its topmost and the access types that are unknown.
pub(super) fn build(
    draft: &mut Draft,
    grid: &Grid,
    block: &mut Block,
) -> Result<(At, Vec<String>), LimitError> {
    let mut maker = Maker { draft, grid, block, unknown: Vec::new(), rows_out: Some(1.0) };
    let top = maker.build()?;
    let unknown = maker.unknown;
    Ok((top, unknown))
}

struct Maker<'a> {
    draft: &'a mut Draft,
    grid: &'a Grid,
    block: &'a mut Block,
    unknown: Vec<String>,
    /// Rows out of the tables so far, as measured.
    rows_out: Option<f64>,
}

impl<'a> Maker<'a> {
    fn build(&mut self) -> Result<At, LimitError> {
        let rows = std::mem::take(&mut self.block.rows);
        let mut block = Joined { estimate: Some(1.0), ..Joined::default() };
        for &row in &rows {
            let kind = self.text(row, "select_type").unwrap_or_default().to_ascii_uppercase();
            if matches!(kind.as_str(), "INSERT" | "REPLACE" | "UPDATE" | "DELETE") {
                let table = self.text(row, "table").unwrap_or_default().to_owned();
                block.writes.push((kind.clone(), table));
            }
            if !matches!(kind.as_str(), "INSERT" | "REPLACE") {
                self.join(row, &mut block)?;
            }
        }
        let (joined, joins) = left_deep(self.draft, block.inputs)?;
        self.measure_joins(&joins);
        let mut top = joined;
        let is_result = self.block.is_result();
        for (is_wanted, operator, label) in [
            (block.temporary && !is_result, Operator::Materialize, "Using temporary"),
            (block.sorted, Operator::Sort, "Using filesort"),
        ] {
            if let Some(below) = top.filter(|_| is_wanted) {
                top = Some(self.above(below, operator, label)?);
            }
        }
        self.written(top, &block.writes)
    }

    /// Joins the table of a row to those before it.
    fn join(&mut self, row: usize, block: &mut Joined) -> Result<(), LimitError> {
        let extra = self.extra(row);
        let (mut scan, mut join) = self.table(row, &extra)?;
        let rows = self.draft.node(scan).estimate.rows_per_loop;
        block.estimate = block.estimate.zip(rows).map(|(all, each)| all * each);
        join.rows = block.estimate;
        let (temporary, filesort) = (extra.has("Using temporary"), extra.has("Using filesort"));
        block.temporary |= temporary;
        // Without a temporary table it is the first table that is sorted, before it is joined.
        if filesort && !temporary && block.inputs.is_empty() && !self.block.is_result() {
            scan = self.above(scan, Operator::Sort, "Using filesort")?;
        } else {
            block.sorted |= filesort;
        }
        block.inputs.push(Input { at: scan, join });
        if extra.has("End temporary") {
            // Rows of the outer tables that were found before are left out.
            let (joined, joins) = left_deep(self.draft, std::mem::take(&mut block.inputs))?;
            self.measure_joins(&joins);
            if let Some(joined) = joined {
                let at =
                    self.above(joined, Operator::Distinct, "Start temporary; End temporary")?;
                block
                    .inputs
                    .push(Input { at, join: Join { rows: block.estimate, ..Join::default() } });
            }
        }
        Ok(())
    }

    fn text(&self, row: usize, column: &str) -> Option<&'a str> {
        let grid = self.grid;
        grid.rows().get(row).and_then(|row| grid.cell(row, column))
    }

    /// A number, without the share that MariaDB puts behind it: `7 (3%)`.
    fn number(&self, row: usize, column: &str) -> Option<f64> {
        self.text(row, column).and_then(|text| number(text.split(' ').next().unwrap_or(text)))
    }

    fn extra(&self, row: usize) -> Extra<'a> {
        Extra(self.text(row, "extra").unwrap_or_default().split("; ").map(str::trim).collect())
    }

    fn above(&mut self, below: At, operator: Operator, label: &str) -> Result<At, LimitError> {
        let mut node = Node::new(operator, label);
        node.estimate = self.draft.node(below).estimate;
        node.actual = self.draft.node(below).actual;
        self.draft.wrap(below, node)
    }

    /// The scan of a row and how it joins.
    fn table(&mut self, row: usize, extra: &Extra<'a>) -> Result<(At, Join), LimitError> {
        let list = |text: Option<&str>| -> Vec<String> {
            text.into_iter().flat_map(|text| text.split(',')).map(str::to_owned).collect()
        };
        let references = list(self.text(row, "ref"));
        let access = Access {
            table: self.text(row, "table").map(str::to_owned),
            kind: self.text(row, "type").map(str::to_owned),
            key: self.text(row, "key").map(str::to_owned),
            covering: ["Using index", "Using index for group-by", "Using index for skip scan"]
                .iter()
                .any(|part| {
                    extra
                        .0
                        .iter()
                        .any(|have| have == part || have.starts_with(&format!("{part} (")))
                }),
            rows: self.number(row, "rows"),
            filtered: self.number(row, "filtered"),
            ..Access::default()
        };
        let mut node = match (&access.kind, extra.0.first().filter(|part| !part.is_empty())) {
            (None, Some(message)) => {
                let mut node = Node::new(message_operator(message), *message);
                node.relation.clone_from(&access.table);
                node
            }
            _ => access.node(),
        };
        if self.block.is_result() {
            node = Node::new(Operator::SetOperation, self.block.kind.clone());
            self.block.union = union_of(access.table.as_deref().unwrap_or_default()).to_owned();
        }
        if extra.has("Recursive") && node.operator == Operator::SeqScan {
            node.operator = Operator::WorkTableScan;
        }
        if let Operator::Other(kind) = &node.operator {
            self.unknown.push(kind.clone());
        }
        self.details(row, &mut node);
        self.measure(row, &mut node);
        let scan = self.draft.add(node)?;
        self.parts(row, scan, &access, extra)?;
        self.mentions(scan, &access, &references);
        let kind = match () {
            () if extra.has("Not exists") => Some("Anti"),
            () if extra.0.iter().any(|part| part.starts_with("FirstMatch")) => Some("Semi"),
            () => None,
        };
        let buffer = extra.inside("Using join buffer ").map(str::to_owned);
        Ok((scan, Join { buffer, kind, ..Join::default() }))
    }

    fn details(&self, row: usize, node: &mut Node) {
        // The type is the label, and the number names the SELECT once, at its first table.
        let is_usual = |text: &str| matches!(text, "SIMPLE" | "PRIMARY" | "100.00");
        let known = ["id", "table", "type", "key", "rows", "r_rows"];
        let columns = self.grid.columns().iter().filter(|name| !known.contains(&name.as_str()));
        let told = columns.filter_map(|name| Some((name, self.text(row, name)?)));
        let told: Vec<(&String, &str)> = told.filter(|(_, text)| !is_usual(text)).collect();
        let id = self.block.id.filter(|_| self.block.scans.is_empty());
        // With room for these and no more: a table has many rows.
        let mut details = Map::with_capacity(told.len() + usize::from(id.is_some()));
        for (name, text) in told {
            details.insert(name.clone(), Value::String(text.to_owned()));
        }
        if let Some(id) = id {
            details.insert("select_id".into(), Value::from(id));
        }
        details.extend(std::mem::take(&mut *node.details));
        node.details = details.into();
    }

    /// The indexes of a merge or a filter of row ids.
    fn parts(
        &mut self,
        row: usize,
        scan: At,
        access: &Access,
        extra: &Extra<'_>,
    ) -> Result<(), LimitError> {
        let merged = access.kind.as_deref() == Some("index_merge");
        let ways = ["intersect", "union", "sort_union", "sort_intersect"];
        let how = ways.iter().find_map(|way| extra.inside(&format!("Using {way}")));
        let names = how
            .map(Access::merged)
            .or(self.text(row, "key").map(Access::merged))
            .filter(|_| merged);
        for index in names.unwrap_or_default() {
            let mut node = Node::new(Operator::IndexScan, "range");
            (node.relation, node.index) = (access.table.clone(), Some(index.to_owned()));
            let part = self.draft.add(node)?;
            self.draft.adopt(scan, part, Role::Member);
        }
        if let Some(index) = access.filter_index() {
            let mut node = Node::new(Operator::IndexOnlyScan, "rowid filter");
            (node.relation, node.index) = (access.table.clone(), Some(index.to_owned()));
            let part = self.draft.add(node)?;
            self.draft.adopt(scan, part, Role::Outer);
        }
        Ok(())
    }

    /// Which SELECT is read, and which tables outside.
    fn mentions(&mut self, scan: At, access: &Access, references: &[String]) {
        let Some(table) = &access.table else { return };
        let recursive = self.block.kind.contains("RECURSIVE") || self.text_is_recursive(scan);
        for prefix in ["<derived", "<subquery"] {
            let number = table.strip_prefix(prefix).and_then(|rest| rest.strip_suffix('>'));
            if let Some(id) = number.and_then(|number| number.parse().ok()) {
                self.block.reads.push((id, scan, recursive));
            }
        }
        self.block.scans.entry(table.clone()).or_insert(scan);
        // `schema.table.column`
        let named = references.iter().filter_map(|reference| reference.rsplit('.').nth(1));
        let mut outside =
            named.filter(|name| !self.block.scans.contains_key(*name)).map(str::to_owned);
        self.block.outside = self.block.outside.take().or_else(|| outside.next_back());
    }

    /// MySQL marks the recursive part in `Extra`.
    fn text_is_recursive(&self, scan: At) -> bool {
        let extra = self.draft.node(scan).details.get("extra").and_then(Value::as_str);
        extra.is_some_and(|extra| extra.split("; ").any(|part| part == "Recursive"))
    }

    // ---- figures and writes ----------------------------------------------------------------------

    /// What ANALYZE prints: averages of a loop. The loops are the rows of the tables before.
    fn measure(&mut self, row: usize, node: &mut Node) {
        if !self.grid.has("r_rows") {
            return;
        }
        if self.block.is_result() {
            let rows_per_loop = self.number(row, "r_rows").unwrap_or(0.0);
            node.actual = Some(Actual { loops: 1.0, rows_per_loop, ..Actual::default() });
            return;
        }
        let Some(read) = self.number(row, "r_rows") else {
            // NULL: never executed; but a table of one row is read while planning.
            let is_const = matches!(node.label.as_str(), "const" | "system");
            let is_run = is_const || node.relation.is_none();
            let rows_per_loop = if is_const { 1.0 } else { 0.0 };
            node.actual = Some(Actual {
                loops: f64::from(u8::from(is_run)),
                rows_per_loop,
                ..Actual::default()
            });
            self.rows_out = self.rows_out.map(|rows| rows * rows_per_loop);
            return;
        };
        let loops = self.rows_out.unwrap_or(1.0);
        let kept = read * self.number(row, "r_filtered").unwrap_or(100.0).clamp(0.0, 100.0) / 100.0;
        let buffered = self.text(row, "extra").is_some_and(|extra| extra.contains("join buffer"));
        let loops = if buffered { 1.0 } else { loops };
        node.actual =
            Some(Actual { loops, rows_per_loop: kept, rows_rounding: 0.005, ..Actual::default() });
        node.removed.by_filter = Some((read - kept) * loops);
        node.examined.rows = Some(read * loops);
        self.rows_out = self.rows_out.filter(|_| !buffered).map(|loops| loops * kept);
    }

    /// Joins ran once; their rows are those of their inner table.
    fn measure_joins(&mut self, joins: &[(At, At)]) {
        for (join, inner) in joins {
            let rows = self.draft.node(*inner).actual_rows();
            self.draft.node_mut(*join).actual =
                rows.map(|rows_per_loop| Actual { loops: 1.0, rows_per_loop, ..Actual::default() });
        }
    }

    /// The node that writes, above what it reads.
    fn written(&mut self, top: Option<At>, writes: &[(String, String)]) -> Result<At, LimitError> {
        let Some((verb, table)) = writes.first() else {
            return top.map_or_else(|| self.draft.add(Node::new(Operator::Result, "SELECT")), Ok);
        };
        let mut node = Node::new(Operator::Modify, verb.clone());
        node.relation = Some(table.clone());
        if writes.len() > 1 {
            let tables = writes.iter().map(|(_, table)| Value::String(table.clone())).collect();
            node.details.insert("tables".into(), Value::Array(tables));
        }
        let made = self.draft.add(node)?;
        if let Some(top) = top {
            self.draft.adopt(made, top, Role::Outer);
        }
        Ok(made)
    }
}

/// What the rows of a block have come to.
#[derive(Default)]
struct Joined {
    inputs: Vec<Input>,
    /// Rows out of the joins so far, as estimated.
    estimate: Option<f64>,
    temporary: bool,
    sorted: bool,
    /// Verbs and tables of what is written.
    writes: Vec<(String, String)>,
}

/// `1,2` of `<union1,2>`, `<except1,2>`, `<unit1,2>`.
fn union_of(table: &str) -> &str {
    let inner = table.trim_start_matches('<').trim_end_matches('>');
    inner.trim_start_matches(|c: char| c.is_ascii_alphabetic())
}

fn message_operator(message: &str) -> Operator {
    match message {
        "Select tables optimized away" => Operator::MetadataRead,
        "Deleting all rows" => Operator::Modify,
        _ => Operator::Result,
    }
}
