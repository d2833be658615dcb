//! Column statistics, which SQLite does not have for columns without an index.
//!
//! A table of up to [`FULL_ROWS`] rows is read whole. Of a larger one [`SAMPLE_ROWS`] rows are read at
//! rowids that are scattered at random, but the same at every run, over the whole range: spread
//! evenly they would never hit two rows of one order, and `order_id` would look unique. Each is one
//! descent of the b-tree, so a table of any size costs some ten milliseconds. Where rowids have
//! gaps, the row after a gap is somewhat more likely to be read.
//!
//! The number of distinct values is estimated as PostgreSQL does: the Duj1 estimator of Haas and
//! Stokes (IBM Research Report RJ 10025). Values are hashed at once and never kept.

use super::database::Database;
use rusqlite::Row;
use rusqlite::types::ValueRef;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Up to so many rows a table is read whole: some 10 ms.
pub(super) const FULL_ROWS: u32 = 20_000;
/// Rows of a sample. 2,000 put the share of a value that is in 5 % of the rows within ± 1 %.
const SAMPLE_ROWS: u64 = 2_000;
/// Reading stops after so many bytes of values: a table of large blobs must stay cheap, too.
const MOST_BYTES: usize = 16 << 20;
/// Most common values whose shares are kept.
const COMMON: usize = 5;

/// What a sample says of a table.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Rows of the table: exact when it was read whole, else estimated from the gaps in its rowids.
    pub rows: Option<f64>,
    /// One for each column, in order; empty when nothing could be sampled.
    pub columns: Vec<ColumnSample>,
}

/// What a sample says of a column.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct ColumnSample {
    pub distinct: f64,
    pub null_share: f64,
    pub width_bytes: f64,
    pub common_shares: Vec<f64>,
}

/// The values of one column, as hashes.
#[derive(Debug, Default)]
struct Values {
    hashes: Vec<u64>,
    nulls: usize,
    bytes: usize,
}

/// Samples `table` (quoted), with its columns (quoted) in order.
pub(super) fn sample(
    connection: &Database,
    table: &str,
    columns: &[String],
    has_rowid: bool,
) -> rusqlite::Result<Sample> {
    let list = if columns.is_empty() { "1".to_owned() } else { columns.join(", ") };
    let counted = format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT {})", FULL_ROWS + 1);
    let counted: u32 = connection.query_row(&counted, [], |row| row.get(0))?;
    if counted <= FULL_ROWS {
        return whole(connection, table, &list, columns.len(), counted);
    }
    if has_rowid {
        scattered(connection, table, &list, columns.len())
    } else {
        Ok(Sample::default())
    }
}

fn whole(
    connection: &Database,
    table: &str,
    list: &str,
    columns: usize,
    rows: u32,
) -> rusqlite::Result<Sample> {
    let mut values = new_values(columns);
    let mut statement = connection.prepare(&format!("SELECT {list} FROM {table}"))?;
    let mut cursor = statement.query([])?;
    while let Some(row) = cursor.next()? {
        read_row(row, 0, &mut values)?;
        if bytes(&values) > MOST_BYTES {
            break;
        }
    }
    let rows = f64::from(rows);
    Ok(Sample { rows: Some(rows), columns: values.into_iter().map(|v| v.summary(rows)).collect() })
}

fn scattered(
    connection: &Database,
    table: &str,
    list: &str,
    columns: usize,
) -> rusqlite::Result<Sample> {
    let ends = format!("SELECT (SELECT min(rowid) FROM {table}), (SELECT max(rowid) FROM {table})");
    let (low, high): (i64, i64) =
        connection.query_row(&ends, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let span = (i128::from(high) - i128::from(low) + 1).cast_unsigned();
    let sql = format!("SELECT rowid, {list} FROM {table} WHERE rowid >= ?1 ORDER BY rowid LIMIT 1");
    let mut statement = connection.prepare(&sql)?;
    let mut values = new_values(columns);
    let (mut hits, mut last) = (0_u64, None);
    let positions = positions(low, span);
    for &position in &positions {
        let mut cursor = statement.query([position])?;
        let Some(row) = cursor.next()? else { continue };
        let found: i64 = row.get(0)?;
        hits += u64::from(found == position);
        if last.replace(found) == Some(found) {
            continue;
        }
        read_row(row, 1, &mut values)?;
        if bytes(&values) > MOST_BYTES {
            break;
        }
    }
    // Below 20 hits the estimate of the rows is no better than a guess.
    let share = hits as f64 / positions.len() as f64;
    let rows = (hits >= 20).then_some(span as f64 * share);
    let of = rows.unwrap_or(span as f64);
    Ok(Sample { rows, columns: values.into_iter().map(|v| v.summary(of)).collect() })
}

/// Positions scattered over the range, ascending, each once.
fn positions(low: i64, span: u128) -> Vec<i64> {
    let at = |i: u64| {
        let offset = (u128::from(scramble(i)) * span) >> 64;
        (i128::from(low) + offset.cast_signed()) as i64
    };
    let mut positions: Vec<i64> = (0..SAMPLE_ROWS).map(at).collect();
    positions.sort_unstable();
    positions.dedup();
    positions
}

/// The `i`th number of the splitmix64 generator.
fn scramble(i: u64) -> u64 {
    let mut z = (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn new_values(columns: usize) -> Vec<Values> {
    std::iter::repeat_with(Values::default).take(columns).collect()
}

fn bytes(values: &[Values]) -> usize {
    values.iter().map(|values| values.bytes).sum()
}

fn read_row(row: &Row<'_>, first: usize, values: &mut [Values]) -> rusqlite::Result<()> {
    for (i, values) in values.iter_mut().enumerate() {
        values.add(row.get_ref(first + i)?);
    }
    Ok(())
}

impl Values {
    fn add(&mut self, value: ValueRef<'_>) {
        let mut hasher = DefaultHasher::new();
        match value {
            ValueRef::Null => {
                self.nulls += 1;
                return;
            }
            ValueRef::Integer(number) => number.hash(&mut hasher),
            ValueRef::Real(number) => number.to_bits().hash(&mut hasher),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.hash(&mut hasher),
        }
        self.hashes.push(hasher.finish());
        self.bytes += width(value);
    }

    /// What the values say of a column of a table with `rows` rows.
    fn summary(mut self, rows: f64) -> ColumnSample {
        let seen = self.hashes.len() + self.nulls;
        if seen == 0 {
            return ColumnSample::default();
        }
        let null_share = self.nulls as f64 / seen as f64;
        self.hashes.sort_unstable();
        let mut counts: Vec<usize> =
            self.hashes.chunk_by(|a, b| a == b).map(<[u64]>::len).collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let distinct = distinct(&counts, self.hashes.len() as f64, rows * (1.0 - null_share));
        let average = self.hashes.len() as f64 / (counts.len().max(1) as f64);
        let is_common = |count: &&usize| **count >= 2 && **count as f64 >= 2.0 * average;
        let share = |count: &usize| *count as f64 / seen as f64;
        ColumnSample {
            distinct,
            null_share,
            width_bytes: self.bytes as f64 / (self.hashes.len().max(1) as f64),
            common_shares: counts.iter().take_while(is_common).take(COMMON).map(share).collect(),
        }
    }
}

/// Distinct values among `of`, given how often each was seen among `seen` of them.
fn distinct(counts: &[usize], seen: f64, of: f64) -> f64 {
    let different = counts.len() as f64;
    if seen >= of || counts.is_empty() {
        return different;
    }
    let once = counts.iter().filter(|&&count| count == 1).count() as f64;
    let estimate = seen * different / (seen - once + once * seen / of);
    estimate.clamp(different, of).round()
}

/// Bytes of a value in SQLite's record format.
fn width(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::Null | ValueRef::Integer(0 | 1) => 0,
        ValueRef::Integer(number) => match 64 - number.unsigned_abs().leading_zeros() {
            0..=7 => 1,
            8..=15 => 2,
            16..=23 => 3,
            24..=31 => 4,
            32..=47 => 6,
            _ => 8,
        },
        ValueRef::Real(_) => 8,
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duj1_is_between_what_was_seen_and_all_rows() {
        assert_eq!(distinct(&[5, 3, 2], 10.0, 10.0), 3.0, "all seen: exact");
        assert_eq!(distinct(&[1; 100], 100.0, 5000.0), 5000.0, "each once: unique");
        assert_eq!(distinct(&[50, 50], 100.0, 5000.0), 2.0, "none once: no more to come");
        let some = distinct(&[2, 1, 1, 1], 5.0, 1000.0);
        assert!(some > 4.0 && some < 1000.0, "{some}");
    }

    #[test]
    fn a_sample_of_a_large_table_is_close() {
        let connection = Database::own().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t(id INTEGER PRIMARY KEY, parent INT, status TEXT, note TEXT);
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
                 INSERT INTO t SELECT i * 2, i / 3,
                   CASE WHEN i % 10 = 0 THEN 'open' ELSE 'done' END,
                   CASE WHEN i % 4 = 0 THEN 'n' || i END FROM n;",
            )
            .unwrap();
        let columns = ["id", "parent", "status", "note"].map(String::from);
        let sample = sample(&connection, "t", &columns, true).unwrap();
        let rows = sample.rows.unwrap();
        assert!((rows - 60_000.0).abs() < 6_000.0, "{rows}");
        let [id, parent, status, note] = &sample.columns[..] else { panic!() };
        assert!(id.distinct > 50_000.0, "{id:?}");
        assert!(parent.distinct > 10_000.0 && parent.distinct < 40_000.0, "{parent:?}");
        assert_eq!(status.distinct, 2.0);
        assert!((note.null_share - 0.75).abs() < 0.05, "{note:?}");
        assert!(status.common_shares.is_empty(), "90 % of two values is less than twice as often");
    }
}
