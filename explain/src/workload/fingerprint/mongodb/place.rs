//! Where in a command a value stands, and so whether it is the user's data.

/// What the values at a place are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A text that is no command: values of documents.
    Text,
    /// An answer of `explain`, or a document of the profiler: figures, names, and conditions in it.
    Answer,
    /// The command itself.
    Command,
    /// An element of `updates` or `deletes`.
    Write,
    /// A pipeline: each key is a stage.
    Pipeline,
    /// The body of a stage that has named parts.
    Stage,
    /// `$facet`: each key has a pipeline.
    Facet,
    /// A condition or a document: everything is data.
    Filter,
    /// An expression: `"$field"` is a path.
    Expression,
    /// Which fields are wanted: 0, 1, true, false, expressions.
    Projection,
    /// Names, directions of a sort, switches.
    Keep,
    /// A number of documents.
    Count,
    /// The pattern of a regular expression.
    Regex,
    /// `{"pattern": …, "options": …}`
    RegexParts,
}

/// Commands whose shape is known.
const COMMANDS: &[&str] = &[
    "find",
    "aggregate",
    "count",
    "distinct",
    "update",
    "delete",
    "findAndModify",
    "findandmodify",
    "insert",
    "getMore",
    "mapReduce",
    "mapreduce",
    "explain",
    "bulkWrite",
];

/// What Extended JSON writes for a value that JSON has no type for.
pub(super) const TYPES: &[&str] = &[
    "$oid",
    "$date",
    "$numberInt",
    "$numberLong",
    "$numberDouble",
    "$numberDecimal",
    "$binary",
    "$uuid",
    "$timestamp",
    "$regularExpression",
    "$minKey",
    "$maxKey",
    "$undefined",
    "$symbol",
    "$code",
    "$scope",
    "$dbPointer",
];

/// What a driver or a server adds to a command that says nothing about what it does.
const ENVELOPE: &[&str] = &[
    "$db",
    "lsid",
    "$clusterTime",
    "$configServerState",
    "$configTime",
    "$topologyTime",
    "$readPreference",
    "$client",
    "$audit",
    "$replData",
    "txnNumber",
    "autocommit",
    "startTransaction",
    "stmtId",
    "stmtIds",
    "apiVersion",
    "apiStrict",
    "apiDeprecationErrors",
    "comment",
    "$comment",
    "maxTimeMS",
    "maxTimeMSOpOnly",
    "readConcern",
    "writeConcern",
    "shardVersion",
    "databaseVersion",
    "clientOperationKey",
    "mayBypassWriteBlocking",
    "runtimeConstants",
    "cursor",
    "batchSize",
    "ordered",
    "signature",
    "operationTime",
    "needsMerge",
    "fromMongos",
    "fromRouter",
    "isMapReduceCommand",
    "useNewUpsert",
    "queryHash",
    "planCacheKey",
    "versionContext",
    "rawData",
    "expectPrefix",
    "lastKnownCommittedOpTime",
    "term",
];

/// Whether a key of a command is not the application's.
pub fn is_envelope(key: &str) -> bool {
    ENVELOPE.contains(&key)
}

/// Whether a document that opens with `key` is a command.
pub fn is_command(key: &str) -> bool {
    COMMANDS.contains(&key)
}

impl Place {
    /// The place of what stands under `key`. `first` says that it is the first key of its object.
    pub fn under(self, key: &str, first: bool) -> Self {
        match self {
            Self::Answer => answer(key),
            Self::Command => command(key, first),
            Self::Write => write(key),
            Self::Pipeline => stage(key),
            Self::Stage => part(key),
            Self::Facet => Self::Pipeline,
            Self::Expression => match key {
                "$literal" => Self::Filter,
                "sortBy" | "unit" | "timezone" | "format" => Self::Keep,
                _ => self.of_regex(key),
            },
            Self::Projection => match key {
                "$elemMatch" => Self::Filter,
                "$slice" => Self::Count,
                _ if key.starts_with('$') => Self::Expression,
                _ => Self::Projection,
            },
            Self::Filter | Self::Text => match key {
                "$expr" => Self::Expression,
                "$exists" | "$type" | "$meta" => Self::Keep,
                _ => self.of_regex(key),
            },
            Self::RegexParts if key == "pattern" => Self::Regex,
            Self::Keep | Self::Count | Self::Regex | Self::RegexParts => Self::Keep,
        }
    }

    fn of_regex(self, key: &str) -> Self {
        match key {
            "$regex" | "regex" => Self::Regex,
            "$options" => Self::Keep,
            "$regularExpression" => Self::RegexParts,
            _ => self,
        }
    }

    /// The place of an object at the text's top, by its first key.
    pub fn of_document(key: &str) -> Self {
        match key {
            _ if is_command(key) => Self::Command,
            // `$and` and the like open conditions, not stages.
            "$and" | "$or" | "$nor" | "$expr" | "$text" | "$where" | "$comment" => Self::Text,
            _ if key.starts_with('$') => Self::Pipeline,
            _ => Self::Text,
        }
    }
}

fn answer(key: &str) -> Place {
    match key {
        "command" | "originatingCommand" => Place::Command,
        "createdFromQuery" => Place::Write,
        "filter"
        | "parsedQuery"
        | "parsedTextQuery"
        | "indexFilter"
        | "query"
        | "q"
        | "u"
        | "let"
        | "equality"
        | "startWith"
        | "restrictSearchWithMatch"
        | "runtimeConstants"
        | "indexBounds"
        | "indexFilterSet"
        | "slotBasedPlan"
        | "partialFilterExpression"
        | "minRecord"
        | "maxRecord"
        | "queryShape"
        | "updateMods"
        | "errMsg"
        | "errmsg" => Place::Filter,
        "transformBy" | "projection" => Place::Projection,
        "pipeline" => Place::Pipeline,
        "$cursor" | "$clusterTime" => Place::Answer,
        _ if TYPES.contains(&key) => Place::Answer,
        _ if key.starts_with('$') => stage(key),
        _ => Place::Answer,
    }
}

fn command(key: &str, first: bool) -> Place {
    match key {
        "explain" => Place::Command,
        _ if first && is_command(key) => Place::Keep,
        "filter" | "query" | "min" | "max" | "arrayFilters" | "documents" | "update" => {
            Place::Filter
        }
        "projection" | "fields" => Place::Projection,
        "pipeline" => Place::Pipeline,
        "updates" | "deletes" => Place::Write,
        "let" => Place::Expression,
        "limit" | "skip" => Place::Count,
        "sort" | "hint" | "key" | "collation" | "verbosity" | "$db" | "collection"
        | "queryHash" | "new" | "remove" | "upsert" => Place::Keep,
        _ => Place::Filter,
    }
}

fn write(key: &str) -> Place {
    match key {
        "c" => Place::Expression,
        "sort" | "hint" | "collation" | "limit" | "multi" | "upsert" => Place::Keep,
        _ => Place::Filter,
    }
}

fn stage(key: &str) -> Place {
    match key {
        "$match" => Place::Filter,
        "$sort" | "$count" | "$unset" => Place::Keep,
        "$project" => Place::Projection,
        "$limit" | "$skip" => Place::Count,
        "$facet" => Place::Facet,
        "$lookup" | "$graphLookup" | "$unionWith" | "$merge" | "$out" | "$geoNear" | "$unwind"
        | "$densify" | "$fill" | "$setWindowFields" | "$sample" | "$bucket" | "$bucketAuto"
        | "$search" | "$searchMeta" | "$vectorSearch" => Place::Stage,
        _ => Place::Expression,
    }
}

/// The parts of a stage's body.
fn part(key: &str) -> Place {
    match key {
        "pipeline" | "whenMatched" => Place::Pipeline,
        "query" | "restrictSearchWithMatch" | "near" | "filter" => Place::Filter,
        "from"
        | "localField"
        | "foreignField"
        | "as"
        | "coll"
        | "into"
        | "on"
        | "db"
        | "path"
        | "connectFromField"
        | "connectToField"
        | "includeArrayIndex"
        | "depthField"
        | "index"
        | "key"
        | "sortBy"
        | "whenNotMatched"
        | "distanceField"
        | "includeLocs"
        | "field"
        | "preserveNullAndEmptyArrays"
        | "unit"
        | "granularity" => Place::Keep,
        "size" | "limit" | "numCandidates" | "maxDepth" | "buckets" => Place::Count,
        _ => Place::Expression,
    }
}
