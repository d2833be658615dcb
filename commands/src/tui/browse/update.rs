//! What keys and mouse change in the lists.

use super::layout::Layout;
use super::rows::{Column, Identity};
use super::{BrowseScreen, View, export, open};
use crate::tui::list::{WHEEL, scrolled};
use crate::tui::message::{Action, Ask, Effect, Mouse, MouseKind, Typing};
use crate::tui::screen::Page;
use crate::tui::state::Notice;
use crate::tui::statement::StatementScreen;
use crate::tui::view;
use planscope_explain::plan::NodeId;
use ratatui::layout::Position;

fn say(text: impl Into<String>) -> Vec<Effect> {
    vec![Effect::Say(Notice::info(text))]
}

/// Does an action; [`None`] when it is none of ours.
pub fn act(screen: &mut BrowseScreen, action: Action, page: &Page<'_>) -> Option<Vec<Effect>> {
    let before = (screen.view, screen.list().cursor());
    let effects = match action {
        Action::Back => return back(screen, page),
        Action::Open => opened(screen),
        Action::Compare => compared(screen),
        Action::Statements => show(screen, View::Statements),
        Action::Findings => show(screen, View::Findings),
        Action::Advice => show(screen, View::Advice),
        Action::NextList => next_list(screen, 1),
        Action::PreviousList => next_list(screen, View::ALL.len() - 1),
        Action::SwitchPane | Action::Detail => panes(screen, action, page),
        Action::Filter => {
            screen.words_before = screen.choice.words.clone();
            vec![Effect::Ask(Ask::Filter)]
        }
        Action::Export => export::menu(screen),
        Action::ExportAs(format) => export::write(screen, format),
        Action::Copy => export::copy(screen),
        Action::CopyRemedy => export::copy_remedy(screen),
        Action::Pause | Action::RefreshNow | Action::Reckoning => watched(screen, action)?,
        _ => return moved(screen, action, page).or_else(|| chosen(screen, action, page)),
    };
    if (screen.view, screen.list().cursor()) != before {
        screen.detail_top = 0;
    }
    scroll(screen, page);
    Some(effects)
}

/// Keeps the cursor on the screen and the details within their end.
pub fn scroll(screen: &mut BrowseScreen, page: &Page<'_>) {
    let layout = Layout::of(screen, page);
    screen.list_mut().scroll(layout.main.height.into());
    if layout.detail.height == 0 {
        screen.in_detail = false;
    }
    let last = view::browse::last_detail_top(screen, page);
    screen.detail_top = screen.detail_top.min(last);
}

fn moved(screen: &mut BrowseScreen, action: Action, page: &Page<'_>) -> Option<Vec<Effect>> {
    let layout = Layout::of(screen, page);
    if screen.in_detail {
        let height = usize::from(layout.detail.height);
        let last = view::browse::last_detail_top(screen, page);
        screen.detail_top = scrolled(screen.detail_top, action, height, last)?;
        return Some(Vec::new());
    }
    let before = screen.list().cursor();
    if !screen.list_mut().act(action, layout.main.height.into()) {
        return None;
    }
    if screen.list().cursor() != before {
        screen.detail_top = 0;
    }
    Some(Vec::new())
}

/// Sorting and filtering by a key.
fn chosen(screen: &mut BrowseScreen, action: Action, page: &Page<'_>) -> Option<Vec<Effect>> {
    if screen.view != View::Statements {
        return None;
    }
    let at = Column::ALL.iter().position(|column| *column == screen.choice.by).unwrap_or(0);
    let count = Column::ALL.len();
    let by = |screen: &mut BrowseScreen, i: usize| {
        screen.choice.by = Column::ALL[i % count];
        screen.choice.reversed = false;
    };
    match action {
        Action::NextSort => by(screen, at + 1),
        Action::PreviousSort => by(screen, at + count - 1),
        Action::SortBy(column) => by(screen, column.into()),
        Action::Reverse => screen.choice.reversed = !screen.choice.reversed,
        Action::OnlyFindings => screen.choice.only_findings = !screen.choice.only_findings,
        Action::OnlyChanged if screen.known.before.is_none() => {
            return Some(say("there is no earlier snapshot to compare with"));
        }
        Action::OnlyChanged => screen.choice.only_changed = !screen.choice.only_changed,
        _ => return None,
    }
    let is_filter = matches!(action, Action::OnlyFindings | Action::OnlyChanged);
    let who = screen.statement().filter(|_| is_filter).map(Identity::of);
    screen.relist(who);
    screen.detail_top = 0;
    scroll(screen, page);
    let way = if screen.choice.reversed { ", the smallest first" } else { "" };
    Some(match is_filter {
        true => Vec::new(),
        false => say(format!("sorted by {}{way}", screen.choice.by.name())),
    })
}

/// Out of the details, out of the filter, back to the statements, and only then out of the screen.
fn back(screen: &mut BrowseScreen, page: &Page<'_>) -> Option<Vec<Effect>> {
    let choice = &mut screen.choice;
    if screen.in_detail {
        screen.in_detail = false;
    } else if !choice.words.is_empty() || choice.only_findings || choice.only_changed {
        choice.words.clear();
        (choice.only_findings, choice.only_changed) = (false, false);
        let who = screen.statement().map(Identity::of);
        screen.relist(who);
    } else if screen.view != View::Statements {
        screen.view = View::Statements;
    } else {
        return None;
    }
    scroll(screen, page);
    Some(Vec::new())
}

fn show(screen: &mut BrowseScreen, view: View) -> Vec<Effect> {
    screen.view = view;
    screen.in_detail = false;
    let asks = screen.known.advice.is_none() || screen.known.is_advice_old();
    let nothing_yet = screen.live.as_ref().is_some_and(|live| live.rounds == 0);
    if view != View::Advice || !asks || screen.is_advising || nothing_yet {
        return Vec::new();
    }
    screen.is_advising = true;
    vec![Effect::Work(screen.known.ask_advisor())]
}

fn next_list(screen: &mut BrowseScreen, by: usize) -> Vec<Effect> {
    let next = (screen.view as usize + by) % View::ALL.len();
    show(screen, View::ALL[next])
}

fn panes(screen: &mut BrowseScreen, action: Action, page: &Page<'_>) -> Vec<Effect> {
    if action == Action::Detail {
        screen.detail = !screen.detail;
        return Vec::new();
    }
    screen.detail = true;
    if Layout::of(screen, page).detail.height == 0 {
        return say("there is nothing below the list");
    }
    screen.in_detail = !screen.in_detail;
    Vec::new()
}

fn opened(screen: &mut BrowseScreen) -> Vec<Effect> {
    let known = &screen.known;
    match screen.view {
        View::Statements => match screen.row().map(|row| row.place) {
            Some(place) => vec![Effect::Push(Box::new(StatementScreen::new(known.clone(), place)))],
            None => say("no statement is listed"),
        },
        View::Findings => {
            let node = screen.finding().and_then(|f| f.nodes.first().copied());
            let of = screen.finding().and_then(|finding| finding.statement);
            let place = of
                .and_then(|id| known.snapshot.statements.iter().position(|s| s.fingerprint == id));
            match place {
                Some(place) => statement_at(screen, place, node),
                None => {
                    screen.in_detail = screen.finding().is_some();
                    say("this finding is about no statement; its details are below")
                }
            }
        }
        View::Advice => {
            screen.in_detail = !screen.in_detail && screen.advice().is_some();
            Vec::new()
        }
    }
}

/// The statement, and on it its plan where a node is meant.
fn statement_at(screen: &BrowseScreen, place: usize, node: Option<NodeId>) -> Vec<Effect> {
    let known = &screen.known;
    let statement = StatementScreen::new(known.clone(), place);
    let mut effects = vec![Effect::Push(Box::new(statement))];
    if node.is_some() {
        let plan = open::plan(known, &known.snapshot.statements[place], 0, node);
        effects.extend(plan.map(Effect::Push));
    }
    effects
}

fn compared(screen: &BrowseScreen) -> Vec<Effect> {
    let Some(place) = screen.row().map(|row| row.place).filter(|_| screen.view == View::Statements)
    else {
        return say("choose a statement to compare");
    };
    match open::compare_with_before(&screen.known, place) {
        Ok(opened) => vec![Effect::Push(opened)],
        Err(why) => say(why),
    }
}

fn watched(screen: &mut BrowseScreen, action: Action) -> Option<Vec<Effect>> {
    let live = screen.live.as_mut()?;
    Some(match action {
        Action::Pause => vec![Effect::Work(live.toggle())],
        Action::RefreshNow => vec![Effect::Work(live.now())],
        _ => {
            live.next_reckoning();
            let text = live.since();
            screen.reckon();
            say(text)
        }
    })
}

/// Filters while it is typed; Esc brings back what was.
pub fn typed(
    screen: &mut BrowseScreen,
    ask: Ask,
    text: &str,
    typing: Typing,
    page: &Page<'_>,
) -> Vec<Effect> {
    if ask != Ask::Filter {
        return Vec::new();
    }
    screen.choice.words = match typing {
        Typing::Cancelled => screen.words_before.clone(),
        _ => text.trim().to_owned(),
    };
    let who = screen.statement().map(Identity::of);
    screen.relist(who);
    screen.detail_top = 0;
    scroll(screen, page);
    match typing {
        Typing::Done if screen.list().len() == 0 && screen.view != View::Advice => {
            let text = format!("nothing holds `{}`; Esc shows all", screen.choice.words);
            vec![Effect::Say(Notice::error(text))]
        }
        _ => Vec::new(),
    }
}

/// Click: go there, and open when it is there already; on a head: sort. Wheel: scroll.
pub fn mouse(screen: &mut BrowseScreen, mouse: Mouse, page: &Page<'_>) -> Vec<Effect> {
    let layout = Layout::of(screen, page);
    let at = Position::new(mouse.x, mouse.y);
    if mouse.kind != MouseKind::Click {
        let wheel = if mouse.kind == MouseKind::WheelUp { -WHEEL } else { WHEEL };
        if layout.detail.contains(at) {
            let last = view::browse::last_detail_top(screen, page);
            screen.detail_top = screen.detail_top.saturating_add_signed(wheel).min(last);
        } else {
            screen.list_mut().wheel(wheel, layout.main.height.into());
        }
        return Vec::new();
    }
    if layout.tabs.contains(at) {
        let tab = view::browse::tab_at(screen, layout.tabs, mouse.x);
        return tab.map_or_else(Vec::new, |view| act_again(screen, view, page));
    }
    if layout.head.contains(at) {
        let column = view::browse::column_at(screen, layout.head, mouse.x);
        let action = column.map(|column| match column == screen.choice.by {
            true => Action::Reverse,
            false => Action::SortBy(column as u8),
        });
        return action.and_then(|action| act(screen, action, page)).unwrap_or_default();
    }
    screen.in_detail = layout.detail.contains(at);
    if !layout.main.contains(at) {
        return Vec::new();
    }
    let line = screen.list().top() + usize::from(mouse.y - layout.main.y);
    if line >= screen.list().len() {
        return Vec::new();
    }
    if line == screen.list().cursor() {
        return act(screen, Action::Open, page).unwrap_or_default();
    }
    screen.list_mut().go_to(line);
    screen.detail_top = 0;
    scroll(screen, page);
    Vec::new()
}

fn act_again(screen: &mut BrowseScreen, view: View, page: &Page<'_>) -> Vec<Effect> {
    let effects = show(screen, view);
    screen.detail_top = 0;
    scroll(screen, page);
    effects
}
