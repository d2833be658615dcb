//! The lists of a snapshot: tabs, the state of a watched database, a list, details below it.

mod detail;
mod lists;
mod statements;

use super::text::{Line, dim, plain, put, put_right, run, scroll_bar, shade, width};
use crate::report::counted;
use crate::tui::browse::layout::Layout;
use crate::tui::browse::{BrowseScreen, View};
use crate::tui::screen::Page;
use crate::tui::theme::Paint;
use planscope_explain::units::{Millis, Share};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub use detail::{finding_line, paint_of_verdict, times, verdict_line};
pub use statements::column_at;

/// Draws the screen.
pub fn draw(screen: &BrowseScreen, page: &Page<'_>, buffer: &mut Buffer) {
    let layout = Layout::of(screen, page);
    tabs(screen, page, layout.tabs, buffer);
    live(screen, page, layout.live, buffer);
    match screen.view {
        View::Statements => statements::draw(screen, page, &layout, buffer),
        View::Findings => lists::findings(screen, page, &layout, buffer),
        View::Advice => lists::advice(screen, page, &layout, buffer),
    }
    details(screen, page, &layout, buffer);
}

/// What is worth knowing of the snapshot.
pub fn facts(screen: &BrowseScreen) -> Vec<String> {
    let snapshot = &screen.known.snapshot;
    let target = &snapshot.target;
    let mut facts = vec![format!("{} {}", target.engine.label(), target.version).trim().to_owned()];
    if !snapshot.taken_at.is_empty() {
        let time = snapshot.taken_at.split(['.', 'Z']).next().unwrap_or_default();
        facts.push(format!("{}Z", time.replace('T', " ")));
    }
    let names = screen.known.both_names();
    facts.extend(names.map(|[before, _]| format!("against {before}")));
    let total = snapshot.total_ms();
    if total > 0.0 {
        let share = snapshot.coverage.time_share;
        let of = share.map_or(String::new(), |share| format!(", {} of all", Share(share)));
        facts.push(format!("{}{of}", Millis(total)));
    }
    facts
}

/// A tab: its list, what it says, where it stands.
struct Tab {
    view: View,
    text: String,
    x: u16,
    width: u16,
}

fn tab_list(screen: &BrowseScreen, area: Rect) -> Vec<Tab> {
    let known = &screen.known;
    let (listed, all) = (screen.rows.listed.len(), screen.rows.all.len());
    let count = if listed == all { all.to_string() } else { format!("{listed}/{all}") };
    let found = known.findings.as_ref().map(|findings| (screen.findings.len(), findings.all.len()));
    let found = match found {
        None => "…".to_owned(),
        Some((some, all)) if some < all => format!("{some}/{all}"),
        Some((_, all)) => all.to_string(),
    };
    let advice = match (&known.advice, screen.is_advising) {
        (_, true) => " …".to_owned(),
        (None, _) => String::new(),
        (Some(_), _) => format!(" {}", screen.advised().len()),
    };
    let texts =
        [format!("Statements {count}"), format!("Findings {found}"), format!("Advice{advice}")];
    let mut x = area.x;
    let mut tabs = Vec::new();
    for (view, text) in View::ALL.into_iter().zip(texts) {
        let text = if view == screen.view { format!("[{text}]") } else { format!(" {text} ") };
        let width = unicode_width::UnicodeWidthStr::width(text.as_str()) as u16;
        tabs.push(Tab { view, text, x, width });
        x += width;
    }
    tabs
}

/// The list whose tab is at that column.
pub fn tab_at(screen: &BrowseScreen, area: Rect, x: u16) -> Option<View> {
    let hit = |tab: &Tab| (tab.x..tab.x + tab.width).contains(&x);
    tab_list(screen, area).iter().find(|tab| hit(tab)).map(|tab| tab.view)
}

fn tabs(screen: &BrowseScreen, page: &Page<'_>, area: Rect, buffer: &mut Buffer) {
    let mut end = area.x;
    for tab in tab_list(screen, area) {
        let is_current = tab.view == screen.view;
        let paint = if is_current { Paint::Strong } else { Paint::Dim };
        let room = area.right().saturating_sub(tab.x);
        put(buffer, page.look, (tab.x, area.y), room, &[run(tab.text, paint)]);
        if is_current {
            let cells = Rect::new(tab.x, area.y, tab.width.min(room), 1);
            shade(buffer, cells, page.look.style(Paint::Selected));
        }
        end = tab.x + tab.width;
    }
    let line = limits(screen);
    if !line.is_empty() && usize::from(area.right().saturating_sub(end)) > width(&line) {
        put_right(buffer, page.look, (area.right(), area.y), &line);
    }
}

/// What is left out of the list.
fn limits(screen: &BrowseScreen) -> Line {
    let choice = &screen.choice;
    let mut texts = Vec::new();
    if !choice.words.is_empty() {
        texts.push(format!("only: {}", choice.words));
    }
    texts.extend(choice.only_findings.then(|| "only with findings".to_owned()));
    texts.extend(choice.only_changed.then(|| "only changed".to_owned()));
    if texts.is_empty() {
        return Line::new();
    }
    vec![run(texts.join(" · "), Paint::Strong), dim("  Esc: all")]
}

/// How a watched database does, and what that costs it.
fn live(screen: &BrowseScreen, page: &Page<'_>, area: Rect, buffer: &mut Buffer) {
    let Some(live) = screen.live.as_ref().filter(|_| area.height > 0) else { return };
    if let Some(trouble) = live.trouble() {
        let lines = super::text::wrapped(&trouble, Paint::Bad, area.width.into());
        for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
            put(buffer, page.look, (area.x, y), area.width, line);
        }
        return;
    }
    let paint = if live.paused { Paint::Strong } else { Paint::Good };
    let mut line = vec![run(live.line().0, paint), plain(format!(" · {}", live.since()))];
    let costs = live.costs();
    if !costs.is_empty() {
        line.push(dim(format!(" · {costs}")));
    }
    // Where there is little room the costs matter more than which figures they are.
    if width(&line) > usize::from(area.width) && line.len() == 3 {
        line.remove(1);
    }
    put(buffer, page.look, (area.x, area.y), area.width, &line);
}

fn details(screen: &BrowseScreen, page: &Page<'_>, layout: &Layout, buffer: &mut Buffer) {
    let area = layout.detail;
    if area.height == 0 {
        return;
    }
    let line = if screen.in_detail { "━" } else { "─" };
    let rule = [run(line.repeat(area.width.into()), Paint::Border)];
    put(buffer, page.look, (layout.rule.x, layout.rule.y), area.width, &rule);
    let lines = detail_lines(screen, area);
    for (line, y) in lines.iter().skip(screen.detail_top).zip(area.top()..area.bottom()) {
        put(buffer, page.look, (area.x, y), area.width.saturating_sub(1), line);
    }
    scroll_bar(buffer, page.look, area, screen.detail_top, lines.len());
}

fn detail_lines(screen: &BrowseScreen, area: Rect) -> Vec<Line> {
    detail::lines(screen, usize::from(area.width.saturating_sub(1)).max(20))
}

/// The last first line of the details: the one that shows their end.
pub fn last_detail_top(screen: &BrowseScreen, page: &Page<'_>) -> usize {
    let area = Layout::of(screen, page).detail;
    match area.height {
        0 => 0,
        rows => detail_lines(screen, area).len().saturating_sub(rows.into()),
    }
}

/// What stands in a list that is empty.
fn empty(screen: &BrowseScreen) -> Vec<Line> {
    if let Some(live) = screen.live.as_ref().filter(|live| live.rounds == 0) {
        if let Some(failure) = &live.failure {
            let paint = |line: &String| match line.starts_with("hint:") {
                true => Paint::Good,
                false => Paint::Bad,
            };
            return failure.iter().map(|line| vec![run(line.clone(), paint(line))]).collect();
        }
        return vec![vec![dim("the first round is on its way …")]];
    }
    let known = &screen.known;
    let held = known.findings.as_ref().map_or(0, |findings| findings.held);
    let text = match (screen.view, &known.findings) {
        (View::Findings, None) => "looking for what is wrong …".to_owned(),
        (View::Findings, Some(findings)) if findings.all.is_empty() && held > 0 => {
            format!("nothing but {}", counted(held, "suppressed finding", "suppressed findings"))
        }
        (View::Findings, Some(findings)) if findings.all.is_empty() => {
            "nothing found that is worth a word".to_owned()
        }
        (View::Statements, _) if screen.choice.only_ran && screen.choice.words.is_empty() => {
            "nothing ran in that time; w shows figures of all the time".to_owned()
        }
        (View::Statements, _) if screen.rows.all.is_empty() => {
            "the snapshot holds no statements".to_owned()
        }
        _ => "nothing is left of the list; Esc shows all".to_owned(),
    };
    vec![vec![dim(text)]]
}

/// Draws what stands in a list that is empty.
fn draw_empty(screen: &BrowseScreen, page: &Page<'_>, area: Rect, buffer: &mut Buffer) {
    let columns = usize::from(area.width.saturating_sub(2));
    let lines = empty(screen).into_iter().flat_map(|line| {
        let paint = line.first().map_or(Paint::Dim, |run| run.paint);
        super::text::wrapped(&super::text::text_of(&line), paint, columns)
    });
    for (line, y) in lines.zip(area.top() + 1..area.bottom()) {
        put(buffer, page.look, (area.x + 1, y), area.width.saturating_sub(1), &line);
    }
}

/// Marks the selected row: a pointer for eyes without colour.
fn select(screen: &BrowseScreen, page: &Page<'_>, row: Rect, buffer: &mut Buffer) {
    let paint = if screen.in_detail { Paint::SelectedElsewhere } else { Paint::Selected };
    put(buffer, page.look, (row.x, row.y), 1, &[run("▸", Paint::Strong)]);
    shade(buffer, row, page.look.style(paint));
}
