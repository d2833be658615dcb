//! What keys and mouse change on a statement's page.

use super::page::{self, Layout};
use super::{Link, StatementScreen};
use crate::report::{ExplainReport, Report, cut};
use crate::tui::browse::{export, open};
use crate::tui::list::{WHEEL, scrolled};
use crate::tui::message::{Action, Effect, Mouse, MouseKind};
use crate::tui::screen::Page;
use crate::tui::state::Notice;
use ratatui::layout::Position;

fn say(text: impl Into<String>) -> Vec<Effect> {
    vec![Effect::Say(Notice::info(text))]
}

/// Makes the cursor fit the lines as they are laid out now.
pub fn settle(screen: &mut StatementScreen, page: &Page<'_>) {
    let rows = page::rows(screen, page);
    screen.list.resize(rows.len());
    let line = rows.iter().position(|(_, link)| link.is_some() && *link == screen.link);
    if let Some(line) = line {
        screen.list.go_to(line);
    }
    screen.list.scroll(Layout::of(page).main.height.into());
    // The first link brings what stands above it along.
    if screen.list.cursor() < usize::from(Layout::of(page).main.height) {
        screen.list.wheel(isize::MIN / 2, Layout::of(page).main.height.into());
    }
    screen.text_top = screen.text_top.min(last_text_top(screen, page));
}

fn last_text_top(screen: &StatementScreen, page: &Page<'_>) -> usize {
    let area = Layout::of(page).text;
    let columns = usize::from(area.width.saturating_sub(1)).max(20);
    page::text(screen, columns).len().saturating_sub(area.height.saturating_sub(1).into())
}

/// Does an action; [`None`] when it is none of ours.
pub fn act(screen: &mut StatementScreen, action: Action, page: &Page<'_>) -> Option<Vec<Effect>> {
    let height = usize::from(Layout::of(page).main.height);
    if screen.in_text && text_moved(screen, action, page) {
        return Some(Vec::new());
    }
    if screen.list.act(action, height) {
        remember(screen, page);
        return Some(Vec::new());
    }
    Some(match action {
        Action::Back | Action::Left if screen.in_text => {
            screen.in_text = false;
            Vec::new()
        }
        Action::Left => vec![Effect::Back],
        Action::Open => opened(screen),
        Action::Right if screen.link.is_some() => opened(screen),
        Action::Right | Action::SwitchPane if !page.is_narrow() => {
            screen.in_text = !screen.in_text;
            Vec::new()
        }
        Action::SwitchPane => next_link(screen, page, true, |_| true),
        Action::NextFinding => next_link(screen, page, true, is_finding),
        Action::PreviousFinding => next_link(screen, page, false, is_finding),
        Action::NextPlan => next_link(screen, page, true, is_plan),
        Action::PreviousPlan => next_link(screen, page, false, is_plan),
        Action::Compare => followed(screen, Link::Before),
        Action::Export => {
            export::formats("write the statement", Some("SQL: the statement and what mends it"))
        }
        Action::ExportAs(format) => write(screen, format),
        Action::Copy => {
            let text = screen.statement().text.clone();
            vec![Effect::Copy { text, what: "the statement".to_owned() }]
        }
        Action::CopyRemedy => copy_remedy(screen),
        _ => return None,
    })
}

fn is_finding(link: Link) -> bool {
    matches!(link, Link::Finding(_))
}

fn is_plan(link: Link) -> bool {
    matches!(link, Link::Plan(_))
}

/// Moves the text beside; whether the action is one that moves.
fn text_moved(screen: &mut StatementScreen, action: Action, page: &Page<'_>) -> bool {
    let height = usize::from(Layout::of(page).text.height);
    let last = last_text_top(screen, page);
    let to = scrolled(screen.text_top, action, height, last);
    screen.text_top = to.unwrap_or(screen.text_top);
    to.is_some()
}

fn remember(screen: &mut StatementScreen, page: &Page<'_>) {
    screen.link = page::rows(screen, page).get(screen.list.cursor()).and_then(|(_, link)| *link);
}

/// To the next line that leads somewhere, around the end.
fn next_link(
    screen: &mut StatementScreen,
    page: &Page<'_>,
    forward: bool,
    wanted: impl Fn(Link) -> bool,
) -> Vec<Effect> {
    let rows = page::rows(screen, page);
    let (at, count) = (screen.list.cursor(), rows.len());
    let fits = |line: &usize| rows[*line].1.is_some_and(&wanted);
    let found = match forward {
        true => (at + 1..count).chain(0..count.min(at + 1)).find(fits),
        false => (0..at.min(count)).rev().chain((at..count).rev()).find(fits),
    };
    let Some(line) = found else { return say("there is none") };
    screen.link = rows[line].1;
    screen.list.go_to(line);
    screen.list.scroll(Layout::of(page).main.height.into());
    Vec::new()
}

/// Where the cursor's line leads; from any other line to the newest plan.
fn opened(screen: &StatementScreen) -> Vec<Effect> {
    followed(screen, screen.link.unwrap_or(Link::Plan(0)))
}

fn followed(screen: &StatementScreen, link: Link) -> Vec<Effect> {
    let (known, statement) = (&screen.known, screen.statement());
    let opened = match link {
        Link::Plan(number) => open::plan(known, statement, number, None),
        Link::Older(number) => open::compare_plans(known, statement, number),
        Link::Finding(number) => {
            let finding = known.findings.as_ref().and_then(|findings| findings.all.get(number));
            let node = finding.and_then(|finding| finding.nodes.first().copied());
            open::plan(known, statement, 0, node)
        }
        Link::Before => match open::compare_with_before(known, screen.place) {
            Ok(opened) => Some(opened),
            Err(why) if statement.plans.len() < 2 => return say(why),
            Err(_) => open::compare_plans(known, statement, 1),
        },
    };
    match opened {
        Some(opened) => vec![Effect::Push(opened)],
        None => {
            let why = statement.problems.first().map(|problem| problem.message.clone());
            let why = why.unwrap_or_else(|| "no plan of it was collected".to_owned());
            vec![Effect::Say(Notice::error(why))]
        }
    }
}

fn write(screen: &StatementScreen, format: &'static str) -> Vec<Effect> {
    let statement = screen.statement();
    let stem = format!("statement-{}", open::short(statement.fingerprint));
    let plans = open::shown_plans(&screen.known, statement);
    match format {
        "sql" => {
            let engine = screen.known.snapshot.target.engine;
            let findings = screen.known.findings_of(statement.fingerprint);
            let cures: String = findings.map(|(_, f)| export::finding_sql(f, engine)).collect();
            export::write_sql(stem, format!("{};\n\n{cures}", export::sql_text(&statement.text)))
        }
        _ if plans.is_empty() => {
            let report = screen.known.report(&[screen.place]);
            export::write_report(stem, format, &Report::Browse(report))
        }
        _ => {
            let report = Report::Explain(ExplainReport { plans, metric: None });
            export::write_report(stem, format, &report)
        }
    }
}

fn copy_remedy(screen: &StatementScreen) -> Vec<Effect> {
    let engine = screen.known.snapshot.target.engine;
    let mut findings = screen.known.findings_of(screen.statement().fingerprint);
    let sql = findings.find_map(|(_, f)| f.remedies.iter().find_map(|remedy| remedy.sql(engine)));
    match sql {
        Some(sql) => {
            let what = cut(&sql.split_whitespace().collect::<Vec<_>>().join(" "), 60);
            vec![Effect::Copy { text: format!("{sql};"), what }]
        }
        None => say("no SQL is known that mends this"),
    }
}

/// Click: go there, and open what it leads to when it is there already. Wheel: scroll.
pub fn mouse(screen: &mut StatementScreen, mouse: Mouse, page: &Page<'_>) -> Vec<Effect> {
    let layout = Layout::of(page);
    let at = Position::new(mouse.x, mouse.y);
    let in_text = layout.text.contains(at);
    if mouse.kind != MouseKind::Click {
        let wheel = if mouse.kind == MouseKind::WheelUp { -WHEEL } else { WHEEL };
        if in_text {
            let last = last_text_top(screen, page);
            screen.text_top = screen.text_top.saturating_add_signed(wheel).min(last);
        } else {
            screen.list.wheel(wheel, layout.main.height.into());
            remember(screen, page);
        }
        return Vec::new();
    }
    screen.in_text = in_text;
    if !layout.main.contains(at) {
        return Vec::new();
    }
    let line = screen.list.top() + usize::from(mouse.y - layout.main.y);
    let was = screen.list.cursor();
    screen.list.go_to(line);
    remember(screen, page);
    match screen.link {
        Some(_) if screen.list.cursor() == was => opened(screen),
        _ => Vec::new(),
    }
}
