//! Two plans side by side; below 100 columns one list that says of each node what became of it.

use super::plan::icons;
use super::text::{Line, dim, plain, put, put_right, run, shade, text_of, wrapped};
use crate::output::node::{self as words, rounded};
use crate::tui::compare::layout::Layout;
use crate::tui::compare::rows::{Row, Sign};
use crate::tui::compare::{CompareScreen, Show};
use crate::tui::screen::Page;
use crate::tui::theme::{Look, Paint};
use crate::tui::view::browse::{paint_of_verdict, times};
use planscope_explain::diff::{Change, Severity};
use planscope_explain::heat;
use planscope_explain::units::{Count, Millis};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns of a figure.
const FIGURE: u16 = 9;
/// Columns of a ratio.
const DELTA: u16 = 7;
/// Columns of sign and word between the plans.
const GUTTER: u16 = 20;
/// Deepest level that is indented.
const MOST_LEVELS: usize = 12;

/// What is worth knowing of both, for the top line.
pub fn facts(screen: &CompareScreen) -> String {
    let elapsed = screen.plans.each_ref().map(|plan| plan.elapsed_ms());
    match elapsed {
        [Some(before), Some(after)] => format!("{} → {}", Millis(before), Millis(after)),
        _ => String::new(),
    }
}

/// Where the columns are. What is not shown has no width.
struct Columns {
    before: Rect,
    before_figure: Rect,
    gutter: Rect,
    after: Rect,
    after_figure: Rect,
    delta: Rect,
}

impl Columns {
    fn of(screen: &CompareScreen, page: &Page<'_>, area: Rect) -> Self {
        let mut x = area.x + 2;
        let mut take = |width: u16| {
            let part = Rect { x, width: width.min(area.right().saturating_sub(x)), ..area };
            x = (part.right() + 1).min(area.right());
            part
        };
        let is_wide = !page.is_narrow() && screen.show == Show::Both;
        let none = Rect::default();
        if is_wide {
            let fixed = 2 + 2 * (FIGURE + 1) + GUTTER + 1 + DELTA + 2;
            let tree = area.width.saturating_sub(fixed) / 2;
            let before = take(tree);
            let before_figure = take(FIGURE);
            let gutter = take(GUTTER);
            let after = take(tree);
            let after_figure = take(FIGURE);
            return Self { before, before_figure, gutter, after, after_figure, delta: take(DELTA) };
        }
        // One list: sign, tree, and the figures that fit.
        let figures = match area.width {
            0..60 => [0, 0],
            _ if screen.show == Show::Before => [FIGURE, 0],
            _ if screen.show == Show::After => [0, FIGURE],
            _ => [FIGURE, FIGURE],
        };
        let gutter = take(2);
        let right = figures.iter().filter(|f| **f > 0).map(|f| f + 1).sum::<u16>() + DELTA + 1;
        let tree = take(area.width.saturating_sub(2 + 3 + right));
        let mut figure = |width: u16| if width > 0 { take(width) } else { none };
        let (before_figure, after_figure) = (figure(figures[0]), figure(figures[1]));
        let (before, after) = if screen.show == Show::Before { (tree, none) } else { (none, tree) };
        Self { before, before_figure, gutter, after, after_figure, delta: take(DELTA) }
    }

    fn is_one_list(&self) -> bool {
        self.gutter.width < GUTTER
    }
}

/// Draws the screen; only the rows that are seen.
pub fn draw(screen: &CompareScreen, page: &Page<'_>, buffer: &mut Buffer) {
    let layout = Layout::of(screen, page);
    verdict(screen, page, layout.verdict, buffer);
    let columns = Columns::of(screen, page, layout.main);
    head(screen, page, layout.head, &columns, buffer);
    let area = layout.main;
    let list = &screen.list;
    for (line, y) in list.shown(area.height.into()).zip(area.top()..area.bottom()) {
        let Some(&number) = screen.shown.get(line) else { continue };
        draw_row(screen, page, number, &columns, y, buffer);
        if line == list.cursor() {
            put(buffer, page.look, (area.x, y), 1, &[run("▸", Paint::Strong)]);
            let cells = Rect { y, height: 1, ..area };
            shade(buffer, cells, page.look.style(Paint::Selected));
        }
    }
    detail(screen, page, &layout, buffer);
}

fn verdict(screen: &CompareScreen, page: &Page<'_>, area: Rect, buffer: &mut Buffer) {
    let diff = &screen.diff;
    let mut line = vec![run(diff.verdict.name().to_uppercase(), paint_of_verdict(diff.verdict))];
    let ratio = diff.cost_ratio.map(|ratio| format!("  {} {}", diff.measured_by, times(ratio)));
    line.extend(ratio.map(|text| run(text, Paint::Strong)));
    line.push(plain(format!("  {}", diff.reason)));
    put(buffer, page.look, (area.x, area.y), area.width, &line);
}

fn head(
    screen: &CompareScreen,
    page: &Page<'_>,
    area: Rect,
    columns: &Columns,
    buffer: &mut Buffer,
) {
    let look = page.look;
    let name = |side: usize, word: &str| {
        vec![run(word, Paint::Strong), dim(format!(" {}", screen.names[side]))]
    };
    let mut at = |part: Rect, line: &[super::text::Run]| {
        put(buffer, look, (part.x, area.y), part.width, line);
    };
    if columns.is_one_list() {
        let line = match screen.show {
            Show::Both => vec![run("both", Paint::Strong), dim(" plans, in one")],
            Show::Before => name(0, "before"),
            Show::After => name(1, "after"),
        };
        at(if columns.after.width > 0 { columns.after } else { columns.before }, &line);
    } else {
        at(columns.before, &name(0, "before"));
        at(columns.after, &name(1, "after"));
    }
    let figure = words::metric_head(&screen.plans[1], screen.metric());
    let figure = if screen.inclusive { figure.trim_start_matches("self ") } else { figure };
    let figure = crate::report::cut(figure, FIGURE.into());
    for part in [columns.before_figure, columns.after_figure] {
        if part.width > 0 {
            put_right(buffer, look, (part.right(), area.y), &[dim(figure.clone())]);
        }
    }
}

fn draw_row(
    screen: &CompareScreen,
    page: &Page<'_>,
    number: u32,
    columns: &Columns,
    y: u16,
    buffer: &mut Buffer,
) {
    let row = &screen.rows[number as usize];
    let look = page.look;
    let mut at = |part: Rect, line: &[super::text::Run]| {
        put(buffer, look, (part.x, y), part.width, line);
    };
    let (sign, paint) = (row.sign(), paint_of(screen, row));
    if columns.is_one_list() {
        at(columns.gutter, &[run(sign.symbol(), paint)]);
        let tree = if columns.after.width > 0 { columns.after } else { columns.before };
        let mut line = one_list(screen, look, number, row);
        let word = row.word(&screen.diff);
        if !word.is_empty() {
            line.push(run(format!("  {word}"), paint));
        }
        at(tree, &line);
    } else {
        at(columns.before, &title(screen, look, number, row, 0));
        at(columns.after, &title(screen, look, number, row, 1));
        let line = [run(format!("{} {}", sign.symbol(), row.word(&screen.diff)), paint)];
        at(columns.gutter, &line);
    }
    for (side, part) in [columns.before_figure, columns.after_figure].into_iter().enumerate() {
        let text = figure(screen, row, side);
        if part.width > 0 && !text.is_empty() {
            let class =
                row.nodes[side].map(|id| heat_of(screen, side, id).class).unwrap_or_default();
            let line =
                [run(format!("{text:>width$}", width = part.width.into()), Paint::Heat(class))];
            at(part, &line);
        }
    }
    let (text, paint) = delta(screen, row);
    at(columns.delta, &[run(format!("{text:>width$}", width = columns.delta.width.into()), paint)]);
}

/// The paint of a row's sign and word.
fn paint_of(screen: &CompareScreen, row: &Row) -> Paint {
    match (row.severity(&screen.diff), row.sign()) {
        (_, Sign::Same) => Paint::Dim,
        (Some(Severity::High), _) => Paint::Bad,
        (_, Sign::Added) => Paint::Good,
        _ => Paint::Strong,
    }
}

fn heat_of(screen: &CompareScreen, side: usize, id: planscope_explain::NodeId) -> heat::Heat {
    screen.measured[side].heat(id.index(), screen.inclusive)
}

fn figure(screen: &CompareScreen, row: &Row, side: usize) -> String {
    let Some((id, node)) = screen.node(row, side) else { return String::new() };
    words::figure(node, screen.metric(), &heat_of(screen, side, id))
}

/// How the figure changed: `×2.1`, `÷3`; nothing below a twentieth.
fn delta(screen: &CompareScreen, row: &Row) -> (String, Paint) {
    let value = |side: usize| {
        let (id, node) = screen.node(row, side)?;
        heat_of(screen, side, id).value.filter(|_| !node.never_executed())
    };
    match (value(0), value(1)) {
        (Some(before), Some(after)) if before > 0.0 && after > 0.0 => {
            let ratio = after / before;
            match ratio {
                0.95..1.05 => ("=".to_owned(), Paint::Dim),
                r if r >= 1000.0 => (">×999".to_owned(), Paint::Bad),
                r if r <= 0.001 => ("<÷999".to_owned(), Paint::Good),
                r if r > 1.0 => (times(r), if r >= 2.0 { Paint::Bad } else { Paint::Plain }),
                r => (times(r), if r <= 0.5 { Paint::Good } else { Paint::Plain }),
            }
        }
        (Some(before), None) if before > 0.0 && row.nodes[1].is_none() => {
            ("gone".to_owned(), Paint::Dim)
        }
        (None, Some(after)) if after > 0.0 && row.nodes[0].is_none() => {
            ("new".to_owned(), Paint::Dim)
        }
        _ => (String::new(), Paint::Dim),
    }
}

/// A node's title, indented, with its icon.
fn title(screen: &CompareScreen, look: &Look, number: u32, row: &Row, side: usize) -> Line {
    let Some((_, node)) = screen.node(row, side) else { return Line::new() };
    let icon = icons::of(node);
    let symbol = if look.ascii { icon.letter } else { icon.symbol };
    let level = (node.depth() as usize).min(MOST_LEVELS);
    let below = screen.hidden_below(number);
    let fold = match (below, screen.folded[number as usize]) {
        (0, _) => "  ",
        (_, true) => "▸ ",
        (_, false) => "▾ ",
    };
    let paint = match row.sign() {
        Sign::Same => Paint::Plain,
        _ => Paint::Strong,
    };
    let mut line = vec![
        dim(format!("{}{fold}", "  ".repeat(level))),
        run(format!("{symbol} "), Paint::Kind(icon.kind)),
        run(words::title(&screen.plans[side], node), paint),
    ];
    if screen.folded[number as usize] && below > 0 {
        line.push(dim(format!("  +{below} the same")));
    }
    line
}

/// A row where both plans stand in one list: what it is, and what it was.
fn one_list(screen: &CompareScreen, look: &Look, number: u32, row: &Row) -> Line {
    let side = match screen.show {
        Show::Before => 0,
        Show::After => 1,
        Show::Both => usize::from(row.nodes[1].is_some()),
    };
    let mut line = title(screen, look, number, row, side);
    if screen.show == Show::Both
        && let (Some((_, before)), Some((_, after))) = (screen.node(row, 0), screen.node(row, 1))
    {
        let was = words::title(&screen.plans[0], before);
        if was != words::title(&screen.plans[1], after) {
            line.push(dim(format!(" ← {was}")));
        }
    }
    line
}

fn detail(screen: &CompareScreen, page: &Page<'_>, layout: &Layout, buffer: &mut Buffer) {
    let area = layout.detail;
    if area.height == 0 {
        return;
    }
    let rule = [run("─".repeat(area.width.into()), Paint::Border)];
    put(buffer, page.look, (layout.rule.x, layout.rule.y), area.width, &rule);
    let lines = detail_lines(screen, area.width.into());
    for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
        put(buffer, page.look, (area.x, y), area.width, line);
    }
}

/// What is known of the row under the cursor: its changes, then both nodes.
fn detail_lines(screen: &CompareScreen, columns: usize) -> Vec<Line> {
    let Some(row) = screen.row() else { return Vec::new() };
    let mut out = Vec::new();
    for change in row.changes.iter().filter_map(|&i| screen.diff.changes.get(i as usize)) {
        out.extend(change_lines(change, columns));
    }
    if let Some(partner) = row.partner {
        let side = usize::from(row.nodes[0].is_some());
        let name =
            screen.plans[side].get(partner).map(|node| words::title(&screen.plans[side], node));
        let text = format!(
            "stands elsewhere in the other plan, as node {}: {}",
            partner.0,
            name.unwrap_or_default()
        );
        out.extend(wrapped(&text, Paint::Plain, columns));
    }
    if row.sign() == Sign::Same {
        out.push(vec![dim("no change that matters")]);
    }
    for (side, word) in ["before", "after"].into_iter().enumerate() {
        let Some((_, node)) = screen.node(row, side) else { continue };
        let mut facts = vec![words::title(&screen.plans[side], node)];
        let rows = words::rows(node, heat::misestimate(node));
        facts.extend((!rows.is_empty()).then(|| format!("rows {rows}")));
        facts.extend(node.self_ms().map(|ms| format!("self {}", Millis(ms))));
        facts.extend(node.self_cost().map(|cost| format!("cost {}", Count(rounded(cost)))));
        facts.extend(
            words::conditions(&node.conditions)
                .into_iter()
                .map(|(kind, text)| format!("{}: {text}", kind.label())),
        );
        facts.extend(words::resources(node, screen.metric()));
        let line = [dim(format!("{word:<7}")), plain(facts.join(" · "))];
        let lines = wrapped(&text_of(&line[1..]), Paint::Plain, columns.saturating_sub(7));
        for (i, more) in lines.into_iter().enumerate() {
            let head = if i == 0 { line[0].clone() } else { plain(" ".repeat(7)) };
            out.push([vec![head], more].concat());
        }
    }
    out
}

fn change_lines(change: &Change, columns: usize) -> Vec<Line> {
    let or_nothing =
        |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    let relation = change.relation.as_ref().map_or(String::new(), |name| format!("{name}: "));
    let text = format!(
        "{}  {}  {relation}{} → {}",
        change.kind.name(),
        change.severity.name(),
        or_nothing(&change.before),
        or_nothing(&change.after)
    );
    let paint = match change.severity {
        Severity::High => Paint::Bad,
        Severity::Medium => Paint::Strong,
        _ => Paint::Plain,
    };
    wrapped(&text, paint, columns)
}
