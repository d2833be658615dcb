//! The tree: guides, icon and title at the left; rows, heat bar, own figure and share at the right.

use super::icons;
use crate::output::node as words;
use crate::tui::plan::layout::Layout;
use crate::tui::plan::{PlanState, PlansScreen, search};
use crate::tui::screen::Page;
use crate::tui::theme::Paint;
use crate::tui::view::text::{Line, bar, dim, plain, put, run, shade, width};
use planscope_explain::heat::{HeatClass, Metric};
use planscope_explain::plan::{Node, NodeId, Plan};
use planscope_explain::units::{Count, Share};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// Columns of a level.
const INDENT: usize = 2;
/// Columns that a title needs beside its indentation.
const LEAST_TITLE: usize = 16;
/// Columns of value and share with their blanks.
const FIGURES: usize = 9 + 6;

/// Draws head and rows.
pub fn draw(screen: &PlansScreen, page: &Page<'_>, layout: &Layout, buffer: &mut Buffer) {
    let state = screen.plan();
    let columns = Columns::of(state, layout.main);
    head(state, page, layout.head, &columns, buffer);
    let area = layout.main;
    let rows = state.tree.rows().iter().enumerate().skip(state.tree.top());
    for ((row, &id), y) in rows.zip(area.top()..area.bottom()) {
        let drawing = Drawing { state, page, columns: &columns, id: NodeId(id) };
        let is_selected = row == state.tree.cursor();
        drawing.row(Rect { y, height: 1, ..area }, is_selected, buffer);
        if is_selected {
            let paint = if screen.in_side { Paint::SelectedElsewhere } else { Paint::Selected };
            shade(buffer, Rect { y, height: 1, ..area }, page.look.style(paint));
        }
    }
}

/// How wide the columns at the right are in this room.
struct Columns {
    /// Rows: estimated and actual; 0 where they stand behind the title.
    rows: usize,
    /// Cells of the bar.
    bar: usize,
    /// Value and share; 0 where the plan holds no figures.
    figures: usize,
    /// Everything right of the titles.
    right: usize,
    /// Deepest level that is indented.
    most_levels: usize,
}

impl Columns {
    fn of(state: &PlanState, area: Rect) -> Self {
        let all = usize::from(area.width);
        let bar = match all {
            0..56 => 0,
            56..84 => 5,
            84..110 => 8,
            _ => 12,
        };
        // As wide as what is on the screen needs, so that titles have the rest.
        let shown = state.tree.rows().iter().skip(state.tree.top()).take(area.height.into());
        let widest = shown.map(|&id| width(&rows(state, NodeId(id)))).max().unwrap_or(0);
        let most = if all >= 96 { 26 } else { 18 };
        let rows = if all >= 64 && widest > 0 { widest.clamp(11, most) + 1 } else { 0 };
        let (bar, figures) = if state.measured.is_empty() { (0, 0) } else { (bar, FIGURES) };
        let right = rows + figures + if bar > 0 { bar + 1 } else { 0 };
        let most_levels = all.saturating_sub(right + LEAST_TITLE) / INDENT;
        Self { rows, bar, figures, right, most_levels }
    }
}

fn head(state: &PlanState, page: &Page<'_>, area: Rect, columns: &Columns, buffer: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let what = words::metric_head(state.plan(), state.measured.metric);
    let figure = match (state.inclusive, state.measured.metric.has_total()) {
        _ if columns.figures == 0 => String::new(),
        (false, _) => what.to_owned(),
        (true, true) => format!("{} + inputs", what.trim_start_matches("self ")),
        (true, false) => "worst below".to_owned(),
    };
    let mut left = vec![dim("plan")];
    if state.zoom.is_some() {
        left.push(run(" · zoomed, Esc: all", Paint::Strong));
    }
    if state.only_hot {
        left.push(run(" · only ≥ 1 %", Paint::Strong));
    }
    let rows = match (columns.rows, state.plan().is_analyzed()) {
        (0, _) => String::new(),
        (_, true) => format!("{:>1$}", "est. → rows", columns.rows),
        (_, false) => format!("{:>1$}", "est. rows", columns.rows),
    };
    let rest = columns.right - columns.rows;
    let text = format!("{rows}{figure:>rest$}");
    put(buffer, page.look, (area.x, area.y), area.width, &left);
    let text = text.trim_start();
    let columns = text.width().min(area.width.into()) as u16;
    put(buffer, page.look, (area.right() - columns, area.y), columns, &[dim(text)]);
}

/// A row about to be drawn.
struct Drawing<'a> {
    state: &'a PlanState,
    page: &'a Page<'a>,
    columns: &'a Columns,
    id: NodeId,
}

impl Drawing<'_> {
    fn plan(&self) -> &Plan {
        self.state.plan()
    }

    fn node(&self) -> &Node {
        &self.plan().nodes()[self.id.index()]
    }

    fn row(&self, area: Rect, is_selected: bool, buffer: &mut Buffer) {
        let look = self.page.look;
        let right = usize::from(area.width).min(self.columns.right) as u16;
        let mut left: Line = vec![run(if is_selected { "▸" } else { " " }, Paint::Strong)];
        left.extend(self.guides());
        let room = area.width - right;
        let marks = self.marks();
        let wide = width(&marks) as u16;
        left.extend(
            self.title(usize::from(room.saturating_sub(wide)).saturating_sub(width(&left))),
        );
        // What points at a finding is worth more than the end of a title.
        let used = put(buffer, look, (area.x, area.y), room.saturating_sub(wide), &left);
        let used = put(buffer, look, (used, area.y), wide, &marks);
        if self.columns.rows == 0 {
            let rows = rows(self.state, self.id);
            let space = (area.x + room).saturating_sub(used + 2);
            if usize::from(space) >= width(&rows) && !rows.is_empty() {
                put(buffer, look, (used + 2, area.y), space, &rows);
            }
        }
        put(buffer, look, (area.x + room, area.y), right, &self.figures());
    }

    /// The lines that lead to the parent and past the siblings, and the sign of folding.
    fn guides(&self) -> Line {
        let plan = self.plan();
        let base = self.state.top_level() as usize;
        let depth = (self.node().depth() as usize).saturating_sub(base);
        let folds = match (self.node().subtree_len() > 1, self.state.tree.is_folded(self.id)) {
            (false, _) => "─",
            (true, true) => "▸",
            (true, false) => "▾",
        };
        if depth == 0 {
            return vec![dim(format!("{} ", folds.replace('─', " ")))];
        }
        let most = self.columns.most_levels.max(1);
        if depth > most {
            // Too deep to be indented: the level as a number.
            let text = format!("{:>1$}", format!("…{depth} "), most.saturating_sub(1) * INDENT);
            return vec![dim(format!("{text}{folds} "))];
        }
        let mut levels = vec![""; depth];
        let mut at = self.id;
        for level in (0..depth).rev() {
            let more = has_later_row(self.state, plan, at);
            levels[level] = match (level == depth - 1, more) {
                (true, true) => "├─",
                (true, false) => "└─",
                (false, true) => "│ ",
                (false, false) => "  ",
            };
            at = plan.nodes()[at.index()].parent().unwrap_or(NodeId::ROOT);
        }
        vec![dim(format!("{}{folds} ", levels.concat()))]
    }

    /// Icon and title in at most `room` columns.
    fn title(&self, room: usize) -> Line {
        let node = self.node();
        let icon = icons::of(node);
        let symbol = if self.page.look.ascii { icon.letter } else { icon.symbol };
        let icon_paint = match node.never_executed() {
            true => Paint::Dim,
            false => Paint::Kind(icon.kind),
        };
        let mut line = vec![run(format!("{symbol} "), icon_paint)];
        let mut room = room.saturating_sub(2);
        if self.state.tree.is_folded(self.id) && node.subtree_len() > 1 {
            room = room.saturating_sub(format!(" +{}", node.subtree_len() - 1).len());
        }
        let title = fitting(words::title(self.plan(), node), node, room);
        line.extend(highlighted(&title, self.state.search.needle(), self.paint()));
        let found = self.state.search.number_of(self.id.0).is_some();
        if found && line.iter().all(|run| run.paint != Paint::Match) {
            // It is in a condition, which this row does not show.
            line.push(run(" /", Paint::Match));
        }
        if self.state.tree.is_folded(self.id) && node.subtree_len() > 1 {
            line.push(dim(format!(" +{}", node.subtree_len() - 1)));
        }
        line
    }

    fn paint(&self) -> Paint {
        let heat = self.state.measured.heat(self.id.index(), self.state.inclusive);
        match heat.class {
            _ if self.node().never_executed() => Paint::Dim,
            HeatClass::Cool => Paint::Plain,
            class => Paint::Heat(class),
        }
    }

    /// Findings, and the hottest node.
    fn marks(&self) -> Line {
        let mut line = Line::new();
        if self.state.measured.hottest == Some(self.id.index()) {
            line.push(run(" ◀", Paint::Strong));
        }
        let numbers = &self.state.findings[self.id.index()];
        if !numbers.is_empty() {
            let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
            line.push(run(format!(" !{}", numbers.join(",")), Paint::Bad));
        }
        line
    }

    fn figures(&self) -> Line {
        let node = self.node();
        let heat = self.state.measured.heat(self.id.index(), self.state.inclusive);
        let metric = self.state.measured.metric;
        let mut line = Line::new();
        if self.columns.rows > 0 {
            let rows = rows(self.state, self.id);
            line.push(plain(" ".repeat(self.columns.rows.saturating_sub(width(&rows)))));
            line.extend(shortened(rows, self.columns.rows));
        }
        if self.columns.figures == 0 {
            return line;
        }
        let tone = self.paint();
        if self.columns.bar > 0 {
            let cells = self.columns.bar;
            let text = format!(" {:<cells$}", bar(heat.share, cells));
            line.push(run(text, Paint::Heat(heat.class)));
        }
        let value = match (self.state.inclusive, metric) {
            (true, Metric::Misestimate) => heat
                .value
                .map_or(String::new(), |factor| format!("{}×", Count(words::rounded(factor)))),
            _ => words::figure(node, metric, &heat),
        };
        let share = match heat.share {
            share if share >= 0.005 && metric.has_total() => Share(share).to_string(),
            _ => String::new(),
        };
        line.push(run(format!(" {value:>8}"), tone));
        line.push(run(format!(" {share:>5}"), tone));
        line
    }
}

/// Estimated and actual rows, the factor between them, loops.
fn rows(state: &PlanState, id: NodeId) -> Line {
    let node = &state.plan().nodes()[id.index()];
    let count = |n: f64| Count(words::rounded(n)).to_string();
    let Some(actual) = node.actual else {
        let estimate = node.estimate.rows_per_loop;
        return estimate.map(|rows| vec![dim(format!("~{}", count(rows)))]).unwrap_or_default();
    };
    if actual.never_executed() {
        return vec![dim("never executed")];
    }
    let mut line = Line::new();
    if let Some(rows) = node.estimate.rows_per_loop {
        line.push(dim(format!("{}→", count(rows * actual.loops))));
    }
    line.push(plain(count(actual.rows())));
    let factor = state.factors[id.index()];
    if let Some(factor) = factor.filter(|&factor| factor >= 2.0) {
        let paint = match HeatClass::of_factor(factor) {
            HeatClass::Cool => Paint::Dim,
            class => Paint::Heat(class),
        };
        line.push(run(format!(" {}", words::factor_text(node, factor)), paint));
    }
    if actual.loops > 1.0 {
        line.push(dim(format!(" ⟳{}", count(actual.loops))));
    }
    line
}

/// Whether a sibling behind `id`, or something below one, is on a row.
fn has_later_row(state: &PlanState, plan: &Plan, id: NodeId) -> bool {
    let node = &plan.nodes()[id.index()];
    let Some(parent) = node.parent() else { return false };
    let end = |id: NodeId| id.0 + plan.nodes()[id.index()].subtree_len();
    state.tree.has_row_in(end(id)..end(parent))
}

/// Without its last runs (loops, then the factor) where they do not fit.
fn shortened(mut line: Line, room: usize) -> Line {
    while width(&line) > room && line.len() > 1 {
        line.pop();
    }
    line
}

/// The title where it fits; else without the index; else with the end of the operator cut off: the
/// table's name is what the eye looks for.
fn fitting(title: String, node: &Node, room: usize) -> String {
    if title.width() <= room {
        return title;
    }
    let Some(relation) = &node.relation else { return title };
    let alias = node.alias.as_ref().filter(|alias| *alias != relation);
    let name = alias.map_or(relation.clone(), |alias| format!("{relation} {alias}"));
    let label = match title.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((subplan, _)) => format!("[{subplan}] {}", node.label),
        None => node.label.clone(),
    };
    let label = label.split(" using ").next().unwrap_or_default();
    let label = label.split(" on ").next().unwrap_or_default();
    let short = format!("{label} {name}");
    let least = room.saturating_sub(name.width() + 1);
    match short.width() <= room {
        true => short,
        // The icon says what it is.
        false if least < 5 => name,
        false => format!("{} {name}", crate::report::cut(label, least)),
    }
}

/// `text` with what the search found in it.
fn highlighted(text: &str, needle: &str, paint: Paint) -> Line {
    let mut line = Line::new();
    let mut rest = text;
    while let Some(hit) = search::find(rest, needle) {
        line.push(run(&rest[..hit.start], paint));
        line.push(run(&rest[hit.clone()], Paint::Match));
        rest = &rest[hit.end..];
    }
    line.push(run(rest, paint));
    line
}
