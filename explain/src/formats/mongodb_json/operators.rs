//! What MongoDB's stages do, in the words of [`Operator`].

use crate::plan::Operator;

/// The operator of a stage of the query layer (`IXSCAN`), of an aggregation (`$group`) or of the
/// slot-based engine (`ixseek`); `None` when it is not known.
pub(super) fn operator(name: &str) -> Option<Operator> {
    match name.as_bytes().first()? {
        b'$' => pipeline(name),
        first if first.is_ascii_lowercase() => slot_based(name),
        _ => query(name).or_else(|| document_db(name)).or_else(|| optimizer(name)),
    }
}

/// Stages of the query layer: `stage_types.cpp` of the server, and what mongos adds.
fn query(name: &str) -> Option<Operator> {
    use Operator as O;
    Some(match name {
        "COLLSCAN" | "VIRTUAL_SCAN" => O::SeqScan,
        "IXSCAN"
        | "IDHACK"
        | "CLUSTERED_IXSCAN"
        | "EXPRESS_IXSCAN"
        | "EXPRESS_CLUSTERED_IXSCAN"
        | "INDEX_PROBE_NODE" => O::IndexScan,
        "COUNT_SCAN" | "DISTINCT_SCAN" => O::IndexOnlyScan,
        "FETCH" => O::Fetch,
        "SORT" | "SORT_SIMPLE" | "SORT_DEFAULT" => O::Sort,
        "SORT_MERGE" => O::MergeAppend,
        "OR" | "AND_HASH" | "AND_SORTED" => O::MultiIndex,
        "GROUP" => O::HashAggregate,
        "COUNT" => O::Aggregate,
        "RECORD_STORE_FAST_COUNT" => O::MetadataRead,
        "LIMIT" => O::Limit,
        "SKIP" => O::Skip,
        "MATCH" | "SHARDING_FILTER" => O::Filter,
        "UPDATE" | "DELETE" | "BATCHED_DELETE" | "EXPRESS_UPDATE" | "EXPRESS_DELETE"
        | "TIMESERIES_MODIFY" | "TS_MODIFY" | "SHARD_WRITE" | "INSERT" => O::Modify,
        "TEXT" | "TEXT_MATCH" | "TEXT_OR" | "SEARCH" => O::FullTextSearch,
        "GEO_NEAR_2D" | "GEO_NEAR_2DSPHERE" => O::GeoNear,
        "EQ_LOOKUP" | "EQ_LOOKUP_UNWIND" => O::Lookup,
        "NESTED_LOOP_JOIN_EMBEDDING" | "INDEXED_NESTED_LOOP_JOIN_EMBEDDING" => O::NestedLoop,
        "HASH_JOIN_EMBEDDING" => O::HashJoin,
        "UNWIND" | "UNPACK_TS_BUCKET" | "UNPACK_SAMPLED_TS_BUCKET" => O::Unwind,
        "SAMPLE_FROM_TIMESERIES_BUCKET" | "MULTI_ITERATOR" => O::SampleScan,
        "WINDOW" => O::WindowAggregate,
        "SPOOL" => O::Materialize,
        "EOF" | "QUEUED_DATA" | "MOCK" | "SENTINEL" => O::Result,
        "SHARD_MERGE" | "SHARD_MERGE_SORT" | "SINGLE_SHARD" | "ALL_SHARDS" => O::ShardMerge,
        "SUBPLAN" | "CACHED_PLAN" | "MULTI_PLAN" | "TRIAL" | "PIPELINE_PROXY" => O::Heading,
        "ENSURE_SORTED" | "CHANGE_STREAM_PROXY" => O::Filter,
        "RETURN_KEY" | "SORT_KEY_GENERATOR" | "REPLACE_ROOT" | "PROJECTION" => O::Projection,
        _ if name.starts_with("PROJECTION_") => O::Projection,
        _ => return None,
    })
}

/// Stages that only Amazon DocumentDB has, which explains in MongoDB's form.
fn document_db(name: &str) -> Option<Operator> {
    use Operator as O;
    Some(match name {
        "IXONLYSCAN" => O::IndexOnlyScan,
        "BITMAP_SCAN" => O::BitmapHeapScan,
        "SORT_AGGREGATE" => O::GroupAggregate,
        "HASH_AGGREGATE" => O::HashAggregate,
        "AGGREGATE" => O::Aggregate,
        "SUBSCAN" => O::SubqueryScan,
        "LIMIT_SKIP" => O::Limit,
        "HASH_LOOKUP" | "NESTED_LOOP_LOOKUP" | "SORT_LOOKUP" => O::Lookup,
        "HASH" => O::Hash,
        "UNIQUE" => O::Distinct,
        "PROJECT" => O::Projection,
        "MATERIALIZE" => O::Materialize,
        _ => return None,
    })
}

/// Nodes of the optimizer that 7.0 had on trial (`optimizerPlan`).
fn optimizer(name: &str) -> Option<Operator> {
    use Operator as O;
    Some(match name {
        "Root" => O::Heading,
        "Scan" | "PhysicalScan" => O::SeqScan,
        "IndexScan" => O::IndexScan,
        "Seek" => O::Fetch,
        "Filter" => O::Filter,
        "Evaluation" => O::Projection,
        "LimitSkip" => O::Limit,
        "Collation" => O::Sort,
        "GroupBy" => O::HashAggregate,
        "Unique" => O::Distinct,
        "Unwind" => O::Unwind,
        "Union" => O::Append,
        "SortedMerge" => O::MergeAppend,
        "RIDIntersect" => O::MultiIndex,
        "NestedLoopJoin" | "BinaryJoin" => O::NestedLoop,
        "HashJoin" => O::HashJoin,
        "MergeJoin" => O::MergeJoin,
        "Spool" => O::Materialize,
        "Exchange" => O::Gather,
        "CoScan" | "ValueScan" => O::Result,
        _ => return None,
    })
}

/// Stages of an aggregation, with the internal ones that explain shows.
fn pipeline(name: &str) -> Option<Operator> {
    use Operator as O;
    Some(match name {
        "$cursor"
        | "$geoNearCursor"
        | "$_internalInhibitOptimization"
        | "$_internalShardServerInfo" => O::Heading,
        "$match" | "$redact" => O::Filter,
        "$project"
        | "$addFields"
        | "$set"
        | "$unset"
        | "$replaceRoot"
        | "$replaceWith"
        | "$_internalApplyOplogUpdate"
        | "$_internalComputeGeoNearDistance"
        | "$changeStreamTransform"
        | "$_addReshardingResumeId" => O::Projection,
        "$group" | "$sortByCount" | "$_internalStreamingGroup" => O::HashAggregate,
        "$bucket" | "$bucketAuto" => O::GroupAggregate,
        "$count" => O::Aggregate,
        // `$sample` sorts all of its input by a random key.
        "$sort" | "$sample" => O::Sort,
        "$_internalBoundedSort" => O::IncrementalSort,
        "$limit" | "$sampleFromRandomCursor" => O::Limit,
        "$skip" => O::Skip,
        "$unwind" | "$_internalUnpackBucket" => O::Unwind,
        "$densify" | "$_internalDensify" | "$fill" | "$_internalSplitPipeline" => O::ProjectSet,
        "$lookup" | "$graphLookup" | "$_internalLookup" => O::Lookup,
        "$setWindowFields" | "$_internalSetWindowFields" => O::WindowAggregate,
        "$unionWith" | "$facet" => O::Append,
        "$out" | "$merge" | "$_internalOutToDifferentDB" => O::Modify,
        "$mergeCursors" => O::ShardMerge,
        "$teeConsumer"
        | "$internalFacetTeeConsumer"
        | "$_internalFacetTeeConsumer"
        | "$sequentialDocumentCache" => O::Materialize,
        "$search"
        | "$searchMeta"
        | "$_internalSearchMongotRemote"
        | "$searchBeta"
        | "$_internalSearch" => O::FullTextSearch,
        "$vectorSearch" | "$_internalVectorSearch" => O::VectorSearch,
        "$_internalSearchIdLookup" => O::Fetch,
        "$geoNear" => O::GeoNear,
        "$documents" | "$queue" | "$mockCursor" => O::ValuesScan,
        "$changeStream" | "$_internalChangeStreamOplogMatch" | "$backupCursor" => O::FunctionScan,
        "$collStats"
        | "$indexStats"
        | "$currentOp"
        | "$listSessions"
        | "$listLocalSessions"
        | "$planCacheStats"
        | "$queryStats"
        | "$operationMetrics"
        | "$listSearchIndexes"
        | "$listCatalog"
        | "$_internalAllCollectionStats"
        | "$listSampledQueries"
        | "$shardedDataDistribution"
        | "$_internalListCollections" => O::MetadataRead,
        _ => return None,
    })
}

/// Stages of the slot-based engine: `sbe/stages` of the server.
fn slot_based(name: &str) -> Option<Operator> {
    use Operator as O;
    Some(match name {
        "scan" | "pscan" | "column_scan" | "columnscan" | "generic_scan" | "random_scan" => {
            O::SeqScan
        }
        "ixscan" | "ixseek" | "ixscan_generic" | "ixscan_seek" => O::IndexScan,
        "seek" | "fetch" => O::Fetch,
        "nlj" | "traverse" => O::NestedLoop,
        "hj" => O::HashJoin,
        "mj" => O::MergeJoin,
        "hash_lookup" | "hash_lookup_unwind" => O::Lookup,
        "mkobj" | "mkbson" | "project" | "add_fields" | "makeobj" => O::Projection,
        "filter" | "cfilter" | "efilter" | "chkpt" | "checkbounds" => O::Filter,
        "limit" | "limitskip" => O::Limit,
        "skip" => O::Skip,
        "sort" => O::Sort,
        "smerge" | "sorted_merge" => O::MergeAppend,
        "union" | "branch" => O::Append,
        "group" | "hash_agg" | "block_group" | "block_hashagg" => O::HashAggregate,
        "unique" | "unique_roaring" => O::Distinct,
        "unwind" | "ts_bucket_to_cellblock" | "block_to_row" => O::Unwind,
        "window" => O::WindowAggregate,
        "espool" | "lspool" | "cspool" | "sspool" | "spool" => O::Materialize,
        "coscan" | "virtualscan" | "value_scan" | "bson_scan" => O::Result,
        "exchange" | "exchangep" | "exchangec" => O::Gather,
        "search_cursor" => O::FullTextSearch,
        _ => return None,
    })
}

/// Whether a word is a stage of the query layer, by which plans are known from other JSON.
pub(super) fn is_query_stage(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && query(name).is_some()
}

/// Whether the stage reads or writes the collection itself.
pub(super) fn touches_collection(operator: &Operator) -> bool {
    operator.is_scan() && !matches!(operator, Operator::ValuesScan | Operator::FunctionScan)
        || matches!(operator, Operator::Fetch | Operator::Modify)
}
