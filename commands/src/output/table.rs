//! `table`: the plans with one row a node. What does not fit the width is left out, column by column.

use super::document::{Span, Tone, dim, plain};
use super::text::{self, wrap_all};
use super::{Output, Style, node as words, pages};
use crate::error::Result;
use crate::report::Report;
use planscope_advisors::Finding;
use planscope_explain::heat::{self, Heat, HeatClass, Metric};
use planscope_explain::plan::{Node, Plan};
use planscope_explain::units::{Count, Millis, Share};
use unicode_width::UnicodeWidthStr;

pub(super) static OUTPUT: Output =
    Output { name: "table", machine_readable: false, only_for: &["explain"], render };

/// Blanks between columns.
const GAP: usize = 2;
/// Columns that the nodes need beside the figures.
const LEAST_NODE: usize = 30;
/// Deepest level that is indented; below it the level is written as a number.
const MOST_LEVELS: usize = 10;

fn render(report: &Report, style: &Style) -> Result<Vec<u8>> {
    let document = match report {
        Report::Explain(report) => pages::plan_table(report, style),
        other => pages::document(other, style),
    };
    Ok(text::draw(document, style).into_bytes())
}

/// A column of figures.
struct Column {
    head: &'static str,
    /// The higher, the sooner it is left out.
    dispensable: u8,
    cells: Vec<String>,
    width: usize,
}

impl Column {
    fn new(head: &'static str, dispensable: u8, cells: Vec<String>) -> Self {
        let widest = cells.iter().map(|cell| cell.width()).max().unwrap_or(0);
        Self { head, dispensable, cells, width: widest.max(head.width()) }
    }

    fn says_something(&self) -> bool {
        self.cells.iter().any(|cell| !cell.is_empty())
    }
}

/// The rows of the table, its head first.
pub fn lines(plan: &Plan, metric: Metric, _: &[Finding], style: &Style) -> Vec<Vec<Span>> {
    let heat = heat::of(plan, metric);
    let id_width = plan.nodes().len().saturating_sub(1).to_string().len().max(1);
    let titles: Vec<String> = plan.nodes().iter().map(|node| title(plan, node, style)).collect();
    let longest = titles.iter().map(|title| title.width()).max().unwrap_or(0);
    let nodes = LEAST_NODE.min(longest);
    let figures = style.width.saturating_sub(id_width + GAP + nodes);
    let columns = fitting(columns(plan, metric, &heat, style), figures);
    let figures: usize = columns.iter().map(|column| column.width + GAP).sum();
    let room = style.width.saturating_sub(id_width + GAP + figures).min(longest.max(4)).max(12);
    let head =
        |column: &Column| format!("{:gap$}{:>w$}", "", column.head, gap = GAP, w = column.width);
    let heads: String = columns.iter().map(head).collect();
    let mut lines = vec![vec![dim(format!("{:>id_width$}  {:<room$}{heads}", "#", "node"))]];
    for (i, title) in titles.iter().enumerate() {
        let figures: String = columns
            .iter()
            .map(|column| {
                let width = column.width;
                let cell = &column.cells[i];
                format!("{:gap$}{cell:>width$}", "", gap = GAP)
            })
            .collect();
        let tone = tone(plan.nodes().get(i), heat[i].class);
        for (j, part) in broken(title, room).into_iter().enumerate() {
            let pad = " ".repeat(room.saturating_sub(part.width()));
            lines.push(match j {
                0 => vec![
                    dim(format!("{i:>id_width$}  ")),
                    Span::new(part, tone),
                    plain(format!("{pad}{figures}")),
                ],
                _ => vec![plain(" ".repeat(id_width + GAP)), Span::new(part, tone)],
            });
        }
    }
    lines
}

fn tone(node: Option<&Node>, class: HeatClass) -> Tone {
    match class {
        _ if node.is_some_and(Node::never_executed) => Tone::Dim,
        HeatClass::Cool => Tone::Plain,
        HeatClass::Warm => Tone::Warm,
        HeatClass::Hot => Tone::Hot,
        HeatClass::Burning => Tone::Burning,
    }
}

/// The node's name, indented by its level.
fn title(plan: &Plan, node: &Node, style: &Style) -> String {
    let depth = node.depth() as usize;
    let level = if depth > MOST_LEVELS { format!("{depth}: ") } else { String::new() };
    let indent = "  ".repeat(depth.min(MOST_LEVELS));
    format!("{indent}{level}{}", style.text(&words::title(plan, node)))
}

/// A name in lines of at most `room` columns, the further ones indented one level more.
fn broken(title: &str, room: usize) -> Vec<String> {
    if title.width() <= room {
        return vec![title.to_owned()];
    }
    let blanks = (title.width() - title.trim_start().width()).min(room / 2);
    let parts = wrap_all(title, room.saturating_sub(blanks + 2).max(8)).into_iter().enumerate();
    let indented =
        parts.map(|(i, part)| format!("{}{part}", " ".repeat(blanks + if i > 0 { 2 } else { 0 })));
    indented.collect()
}

/// All columns that say something about the plan, from left to right.
fn columns(plan: &Plan, metric: Metric, heat: &[Heat], style: &Style) -> Vec<Column> {
    let factors = heat::misestimates(plan);
    let each = |head: &'static str, dispensable: u8, cell: &dyn Fn(usize, &Node) -> String| {
        let cells = plan.nodes().iter().enumerate();
        let cells = cells.map(|(i, node)| style.text(&cell(i, node))).collect();
        Column::new(head, dispensable, cells)
    };
    let count =
        |value: Option<f64>| value.map_or(String::new(), |v| Count(words::rounded(v)).to_string());
    let of =
        |value: Metric, node: &Node| if node.never_executed() { None } else { value.value(node) };
    let share = |i: usize, _: &Node| match heat[i].share {
        share if share >= 0.0005 && metric.has_total() => Share(share).to_string(),
        _ => String::new(),
    };
    let loops = |node: &Node| node.actual.map(|actual| actual.loops);
    let estimated = |node: &Node| {
        let loops = loops(node).filter(|&loops| loops > 0.0).unwrap_or(1.0);
        node.estimate.rows_per_loop.map(|rows| rows * loops)
    };
    let actual = |node: &Node| match node.never_executed() {
        true => "never".to_owned(),
        false => count(node.actual_rows()),
    };
    let off =
        |i: usize, node: &Node| factors[i].map_or(String::new(), |f| words::factor_text(node, f));
    let ms =
        |node: &Node| of(Metric::Time, node).map_or(String::new(), |ms| Millis(ms).to_string());
    let keep = |own: Metric, dispensable: u8| if own == metric { 0 } else { dispensable };
    let columns = [
        each("share", 0, &share),
        each("self time", keep(Metric::Time, 1), &|_, node| ms(node)),
        each("self cost", keep(Metric::Cost, 6), &|_, node| count(node.self_cost())),
        each("loops", 5, &|_, node| count(loops(node))),
        each("rows est", 4, &|_, node| count(estimated(node))),
        each("rows", keep(Metric::Rows, 2), &|_, node| actual(node)),
        each("off", keep(Metric::Misestimate, 3), &off),
        each("blocks", keep(Metric::Buffers, 7), &|_, node| {
            count(of_known(node, node.self_buffers()))
        }),
        each("I/O", keep(Metric::Io, 8), &|_, node| count(of(Metric::Io, node))),
        each("examined", keep(Metric::Buffers, 7), &|_, node| count(node.examined.total())),
    ];
    columns.into_iter().filter(Column::says_something).collect()
}

/// A figure of a node that ran.
fn of_known(node: &Node, value: Option<f64>) -> Option<f64> {
    value.filter(|_| !node.never_executed())
}

/// As many of the columns as leave room for the nodes, the least important left out first.
fn fitting(mut columns: Vec<Column>, width: usize) -> Vec<Column> {
    loop {
        let taken: usize = columns.iter().map(|column| column.width + GAP).sum();
        let least = (0..columns.len()).max_by_key(|&i| columns[i].dispensable);
        match least {
            Some(i) if taken > width && columns.len() > 1 => drop(columns.remove(i)),
            _ => return columns,
        }
    }
}
