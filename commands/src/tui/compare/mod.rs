//! Two plans side by side: aligned, what changed marked, what did not folded.

pub mod keys;
pub mod layout;
pub mod rows;
#[cfg(test)]
mod tests;
mod update;

use super::keymap::KeyTable;
use super::list::List;
use super::message::{Action, Ask, Effect, Mouse, Typing};
use super::plan::measure::{Figures, Measured};
use super::plan::search::Search;
use super::screen::{Page, Screen};
use super::view;
use planscope_explain::diff::PlanDiff;
use planscope_explain::heat::Metric;
use planscope_explain::plan::{Node, NodeId, Plan};
use planscope_explain::workload::Catalog;
use ratatui::buffer::Buffer;
use rows::{Row, Sign};
use std::rc::Rc;

/// Which of the plans are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Both, side by side; below 100 columns in one.
    Both,
    /// The plan before.
    Before,
    /// The plan after.
    After,
}

/// Two plans, compared.
pub struct CompareScreen {
    /// What the user calls them.
    pub names: [String; 2],
    /// Before and after.
    pub plans: [Plan; 2],
    /// The comparison.
    pub diff: PlanDiff,
    /// All rows.
    pub rows: Vec<Row>,
    /// Which of them are shown, in order.
    pub shown: Vec<u32>,
    /// Which rows hide what lies below them.
    pub folded: Vec<bool>,
    /// The cursor.
    pub list: List,
    /// Which plans are shown.
    pub show: Show,
    /// The figures in all metrics.
    figures: [Figures; 2],
    /// The figures in one.
    pub measured: [Measured; 2],
    /// Figures with the inputs.
    pub inclusive: bool,
    /// Whether what is known of a change stands below.
    pub detail: bool,
    /// What is searched for, in both plans.
    pub search: [Search; 2],
    search_from: u32,
    statement: Option<String>,
    catalog: Rc<Catalog>,
}

impl CompareScreen {
    /// Two plans with their comparison, the cursor on the gravest change.
    pub fn new(names: [String; 2], plans: [Plan; 2], diff: PlanDiff) -> Self {
        let rows = rows::of([&plans[0], &plans[1]], &diff);
        let figures = plans.each_ref().map(Figures::of);
        let metric = common_metric(&figures);
        let measured = figures.each_ref().map(|of| of.measured(metric));
        let mut screen = Self {
            names,
            shown: Vec::new(),
            folded: vec![false; rows.len()],
            list: List::default(),
            show: Show::Both,
            figures,
            measured,
            inclusive: false,
            detail: true,
            search: plans.each_ref().map(Search::of),
            search_from: 0,
            statement: None,
            catalog: Rc::default(),
            plans,
            diff,
            rows,
        };
        screen.fold_unchanged();
        screen.refresh();
        let first = screen.gravest().or_else(|| screen.farthest_apart());
        screen.go_to(first.unwrap_or(0));
        screen
    }

    /// The same, of that statement.
    #[must_use]
    pub fn of_statement(mut self, text: String) -> Self {
        self.statement = Some(text);
        self
    }

    /// The same, with the tables and indexes for the plan view.
    #[must_use]
    pub fn with_catalog(mut self, catalog: Rc<Catalog>) -> Self {
        self.catalog = catalog;
        self
    }

    /// The metric of the figures.
    pub fn metric(&self) -> Metric {
        self.measured[0].metric
    }

    /// The row under the cursor.
    pub fn row(&self) -> Option<&Row> {
        self.rows.get(self.selected() as usize)
    }

    /// The number of the row under the cursor.
    pub fn selected(&self) -> u32 {
        self.shown.get(self.list.cursor()).copied().unwrap_or(0)
    }

    /// A row's node on a side.
    pub fn node(&self, row: &Row, side: usize) -> Option<(NodeId, &Node)> {
        let id = row.nodes[side]?;
        Some((id, self.plans[side].get(id)?))
    }

    /// How many rows a folded row hides on what is shown.
    pub fn hidden_below(&self, row: u32) -> usize {
        let end = self.rows[row as usize].end;
        (row + 1..end).filter(|&i| self.is_on_side(i)).count()
    }

    /// The row of the gravest change.
    fn gravest(&self) -> Option<u32> {
        let grave = |row: &Row| row.severity(&self.diff).map(|severity| severity as u8 + 1);
        let changed = |row: &&Row| row.sign() != Sign::Same;
        let most = self.rows.iter().filter(changed).map(|row| grave(row).unwrap_or(0)).max()?;
        let is = |row: &Row| row.sign() != Sign::Same && grave(row).unwrap_or(0) == most;
        self.rows.iter().position(is).map(|row| row as u32)
    }

    /// The row whose figures differ most.
    fn farthest_apart(&self) -> Option<u32> {
        let value = |row: &Row, side: usize| {
            let node = row.nodes[side]?;
            self.measured[side].heat(node.index(), false).value
        };
        let apart = |row: &Row| match (value(row, 0), value(row, 1)) {
            (Some(before), Some(after)) => (after - before).abs(),
            _ => 0.0,
        };
        let rows = self.rows.iter().map(apart).enumerate().filter(|(_, apart)| *apart > 0.0);
        rows.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(row, _)| row as u32)
    }

    /// Folds the parts without a change; where there is none at all, everything is shown.
    fn fold_unchanged(&mut self) {
        // How many rows before each have changed.
        let mut changed = Vec::with_capacity(self.rows.len() + 1);
        changed.push(0_u32);
        for row in &self.rows {
            let is_changed = u32::from(row.sign() != Sign::Same);
            changed.push(changed.last().copied().unwrap_or(0) + is_changed);
        }
        let any = changed.last().is_some_and(|count| *count > 0);
        let mut end = 0;
        for (i, row) in self.rows.iter().enumerate() {
            let quiet = changed[row.end as usize] == changed[i];
            let folds = any && quiet && row.end as usize > i + 2 && i as u32 >= end;
            self.folded[i] = folds;
            if folds {
                end = row.end;
            }
        }
    }

    fn is_on_side(&self, row: u32) -> bool {
        let nodes = &self.rows[row as usize].nodes;
        match self.show {
            Show::Both => true,
            Show::Before => nodes[0].is_some(),
            Show::After => nodes[1].is_some(),
        }
    }

    /// Makes the list anew after folding or switching sides; the cursor stays where it can.
    fn refresh(&mut self) {
        let at = self.selected();
        self.shown.clear();
        let mut next = 0;
        while (next as usize) < self.rows.len() {
            if self.is_on_side(next) {
                self.shown.push(next);
            }
            next = match self.folded[next as usize] {
                true => self.rows[next as usize].end,
                false => next + 1,
            };
        }
        self.list.resize(self.shown.len());
        let line = self.shown.partition_point(|&row| row <= at).saturating_sub(1);
        self.list.go_to(line);
    }

    /// Goes to a row; what hides it is unfolded.
    fn go_to(&mut self, row: u32) {
        let mut has_unfolded = false;
        for above in 0..row {
            let hides = self.folded[above as usize] && self.rows[above as usize].end > row;
            has_unfolded |= hides;
            self.folded[above as usize] &= !hides;
        }
        if !self.is_on_side(row) {
            self.show = Show::Both;
            has_unfolded = true;
        }
        if has_unfolded {
            self.refresh();
        }
        if let Ok(line) = self.shown.binary_search(&row) {
            self.list.go_to(line);
        }
    }
}

/// One metric for both, so that the two can be read against each other.
fn common_metric(figures: &[Figures; 2]) -> Metric {
    let best = figures[0].choose(None);
    if best == figures[1].choose(None) {
        return best;
    }
    let both = |metric: &Metric| figures.iter().all(|of| of.has(*metric));
    Metric::ALL.into_iter().find(both).unwrap_or(best)
}

impl Screen for CompareScreen {
    fn title(&self) -> String {
        format!("{} → {}", self.names[0], self.names[1])
    }

    fn facts(&self) -> String {
        view::compare::facts(self)
    }

    fn keys(&self) -> Vec<&'static KeyTable> {
        vec![&keys::COMPARE]
    }

    fn act(&mut self, action: Action, page: &Page<'_>) -> Option<Vec<Effect>> {
        update::act(self, action, page)
    }

    fn mouse(&mut self, mouse: Mouse, page: &Page<'_>) -> Vec<Effect> {
        update::mouse(self, mouse, page)
    }

    fn typed(&mut self, ask: Ask, text: &str, typing: Typing, page: &Page<'_>) -> Vec<Effect> {
        update::typed(self, ask, text, typing, page)
    }

    fn resized(&mut self, page: &Page<'_>) {
        update::scroll(self, page);
    }

    fn draw(&self, page: &Page<'_>, buffer: &mut Buffer) {
        view::compare::draw(self, page, buffer);
    }
}
