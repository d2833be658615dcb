//! Index advice: candidates from the workload, selection over the whole of it, redundancy.

pub mod candidates;
pub mod cost;
mod expression;
pub mod redundancy;
pub mod select;
#[cfg(test)]
mod select_tests;

use crate::remedy::truncate;
use planscope_explain::Engine;
use planscope_explain::workload::{Catalog, Index};
use xxhash_rust::xxh3::xxh3_64;

/// A deterministic name within the engine's limit that no other index has:
/// `orders_customer_id_created_at_idx`.
pub fn name_for(engine: Engine, catalog: &Catalog, index: &Index) -> String {
    let keys: Vec<String> = index.keys.iter().map(|key| words(key.text())).collect();
    let full = format!("{}_{}", index.table, keys.join("_"));
    let most = engine.info().identifier_max_bytes;
    let mut name = full.clone();
    if name.len() + "_idx".len() > most {
        // Cut names keep eight digits of a hash, so that two long ones stay apart.
        truncate(&mut name, most - "_12345678_idx".len());
        name.push_str(&format!("_{:08x}", xxh3_64(full.as_bytes()) as u32));
    }
    let mut unique = format!("{name}_idx");
    for n in 2.. {
        if catalog.index(&unique).is_none() {
            break;
        }
        unique = format!("{name}_idx{n}");
    }
    unique
}

/// The words of a column or an expression, joined by `_`.
fn words(text: &str) -> String {
    let is_between = |c: char| !c.is_alphanumeric();
    let words: Vec<&str> = text.split(is_between).filter(|word| !word.is_empty()).collect();
    words.join("_").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::workload::IndexKey;

    #[test]
    fn names_are_short_enough_and_free() {
        let mut index = Index {
            table: "orders".into(),
            keys: vec![IndexKey::column("customer_id")],
            ..Index::default()
        };
        let mut catalog = Catalog::default();
        assert_eq!(name_for(Engine::Postgres, &catalog, &index), "orders_customer_id_idx");
        catalog.indexes.push(Index { name: "orders_customer_id_idx".into(), ..Index::default() });
        assert_eq!(name_for(Engine::Postgres, &catalog, &index), "orders_customer_id_idx2");
        let expression = Some("attrs ->> 'Colour'".to_owned());
        index.keys = vec![IndexKey { expression, ..IndexKey::default() }];
        assert_eq!(name_for(Engine::Postgres, &catalog, &index), "orders_attrs_colour_idx");
        index.keys.push(IndexKey::column("x".repeat(80)));
        let long = name_for(Engine::Postgres, &catalog, &index);
        assert!(long.len() <= 63 && long.ends_with("_idx"), "{long}");
    }
}
