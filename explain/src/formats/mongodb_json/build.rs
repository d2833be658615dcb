//! From the documents of an explain to the tree of stages, without recursion.

use super::super::shell_json::Item;
use super::draft::{Draft, Drafts, Run};
use super::figures::{self, Slots, children};
use super::operators::operator;
use crate::plan::{LimitError, MAX_NODES, Operator, Role};
use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

/// Where a part of the plan hangs.
#[derive(Debug, Clone)]
struct Place {
    parent: Option<usize>,
    role: Role,
    /// The shard or facet that it is the plan of.
    part: Option<String>,
    home: usize,
    /// Milliseconds of this part by the server's own clock.
    elapsed_ms: Option<f64>,
}

impl Place {
    fn below(parent: usize, role: Role, home: usize) -> Self {
        Self { parent: Some(parent), role, part: None, home, elapsed_ms: None }
    }
}

/// A part of the plan that is still to be added.
enum Task<'d> {
    /// An explain, or one shard's: planner and figures, or stages of a pipeline, or shards.
    Explain(Item<'d>, Place),
    /// A plan and, where it was run, the stages that ran it.
    Tree(Option<Item<'d>>, Option<Item<'d>>, Place),
    /// One stage and what is below it.
    Stage(Stage<'d>, Place),
    /// A pipeline.
    Pipeline(Item<'d>, Place),
}

/// A stage of a tree.
struct Stage<'d> {
    /// The two trees that show it: as it ran, and as it was planned.
    told: [Option<Item<'d>>; 2],
    /// Figures of the slot-based engine, by node of the query plan.
    slots: Option<Rc<HashMap<i64, Slots<'d>>>>,
    /// The stages themselves are of the slot-based engine.
    is_slot_based: bool,
}

/// Collects the stages of one plan.
#[derive(Default)]
pub(super) struct Builder<'d> {
    pub(super) drafts: Drafts<'d>,
    tasks: Vec<Task<'d>>,
    /// Planners that were met, the first one being the statement's own.
    pub(super) planners: Vec<(Option<String>, Item<'d>)>,
    /// Statistics of executions that were met.
    pub(super) statistics: Vec<(Option<String>, Item<'d>)>,
}

impl<'d> Builder<'d> {
    /// The stages of an explain document.
    pub(super) fn explain(document: Item<'d>) -> Result<Self, LimitError> {
        Self::run(|place| Task::Explain(document, place), "".into())
    }

    /// The stages of an executed or planned tree that stands alone.
    pub(super) fn tree(stage: Item<'d>, namespace: Cow<'d, str>) -> Result<Self, LimitError> {
        Self::run(|place| Task::Tree(None, Some(stage), place), namespace)
    }

    /// The stages of a pipeline that stands alone.
    pub(super) fn pipeline(stages: Item<'d>) -> Result<Self, LimitError> {
        Self::run(|place| Task::Pipeline(stages, place), "".into())
    }

    /// The stages; what else was collected on the way is needed no longer.
    pub(super) fn into_drafts(self) -> Drafts<'d> {
        self.drafts
    }

    fn run(
        first: impl FnOnce(Place) -> Task<'d>,
        namespace: Cow<'d, str>,
    ) -> Result<Self, LimitError> {
        let mut builder = Self::default();
        let home = builder.drafts.home(namespace);
        builder.tasks.push(first(Place {
            parent: None,
            role: Role::Outer,
            part: None,
            home,
            elapsed_ms: None,
        }));
        while let Some(task) = builder.tasks.pop() {
            if builder.drafts.list.len() > MAX_NODES {
                return Err(LimitError::Nodes);
            }
            match task {
                Task::Explain(item, place) => builder.add_explain(item, place),
                Task::Tree(plan, executed, place) => builder.add_tree(plan, executed, place),
                Task::Stage(stage, place) => builder.add_stage(&stage, &place),
                Task::Pipeline(stages, place) => builder.add_pipeline(stages, place),
            }
        }
        Ok(builder)
    }

    fn add_explain(&mut self, item: Item<'d>, mut place: Place) {
        let planner = item.object("queryPlanner").or_else(|| item.get("winningPlan").map(|_| item));
        let statistics =
            item.object("executionStats").or_else(|| item.get("executionStages").map(|_| item));
        if let Some(planner) = planner {
            self.planners.push((place.part.clone(), planner));
            if let Some(namespace) = planner.text_of("namespace") {
                place.home = self.drafts.home(namespace);
            }
        }
        if let Some(statistics) = statistics {
            place.elapsed_ms = statistics.number_of("executionTimeMillis");
            self.statistics.push((place.part.clone(), statistics));
        }
        let plan = planner.and_then(|planner| planner.object("winningPlan"));
        let executed = statistics.and_then(|statistics| statistics.object("executionStages"));
        match (item.object("shards"), item.array("stages")) {
            _ if plan.is_some() || executed.is_some() => {
                self.tasks.push(Task::Tree(plan, executed, place));
            }
            (Some(shards), _) => self.add_shards(item, shards, place),
            (None, Some(stages)) => self.tasks.push(Task::Pipeline(stages, place)),
            (None, None) => {}
        }
    }

    /// An aggregation on shards: the merging part of the pipeline above one plan a shard.
    fn add_shards(&mut self, item: Item<'d>, shards: Item<'d>, mut place: Place) {
        let merger = item.object("splitPipeline").and_then(|split| split.array("mergerPart"));
        let count = shards.members().count();
        if let Some(merger) = merger {
            place.parent = self.add_chain(merger, &place);
            (place.role, place.part) = (Role::Outer, None);
        }
        let top = place.parent.filter(|_| merger.is_some());
        let is_merged =
            top.is_some_and(|top| self.drafts.list[top].operator == Operator::ShardMerge);
        if !is_merged && (count > 1 || merger.is_some()) {
            let name = item.text_of("mergeType").unwrap_or("shards".into());
            place.parent =
                Some(self.add(Draft::new(name, Operator::ShardMerge, place.role), &place));
        }
        let role = if count > 1 { Role::Member } else { Role::Outer };
        let first = self.tasks.len();
        for (name, shard) in shards.members() {
            let part = Some(name.into_owned());
            let parent = place.parent;
            let below = Place { role, part, parent, ..place.clone() };
            self.tasks.push(Task::Explain(shard, below));
        }
        self.tasks[first..].reverse();
    }

    fn add(&mut self, mut draft: Draft<'d>, place: &Place) -> usize {
        draft.home = place.home;
        draft.part.clone_from(&place.part);
        draft.elapsed_ms = place.elapsed_ms;
        let parent = place.parent.map(|parent| &self.drafts.list[parent]);
        draft.is_covered = match draft.operator {
            Operator::Fetch | Operator::FullTextSearch | Operator::GeoNear => false,
            _ => draft.name == "PROJECTION_COVERED" || parent.is_some_and(|p| p.is_covered),
        };
        self.drafts.add(place.parent, draft)
    }

    fn add_tree(&mut self, plan: Option<Item<'d>>, executed: Option<Item<'d>>, place: Place) {
        let query_plan =
            plan.and_then(|plan| plan.object("queryPlan").or_else(|| plan.object("optimizerPlan")));
        let stage = match (query_plan, plan, executed) {
            (Some(query_plan), _, _) => Stage {
                told: [Some(query_plan), None],
                slots: executed.map(|tree| Rc::new(figures::by_plan_node(tree))),
                is_slot_based: false,
            },
            (None, plan, Some(executed)) => Stage {
                told: [Some(executed), plan.filter(|plan| is_same_stage(*plan, executed))],
                slots: None,
                is_slot_based: is_slot_based(executed),
            },
            (None, plan, None) => Stage { told: [plan, None], slots: None, is_slot_based: false },
        };
        self.tasks.push(Task::Stage(stage, place));
    }

    fn add_stage(&mut self, stage: &Stage<'d>, place: &Place) {
        let Some(told) = stage.told[0] else { return };
        let name = figures::name(told).unwrap_or_default();
        let operator =
            operator(&name).unwrap_or_else(|| Operator::Other(name.clone().into_owned()));
        let mut draft = Draft::new(name, operator, place.role);
        draft.told = stage.told;
        let slots = stage
            .slots
            .as_ref()
            .and_then(|slots| slots.get(&(told.number_of("planNodeId")? as i64)));
        let run = match slots {
            Some(slots) => {
                draft.slots.clone_from(&slots.stages);
                Some(slots.run)
            }
            None if stage.is_slot_based => Some(figures::slot_based(told)),
            // The engine has merged it into another stage.
            None if stage.slots.is_some() => {
                draft.is_merged = true;
                None
            }
            None => figures::classic(told),
        };
        draft.set_run(run);
        let is_many = is_many(&draft.operator);
        let at = self.add(draft, place);
        let below = Place::below(at, Role::Outer, place.home);
        let first = self.tasks.len();
        if let Some(shards) = told.array("shards") {
            self.push_shards(shards, stage.told[1].and_then(|plan| plan.array("shards")), &below);
        } else {
            self.push_inputs(stage, is_many, below);
        }
        self.tasks[first..].reverse();
    }

    /// The shards below a stage of mongos: each with a plan of its own.
    fn push_shards(&mut self, shards: Item<'d>, planned: Option<Item<'d>>, below: &Place) {
        let named = |item: Item<'d>| item.text_of("shardName").map(|name| (name, item));
        let twins: HashMap<Cow<'d, str>, Item<'d>> =
            planned.into_iter().flat_map(Item::items).filter_map(named).collect();
        for shard in shards.items() {
            let name = shard.text_of("shardName");
            let twin = name.as_ref().and_then(|name| twins.get(name)).copied();
            let plan_of = |item: Item<'d>| item.object("winningPlan");
            let executed = shard.object("executionStages");
            let plan = plan_of(shard).or_else(|| plan_of(twin?));
            let mut place = below.clone();
            place.role = Role::Member;
            place.part = name.map(Cow::into_owned);
            let planner =
                [Some(shard), twin].into_iter().flatten().find(|item| plan_of(*item).is_some());
            if let Some(planner) = planner {
                self.planners.push((place.part.clone(), planner));
                if let Some(namespace) = planner.text_of("namespace") {
                    place.home = self.drafts.home(namespace);
                }
            }
            if executed.is_some() {
                place.elapsed_ms = shard.number_of("executionTimeMillis");
                self.statistics.push((place.part.clone(), shard));
            }
            self.tasks.push(Task::Tree(plan, executed, place));
        }
    }

    fn push_inputs(&mut self, stage: &Stage<'d>, is_many: bool, below: Place) {
        let Some(told) = stage.told[0] else { return };
        let mut planned = stage.told[1].into_iter().flat_map(children);
        for (i, (key, input)) in children(told).enumerate() {
            let twin =
                planned.next().map(|(_, plan)| plan).filter(|plan| is_same_stage(*plan, input));
            let mut place = below.clone();
            place.role = match key {
                _ if is_many => Role::Member,
                "innerStage" | "rightChild" => Role::Inner,
                _ if i == 1 => Role::Inner,
                _ => Role::Outer,
            };
            let told = [Some(input), twin];
            let slots = stage.slots.clone();
            let stage = Stage { told, slots, is_slot_based: stage.is_slot_based };
            self.tasks.push(Task::Stage(stage, place));
        }
    }

    /// A pipeline: its last stage on top, its cursor's plan below the first.
    fn add_pipeline(&mut self, stages: Item<'d>, place: Place) {
        self.add_chain(stages, &place);
    }

    /// Adds the stages of a pipeline, the last one first; gives the lowest.
    fn add_chain(&mut self, stages: Item<'d>, place: &Place) -> Option<usize> {
        let is_stage =
            |item: &Item<'d>| item.members().any(|(key, _)| key.starts_with('$') || key == "stage");
        let stages: Vec<Item<'d>> = stages.items().filter(is_stage).collect();
        let mut place = place.clone();
        let mut nested = Vec::new();
        for stage in stages.into_iter().rev() {
            let at = self.add_pipeline_stage(stage, &place);
            nested.push(at);
            place = Place::below(at, Role::Outer, place.home);
        }
        // Below each stage, its input comes first and the pipelines inside it after.
        for at in nested {
            self.push_nested(at);
        }
        place.parent
    }

    fn add_pipeline_stage(&mut self, stage: Item<'d>, place: &Place) -> usize {
        let named = stage.members().find(|(key, _)| key.starts_with('$'));
        let (name, spec) = match named {
            Some((name, spec)) => (name, Some(spec)),
            None => (stage.text_of("stage").unwrap_or_default(), None),
        };
        let operator =
            operator(&name).unwrap_or_else(|| Operator::Other(name.clone().into_owned()));
        let is_member = self.is_branch_point(place.parent);
        let role = if is_member && place.role == Role::Outer { Role::Member } else { place.role };
        let mut draft = Draft::new(name, operator, role);
        (draft.told, draft.spec) = ([Some(stage), None], spec);
        draft.set_run(figures::classic(stage));
        self.add(draft, place)
    }

    fn is_branch_point(&self, parent: Option<usize>) -> bool {
        parent.is_some_and(|parent| self.drafts.list[parent].operator == Operator::Append)
    }

    /// What stands inside a stage of a pipeline: a cursor's plan, or pipelines of its own.
    fn push_nested(&mut self, at: usize) {
        let draft = &self.drafts.list[at];
        let Some(spec) = draft.spec else { return };
        let below = |role| Place::below(at, role, draft.home);
        let mut made = Vec::new();
        match &*draft.name {
            "$cursor" | "$geoNearCursor" => made.push(Task::Explain(spec, below(Role::Outer))),
            "$facet" => made.extend(spec.members().map(|(name, facet)| {
                let part = Some(name.into_owned());
                Task::Pipeline(facet, Place { part, ..below(Role::Member) })
            })),
            "$unionWith" | "$lookup" | "$_internalLookup" => {
                let role = if draft.name == "$unionWith" { Role::Member } else { Role::Inner };
                match spec.get("pipeline") {
                    Some(pipeline) if pipeline.is_array() => {
                        made.push(Task::Pipeline(pipeline, below(role)));
                    }
                    Some(pipeline) => made.push(Task::Explain(pipeline, below(role))),
                    None => {}
                }
            }
            _ => {}
        }
        self.tasks.extend(made.into_iter().rev());
    }
}

fn is_same_stage(a: Item<'_>, b: Item<'_>) -> bool {
    figures::name(a) == figures::name(b)
}

/// Stages of the slot-based engine are written in lower case.
fn is_slot_based(stage: Item<'_>) -> bool {
    stage.text_of("stage").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
}

fn is_many(operator: &Operator) -> bool {
    matches!(
        operator,
        Operator::MultiIndex
            | Operator::MergeAppend
            | Operator::Append
            | Operator::ShardMerge
            | Operator::FullTextSearch
            | Operator::GeoNear
    )
}

/// The figures of a statement whose plan is only summed up.
pub(super) fn whole_run(rows: f64, ms: Option<f64>) -> Run {
    Run { loops: 1.0, rows, ms, ..Run::default() }
}
