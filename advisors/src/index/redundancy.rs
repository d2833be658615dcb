//! Redundancy: which index another one can stand in for.

use planscope_explain::Engine;
use planscope_explain::workload::query::canonical_expression;
use planscope_explain::workload::{Catalog, Index, IndexKey};

/// How one index stands in for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    /// Both serve exactly the same.
    Duplicate,
    /// The other begins with all keys of this one.
    Prefix,
}

/// Whether `by` can do all that `index` does, so that `index` could be dropped.
///
/// Both must be of one table, usable, with the same method and predicate. The keys of `index` must
/// begin the keys of `by`, in the same direction throughout or reversed throughout (a B-tree is
/// read both ways). A unique index, or one that a constraint owns, does more than its keys say:
/// nothing stands in for it.
pub fn covered(engine: Engine, index: &Index, by: &Index) -> Option<Cover> {
    let same_place = index.table == by.table && index.schema == by.schema;
    let alike = index.method == by.method && index.predicate == by.predicate && by.usable;
    if !same_place || !alike || index.name == by.name || owns_a_promise(index) {
        return None;
    }
    let equal_length = index.keys.len() == by.keys.len();
    let ordered = matches!(index.method.as_str(), "" | "btree");
    if index.keys.is_empty() || index.keys.len() > by.keys.len() || (!ordered && !equal_length) {
        return None;
    }
    let pairs = || index.keys.iter().zip(&by.keys);
    let same_way = pairs().all(|(a, b)| same_key(engine, a, b) && same_direction(a, b));
    let other_way =
        ordered && pairs().all(|(a, b)| same_key(engine, a, b) && opposite_direction(a, b));
    if !(same_way || other_way) || !carries_payload(engine, index, by) {
        return None;
    }
    let same_payload = index.include.len() == by.include.len();
    Some(if equal_length && same_payload { Cover::Duplicate } else { Cover::Prefix })
}

/// The index of `catalog` that can stand in for `index`. Of two that can stand in for each other
/// only one is redundant: the one with fewer scans, then the one whose name sorts last.
pub fn stand_in<'a>(
    engine: Engine,
    catalog: &'a Catalog,
    index: &Index,
) -> Option<(&'a Index, Cover)> {
    let stands_in = |by: &'a Index| {
        let cover = covered(engine, index, by)?;
        let mutual = covered(engine, by, index).is_some();
        (!mutual || rank(index) > rank(by)).then_some((by, cover))
    };
    catalog
        .indexes
        .iter()
        .filter_map(stands_in)
        .min_by(|(a, _), (b, _)| a.keys.len().cmp(&b.keys.len()).then_with(|| a.name.cmp(&b.name)))
}

/// What is dropped first: few scans, then the later name.
fn rank(index: &Index) -> (std::cmp::Reverse<u64>, &str) {
    (std::cmp::Reverse(index.scans.unwrap_or(0.0) as u64), &index.name)
}

fn owns_a_promise(index: &Index) -> bool {
    index.unique || index.primary || index.constraint
}

fn same_key(engine: Engine, a: &IndexKey, b: &IndexKey) -> bool {
    // A server writes an expression in its own way, with casts and parentheses.
    let canonical =
        |key: &IndexKey| key.expression.as_deref().map(|e| canonical_expression(e, engine));
    a.column == b.column
        && (a.expression == b.expression || canonical(a) == canonical(b))
        && a.collation == b.collation
        && a.operator_class == b.operator_class
        && a.prefix_length == b.prefix_length
}

fn nulls_first(key: &IndexKey) -> bool {
    key.nulls_first.unwrap_or(key.descending)
}

fn same_direction(a: &IndexKey, b: &IndexKey) -> bool {
    a.descending == b.descending && nulls_first(a) == nulls_first(b)
}

fn opposite_direction(a: &IndexKey, b: &IndexKey) -> bool {
    a.descending != b.descending && nulls_first(a) != nulls_first(b)
}

/// Every payload column of `index` is in `by`, as payload or as key.
fn carries_payload(engine: Engine, index: &Index, by: &Index) -> bool {
    if !engine.info().include_columns {
        return true;
    }
    let has = |column: &String| {
        by.include.contains(column) || by.keys.iter().any(|k| k.column.as_ref() == Some(column))
    };
    index.include.iter().all(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(name: &str, keys: &[&str]) -> Index {
        let key = |text: &&str| match text.strip_prefix('-') {
            Some(column) => IndexKey { descending: true, ..IndexKey::column(column) },
            None => IndexKey::column(*text),
        };
        Index {
            table: "t".into(),
            name: name.into(),
            method: "btree".into(),
            usable: true,
            keys: keys.iter().map(key).collect(),
            ..Index::default()
        }
    }

    fn cover(a: &Index, b: &Index) -> Option<Cover> {
        covered(Engine::Postgres, a, b)
    }

    #[test]
    fn a_prefix_is_covered_and_the_longer_one_is_not() {
        let (short, long) = (index("a", &["x"]), index("b", &["x", "y"]));
        assert_eq!(cover(&short, &long), Some(Cover::Prefix));
        assert_eq!(cover(&long, &short), None);
        assert_eq!(cover(&index("c", &["y"]), &long), None);
    }

    #[test]
    fn a_b_tree_is_read_both_ways_but_not_mixed() {
        assert_eq!(cover(&index("a", &["x"]), &index("b", &["-x", "y"])), Some(Cover::Prefix));
        assert_eq!(cover(&index("a", &["x", "y"]), &index("b", &["x", "-y"])), None);
        assert_eq!(
            cover(&index("a", &["x", "-y"]), &index("b", &["-x", "y"])),
            Some(Cover::Duplicate)
        );
    }

    #[test]
    fn promises_predicates_methods_and_payload_are_respected() {
        let long = index("b", &["x", "y"]);
        let short = || index("a", &["x"]);
        assert_eq!(cover(&Index { unique: true, ..short() }, &long), None);
        assert_eq!(cover(&Index { constraint: true, ..short() }, &long), None);
        assert_eq!(cover(&Index { predicate: Some("y > 0".into()), ..short() }, &long), None);
        assert_eq!(cover(&Index { method: "hash".into(), ..short() }, &long), None);
        assert_eq!(cover(&Index { include: vec!["z".into()], ..short() }, &long), None);
        let payload = Index { include: vec!["y".into()], ..short() };
        assert_eq!(cover(&payload, &long), Some(Cover::Prefix));
        assert_eq!(cover(&short(), &Index { usable: false, ..long }), None);
    }

    #[test]
    fn of_two_duplicates_only_one_is_redundant() {
        let mut used = index("b", &["x"]);
        used.scans = Some(9.0);
        let catalog =
            Catalog { indexes: vec![index("a", &["x"]), used.clone()], ..Catalog::default() };
        let of =
            |index: &Index| stand_in(Engine::Postgres, &catalog, index).map(|(by, _)| &by.name);
        assert_eq!(of(&catalog.indexes[0]), Some(&"b".to_owned()));
        assert_eq!(of(&used), None);
    }
}
