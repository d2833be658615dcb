//! What keys and mouse change in a comparison.

use super::layout::Layout;
use super::rows::Sign;
use super::{CompareScreen, Show};
use crate::output::{self, Style};
use crate::report::{DiffContent, DiffReport, Report, ShownPlan};
use crate::tui::browse::export;
use crate::tui::list::WHEEL;
use crate::tui::message::{Action, Ask, Effect, Mouse, MouseKind, Typing};
use crate::tui::plan::PlansScreen;
use crate::tui::screen::Page;
use crate::tui::state::Notice;
use planscope_explain::heat::Metric;
use planscope_explain::plan::plan_hash;
use ratatui::layout::Position;
use std::rc::Rc;

fn say(text: impl Into<String>) -> Vec<Effect> {
    vec![Effect::Say(Notice::info(text))]
}

/// Keeps the cursor on the screen.
pub fn scroll(screen: &mut CompareScreen, page: &Page<'_>) {
    let height = Layout::of(screen, page).main.height;
    screen.list.scroll(height.into());
}

/// Does an action; [`None`] when it is none of ours.
pub fn act(screen: &mut CompareScreen, action: Action, page: &Page<'_>) -> Option<Vec<Effect>> {
    let height = usize::from(Layout::of(screen, page).main.height);
    let row = screen.selected();
    let effects = match action {
        _ if screen.list.act(action, height) => Vec::new(),
        Action::NextChange => next(screen, true, is_change, "nothing changed"),
        Action::PreviousChange => next(screen, false, is_change, "nothing changed"),
        Action::NextMatch | Action::PreviousMatch if screen.search[0].needle().is_empty() => {
            vec![Effect::Ask(Ask::Search)]
        }
        Action::NextMatch => next(screen, true, is_match, "nothing holds it"),
        Action::PreviousMatch => next(screen, false, is_match, "nothing holds it"),
        Action::Search => {
            screen.search_from = row;
            vec![Effect::Ask(Ask::Search)]
        }
        Action::NextSide => show(
            screen,
            match screen.show {
                Show::Both => Show::Before,
                Show::Before => Show::After,
                Show::After => Show::Both,
            },
        ),
        Action::Before => show(screen, Show::Before),
        Action::After => show(screen, Show::After),
        Action::Both => show(screen, Show::Both),
        Action::Open => opened(screen),
        Action::Fold | Action::Left | Action::Right | Action::FoldAll | Action::UnfoldAll => {
            fold(screen, action, row)
        }
        Action::NextMetric => metric(screen, 1),
        Action::PreviousMetric => metric(screen, Metric::ALL.len() - 1),
        Action::Inclusive => {
            screen.inclusive = !screen.inclusive;
            say(if screen.inclusive {
                "figures with the inputs"
            } else {
                "figures without the inputs"
            })
        }
        Action::Detail => {
            screen.detail = !screen.detail;
            Vec::new()
        }
        Action::Export => export::formats("write the comparison", None),
        Action::ExportAs(format) => {
            let hashes = screen.plans.each_ref().map(|plan| plan_hash(plan) >> 32);
            let stem = format!("diff-{:08x}-{:08x}", hashes[0], hashes[1]);
            export::write_report(stem, format, &report(screen))
        }
        Action::Copy => copy(screen),
        Action::Back if !screen.search[0].needle().is_empty() => {
            look_for(screen, "");
            Vec::new()
        }
        _ => return None,
    };
    scroll(screen, page);
    Some(effects)
}

fn is_change(screen: &CompareScreen, row: usize) -> bool {
    screen.rows[row].sign() != Sign::Same
}

/// Whether a row holds what is searched for.
fn is_match(screen: &CompareScreen, row: usize) -> bool {
    let nodes = screen.rows[row].nodes.iter().zip(&screen.search);
    nodes.into_iter().any(|(node, search)| node.is_some_and(|n| search.number_of(n.0).is_some()))
}

/// To the next row that is wanted, around the end.
fn next(
    screen: &mut CompareScreen,
    forward: bool,
    wanted: impl Fn(&CompareScreen, usize) -> bool,
    none: &str,
) -> Vec<Effect> {
    let (at, count) = (screen.selected() as usize, screen.rows.len());
    let fits = |row: &usize| wanted(screen, *row);
    let found = match forward {
        true => (at + 1..count).chain(0..count.min(at + 1)).find(fits),
        false => (0..at).rev().chain((at..count).rev()).find(fits),
    };
    match found {
        Some(row) => {
            screen.go_to(row as u32);
            Vec::new()
        }
        None => say(none),
    }
}

fn show(screen: &mut CompareScreen, show: Show) -> Vec<Effect> {
    screen.show = show;
    screen.refresh();
    let (side, name) = match show {
        Show::Both => return say("both plans"),
        Show::Before => ("before", &screen.names[0]),
        Show::After => ("after", &screen.names[1]),
    };
    say(format!("{side}: {name}"))
}

fn fold(screen: &mut CompareScreen, action: Action, row: u32) -> Vec<Effect> {
    let i = row as usize;
    let has_below = screen.hidden_below(row) > 0;
    let is_folded = screen.folded[i];
    match action {
        Action::FoldAll => screen.fold_unchanged(),
        Action::UnfoldAll => screen.folded.fill(false),
        Action::Fold if has_below => screen.folded[i] = !is_folded,
        Action::Left if has_below && !is_folded => screen.folded[i] = true,
        Action::Left => {
            let above = (0..row).rev().find(|&above| screen.rows[above as usize].end > row);
            screen.go_to(above.unwrap_or(row));
            return Vec::new();
        }
        Action::Right if is_folded => screen.folded[i] = false,
        Action::Right => {
            screen.list.go_to(screen.list.cursor() + 1);
            return Vec::new();
        }
        _ => return Vec::new(),
    }
    screen.refresh();
    Vec::new()
}

fn metric(screen: &mut CompareScreen, by: usize) -> Vec<Effect> {
    let count = Metric::ALL.len();
    let at = Metric::ALL.iter().position(|m| *m == screen.metric()).unwrap_or(0);
    let known = |metric: &Metric| screen.figures.iter().any(|of| of.has(*metric));
    let next = (1..=count).map(|step| Metric::ALL[(at + step * by) % count]).find(known);
    let Some(metric) = next else { return say("the plans hold no figures") };
    screen.measured = screen.figures.each_ref().map(|of| of.measured(metric));
    say(format!("figures: {}", metric.name()))
}

/// The node in its own plan.
fn opened(screen: &CompareScreen) -> Vec<Effect> {
    let Some(row) = screen.row() else { return Vec::new() };
    let side = match (screen.show, row.nodes) {
        (Show::Before, _) | (_, [Some(_), None]) => 0,
        _ => 1,
    };
    let shown = |side: usize| ShownPlan {
        plan: screen.plans[side].clone(),
        source: screen.names[side].clone(),
        statement: screen.statement.clone().or_else(|| screen.plans[side].statement.clone()),
        fingerprint: None,
        notes: Vec::new(),
        findings: Vec::new(),
    };
    let plans = vec![shown(side)];
    let Some(mut opened) =
        PlansScreen::new(plans, Some(screen.metric()), Rc::clone(&screen.catalog))
    else {
        return Vec::new();
    };
    opened.call_it(if side == 0 { "before" } else { "after" });
    opened.show(0, row.nodes[side]);
    vec![Effect::Push(Box::new(opened))]
}

fn report(screen: &CompareScreen) -> Report {
    let plans = Box::new(screen.plans.clone());
    let content = DiffContent::Plans { diff: screen.diff.clone(), plans };
    Report::Diff(DiffReport::new(screen.names.clone(), content))
}

fn copy(screen: &CompareScreen) -> Vec<Effect> {
    let style = Style { width: 100, color: false, ascii: false };
    let text = output::by_name("text").map(|output| (output.render)(&report(screen), &style));
    match text {
        Some(Ok(bytes)) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            vec![Effect::Copy { text, what: "the comparison".to_owned() }]
        }
        Some(Err(error)) => vec![Effect::Say(Notice::error(error.message))],
        None => Vec::new(),
    }
}

fn look_for(screen: &mut CompareScreen, text: &str) {
    for search in &mut screen.search {
        search.look_for(text);
    }
}

/// Searches while it is typed; Esc brings the cursor back.
pub fn typed(
    screen: &mut CompareScreen,
    ask: Ask,
    text: &str,
    typing: Typing,
    page: &Page<'_>,
) -> Vec<Effect> {
    if ask != Ask::Search {
        return Vec::new();
    }
    let text = if typing == Typing::Cancelled { "" } else { text };
    if typing != Typing::Done {
        look_for(screen, text);
        let from = screen.search_from as usize;
        let count = screen.rows.len();
        let found = (from..count).chain(0..from).find(|&row| is_match(screen, row));
        screen.go_to(found.unwrap_or(from) as u32);
    }
    scroll(screen, page);
    let found = screen.search.iter().any(|search| !search.found().is_empty());
    match typing {
        Typing::Done if !found && !text.trim().is_empty() => {
            vec![Effect::Say(Notice::error(format!("nothing holds `{text}`")))]
        }
        _ => Vec::new(),
    }
}

/// Click: go there, and fold when it is there already. Wheel: scroll.
pub fn mouse(screen: &mut CompareScreen, mouse: Mouse, page: &Page<'_>) -> Vec<Effect> {
    let layout = Layout::of(screen, page);
    let height = usize::from(layout.main.height);
    if mouse.kind != MouseKind::Click {
        let wheel = if mouse.kind == MouseKind::WheelUp { -WHEEL } else { WHEEL };
        screen.list.wheel(wheel, height);
        return Vec::new();
    }
    if !layout.main.contains(Position::new(mouse.x, mouse.y)) {
        return Vec::new();
    }
    let line = screen.list.top() + usize::from(mouse.y - layout.main.y);
    if line >= screen.list.len() {
        return Vec::new();
    }
    if line == screen.list.cursor() {
        return act(screen, Action::Fold, page).unwrap_or_default();
    }
    screen.list.go_to(line);
    scroll(screen, page);
    Vec::new()
}
