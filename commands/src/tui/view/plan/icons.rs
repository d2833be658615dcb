//! An icon and a colour for every kind of operator, so that the shape of a plan is seen before it is
//! read. Every icon is one column wide; with `--ascii` it is a letter.

use crate::tui::theme::Kind;
use planscope_explain::plan::{Node, Operator};

/// A row of the table: icon, its letter, kind, and what it stands for in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Icon {
    /// One column.
    pub symbol: &'static str,
    /// Its letter.
    pub letter: &'static str,
    /// Its colour.
    pub kind: Kind,
}

const fn icon(symbol: &'static str, letter: &'static str, kind: Kind) -> Icon {
    Icon { symbol, letter, kind }
}

/// The icon of a node.
pub fn of(node: &Node) -> Icon {
    use Operator as O;
    match &node.operator {
        O::SeqScan | O::SampleScan => icon("≡", "S", Kind::Scan),
        O::IndexOnlyScan => icon("◆", "I", Kind::Index),
        O::TidScan | O::Fetch => icon("◇", "i", Kind::Index),
        O::BitmapAnd | O::BitmapOr => icon("▦", "b", Kind::Index),
        O::BitmapIndexScan | O::BitmapHeapScan => icon("▦", "b", Kind::Index),
        op if op.is_index_access() => icon("◇", "i", Kind::Index),
        O::AutomaticIndex => icon("◇", "i", Kind::Scan),
        O::CteScan | O::WorkTableScan | O::RecursiveUnion => icon("↺", "c", Kind::Other),
        O::FunctionScan | O::TableFunctionScan | O::VirtualTableScan => icon("ƒ", "f", Kind::Other),
        O::NestedLoop | O::Lookup => icon("↻", "J", Kind::Join),
        O::HashJoin | O::MergeJoin => icon("⋈", "J", Kind::Join),
        O::Hash | O::BloomFilter => icon("#", "#", Kind::Join),
        op if op.is_sort() => icon("↕", "o", Kind::Sort),
        op if op.is_aggregate() => icon("Σ", "G", Kind::Aggregate),
        O::WindowAggregate => icon("Σ", "W", Kind::Aggregate),
        O::Distinct | O::SetOperation => icon("∪", "U", Kind::Aggregate),
        O::Append | O::MergeAppend => icon("∪", "A", Kind::Other),
        O::Gather | O::GatherMerge | O::ShardMerge => icon("⇉", "P", Kind::Other),
        O::Materialize | O::Memoize => icon("□", "M", Kind::Other),
        O::Limit | O::Skip => icon("⊤", "L", Kind::Other),
        O::Filter => icon("▽", "F", Kind::Other),
        O::Modify | O::LockRows => icon("✎", "W", Kind::Modify),
        op if op.is_scan() => icon("≡", "s", Kind::Other),
        _ => icon("·", ".", Kind::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::plan::Operator;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn icons_take_one_column() {
        for name in [
            "SeqScan",
            "IndexScan",
            "IndexOnlyScan",
            "BitmapOr",
            "HashJoin",
            "NestedLoop",
            "Sort",
            "HashAggregate",
            "WindowAggregate",
            "Append",
            "Gather",
            "Materialize",
            "Limit",
            "Filter",
            "Modify",
            "CteScan",
            "FunctionScan",
            "Result",
            "Fetch",
            "Hash",
            "Unheard",
        ] {
            let icon = of(&Node::new(Operator::from_name(name), name));
            assert_eq!((icon.symbol.width(), icon.letter.width()), (1, 1), "{name}");
            assert!(icon.letter.is_ascii());
        }
    }
}
