//! MySQL's histograms: how often values occur. The values themselves are not kept.

use planscope_explain::workload::catalog::Column;
use serde_json::Value;

/// Most shares that are kept.
const MOST: usize = 100;

/// Reads `information_schema.COLUMN_STATISTICS.HISTOGRAM`; what is not as documented is left unknown.
pub(super) fn read(text: &str, column: &mut Column) {
    let Ok(histogram) = serde_json::from_str::<Value>(text) else { return };
    let nulls = histogram.get("null-values").and_then(Value::as_f64);
    column.null_share = nulls.or(column.null_share);
    let Some(buckets) = histogram.get("buckets").and_then(Value::as_array) else { return };
    if histogram.get("histogram-type").and_then(Value::as_str) == Some("singleton") {
        // Every value has a bucket: `[value, cumulative frequency]`.
        let mut before = 0.0;
        let mut shares: Vec<f64> = Vec::with_capacity(buckets.len());
        for bucket in buckets {
            let Some(upto) = bucket.get(1).and_then(Value::as_f64) else { return };
            shares.push((upto - before).max(0.0));
            before = upto;
        }
        column.distinct = column.distinct.or(Some(shares.len() as f64));
        shares.sort_by(|a, b| b.total_cmp(a));
        shares.truncate(MOST);
        column.common_shares = shares;
    } else {
        // `[lowest, highest, cumulative frequency, different values]`
        let different = |bucket: &Value| bucket.get(3).and_then(Value::as_f64);
        let all: Option<f64> = buckets.iter().map(different).sum();
        column.distinct = column.distinct.or(all.filter(|count| *count > 0.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_read() {
        let mut column = Column::default();
        read(
            r#"{"buckets":[["base64:type254:YQ==",0.1],["base64:type254:Yg==",0.8],[3,0.9]],
                "null-values":0.1,"histogram-type":"singleton"}"#,
            &mut column,
        );
        assert_eq!((column.distinct, column.null_share), (Some(3.0), Some(0.1)));
        assert!((column.common_shares[0] - 0.7).abs() < 1e-9);
        let mut column = Column::default();
        let text = r#"{"buckets":[[1,5,0.5,5],[6,9,1.0,4]],"histogram-type":"equi-height"}"#;
        read(text, &mut column);
        assert_eq!(column.distinct, Some(9.0));
        read("nonsense", &mut column);
        read(r#"{"buckets":[[1]],"histogram-type":"singleton"}"#, &mut column);
        assert_eq!(column.distinct, Some(9.0));
    }
}
