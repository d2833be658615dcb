//! The groups of facts about a node: timing, rows, buffers, memory, workers, conditions, the rest.

use super::heading;
use crate::output::node as words;
use crate::tui::plan::PlanState;
use crate::tui::theme::Paint;
use crate::tui::view::plan::sql;
use crate::tui::view::text::{Line, dim, plain, run, wrapped};
use planscope_explain::Engine;
use planscope_explain::heat::Metric;
use planscope_explain::plan::{ConditionKind, Node, NodeId};
use planscope_explain::units::{Bytes, Count, Millis, Share};
use planscope_explain::workload::lexer::{Lexer, TokenKind};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

/// Columns of names.
const NAMES: usize = 17;
/// Longest condition that is shown whole, in bytes.
const MOST_CONDITION: usize = 8 * 1024;
/// Longest value of the engine's own keys.
const MOST_RAW: usize = 2 * 1024;

/// A group under construction.
pub struct Group<'a> {
    out: &'a mut Vec<Line>,
    title: &'static str,
    begun: bool,
    columns: usize,
}

impl<'a> Group<'a> {
    /// A group whose heading appears with its first row.
    pub fn new(out: &'a mut Vec<Line>, title: &'static str, columns: usize) -> Self {
        Self { out, title, begun: false, columns }
    }

    fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            self.out.push(Line::new());
            self.out.push(heading(self.title));
        }
    }

    /// A row; nothing where the value is empty.
    pub fn row(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        if value.is_empty() {
            return;
        }
        self.begin();
        let room = self.columns.saturating_sub(NAMES + 1).max(12);
        let mut lines = wrapped(&value, Paint::Plain, room).into_iter();
        let mut first = vec![dim(format!("{name:<NAMES$} "))];
        if name.width() > NAMES {
            self.out.push(std::mem::take(&mut first));
            first.push(plain(" ".repeat(NAMES + 1)));
        }
        first.extend(lines.next().into_iter().flatten());
        self.out.push(first);
        for line in lines {
            self.out.push([vec![plain(" ".repeat(NAMES + 1))], line].concat());
        }
    }

    /// A line of its own.
    pub fn line(&mut self, line: Line) {
        self.begin();
        self.out.push(line);
    }
}

fn count(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| Count(words::rounded(value)).to_string())
}

fn ms(value: Option<f64>) -> String {
    value.map_or(String::new(), |ms| Millis(ms).to_string())
}

/// Every group.
pub fn all(state: &PlanState, id: NodeId, node: &Node, columns: usize, out: &mut Vec<Line>) {
    timing(state, id, node, &mut Group::new(out, "Time and cost", columns));
    rows(state, id, node, &mut Group::new(out, "Rows", columns));
    conditions(node, state.plan().engine, &mut Group::new(out, "Conditions", columns));
    buffers(node, &mut Group::new(out, "Buffers", columns));
    memory(node, &mut Group::new(out, "Memory and workers", columns));
    names(node, &mut Group::new(out, "Names", columns));
}

fn timing(state: &PlanState, id: NodeId, node: &Node, group: &mut Group<'_>) {
    let with_share = |text: String, share: f64| match text.is_empty() || share < 0.0005 {
        true => text,
        false => format!("{text}  {}", Share(share)),
    };
    let elapsed = state.plan().root().total_ms().filter(|&all| all > 0.0);
    let share = |ms: Option<f64>| ms.zip(elapsed).map_or(0.0, |(ms, all)| ms / all);
    if !node.never_executed() {
        group.row("self time", with_share(ms(node.self_ms()), share(node.self_ms())));
        group.row("with inputs", with_share(ms(node.total_ms()), share(node.total_ms())));
        if let Some(actual) = node.actual {
            group.row("first row after", ms(actual.startup_ms_per_loop));
            if actual.loops > 1.0 {
                group.row("a loop", ms(actual.total_ms_per_loop));
            }
        }
    }
    group.row("self cost", count(node.self_cost()));
    group.row("cost of a loop", count(node.estimate.total_cost));
    group.row("startup cost", count(node.estimate.startup_cost.filter(|&cost| cost > 0.0)));
    let metric = state.measured.metric;
    let heat = state.measured.heat(id.index(), false);
    let value = words::figure(node, metric, &heat);
    // Time and cost stand above already.
    if !matches!(metric, Metric::Time | Metric::Cost) && !value.is_empty() {
        let name = words::metric_head(state.plan(), metric);
        group.row(name, if metric.has_total() { with_share(value, heat.share) } else { value });
    }
}

fn rows(state: &PlanState, id: NodeId, node: &Node, group: &mut Group<'_>) {
    let estimate = node.estimate.rows_per_loop;
    let loops = node.actual.map_or(1.0, |actual| actual.loops);
    match node.actual.filter(|actual| !actual.never_executed()) {
        Some(actual) => {
            group.row("estimated", count(estimate.map(|rows| rows * loops)));
            group.row("actual", count(Some(actual.rows())));
            let factor = state.factors[id.index()].filter(|&factor| factor >= 1.5);
            let text = factor.map(|factor| {
                let more = words::factor_text(node, factor);
                let than = if more.starts_with('↓') { "fewer" } else { "more" };
                format!("{more} ({than})")
            });
            group.row("off by", text.unwrap_or_default());
            if loops > 1.0 {
                group.row("loops", count(Some(loops)));
                group.row("rows a loop", count(Some(actual.rows_per_loop)));
                group.row("estimated a loop", count(estimate));
            }
        }
        None => group.row("estimated", count(estimate)),
    }
    let some = |rows: Option<f64>| count(rows.filter(|&rows| rows > 0.0));
    group.row("removed by filter", some(node.removed.by_filter));
    group.row("by join filter", some(node.removed.by_join_filter));
    group.row("by recheck", some(node.removed.by_recheck));
    if let (Some(kept), true) = (node.actual_rows(), node.removed.total() > 0.0) {
        let read = kept + node.removed.total();
        group.row("kept", format!("{} of {}", Share(kept / read), Count(words::rounded(read))));
    }
    group.row("keys examined", count(node.examined.keys));
    group.row("rows examined", count(node.examined.rows));
    let width = node.estimate.width_bytes.filter(|&width| width > 0.0);
    group.row("row width", width.map_or(String::new(), |width| Bytes(width).to_string()));
}

fn buffers(node: &Node, group: &mut Group<'_>) {
    let blocks = |value: Option<f64>| count(value.filter(|&n| n > 0.0));
    group.row("touched itself", blocks(node.self_buffers()));
    group.row("read itself", blocks(node.self_reads()));
    group.row("temp written", blocks(node.self_temp_written()));
    for (name, value) in node.buffers.named() {
        let name = name.replace('_', " ");
        if let Some(value) = value.filter(|&n| n > 0) {
            group.row(&name, format!("{} with inputs", Count(value as f64)));
        }
    }
}

fn memory(node: &Node, group: &mut Group<'_>) {
    let memory = &node.memory;
    let bytes = |n: Option<u64>| n.map_or(String::new(), |n| Bytes(n as f64).to_string());
    if memory.spilled() || node.self_temp_written() > Some(0.0) {
        group.line(vec![run("went to disk: it did not fit into memory", Paint::Strong)]);
    }
    group.row("method", memory.method.clone().unwrap_or_default());
    group.row("memory", bytes(memory.peak_bytes));
    group.row("disk", bytes(memory.disk_bytes.filter(|&n| n > 0)));
    let batches = memory.batches.filter(|&n| n > 0);
    let planned = memory.planned_batches.filter(|planned| Some(*planned) != batches);
    let planned = planned.map_or(String::new(), |n| format!(", {n} planned"));
    group.row("batches", batches.map_or(String::new(), |n| format!("{n}{planned}")));
    if let Some(workers) = node.workers {
        let number = |n: Option<u32>| n.map_or("?".to_owned(), |n| n.to_string());
        let (planned, launched) = (number(workers.planned), number(workers.launched));
        group.row(
            "workers",
            match workers.launched {
                Some(_) => format!("{launched} launched of {planned} planned"),
                None => format!("{planned} planned"),
            },
        );
    }
}

fn names(node: &Node, group: &mut Group<'_>) {
    let text = |name: &Option<String>| name.clone().unwrap_or_default();
    group.row("operator", node.operator.name());
    if node.parent().is_some() {
        group.row("part", node.role.name());
    }
    group.row("subplan", text(&node.subplan));
    group.row("schema", text(&node.schema));
    group.row("relation", text(&node.relation));
    group.row("alias", text(&node.alias));
    group.row("index", text(&node.index));
    group.row("join", text(&node.join_type));
}

/// Each kind with its texts, AND and OR on lines of their own, in the colours of SQL.
fn conditions(node: &Node, engine: Engine, group: &mut Group<'_>) {
    for kind in ConditionKind::ALL {
        let texts: Vec<&str> = node.conditions_of(kind).collect();
        if texts.is_empty() {
            continue;
        }
        group.line(vec![dim(kind.label())]);
        let columns = group.columns.saturating_sub(2);
        let is_list = texts.len() > 1;
        let text = match is_list {
            true => texts.join(", "),
            false => texts[0].to_owned(),
        };
        for line in condition(&text, engine, columns) {
            group.line([vec![plain("  ")], line].concat());
        }
    }
}

/// A condition in lines of at most `columns`.
pub fn condition(text: &str, engine: Engine, columns: usize) -> Vec<Line> {
    let (text, cut) = cut_bytes(text, MOST_CONDITION);
    let text = outer_parentheses_off(text);
    let mut pieces: Vec<(usize, Line)> = vec![(0, Line::new())];
    let mut depth = 0_usize;
    for token in Lexer::new(text, engine) {
        let word = token.text(text);
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Word
                if word.eq_ignore_ascii_case("AND") || word.eq_ignore_ascii_case("OR") =>
            {
                pieces.push((depth.min(4), Line::new()));
            }
            _ => {}
        }
        if let Some((_, line)) = pieces.last_mut() {
            line.push(run(word.replace('\n', " "), sql::paint(token.kind, word)));
        }
    }
    let mut lines: Vec<Line> =
        pieces.into_iter().flat_map(|(indent, line)| broken(line, indent * 2, columns)).collect();
    if cut {
        lines.push(vec![dim("… (cut; e writes it whole)")]);
    }
    lines
}

/// A line broken between its runs, indented.
fn broken(line: Line, indent: usize, columns: usize) -> Vec<Line> {
    let mut lines = vec![vec![plain(" ".repeat(indent))]];
    let mut used = indent;
    for piece in line {
        let wide = piece.text.width();
        if used + wide > columns && used > indent {
            lines.push(vec![plain(" ".repeat(indent + 2))]);
            used = indent + 2;
            if piece.text.trim().is_empty() {
                continue;
            }
        }
        let parts = match used + wide > columns {
            true => wrapped(&piece.text, piece.paint, columns.saturating_sub(used).max(8)),
            false => vec![vec![piece]],
        };
        for (i, part) in parts.into_iter().enumerate() {
            if i > 0 {
                lines.push(vec![plain(" ".repeat(indent + 2))]);
                used = indent + 2;
            }
            used += crate::tui::view::text::width(&part);
            if let Some(last) = lines.last_mut() {
                last.extend(part);
            }
        }
    }
    lines
}

/// `(a = b)` without the parentheses that hold all of it.
fn outer_parentheses_off(text: &str) -> &str {
    let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) else {
        return text;
    };
    let mut depth = 0_i32;
    for c in inner.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            // Whatever stands in a string: then they stay, which is never wrong.
            '\'' | '"' => return if inner.contains([')', '(']) { text } else { inner },
            _ => {}
        }
        if depth < 0 {
            return text;
        }
    }
    inner
}

fn cut_bytes(text: &str, most: usize) -> (&str, bool) {
    if text.len() <= most {
        return (text, false);
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (&text[..end], true)
}

/// What only this engine says, by its own keys.
pub fn raw(node: &Node, columns: usize, out: &mut Vec<Line>) {
    let mut group = Group::new(out, "Engine's own", columns);
    for (key, value) in node.details.iter() {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let (text, cut) = cut_bytes(&text, MOST_RAW);
        group.row(key, format!("{text}{}", if cut { " …" } else { "" }));
    }
}

/// On the root: what is said of the plan as a whole.
pub fn notes(state: &PlanState, columns: usize, out: &mut Vec<Line>) {
    if state.selected() != NodeId::ROOT {
        return;
    }
    let plan = state.plan();
    let mut group = Group::new(out, "Plan", columns);
    for fact in state.facts() {
        group.line(wrapped(fact, Paint::Plain, columns).concat());
    }
    for trigger in &plan.triggers {
        group.row(
            &trigger.name,
            format!("{} in {} calls", ms(trigger.total_ms), Count(trigger.calls)),
        );
    }
    for note in &state.shown.notes {
        group.row(&note.place, note.message.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::view::text::text_of;

    #[test]
    fn conditions_have_a_line_for_each_part() {
        let text = "((status = 'open'::text) AND ((total > 5) OR (rush)) AND (x = ')'))";
        let lines = condition(text, Engine::Postgres, 40);
        let shown: Vec<String> =
            lines.iter().map(|line| text_of(line).trim_end().to_owned()).collect();
        assert_eq!(
            shown,
            [
                "((status = 'open'::text)",
                "  AND ((total > 5)",
                "    OR (rush))",
                "  AND (x = ')'))",
            ]
        );
        assert_eq!(text_of(&condition("(a = b)", Engine::Postgres, 40)[0]), "a = b");
        assert_eq!(outer_parentheses_off("(a) = (b)"), "(a) = (b)");
    }

    #[test]
    fn a_long_word_is_broken() {
        let lines = condition(&format!("x = '{}'", "a".repeat(50)), Engine::Postgres, 20);
        assert!(lines.iter().all(|line| text_of(line).width() <= 22), "{lines:?}");
    }
}
