//! The plan as a tree: heat at the left, where the eye goes down one column; the nodes at the right.

use super::document::{Span, Tone, dim, plain};
use super::text::{wrap, wrap_all};
use super::{Style, node as words};
use planscope_advisors::Finding;
use planscope_explain::heat::{self, Heat, HeatClass, Metric};
use planscope_explain::plan::{Node, NodeId, Plan};
use planscope_explain::units::Share;
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
    let heat = heat::of(plan, metric);
    let factors = heat::misestimates(plan);
    let hottest = words::hottest(&heat);
    let see = words::numbers_of_findings(plan, findings);
    let mut lines = vec![head(plan, metric, style)];
    let mut more_below: Vec<bool> = Vec::new();
    for (id, node) in plan.iter() {
        let depth = node.depth() as usize;
        more_below.truncate(depth);
        more_below.push(has_later_sibling(plan, id));
        let guides = Guides::of(&more_below, depth, most_levels(style));
        let is_hottest = hottest == Some(id.index());
        // The gutter says it already.
        let factor = factors[id.index()].filter(|_| metric != Metric::Misestimate);
        let heat = heat[id.index()];
        let drawing = Drawing { plan, metric, style, node, heat, factor };
        lines.extend(drawing.lines(id, &guides, &marks(&see[id.index()], is_hottest, metric)));
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
    let rows = match (plan.is_analyzed(), plan.nodes().iter().any(has_estimate)) {
        (true, true) => "rows: estimated → actual",
        (true, false) => "rows: actual",
        (false, _) => "rows: ~estimated",
    };
    let what = words::metric_head(plan, metric);
    let width = gutter_width(style);
    let with_rows = style.text(&format!("{what:<width$}plan  ({rows})"));
    vec![dim(match with_rows.width() > style.width {
        true => format!("{what:<width$}plan"),
        false => with_rows,
    })]
}

fn has_estimate(node: &Node) -> bool {
    node.estimate.rows_per_loop.is_some()
}

fn has_later_sibling(plan: &Plan, id: NodeId) -> bool {
    let node = &plan.nodes()[id.index()];
    let Some(parent) = node.parent() else { return false };
    let end_of = |id: NodeId| id.0 + plan.nodes()[id.index()].subtree_len();
    end_of(id) < end_of(parent)
}

/// The words that point at a node: it is the hottest, or findings are about it, by their numbers.
fn marks(see: &[usize], is_hottest: bool, metric: Metric) -> String {
    let numbers: Vec<String> = see.iter().map(usize::to_string).collect();
    let see = (!numbers.is_empty()).then(|| format!("see {}", numbers.join(",")));
    let top = if metric.has_total() { "hottest" } else { "worst" };
    let words: Vec<String> = is_hottest.then(|| top.to_owned()).into_iter().chain(see).collect();
    if words.is_empty() { String::new() } else { format!("  ◀ {}", words.join(", ")) }
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
    heat: Heat,
    factor: Option<f64>,
}

impl Drawing<'_> {
    fn lines(&self, id: NodeId, guides: &Guides, marks: &str) -> Vec<Vec<Span>> {
        let mut lines = self.title_lines(guides, marks);
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
            for line in self.shortened(wrap_all(&self.style.text(&detail), room), room) {
                lines.push(vec![self.margin(), dim(guide.clone()), dim(line)]);
            }
        }
        lines
    }

    /// The title with the rows behind it. A name that is cut off says nothing: what does not fit
    /// goes to lines of its own.
    fn title_lines(&self, guides: &Guides, marks: &str) -> Vec<Vec<Span>> {
        let title = self.style.text(&words::title(self.plan, self.node));
        let (rows, tone) = (self.rows(), self.tone());
        let marks = &self.style.text(marks);
        let tail = rows.width() + marks.width();
        let (room, below) = (self.room(&guides.first), self.room(&guides.rest));
        let mut titles = wrap_all(&title, room);
        let mut fits = titles.len() == 1 && titles[0].width() + tail <= room;
        if !fits {
            titles = wrap_all(&title, below);
            let last = titles.last().map_or(0, |last| last.width());
            fits = titles.len() > 1 && last + tail <= below;
        }
        let line = |i: usize, text: Span| match i {
            0 => vec![self.gutter(tone), dim(guides.first.clone()), text],
            _ => vec![self.margin(), dim(guides.rest.clone()), text],
        };
        let titles = titles.iter().enumerate();
        let mut lines: Vec<Vec<Span>> =
            titles.map(|(i, text)| line(i, Span::new(text, tone))).collect();
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
        match self.heat.class {
            HeatClass::Cool => Tone::Plain,
            HeatClass::Warm => Tone::Warm,
            HeatClass::Hot => Tone::Hot,
            HeatClass::Burning => Tone::Burning,
        }
    }

    fn gutter(&self, tone: Tone) -> Span {
        let text = words::figure(self.node, self.metric, &self.heat);
        let text = self.style.text(&text);
        // Below half a percent a share says nothing that the missing bar does not say.
        let share = match self.heat.share {
            share if share >= 0.005 && self.metric.has_total() => Share(share).to_string(),
            _ => String::new(),
        };
        let figures = format!("{share:>5} {text:>8}  ");
        match is_narrow(self.style) {
            true => Span::new(figures, tone),
            false => Span::new(format!("{:<BAR$} {figures}", bar(self.heat.share)), tone),
        }
    }

    /// The rows, with two blanks before them; nothing where nothing is known.
    fn rows(&self) -> String {
        match words::rows(self.node, self.factor) {
            rows if rows.is_empty() => rows,
            rows => format!("  {}", self.style.text(&rows)),
        }
    }

    /// Conditions and facts below the title.
    fn details(&self) -> Vec<String> {
        let conditions = words::conditions(&self.node.conditions).into_iter();
        let conditions = conditions.map(|(kind, text)| format!("{}: {text}", kind.label()));
        conditions.chain(words::resources(self.node, self.metric)).collect()
    }

    /// At most a few lines, the last one marked when there were more.
    fn shortened(&self, mut lines: Vec<String>, room: usize) -> Vec<String> {
        if lines.len() > MOST_CONDITION_LINES {
            lines.truncate(MOST_CONDITION_LINES);
            if let Some(last) = lines.last_mut() {
                last.push_str(&self.style.text(" …"));
            }
        }
        lines.into_iter().map(|line| self.style.cut(&line, room)).collect()
    }
}

/// A bar of eighths of a cell.
fn bar(share: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * (BAR * 8) as f64).round() as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}
