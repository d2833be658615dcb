//! The plan as a tree: heat at the left, where the eye goes down one column; the nodes at the right.

use super::Style;
use super::document::{Span, Tone, dim, plain};
use super::text::wrap;
use crate::report::cut;
use planscope_advisors::Finding;
use planscope_explain::Engine;
use planscope_explain::heat::{self, HeatClass, Metric};
use planscope_explain::plan::{Condition, ConditionKind, Node, NodeId, Plan, Role};
use planscope_explain::units::{Bytes, Count, Millis, Share};
use std::cmp::Ordering;
use unicode_width::UnicodeWidthStr;

/// Cells of the heat bar.
const BAR: usize = 6;
/// Cells of share and value with the blanks around them.
const FIGURES: usize = 5 + 1 + 8 + 2;
/// Columns that names and rows need right of the indentation.
const NAMES: usize = 16;
/// Deepest level that is indented on any screen; below it the depth is written as a number.
const MOST_LEVELS: usize = 12;
/// Conditions longer than this many lines are cut: a list of a thousand values hides the tree.
const MOST_CONDITION_LINES: usize = 3;

/// The lines of the tree, with numbers of findings at their nodes.
pub fn lines(plan: &Plan, metric: Metric, findings: &[Finding], style: &Style) -> Vec<Vec<Span>> {
    let shares = heat::shares(plan, metric);
    let mut lines = vec![head(plan, metric, style)];
    let mut more_below: Vec<bool> = Vec::new();
    for (id, node) in plan.iter() {
        let depth = node.depth() as usize;
        more_below.truncate(depth);
        more_below.push(has_later_sibling(plan, id));
        let guides = Guides::of(&more_below, depth, most_levels(style));
        let marks = marks(findings, id);
        let drawing = Drawing { plan, metric, style, node, share: shares[id.index()] };
        lines.extend(drawing.lines(id, &guides, &marks));
    }
    lines
}

/// Where bars would leave no room for names; the share beside them says the same.
fn is_narrow(style: &Style) -> bool {
    style.width < 60
}

/// Cells left of the tree.
fn gutter_width(style: &Style) -> usize {
    if is_narrow(style) { FIGURES } else { BAR + 1 + FIGURES }
}

/// Deepest level that is indented on this screen.
fn most_levels(style: &Style) -> usize {
    let room = style.width.saturating_sub(gutter_width(style) + NAMES);
    (room / 3).min(MOST_LEVELS)
}

fn head(plan: &Plan, metric: Metric, style: &Style) -> Vec<Span> {
    let rows = if plan.is_analyzed() { "rows: estimated → actual" } else { "rows: ~estimated" };
    let what = match metric {
        Metric::Time => "self time",
        Metric::Cost => "self cost",
        Metric::Rows => "rows read",
        Metric::Buffers => "blocks",
    };
    vec![dim(format!("{what:<width$}plan  ({rows})", width = gutter_width(style)))]
}

fn has_later_sibling(plan: &Plan, id: NodeId) -> bool {
    let node = &plan.nodes()[id.index()];
    let Some(parent) = node.parent() else { return false };
    let end_of = |id: NodeId| id.0 + plan.nodes()[id.index()].subtree_len();
    end_of(id) < end_of(parent)
}

/// The numbers of the findings about a node, e.g. ` ◀ 1`.
fn marks(findings: &[Finding], id: NodeId) -> String {
    let numbers: Vec<String> = findings
        .iter()
        .enumerate()
        .filter(|(_, finding)| finding.nodes.contains(&id))
        .map(|(i, _)| (i + 1).to_string())
        .collect();
    if numbers.is_empty() { String::new() } else { format!("  ◀ {}", numbers.join(",")) }
}

/// The lines that lead from a node to its parent and past its siblings.
struct Guides {
    first: String,
    rest: String,
}

impl Guides {
    fn of(more_below: &[bool], depth: usize, most_levels: usize) -> Self {
        if depth == 0 {
            return Self { first: String::new(), rest: "  ".to_owned() };
        }
        if depth > most_levels {
            let level = format!("{}{depth}: ", " │".repeat(most_levels / 2));
            return Self { rest: " ".repeat(level.width()), first: level };
        }
        let past: String =
            more_below[1..depth].iter().map(|&more| if more { "│  " } else { "   " }).collect();
        let (branch, below) =
            if more_below[depth] { ("├─ ", "│  ") } else { ("└─ ", "   ") };
        Self { first: format!("{past}{branch}"), rest: format!("{past}{below}  ") }
    }
}

/// A node about to be drawn.
struct Drawing<'a> {
    plan: &'a Plan,
    metric: Metric,
    style: &'a Style,
    node: &'a Node,
    share: f64,
}

impl Drawing<'_> {
    fn lines(&self, id: NodeId, guides: &Guides, marks: &str) -> Vec<Vec<Span>> {
        let mut lines = self.title_lines(id, guides, marks);
        let has_children = self.plan.children(id).next().is_some();
        let guide = if has_children && self.node.depth() as usize <= most_levels(self.style) {
            let mut guide = guides.rest.clone();
            if guide.ends_with("  ") {
                guide.truncate(guide.len() - 2);
                guide.push_str("│ ");
            }
            guide
        } else {
            guides.rest.clone()
        };
        let room = self.room(&guide);
        for detail in self.details() {
            for line in shortened(wrap(&detail, room), room) {
                lines.push(vec![self.margin(), dim(guide.clone()), dim(line)]);
            }
        }
        lines
    }

    /// The title with the rows behind it. A name that is cut off says nothing: what does not fit
    /// goes to lines of its own.
    fn title_lines(&self, id: NodeId, guides: &Guides, marks: &str) -> Vec<Vec<Span>> {
        let (title, rows, tone) = (self.title(), self.rows(id), self.tone());
        let tail = rows.width() + marks.width();
        let (room, below) = (self.room(&guides.first), self.room(&guides.rest));
        let mut titles = wrap(&title, room);
        let mut fits = titles.len() == 1 && titles[0].width() + tail <= room;
        if !fits {
            titles = wrap(&title, below);
            let last = titles.last().map_or(0, |last| last.width());
            fits = titles.len() > 1 && last + tail <= below;
        }
        let line = |i: usize, text: Span| match i {
            0 => vec![self.gutter(tone), dim(guides.first.clone()), text],
            _ => vec![self.margin(), dim(guides.rest.clone()), text],
        };
        let titles = titles.iter().enumerate();
        let mut lines: Vec<Vec<Span>> =
            titles.map(|(i, text)| line(i, Span::new(cut(text, below), tone))).collect();
        match lines.last_mut() {
            Some(last) if fits => last.extend([plain(rows), Span::new(marks, Tone::Strong)]),
            _ => {
                let tail = wrap(&format!("{rows}{marks}"), below);
                lines.extend(tail.into_iter().map(|text| line(1, plain(text))));
            }
        }
        lines
    }

    /// Columns right of the gutter and a guide.
    fn room(&self, guide: &str) -> usize {
        let taken = gutter_width(self.style) + guide.width();
        self.style.width.saturating_sub(taken).max(12)
    }

    /// The gutter of a line that is not a node's first.
    fn margin(&self) -> Span {
        plain(" ".repeat(gutter_width(self.style)))
    }

    fn tone(&self) -> Tone {
        if self.node.never_executed() {
            return Tone::Dim;
        }
        match HeatClass::of(self.share) {
            HeatClass::Cool => Tone::Plain,
            HeatClass::Warm => Tone::Warm,
            HeatClass::Hot => Tone::Hot,
            HeatClass::Burning => Tone::Burning,
        }
    }

    fn gutter(&self, tone: Tone) -> Span {
        let value = self.metric.value(self.node);
        let text = match (value, self.metric) {
            (None, _) => String::new(),
            (Some(ms), Metric::Time) => Millis(ms).to_string(),
            (Some(value), _) => Count(rounded(value)).to_string(),
        };
        // Below half a percent a share says nothing that the missing bar does not say.
        let share = if self.share >= 0.005 { Share(self.share).to_string() } else { String::new() };
        let figures = format!("{share:>5} {text:>8}  ");
        match is_narrow(self.style) {
            true => Span::new(figures, tone),
            false => Span::new(format!("{:<BAR$} {figures}", bar(self.share)), tone),
        }
    }

    fn title(&self) -> String {
        let node = self.node;
        let mut title = match (&node.subplan, node.role) {
            (Some(name), _) => format!("[{name}] {}", node.label),
            (None, Role::InitPlan) => format!("[init plan] {}", node.label),
            (None, Role::SubPlan) => format!("[subplan] {}", node.label),
            _ => node.label.clone(),
        };
        // `Seq Scan on orders`, but `SCAN orders`: each as its engine writes it.
        let sqlite = self.plan.engine == Engine::Sqlite;
        let index = node.index.as_ref().filter(|i| !title.contains(i.as_str()));
        let using = index.map(|index| format!(" using {index}")).unwrap_or_default();
        if !sqlite {
            title.push_str(&using);
        }
        if let Some(relation) = node.relation.as_ref().filter(|r| !has_word(&title, r)) {
            title.push_str(&format!(" {}{relation}", if sqlite { "" } else { "on " }));
        }
        match &node.alias {
            Some(alias) if node.relation.as_ref() != Some(alias) && !has_word(&title, alias) => {
                title.push_str(&format!(" {alias}"));
            }
            _ => {}
        }
        if sqlite {
            title.push_str(&using);
        }
        title
    }

    fn rows(&self, id: NodeId) -> String {
        let node = self.node;
        let Some(actual) = node.actual else {
            return match node.estimate.rows_per_loop {
                Some(rows) => format!("  ~{}", Count(rounded(rows))),
                None => String::new(),
            };
        };
        if actual.never_executed() {
            return "  (never executed)".to_owned();
        }
        let mut text = match node.estimate.rows_per_loop {
            Some(rows) => format!("  {} → ", Count(rounded(rows * actual.loops))),
            None => "  ".to_owned(),
        };
        text.push_str(&Count(rounded(actual.rows())).to_string());
        let fewer = heat::misestimate_direction(node) == Ordering::Less;
        let off = heat::misestimate(node).filter(|&factor| factor >= 10.0);
        if let Some(factor) = off.filter(|_| !(fewer && heat::is_cut_short(self.plan, id))) {
            let arrow = if fewer { '↓' } else { '↑' };
            text.push_str(&format!(" {arrow}{}×", Count(factor.round())));
        }
        if actual.loops > 1.0 {
            text.push_str(&format!(", {} loops", Count(actual.loops)));
        }
        text
    }

    /// Conditions and facts below the title.
    fn details(&self) -> Vec<String> {
        let mut details: Vec<String> = grouped(&self.node.conditions);
        let node = self.node;
        if node.removed.total() > 0.0 {
            details.push(format!("removed {} rows", Count(node.removed.total())));
        }
        if let Some(memory) = memory(node) {
            details.push(memory);
        }
        if let Some(workers) = node.workers {
            let number = |n: Option<u32>| n.map_or("?".to_owned(), |n| n.to_string());
            let (planned, launched) = (number(workers.planned), number(workers.launched));
            details.push(match workers.launched {
                Some(_) => format!("workers: {launched} of {planned} launched"),
                None => format!("workers: {planned} planned"),
            });
        }
        // Below a hundred blocks (800 kB) nothing is slow because of them.
        let blocks = node.self_buffers().filter(|_| self.metric != Metric::Buffers);
        if let Some(blocks) = blocks.filter(|&blocks| blocks >= 100.0) {
            details.push(format!("touched {} blocks", Count(blocks.round())));
        }
        details
    }
}

/// Whether `text` holds `word` as a word of its own.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || c == '.').any(|part| part == word)
}

/// At most a few lines, the last one marked when there were more.
fn shortened(mut lines: Vec<String>, room: usize) -> Vec<String> {
    if lines.len() > MOST_CONDITION_LINES {
        lines.truncate(MOST_CONDITION_LINES);
        if let Some(last) = lines.last_mut() {
            last.push_str(" …");
        }
    }
    lines.into_iter().map(|line| cut(&line, room)).collect()
}

/// One line a kind: lists (sort keys) are joined, output columns left out.
fn grouped(conditions: &[Condition]) -> Vec<String> {
    let mut lines: Vec<(ConditionKind, String)> = Vec::new();
    for condition in conditions.iter().filter(|c| c.kind != ConditionKind::Output) {
        match lines.last_mut() {
            Some((kind, line)) if *kind == condition.kind => {
                line.push_str(", ");
                line.push_str(&condition.text);
            }
            _ => lines.push((condition.kind, condition.text.clone())),
        }
    }
    lines.into_iter().map(|(kind, text)| format!("{}: {text}", kind.label())).collect()
}

fn memory(node: &Node) -> Option<String> {
    let memory = &node.memory;
    let mut facts: Vec<String> = memory.method.iter().cloned().collect();
    facts.extend(memory.batches.filter(|&b| b > 1).map(|b| format!("{b} batches")));
    facts.extend(
        memory.peak_bytes.filter(|&b| b > 0).map(|b| format!("memory {}", Bytes(b as f64))),
    );
    facts.extend(memory.disk_bytes.filter(|&b| b > 0).map(|b| format!("disk {}", Bytes(b as f64))));
    (!facts.is_empty()).then(|| facts.join(", "))
}

/// A bar of eighths of a cell.
fn bar(share: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * (BAR * 8) as f64).round() as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

/// Whole numbers above ten, two digits below.
fn rounded(value: f64) -> f64 {
    if value.abs() >= 10.0 { value.round() } else { (value * 100.0).round() / 100.0 }
}
