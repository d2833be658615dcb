//! The list of statements: marks, figures with bars, the history, the text.

use super::{draw_empty, select};
use crate::output::node::rounded;
use crate::tui::browse::history::sparkline;
use crate::tui::browse::layout::Layout;
use crate::tui::browse::rows::{Column, Mark, Row};
use crate::tui::browse::{BrowseScreen, open};
use crate::tui::screen::Page;
use crate::tui::theme::Paint;
use crate::tui::view::text::{Run, bar, dim, plain, put, run};
use planscope_explain::diff::{Severity, Verdict};
use planscope_explain::heat::HeatClass;
use planscope_explain::units::{Count, Millis, Share};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// Columns of the pointer and the marks.
const MARKS: u16 = 5;
/// Columns of a figure.
const FIGURE: usize = 8;
/// Columns that the text needs before anything else gets more, where there is little room and more.
const LEAST_TEXT: [usize; 2] = [14, 28];

/// What a column of the list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// A figure, with a bar of so many cells before it.
    Figure(Column, usize),
    /// The share of the whole.
    Share,
    /// How many plans.
    Plans,
    /// How many findings.
    Findings,
    /// The history.
    History(usize),
}

/// A column: what it shows, and where.
#[derive(Debug, Clone, Copy)]
struct Place {
    content: Content,
    x: u16,
    width: u16,
}

/// The columns that fit; what is sorted by always does.
fn columns(screen: &BrowseScreen, area: Rect) -> (Vec<Place>, u16) {
    let room = usize::from(area.width).saturating_sub(MARKS.into());
    let by = screen.choice.by;
    let cells = match room {
        0..50 => 0,
        50..100 => 6,
        100..160 => 4,
        _ => 8,
    };
    // Bars on all columns where there is room; else on the one that counts.
    let bar = |column: Column| if room >= 100 || column == by { cells } else { 0 };
    let known = |column: Column| screen.rows.most[column as usize] > 0.0;
    let figures = [Column::Total, Column::Calls, Column::Mean, Column::Reads, Column::Rows];
    let mut wanted = vec![Content::Share];
    let mut order: Vec<Column> = figures.into_iter().filter(|c| *c != by).collect();
    if figures.contains(&by) {
        order.insert(0, by);
    }
    let mut left = room.saturating_sub(LEAST_TEXT[usize::from(room >= 60)] + 7);
    let mut chosen = Vec::new();
    for column in order.into_iter().filter(|column| known(*column)) {
        let width = figure_width(bar(column)) + 1;
        // The rows returned are worth a column only where there is plenty.
        let spare = if column == Column::Rows && column != by { 60 } else { 0 };
        if left >= width + spare {
            left -= width;
            chosen.push(column);
        }
    }
    wanted.extend(
        figures.into_iter().filter(|c| chosen.contains(c)).map(|c| Content::Figure(c, bar(c))),
    );
    if left >= 10 {
        wanted.extend([Content::Findings, Content::Plans]);
        left -= 10;
    }
    if room >= 100 && left >= 12 {
        wanted.push(Content::History((left / 6).clamp(8, 24)));
    }
    placed(&wanted, area)
}

fn figure_width(bar: usize) -> usize {
    FIGURE + if bar > 0 { bar + 1 } else { 0 }
}

fn placed(wanted: &[Content], area: Rect) -> (Vec<Place>, u16) {
    let mut x = area.x + MARKS;
    let mut places = Vec::new();
    for content in wanted {
        let width = match content {
            Content::Figure(_, bar) => figure_width(*bar),
            Content::Share => 6,
            Content::Plans => 5,
            Content::Findings => 3,
            Content::History(cells) => *cells,
        } as u16;
        places.push(Place { content: *content, x, width });
        x += width + 1;
    }
    (places, x)
}

/// The column whose head is at that place.
pub fn column_at(screen: &BrowseScreen, area: Rect, x: u16) -> Option<Column> {
    let (places, _) = columns(screen, area);
    let place = places.iter().find(|place| (place.x..place.x + place.width).contains(&x))?;
    match place.content {
        Content::Figure(column, _) => Some(column),
        Content::Share => Some(Column::Total),
        Content::Findings => Some(Column::Findings),
        Content::Plans | Content::History(_) => None,
    }
}

/// Draws heads and rows; only the rows that are seen.
pub fn draw(screen: &BrowseScreen, page: &Page<'_>, layout: &Layout, buffer: &mut Buffer) {
    let (places, text) = columns(screen, layout.main);
    head(screen, page, layout.head, (&places, text), buffer);
    let area = layout.main;
    if screen.rows.listed.is_empty() {
        return draw_empty(screen, page, area, buffer);
    }
    let list = screen.list();
    for (line, y) in list.shown(area.height.into()).zip(area.top()..area.bottom()) {
        let Some(row) = screen.rows.at(line) else { continue };
        let cells = Rect { y, height: 1, ..area };
        draw_row(screen, page, row, cells, (&places, text), buffer);
        if line == list.cursor() {
            select(screen, page, cells, buffer);
        }
    }
}

fn head(
    screen: &BrowseScreen,
    page: &Page<'_>,
    area: Rect,
    (places, text): (&[Place], u16),
    buffer: &mut Buffer,
) {
    let choice = &screen.choice;
    let arrow = if choice.reversed { "▴" } else { "▾" };
    for place in places {
        let (name, is_by) = match place.content {
            Content::Figure(column, _) => (head_of(screen, column), column == choice.by),
            Content::Share => ("share", false),
            Content::Plans => ("plans", false),
            Content::Findings => ("!", choice.by == Column::Findings),
            Content::History(_) => ("history", false),
        };
        let name = if is_by { format!("{name} {arrow}") } else { name.to_owned() };
        let name = crate::report::cut(&name, place.width.into());
        let paint = if is_by { Paint::Strong } else { Paint::Dim };
        let pad = usize::from(place.width).saturating_sub(name.width());
        let line = [plain(" ".repeat(pad)), run(name, paint)];
        put(buffer, page.look, (place.x, area.y), place.width, &line);
    }
    let hidden = match choice.by {
        Column::Findings | Column::Change => format!("statement · by {} {arrow}", choice.by.name()),
        _ => "statement".to_owned(),
    };
    put(buffer, page.look, (text, area.y), area.right().saturating_sub(text), &[dim(hidden)]);
}

/// What a column is called, as far as the engine decides.
fn head_of(screen: &BrowseScreen, column: Column) -> &'static str {
    let statements = &screen.known.snapshot.statements;
    let any = |has: fn(&planscope_explain::workload::Counters) -> bool| {
        statements.iter().any(|statement| has(&statement.counters))
    };
    match column {
        Column::Total if !any(|c| c.total_ms.is_some()) => "vm steps",
        Column::Mean if !any(|c| c.total_ms.is_some()) => "a call",
        Column::Reads if !any(|c| c.shared_blocks_read.is_some()) => "examined",
        column => column.name(),
    }
}

fn draw_row(
    screen: &BrowseScreen,
    page: &Page<'_>,
    row: &Row,
    cells: Rect,
    (places, text): (&[Place], u16),
    buffer: &mut Buffer,
) {
    let look = page.look;
    put(buffer, look, (cells.x + 1, cells.y), MARKS - 1, &marks(row));
    for place in places {
        let line = content(screen, row, place);
        put(buffer, look, (place.x, cells.y), place.width, &line);
    }
    let Some(statement) = screen.known.snapshot.statements.get(row.place) else { return };
    let room = usize::from(cells.right().saturating_sub(text));
    let mut line = Vec::new();
    let shown = open::line_of(statement, room);
    match &statement.name {
        Some(name) if shown.starts_with(name.as_str()) => {
            line.push(run(name.clone(), Paint::Strong));
            line.push(plain(shown[name.len()..].to_owned()));
        }
        _ => line.push(plain(shown)),
    }
    put(buffer, look, (text, cells.y), room as u16, &line);
}

/// Two signs: against the snapshot before, and what the rules say.
fn marks(row: &Row) -> Vec<Run> {
    let change = match row.mark {
        Mark { changed: true, .. } => run("✱", Paint::Strong),
        Mark { new: true, .. } => run("+", Paint::Good),
        _ => plain(" "),
    };
    let verdict = match row.mark.verdict {
        Some(Verdict::Worse) => run("↑", Paint::Bad),
        Some(Verdict::Better) => run("↓", Paint::Good),
        _ => plain(" "),
    };
    let finding = match row.worst {
        Some(Severity::High) => run("!", Paint::Bad),
        Some(Severity::Medium) => run("!", Paint::Strong),
        Some(_) => run("·", Paint::Dim),
        None => plain(" "),
    };
    vec![change, verdict, finding]
}

fn content(screen: &BrowseScreen, row: &Row, place: &Place) -> Vec<Run> {
    let rows = &screen.rows;
    let right = |text: String| plain(format!("{text:>width$}", width = usize::from(place.width)));
    match place.content {
        Content::Figure(column, cells) => {
            let value = row.figures[column as usize];
            let text = value.map_or(String::new(), |value| figure(screen, column, value));
            let most = rows.most[column as usize];
            let of_most = value.filter(|_| most > 0.0).map_or(0.0, |value| value / most);
            let mut line = Vec::new();
            if cells > 0 {
                let drawn = bar(of_most, cells);
                let pad = (cells + 1).saturating_sub(drawn.width());
                let total = rows.sums[column as usize];
                let share = if total > 0.0 { value.unwrap_or(0.0) / total } else { 0.0 };
                let paint = match column {
                    Column::Total => Paint::Heat(HeatClass::of(share)),
                    _ => Paint::Border,
                };
                line.push(run(drawn, paint));
                line.push(plain(" ".repeat(pad)));
            }
            line.push(plain(format!("{text:>FIGURE$}")));
            line
        }
        Content::Share => {
            let total = whole(screen);
            let share = row.figures[0].filter(|_| total > 0.0).map(|own| own / total);
            let text = share.map_or(String::new(), |share| Share(share).to_string());
            let paint = share.map_or(Paint::Dim, |share| Paint::Heat(HeatClass::of(share)));
            vec![run(format!("{text:>6}"), paint)]
        }
        Content::Plans => {
            let statement = screen.known.snapshot.statements.get(row.place);
            let count = statement.map_or(0, |statement| statement.plans.len());
            vec![right(if count == 0 { "–".to_owned() } else { count.to_string() })]
        }
        Content::Findings => match row.findings {
            0 => vec![right(String::new())],
            count => vec![right(count.to_string())],
        },
        Content::History(cells) => {
            let statement = screen.known.snapshot.statements.get(row.place);
            let values = statement.map(|s| screen.known.history.of(s.fingerprint, cells));
            let text = sparkline(&values.unwrap_or_default());
            vec![run(format!("{text:>cells$}"), Paint::Border)]
        }
    }
}

/// What all statements of the server took together, the listed ones and the others.
fn whole(screen: &BrowseScreen) -> f64 {
    let share = screen.known.snapshot.coverage.time_share;
    let is_all = screen.live.as_ref().is_none_or(|live| live.reckoning == Default::default());
    screen.rows.sums[0] / share.filter(|share| is_all && *share > 0.0).unwrap_or(1.0)
}

fn figure(screen: &BrowseScreen, column: Column, value: f64) -> String {
    let statements = &screen.known.snapshot.statements;
    let is_time = matches!(column, Column::Total | Column::Mean)
        && statements.iter().any(|statement| statement.counters.total_ms.is_some());
    if is_time { Millis(value).to_string() } else { Count(rounded(value)).to_string() }
}
