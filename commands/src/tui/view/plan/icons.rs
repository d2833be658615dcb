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

const SCAN: Icon = icon("≡", "S", Kind::Scan);
const SOURCE: Icon = icon("○", "s", Kind::Other);
const INDEX: Icon = icon("◇", "i", Kind::Index);
const AUTOMATIC: Icon = icon("◈", "a", Kind::Scan);
const INDEX_ONLY: Icon = icon("◆", "I", Kind::Index);
const BITMAP: Icon = icon("▦", "b", Kind::Index);
const CTE: Icon = icon("↺", "c", Kind::Other);
const FUNCTION: Icon = icon("ƒ", "f", Kind::Other);
const LOOP: Icon = icon("↻", "L", Kind::Join);
const JOIN: Icon = icon("⋈", "J", Kind::Join);
const HASH: Icon = icon("#", "#", Kind::Join);
const SORT: Icon = icon("↕", "o", Kind::Sort);
const AGGREGATE: Icon = icon("Σ", "G", Kind::Aggregate);
const SET: Icon = icon("∪", "U", Kind::Aggregate);
const APPEND: Icon = icon("⊎", "A", Kind::Other);
const PARALLEL: Icon = icon("⇉", "P", Kind::Other);
const KEEP: Icon = icon("□", "M", Kind::Other);
const LIMIT: Icon = icon("⊤", "l", Kind::Other);
const FILTER: Icon = icon("▽", "F", Kind::Other);
const WRITE: Icon = icon("✎", "W", Kind::Modify);
const OTHER: Icon = icon("·", ".", Kind::Other);

/// The icons with what they stand for.
pub static ALL: &[(Icon, &str)] = &[
    (SCAN, "reads everything"),
    (SOURCE, "reads another source"),
    (INDEX, "reads through an index"),
    (INDEX_ONLY, "reads an index alone"),
    (AUTOMATIC, "reads through an index made for this run"),
    (BITMAP, "reads through a bitmap of an index"),
    (CTE, "reads a common table expression"),
    (FUNCTION, "reads what a function gives"),
    (LOOP, "nested loop"),
    (JOIN, "hash join, merge join"),
    (HASH, "builds a hash table"),
    (SORT, "sorts"),
    (AGGREGATE, "groups, counts, sums"),
    (SET, "union, intersection, distinct rows"),
    (APPEND, "one input after the other"),
    (PARALLEL, "gathers what workers or shards give"),
    (KEEP, "keeps rows to read them again"),
    (LIMIT, "stops early, skips"),
    (FILTER, "throws rows away"),
    (WRITE, "writes or locks"),
    (OTHER, "hands rows on"),
];

/// The icon of a node.
pub fn of(node: &Node) -> Icon {
    use Operator as O;
    match &node.operator {
        O::SeqScan | O::SampleScan => SCAN,
        O::IndexOnlyScan => INDEX_ONLY,
        O::AutomaticIndex => AUTOMATIC,
        O::BitmapAnd | O::BitmapOr | O::BitmapIndexScan | O::BitmapHeapScan => BITMAP,
        O::TidScan | O::Fetch => INDEX,
        op if op.is_index_access() => INDEX,
        O::CteScan | O::WorkTableScan | O::RecursiveUnion => CTE,
        O::FunctionScan | O::TableFunctionScan | O::VirtualTableScan => FUNCTION,
        O::NestedLoop | O::Lookup => LOOP,
        O::HashJoin | O::MergeJoin => JOIN,
        O::Hash | O::BloomFilter => HASH,
        op if op.is_sort() => SORT,
        O::WindowAggregate => AGGREGATE,
        op if op.is_aggregate() => AGGREGATE,
        O::Distinct | O::SetOperation => SET,
        O::Append | O::MergeAppend => APPEND,
        O::Gather | O::GatherMerge | O::ShardMerge => PARALLEL,
        O::Materialize | O::Memoize => KEEP,
        O::Limit | O::Skip => LIMIT,
        O::Filter => FILTER,
        O::Modify | O::LockRows => WRITE,
        op if op.is_scan() => SOURCE,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::plan::Operator;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn icons_take_one_column_and_have_letters_of_their_own() {
        for (icon, meaning) in ALL {
            assert_eq!((icon.symbol.width(), icon.letter.width()), (1, 1), "{meaning}");
            assert!(icon.letter.is_ascii());
            let same = |(i, _): &&(Icon, &str)| i.letter == icon.letter || i.symbol == icon.symbol;
            assert_eq!(ALL.iter().filter(same).count(), 1, "{meaning}");
        }
        assert_eq!(of(&Node::new(Operator::from_name("Unheard"), "")), OTHER);
    }
}
