//! Two plans as one tree: side by side on a wide screen, else one below the other where they differ.
//!
//! Nodes that stand for each other are on one line. A sign tells the rest, so that colour is never
//! needed: `-` is gone, `+` is new, `~` is another operator or index now, `>` stands elsewhere.

use crate::output::document::{Span, Tone, dim};
use crate::output::{Style, node as words};
use planscope_explain::diff::PlanDiff;
use planscope_explain::plan::{ConditionKind, Node, NodeId, Plan};
use planscope_explain::units::Count;
use unicode_width::UnicodeWidthStr;

/// Columns from which the plans stand side by side.
const WIDE: usize = 120;
/// Lines without a change that are shown around one.
const CONTEXT: usize = 2;
/// Deepest level that is indented.
const MOST_LEVELS: usize = 16;

/// A line: the nodes before and after, and how they are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    ids: [Option<NodeId>; 2],
    sign: Sign,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Same,
    Changed,
    Gone,
    New,
    /// Stands for a node that is shown on another line.
    Moved,
}

impl Sign {
    fn text(self) -> &'static str {
        match self {
            Self::Same => " ",
            Self::Changed => "~",
            Self::Gone => "-",
            Self::New => "+",
            Self::Moved => ">",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Same => Tone::Plain,
            Self::Changed | Self::Moved => Tone::Warm,
            Self::Gone => Tone::Hot,
            Self::New => Tone::Good,
        }
    }
}

/// The lines of two plans, at most `most` of them.
pub(super) fn lines(
    plans: [&Plan; 2],
    diff: &PlanDiff,
    most: Option<usize>,
    style: &Style,
) -> Vec<Vec<Span>> {
    let rows = rows(plans, diff);
    let shown = near_changes(&rows);
    let mut lines = vec![vec![dim(style.cut(&head(style), style.room(0)))]];
    let mut skipped = 0;
    for (row, is_shown) in rows.iter().zip(shown) {
        if !is_shown {
            skipped += 1;
            continue;
        }
        skip(&mut lines, &mut skipped);
        lines.extend(if style.width >= WIDE {
            wide(plans, *row, style)
        } else {
            narrow(plans, *row, style)
        });
        if most.is_some_and(|most| lines.len() > most) {
            lines.push(vec![dim(
                "  … the rest is left out; --statement ID shows one statement in full",
            )]);
            return lines;
        }
    }
    skip(&mut lines, &mut skipped);
    lines
}

fn skip(lines: &mut Vec<Vec<Span>>, skipped: &mut usize) {
    match std::mem::take(skipped) {
        0 => {}
        1 => lines.push(vec![dim("  … 1 node as before")]),
        n => lines.push(vec![dim(format!("  … {n} nodes as before"))]),
    }
}

fn head(style: &Style) -> String {
    let signs = "- gone  + new  ~ changed  > moved";
    match style.width >= WIDE {
        true => format!("  {:<width$} │   after   ({signs})", "before", width = column(style)),
        false => format!("  rows and cost before → after   ({signs})"),
    }
}

/// Columns of one of two plans side by side.
fn column(style: &Style) -> usize {
    (style.width.saturating_sub(7)) / 2
}

/// The nodes of both plans in one order: that of the pairs, what only one has at its place.
fn rows(plans: [&Plan; 2], diff: &PlanDiff) -> Vec<Row> {
    let paired = partners(plans, diff);
    let anchors = in_order(&diff.pairs);
    let differs = changed_nodes(plans, diff);
    let mut rows = Vec::with_capacity(plans[0].nodes().len() + 4);
    let mut next = [0_u32, 0];
    let ends = plans.map(|plan| NodeId(plan.nodes().len() as u32));
    for (a, b) in anchors.into_iter().chain([(ends[0], ends[1])]) {
        for (side, end) in [(0, a.0), (1, b.0)] {
            for id in (next[side]..end).map(NodeId) {
                let lone = if side == 0 { Sign::Gone } else { Sign::New };
                let sign = if paired[side][id.index()] { Sign::Moved } else { lone };
                let mut ids = [None, None];
                ids[side] = Some(id);
                rows.push(Row { ids, sign });
            }
        }
        next = [a.0 + 1, b.0 + 1];
        if a != ends[0] {
            let is_changed = differs[0][a.index()] || differs[1][b.index()];
            let sign = if is_changed { Sign::Changed } else { Sign::Same };
            rows.push(Row { ids: [Some(a), Some(b)], sign });
        }
    }
    rows
}

fn partners(plans: [&Plan; 2], diff: &PlanDiff) -> [Vec<bool>; 2] {
    let mut paired = plans.map(|plan| vec![false; plan.nodes().len()]);
    for (a, b) in &diff.pairs {
        for (side, id) in [(0, a), (1, b)] {
            if let Some(slot) = paired[side].get_mut(id.index()) {
                *slot = true;
            }
        }
    }
    paired
}

/// The longest part of the pairs that is in the order of both plans: the others have moved.
fn in_order(pairs: &[(NodeId, NodeId)]) -> Vec<(NodeId, NodeId)> {
    // tails[n]: the pair that ends the best run of n + 1 pairs; before[i]: what comes before pair i.
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (i, (_, b)) in pairs.iter().enumerate() {
        let at = tails.partition_point(|tail| pairs[*tail].1 < *b);
        before.push(at.checked_sub(1).map(|at| tails[at]));
        match tails.get_mut(at) {
            Some(tail) => *tail = i,
            None => tails.push(i),
        }
    }
    let mut run: Vec<(NodeId, NodeId)> =
        std::iter::successors(tails.last().copied(), |i| before[*i]).map(|i| pairs[i]).collect();
    run.reverse();
    run
}

/// Which nodes a change is about, or read otherwise.
fn changed_nodes(plans: [&Plan; 2], diff: &PlanDiff) -> [Vec<bool>; 2] {
    let mut changed = plans.map(|plan| vec![false; plan.nodes().len()]);
    for (side, ids) in diff.changes.iter().flat_map(|change| change.nodes.iter().enumerate()) {
        for id in ids {
            if let Some(slot) = changed[side].get_mut(id.index()) {
                *slot = true;
            }
        }
    }
    for (a, b) in &diff.pairs {
        let (Some(old), Some(new)) = (plans[0].get(*a), plans[1].get(*b)) else { continue };
        if old.operator != new.operator || old.index != new.index {
            changed[0][a.index()] = true;
        }
    }
    changed
}

fn near_changes(rows: &[Row]) -> Vec<bool> {
    let mut shown = vec![false; rows.len()];
    for (i, row) in rows.iter().enumerate().filter(|(_, row)| row.sign != Sign::Same) {
        let _ = row;
        let end = (i + CONTEXT + 1).min(rows.len());
        shown[i.saturating_sub(CONTEXT)..end].fill(true);
    }
    if rows.len() <= 2 * CONTEXT + 1 || !shown.contains(&true) {
        shown.fill(true);
    }
    shown
}

fn title(plan: &Plan, node: &Node) -> String {
    let depth = node.depth() as usize;
    let indent = match depth > MOST_LEVELS {
        true => format!("{}{depth}: ", "  ".repeat(MOST_LEVELS / 2)),
        false => "  ".repeat(depth),
    };
    format!("{indent}{}", words::title(plan, node))
}

/// `rows 12  cost 3.4k`, what is known of it.
fn figures(node: &Node) -> String {
    let mut text = String::new();
    let rows = node.actual_rows().or(node.estimate.rows_per_loop);
    if let Some(rows) = rows {
        text.push_str(&format!("  rows {}", Count(words::rounded(rows))));
    }
    if let Some(cost) = node.estimate.total_cost {
        text.push_str(&format!("  cost {}", Count(words::rounded(cost))));
    }
    text
}

fn wide(plans: [&Plan; 2], row: Row, style: &Style) -> Vec<Vec<Span>> {
    let room = column(style);
    let cell = |side: usize, text: Option<String>| {
        let text = text.unwrap_or_default();
        let text = style.cut(&text, room);
        let pad = if side == 0 { room.saturating_sub(text.width()) } else { 0 };
        format!("{text}{}", " ".repeat(pad))
    };
    let sign = |side: usize| match row.ids[side] {
        Some(_) => row.sign,
        None => Sign::Same,
    };
    let line = |texts: [Option<String>; 2]| {
        let [left, right] = texts;
        vec![
            Span::new(format!("{} {}", sign(0).text(), cell(0, left)), sign(0).tone()),
            dim(" │ "),
            Span::new(format!("{} {}", sign(1).text(), cell(1, right)), sign(1).tone()),
        ]
    };
    let nodes = [0, 1].map(|side| plans[side].get(row.ids[side]?));
    let texts =
        [0, 1].map(|side| nodes[side].map(|node| title(plans[side], node) + &figures(node)));
    let mut lines = vec![line(texts)];
    let [before, after] = details(nodes, row.sign);
    for i in 0..before.len().max(after.len()) {
        let of = |list: &[String], node: Option<&Node>| {
            list.get(i).map(|text| format!("{}{text}", indent_of(node)))
        };
        lines.push(line([of(&before, nodes[0]), of(&after, nodes[1])]));
    }
    lines
}

fn indent_of(node: Option<&Node>) -> String {
    "  ".repeat(node.map_or(0, |node| (node.depth() as usize).min(MOST_LEVELS)) + 2)
}

fn narrow(plans: [&Plan; 2], row: Row, style: &Style) -> Vec<Vec<Span>> {
    let room = style.room(2).max(20);
    let line = |sign: Sign, text: &str| {
        vec![Span::new(format!("{} {}", sign.text(), style.cut(text, room)), sign.tone())]
    };
    let nodes = [0, 1].map(|side| plans[side].get(row.ids[side]?));
    let mut lines = Vec::new();
    match nodes {
        [Some(before), Some(after)] => {
            let [old, new] = [title(plans[0], before), title(plans[1], after)];
            // What only stands deeper now is the same node.
            if old.trim_start() == new.trim_start() {
                lines.push(line(row.sign, &format!("{new}{}", both_figures(before, after))));
            } else {
                lines.push(line(Sign::Gone, &format!("{old}{}", figures(before))));
                lines.push(line(Sign::New, &format!("{new}{}", figures(after))));
            }
        }
        _ => {
            for side in [0, 1] {
                if let Some(node) = nodes[side] {
                    lines.push(line(row.sign, &(title(plans[side], node) + &figures(node))));
                }
            }
        }
    }
    let [before, after] = details(nodes, row.sign);
    let both = nodes.iter().all(Option::is_some);
    for (side, list) in [(0, before), (1, after)] {
        let sign = match (both, side) {
            (true, 0) => Sign::Gone,
            (true, _) => Sign::New,
            _ => row.sign,
        };
        lines.extend(
            list.iter().map(|text| line(sign, &format!("{}{text}", indent_of(nodes[side])))),
        );
    }
    lines
}

/// `rows 10 → 200k  cost 8 → 4.5k`; one figure where both are the same.
fn both_figures(before: &Node, after: &Node) -> String {
    let rows = |node: &Node| node.actual_rows().or(node.estimate.rows_per_loop);
    let pair = |word: &str, values: [Option<f64>; 2]| {
        let shown = values.map(|value| value.map(|v| Count(words::rounded(v)).to_string()));
        match shown {
            [Some(old), Some(new)] if old == new => format!("  {word} {new}"),
            [Some(old), Some(new)] => format!("  {word} {old} → {new}"),
            [one, other] => {
                one.or(other).map_or(String::new(), |value| format!("  {word} {value}"))
            }
        }
    };
    pair("rows", [rows(before), rows(after)])
        + &pair("cost", [before.estimate.total_cost, after.estimate.total_cost])
}

/// Conditions of nodes that differ: of a pair those that are not on both sides.
fn details(nodes: [Option<&Node>; 2], sign: Sign) -> [Vec<String>; 2] {
    if matches!(sign, Sign::Same | Sign::Moved) {
        return [Vec::new(), Vec::new()];
    }
    let of = |node: Option<&Node>| -> Vec<String> {
        let conditions = node.map_or(&[][..], |node| &node.conditions);
        let all = words::conditions(conditions).into_iter();
        let all = all.filter(|(kind, _)| *kind != ConditionKind::Recheck);
        all.map(|(kind, text)| format!("{}: {text}", kind.label())).collect()
    };
    let [before, after] = nodes.map(of);
    let only = |list: &[String], other: &[String]| -> Vec<String> {
        list.iter().filter(|text| !other.contains(text)).cloned().collect()
    };
    [only(&before, &after), only(&after, &before)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::diff::{self, Tolerance};
    use planscope_explain::formats;

    fn plan(text: &str) -> Plan {
        formats::read(text, None).unwrap().swap_remove(0).plan
    }

    const BEFORE: &str = "Sort  (cost=9.0..9.1 rows=10 width=8)
  Sort Key: total
  ->  Nested Loop  (cost=0.4..8.9 rows=10 width=8)
        ->  Index Scan using orders_idx on orders o  (cost=0.4..8.4 rows=10 width=8)
              Index Cond: (customer_id = 1)
        ->  Seq Scan on customers c  (cost=0.0..1.1 rows=5 width=8)
";
    const AFTER: &str = "Sort  (cost=4500.0..4500.1 rows=10 width=8)
  Sort Key: total
  ->  Gather  (cost=0.0..4400.0 rows=10 width=8)
        Workers Planned: 2
        ->  Nested Loop  (cost=0.0..4300.0 rows=10 width=8)
              ->  Seq Scan on orders o  (cost=0.0..4200.0 rows=200000 width=8)
                    Filter: (customer_id = 1)
              ->  Seq Scan on customers c  (cost=0.0..1.1 rows=5 width=8)
";

    fn drawn(width: usize) -> String {
        let plans = [plan(BEFORE), plan(AFTER)];
        let diff = diff::plans(&plans[0], &plans[1], [None, None], Tolerance::default());
        let style = Style { width, color: false, ascii: false };
        let lines = lines([&plans[0], &plans[1]], &diff, None, &style);
        let text = |line: &Vec<Span>| line.iter().map(|s| s.text.as_str()).collect::<String>();
        lines.iter().map(|line| text(line).trim_end().to_owned() + "\n").collect()
    }

    #[test]
    fn narrow_screens_have_one_plan_with_signs() {
        insta::assert_snapshot!(drawn(80), @"
          rows and cost before → after   (- gone  + new  ~ changed  > moved)
          Sort  rows 10  cost 9.10 → 4500
        +   Gather  rows 10  cost 4400
              Nested Loop  rows 10  cost 8.90 → 4300
        -     Index Scan using orders_idx on orders o  rows 10  cost 8.40
        +       Seq Scan on orders o  rows 200k  cost 4200
        -         Index Cond: (customer_id = 1)
        +           Filter: (customer_id = 1)
                Seq Scan on customers c  rows 5  cost 1.10
        ");
    }

    #[test]
    fn wide_screens_have_both_plans() {
        let text = drawn(130);
        insta::assert_snapshot!(text, @"
          before                                                        │   after   (- gone  + new  ~ changed  > moved)
          Sort  rows 10  cost 9.10                                      │   Sort  rows 10  cost 4500
                                                                        │ +   Gather  rows 10  cost 4400
            Nested Loop  rows 10  cost 8.90                             │       Nested Loop  rows 10  cost 4300
        ~     Index Scan using orders_idx on orders o  rows 10  cost 8… │ ~       Seq Scan on orders o  rows 200k  cost 4200
        ~         Index Cond: (customer_id = 1)                         │ ~           Filter: (customer_id = 1)
              Seq Scan on customers c  rows 5  cost 1.10                │         Seq Scan on customers c  rows 5  cost 1.10
        ");
        assert!(text.lines().all(|line| line.width() <= 130), "{text}");
    }

    #[test]
    fn the_longest_run_in_order_is_kept() {
        let pairs = |list: &[(u32, u32)]| -> Vec<(NodeId, NodeId)> {
            list.iter().map(|(a, b)| (NodeId(*a), NodeId(*b))).collect()
        };
        let moved = pairs(&[(0, 0), (1, 4), (2, 1), (3, 2), (4, 3)]);
        assert_eq!(in_order(&moved), pairs(&[(0, 0), (2, 1), (3, 2), (4, 3)]));
        assert_eq!(in_order(&[]), []);
    }

    #[test]
    fn many_lines_are_cut_and_that_is_said() {
        let plans = [plan(BEFORE), plan(AFTER)];
        let diff = diff::plans(&plans[0], &plans[1], [None, None], Tolerance::default());
        let style = Style { width: 80, color: false, ascii: false };
        let lines = lines([&plans[0], &plans[1]], &diff, Some(3), &style);
        assert!(lines.len() < 8 && lines.last().unwrap()[0].text.contains("left out"), "{lines:?}");
    }
}
