//! The tabular EXPLAIN of MySQL and MariaDB: a row a table, made a tree by the numbers of the SELECTs.
//!
//! The rows of one number are joined from left to right. `<derived2>` and `<subquery2>` say where a
//! SELECT is read, `<union1,2>` which ones are united. Where any other subquery runs is not in the
//! table: its `ref` may name a table outside, else it is the statement's first SELECT.

mod block;

use super::draft::{At, Draft};
use super::pieces::Grid;
use crate::engine::Engine;
use crate::formats::{FormatError, Note, Reading};
use crate::plan::{Actual, LimitError, Node, Operator, Role};
use block::Block;
use std::collections::HashMap;

/// The engine that printed the table, and whether that is a guess.
pub(super) fn engine_of(grid: &Grid, hint: Option<Engine>) -> (Engine, bool) {
    let mentions = |column: &str, marks: &[&str]| {
        let cells = grid.rows().iter().filter_map(|row| grid.cell(row, column));
        cells.into_iter().any(|cell| marks.iter().any(|mark| cell.contains(mark)))
    };
    let mariadb = grid.has("r_rows")
        || mentions("type", &["|filter", "hash_"])
        || mentions("select_type", &["LATERAL", "UNIT RESULT", "RECURSIVE"])
        || mentions("extra", &["flat, ", "incremental, ", "rowid filter", "BNLH", "BKAH"])
        || mentions("rows", &["%)"]);
    // Since 5.7 MySQL always prints both columns, MariaDB only what it is asked for.
    let mysql = grid.has("partitions") && grid.has("filtered")
        || mentions(
            "extra",
            &["hash join", "Block Nested Loop", "Backward index scan", "index for skip scan"],
        );
    match (mariadb, mysql) {
        (true, _) => (Engine::Mariadb, false),
        (false, true) => (Engine::Mysql, false),
        (false, false) => (hint.unwrap_or(Engine::Mariadb), hint.is_none()),
    }
}

/// Reads the plan of a table.
pub(super) fn read(
    grid: &Grid,
    engine: Engine,
    line: usize,
    format: &'static str,
) -> Result<Reading, FormatError> {
    let mut maker = Maker {
        draft: Draft::expecting(grid.rows().len() * 2),
        blocks: block::split(grid),
        notes: Vec::new(),
    };
    for at in 0..maker.blocks.len() {
        let (top, unknown) = block::build(&mut maker.draft, grid, &mut maker.blocks[at])?;
        maker.blocks[at].top = Some(top);
        let place = format!("line {line}");
        let note =
            |kind| Note { place: place.clone(), message: format!("unknown access type `{kind}`") };
        maker.notes.extend(unknown.into_iter().map(note));
    }
    let units = maker.units()?;
    let root = maker.link(&units)?;
    let Some(root) = root else {
        return Err(FormatError::Malformed {
            place: format!("line {line}"),
            expected: "rows of EXPLAIN".into(),
            found: "none".into(),
        });
    };
    let plan = maker.draft.finish(root, engine, format)?;
    Ok(Reading { plan, notes: maker.notes })
}

struct Maker {
    draft: Draft,
    blocks: Vec<Block>,
    notes: Vec<Note>,
}

/// A SELECT, or several that are united.
struct Unit {
    /// The block that comes first.
    head: usize,
    top: At,
}

impl Maker {
    /// Unites the blocks. Units come in the order of their heads.
    fn units(&mut self) -> Result<Vec<Unit>, LimitError> {
        let by_id: HashMap<u64, usize> = self
            .blocks
            .iter()
            .enumerate()
            .rev()
            .filter_map(|(at, block)| Some((block.id?, at)))
            .collect();
        let mut owner: Vec<Option<usize>> = vec![None; self.blocks.len()];
        for at in 0..self.blocks.len() {
            if self.blocks[at].is_result() && owner[at].is_none() {
                self.unite_by_name(at, &by_id, &mut owner);
            }
        }
        self.unite_by_order(&mut owner);
        let mut units = Vec::new();
        let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
        for (at, head) in owner.iter().enumerate() {
            members.entry(head.unwrap_or(at)).or_default().push(at);
        }
        for head in 0..self.blocks.len() {
            let Some(members) = members.remove(&head) else { continue };
            units.push(Unit { head, top: self.united(&members)? });
        }
        Ok(units)
    }

    /// The blocks that `<union1,2>` names belong to the first of them.
    fn unite_by_name(
        &self,
        result: usize,
        by_id: &HashMap<u64, usize>,
        owner: &mut [Option<usize>],
    ) {
        let ids = self.blocks[result].united();
        let free = ids
            .iter()
            .filter_map(|id| by_id.get(id).copied())
            .filter(|&at| owner[at].is_none() && at < result);
        let members: Vec<usize> = free.collect();
        let Some(&head) = members.iter().min() else { return };
        for member in members.into_iter().chain([result]) {
            owner[member] = Some(head);
        }
    }

    /// A UNION ALL that needs no table of its own has no row that names it.
    fn unite_by_order(&self, owner: &mut [Option<usize>]) {
        let (mut plain, mut dependent) = (None, None);
        for (at, block) in self.blocks.iter().enumerate() {
            let last = if block.is_dependent() { &mut dependent } else { &mut plain };
            if owner[at].is_some() || block.is_result() {
                continue;
            }
            if block.is_union() {
                owner[at] = *last;
                if let Some(head) = *last {
                    owner[head] = Some(head);
                }
            } else {
                *last = Some(at);
            }
        }
    }

    /// The topmost node of blocks that are united.
    fn united(&mut self, members: &[usize]) -> Result<At, LimitError> {
        let tops = |maker: &Self, wanted: bool| -> Vec<At> {
            let of = members
                .iter()
                .map(|&at| &maker.blocks[at])
                .filter(|block| block.is_result() == wanted);
            of.filter_map(|block| block.top).collect()
        };
        let (parts, results) = (tops(self, false), tops(self, true));
        let (Some(_), true) = (parts.first(), parts.len() > 1 || !results.is_empty()) else {
            let only = parts.first().or(results.first()).copied();
            return only.map_or_else(|| self.draft.add(Node::new(Operator::Result, "SELECT")), Ok);
        };
        let (top, bottom) = match results.first() {
            // A sort may stand above the union.
            Some(&top) => (top, self.draft.children(top).last().unwrap_or(top)),
            None => {
                let mut node = Node::new(Operator::Append, "UNION ALL");
                let rows: Option<f64> =
                    parts.iter().map(|&part| self.draft.node(part).actual_rows()).sum();
                node.actual = rows.map(|rows_per_loop| Actual {
                    loops: 1.0,
                    rows_per_loop,
                    ..Actual::default()
                });
                let made = self.draft.add(node)?;
                (made, made)
            }
        };
        for part in parts {
            self.draft.adopt(bottom, part, Role::Member);
        }
        Ok(top)
    }

    /// Hangs every unit where it is read. Only earlier rows read later ones, so there is no circle.
    fn link(&mut self, units: &[Unit]) -> Result<Option<At>, LimitError> {
        let by_id: HashMap<u64, usize> = units
            .iter()
            .enumerate()
            .rev()
            .filter_map(|(i, unit)| Some((self.blocks[unit.head].id?, i)))
            .collect();
        let mut hung = vec![false; units.len()];
        for at in 0..self.blocks.len() {
            for (id, scan, reads_work) in std::mem::take(&mut self.blocks[at].reads) {
                let unit = by_id.get(&id).copied().filter(|&i| units[i].head > at && !hung[i]);
                let Some(i) = unit else {
                    if reads_work {
                        self.draft.node_mut(scan).operator = Operator::WorkTableScan;
                    }
                    continue;
                };
                hung[i] = true;
                let made = self
                    .draft
                    .wrap(units[i].top, Node::new(Operator::Materialize, "materialized"))?;
                self.draft.node_mut(made).subplan = Some(format!("Select #{id}"));
                self.draft.adopt(scan, made, Role::Subquery);
            }
        }
        let Some(root) = units.first() else { return Ok(None) };
        let names = self.names();
        for (i, unit) in units.iter().enumerate().skip(1) {
            if hung[i] {
                continue;
            }
            let block = &self.blocks[unit.head];
            let role = if block.is_dependent() { Role::SubPlan } else { Role::InitPlan };
            let outer = block.outside.as_ref().and_then(|name| names.get(name).copied());
            let parent = outer.filter(|(of, _)| *of < unit.head).map_or(root.top, |(_, at)| at);
            let subplan = block.id.map(|id| format!("Select #{id}"));
            self.draft.node_mut(unit.top).subplan = subplan;
            self.draft.adopt(parent, unit.top, role);
        }
        Ok(Some(root.top))
    }

    /// Block and scan by the name of the table; of two, the first.
    fn names(&self) -> HashMap<String, (usize, At)> {
        let mut names = HashMap::new();
        for (of, block) in self.blocks.iter().enumerate() {
            // Each name stands once in a block, and the first block wins.
            for (name, at) in block.scans.iter().map(|(name, at)| (name.clone(), *at)) {
                names.entry(name).or_insert((of, at));
            }
        }
        names
    }
}
