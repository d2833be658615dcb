//! The lists of findings and of advice.

use super::{draw_empty, select};
use crate::output::node::rounded;
use crate::report::cut;
use crate::tui::browse::layout::Layout;
use crate::tui::browse::{BrowseScreen, open};
use crate::tui::screen::Page;
use crate::tui::theme::Paint;
use crate::tui::view::text::{Line, dim, plain, put, run};
use planscope_advisors::{Advice, Finding};
use planscope_explain::diff::Severity;
use planscope_explain::units::{Bytes, Count, Millis};
use planscope_explain::workload::ddl;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The paint of a severity.
pub fn paint_of(severity: Severity) -> Paint {
    match severity {
        Severity::High => Paint::Bad,
        Severity::Medium => Paint::Strong,
        Severity::Low | Severity::Info => Paint::Plain,
    }
}

/// What a finding could save, in a word.
pub fn saving(finding: &Finding) -> String {
    match (finding.saving_ms, finding.saving_cost) {
        (Some(ms), _) if ms >= 0.01 => Millis(ms).to_string(),
        (None, Some(cost)) if cost >= 1.0 => format!("cost {}", Count(cost.round())),
        _ => String::new(),
    }
}

fn heads(page: &Page<'_>, area: Rect, text: &str, buffer: &mut Buffer) {
    put(buffer, page.look, (area.x, area.y), area.width, &[dim(text)]);
}

/// Draws the findings that are seen.
pub fn findings(screen: &BrowseScreen, page: &Page<'_>, layout: &Layout, buffer: &mut Buffer) {
    let is_narrow = page.area.width < 60;
    heads(
        page,
        layout.head,
        if is_narrow { "  grave  what" } else { "  grave   to save   statement  what" },
        buffer,
    );
    let area = layout.main;
    let all = screen.known.findings.as_ref().map_or(&[][..], |findings| &findings.all);
    if screen.findings.is_empty() {
        return draw_empty(screen, page, area, buffer);
    }
    let list = screen.list();
    for (line, y) in list.shown(area.height.into()).zip(area.top()..area.bottom()) {
        let finding = screen.findings.get(line).and_then(|&i| all.get(i as usize));
        let Some(finding) = finding else { continue };
        let cells = Rect { y, height: 1, ..area };
        let mut parts =
            vec![run(format!("{:<6} ", finding.severity.name()), paint_of(finding.severity))];
        if !is_narrow {
            parts.push(run(format!("{:>9}   ", saving(finding)), Paint::Good));
            let of = finding.statement.and_then(|id| screen.known.snapshot.statement(id));
            parts.push(dim(format!(
                "{:<10} ",
                of.map_or("–".into(), |s| cut(&open::name_of(s), 10))
            )));
        }
        parts.push(plain(finding.title.clone()));
        put(buffer, page.look, (area.x + 2, y), area.width.saturating_sub(2), &parts);
        if line == list.cursor() {
            select(screen, page, cells, buffer);
        }
    }
}

/// Draws the advice that is seen.
pub fn advice(screen: &BrowseScreen, page: &Page<'_>, layout: &Layout, buffer: &mut Buffer) {
    let is_narrow = page.area.width < 60;
    heads(
        page,
        layout.head,
        match is_narrow {
            true => "    cost  index",
            false => "    cost   to save      size  proof         index",
        },
        buffer,
    );
    let area = layout.main;
    let list = screen.list();
    for (line, y) in list.shown(area.height.into()).zip(area.top()..area.bottom()) {
        let Some(advice) = screen.advised().get(line) else { continue };
        let cells = Rect { y, height: 1, ..area };
        put(
            buffer,
            page.look,
            (area.x + 2, y),
            area.width.saturating_sub(2),
            &advice_line(screen, advice, is_narrow),
        );
        if line == list.cursor() {
            select(screen, page, cells, buffer);
        }
    }
    if screen.advised().is_empty() {
        no_advice(screen, page, area, buffer);
    }
}

fn advice_line(screen: &BrowseScreen, advice: &Advice, is_narrow: bool) -> Line {
    let engine = screen.known.snapshot.target.engine;
    let ratio = advice.cost_before / advice.cost_after;
    let ratio = match ratio.is_finite() && ratio > 0.0 {
        true => format!("÷{}", Count(rounded(ratio))),
        false => String::new(),
    };
    let mut line = vec![run(format!("{ratio:>6}"), Paint::Strong)];
    if !is_narrow {
        let saving = advice.saving_ms.filter(|ms| *ms >= 0.01);
        let saving = saving.map_or(String::new(), |ms| Millis(ms).to_string());
        let size = advice.size_bytes.map_or(String::new(), |bytes| Bytes(bytes).to_string());
        line.push(run(format!(" {saving:>9}"), Paint::Good));
        line.push(plain(format!(" {size:>9}")));
        line.push(dim(format!("  {:<12}", advice.proof.name())));
    }
    let sql = ddl::create_index(engine, &advice.index);
    line.push(run(
        format!("  {}", sql.split_whitespace().collect::<Vec<_>>().join(" ")),
        Paint::Code,
    ));
    line
}

fn no_advice(screen: &BrowseScreen, page: &Page<'_>, area: Rect, buffer: &mut Buffer) {
    let known = &screen.known;
    let lines: Vec<(String, Paint)> = match (&known.advice, screen.is_advising) {
        (_, true) => vec![("asking what indexes would pay …".to_owned(), Paint::Dim)],
        (None, _) => vec![("a asks what indexes would pay".to_owned(), Paint::Dim)],
        (Some(advised), _) => match &advised.outcome {
            Ok(_) => vec![(
                "no index would pay: none makes a statement clearly cheaper than it costs to keep"
                    .to_owned(),
                Paint::Dim,
            )],
            Err(error) => std::iter::once((error.message.clone(), Paint::Bad))
                .chain(error.hints.iter().map(|hint| (format!("hint: {hint}"), Paint::Good)))
                .collect(),
        },
    };
    let columns = usize::from(area.width.saturating_sub(2));
    let lines = lines
        .iter()
        .flat_map(|(text, paint)| crate::tui::view::text::wrapped(text, *paint, columns));
    for (line, y) in lines.zip(area.top() + 1..area.bottom()) {
        put(buffer, page.look, (area.x + 1, y), area.width.saturating_sub(1), &line);
    }
}
