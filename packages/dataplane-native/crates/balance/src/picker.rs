//! The picker of a cluster.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use config::{
    Cluster, ConsistentHashing, Endpoint, HealthSet, HealthStatus, LbPolicy, LocalityEndpoints, SlowStart,
    SubsetFallback, Subsets, ZoneAware,
};
use foldhash::fast::FixedState;
use serde::Serialize;

use crate::{
    hashing::{HashTable, key_hash},
    live::{LiveState, PickInput, Turn},
    plan::{LocalZone, Plan, PriorityExplanation, Way},
    pool::{Blueprint, Member, Place, Pool, PoolLevel, Standing},
    slow_start::passes_over,
    subset::{Scope, SubsetTable},
    wheel::{Drawn, Rounds, Wheel},
};

/// Draws before an available endpoint is searched one by one.
const MAX_DRAWS: u32 = 8;

/// The same, where new endpoints are passed over now and then.
const MAX_SLOW_START_DRAWS: u32 = 24;

/// Endpoints that a request may ask for.
const MAX_ASKED: usize = 64;

/// What a picker needs of its cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct PickerOptions {
    /// How an endpoint is chosen. `ClusterProvided` is served as random.
    pub policy: LbPolicy,
    /// For policies that hash.
    pub hashing: ConsistentHashing,
    /// Below this share of available endpoints all are used; in percent.
    pub panic_threshold_percent: f64,
    /// A priority is full as long as its available share times this is 100; in percent.
    pub overprovisioning_percent: u32,
    /// Localities share the requests of their priority by weights of their own; one without a weight gets none.
    pub locality_weighted: bool,
    /// Endpoints in the proxy's own zone are preferred; needs `zone`.
    pub zone_aware: Option<ZoneAware>,
    /// Where the proxy is.
    pub zone: Option<LocalZone>,
    /// What an endpoint's health may be where a request prefers it.
    pub session_health: HealthSet,
    /// Groups that requests choose by [`PickInput::criteria`].
    pub subsets: Option<Arc<Subsets>>,
}

impl From<&Cluster> for PickerOptions {
    fn from(cluster: &Cluster) -> Self {
        Self {
            policy: cluster.lb_policy,
            hashing: cluster.consistent_hashing,
            panic_threshold_percent: cluster.panic_threshold_percent,
            overprovisioning_percent: cluster.overprovisioning_percent,
            locality_weighted: cluster.locality_weighted,
            zone_aware: cluster.zone_aware,
            zone: None,
            session_health: cluster.session_health,
            subsets: cluster.subsets.clone(),
        }
    }
}

/// Picks among the endpoints of a cluster.
#[derive(Debug)]
pub struct Picker {
    /// Tells plans of this picker from those of others.
    pub(crate) id: u64,
    pub(crate) members: Arc<Vec<Member>>,
    pub(crate) places: Arc<[Place]>,
    pub(crate) pool: Pool,
    pub(crate) subsets: Option<SubsetTable>,
    method: Method,
    slow_start: Option<SlowStart>,
    pub(crate) options: PickerOptions,
    /// Made when somebody asks for an endpoint by its address.
    addresses: OnceLock<HashMap<SocketAddr, u32, FixedState>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Method {
    RoundRobin,
    LeastRequest { choices: u32, bias: f64 },
    Random,
    RingHash,
    Maglev,
}

/// An endpoint that was picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Its position in the list the picker was made of.
    pub endpoint: usize,
    /// Position of its priority.
    pub priority: usize,
    /// So few are available that health was ignored.
    pub panic: bool,
}

/// For a retry: which endpoints to avoid, and how often to try to.
pub struct Retry<'r> {
    /// True for an endpoint that was tried already.
    pub avoid: &'r dyn Fn(usize) -> bool,
    /// Localities and priorities that are looked at before an avoided endpoint is accepted
    /// (`host_selection_retry_max_attempts`).
    pub max_attempts: u32,
}

/// True for endpoints that are not to be picked.
type Avoid<'a> = Option<&'a dyn Fn(usize) -> bool>;

/// How a picker would pick now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PickerExplanation {
    /// How an endpoint is chosen, in words.
    pub method: String,
    /// The priorities.
    pub priorities: Vec<PriorityExplanation>,
}

impl Picker {
    /// A picker over the endpoints of `localities`, numbered in their order.
    pub fn new(localities: &[LocalityEndpoints], options: PickerOptions) -> Self {
        Self::renewed(localities, options, None)
    }

    /// The same; what is expensive and did not change is taken over from the picker `before`.
    pub fn renewed(localities: &[LocalityEndpoints], options: PickerOptions, before: Option<&Self>) -> Self {
        let mut levels: Vec<u32> = localities.iter().map(|locality| locality.priority).collect();
        levels.sort_unstable();
        levels.dedup();
        let places = localities.iter().map(|locality| {
            let zone = options.zone.as_ref();
            Place {
                level: levels.partition_point(|number| *number < locality.priority) as u32,
                weight: f64::from(locality.weight.unwrap_or(0)),
                is_local: zone.is_some_and(|zone| zone.locality == locality.locality),
                sources: zone.map_or(0, |zone| zone.count(&locality.locality)),
            }
        });
        let places: Arc<[Place]> = places.collect();
        // Without room to grow: there may be very many.
        let mut members = Vec::with_capacity(localities.iter().map(|locality| locality.endpoints.len()).sum());
        for (position, locality) in localities.iter().enumerate() {
            members.extend(
                locality
                    .endpoints
                    .iter()
                    .map(|endpoint| Member::new(position, endpoint)),
            );
        }
        if let Some(patched) = before.and_then(|before| before.patched(&members, &places, &levels, &options)) {
            return patched;
        }
        let needs_endpoints = options.subsets.is_some() || Method::of(options.policy).hashes();
        let endpoints: Vec<&Endpoint> = if needs_endpoints {
            localities.iter().flat_map(|locality| &locality.endpoints).collect()
        } else {
            Vec::new()
        };
        let blueprint = Blueprint {
            localities,
            endpoints: &endpoints,
            members: &members,
            places: &places,
            levels: &levels,
            policy: options.policy,
            hashing: options.hashing,
            locality_weighted: options.locality_weighted,
            before: before.map_or_else(Vec::new, |before| {
                let subsets = before.subsets.iter().flat_map(SubsetTable::pools);
                subsets.chain([&before.pool]).collect()
            }),
            next_wheel: std::cell::Cell::new(0),
        };
        let by_locality = options.locality_weighted || options.zone_aware.is_some() && options.zone.is_some();
        let all: Vec<u32> = (0..members.len() as u32).collect();
        let pool = blueprint.pool(0, &all, by_locality, false);
        let subsets = options.subsets.as_ref();
        let subsets = subsets.map(|subsets| SubsetTable::new(subsets, &blueprint, by_locality));
        Self::of(Arc::new(members), places, pool, subsets, options)
    }

    pub(crate) fn of(
        members: Arc<Vec<Member>>,
        places: Arc<[Place]>,
        pool: Pool,
        subsets: Option<SubsetTable>,
        options: PickerOptions,
    ) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        Self {
            id: NEXT_ID.fetch_add(1, Relaxed),
            members,
            places,
            pool,
            subsets,
            method: Method::of(options.policy),
            slow_start: slow_start(options.policy),
            options,
            addresses: OnceLock::new(),
        }
    }

    /// Endpoints it was made of.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// What it was made with.
    pub fn options(&self) -> &PickerOptions {
        &self.options
    }

    /// Whether requests should bring a hash.
    pub fn wants_hash(&self) -> bool {
        self.method.hashes()
    }

    /// Whether [`PickInput::now_ms`] is looked at.
    pub fn wants_time(&self) -> bool {
        self.slow_start.is_some()
    }

    /// The endpoint for a request. `None`: none is available (flag UH).
    pub fn pick<L: LiveState + ?Sized>(&self, turn: &mut Turn, live: &L, input: &PickInput<'_>) -> Option<Pick> {
        self.pick_but(turn, live, input, None)
    }

    fn pick_but<L: LiveState + ?Sized>(
        &self,
        turn: &mut Turn,
        live: &L,
        input: &PickInput<'_>,
        avoid: Avoid<'_>,
    ) -> Option<Pick> {
        if let Some(preferred) = input.preferred {
            let found = self.at(live, preferred.address);
            if found.is_some() || preferred.is_strict {
                return found;
            }
        }
        if let Some(asked) = input.asked {
            let addresses = asked
                .split(',')
                .take(MAX_ASKED)
                .filter_map(|text| text.trim().parse().ok());
            let mut picks = addresses.filter_map(|address| self.at(live, address));
            let found = picks.find(|pick| avoid.is_none_or(|avoid| !avoid(pick.endpoint)));
            if found.is_some() {
                return found;
            }
        }
        let Some(subsets) = &self.subsets else {
            return self.pick_in(&self.pool, turn, live, input, avoid);
        };
        match subsets.scope(input.criteria) {
            Scope::All => self.pick_in(&self.pool, turn, live, input, avoid),
            Scope::Pool(pool) => self.pick_in(pool, turn, live, input, avoid),
            Scope::PoolOrAll(pool) => {
                let found = self.pick_in(pool, turn, live, input, avoid);
                // A subset whose endpoints are only to be avoided is not one without endpoints.
                if found.is_some() || avoid.is_some() && self.pick_in(pool, turn, live, input, None).is_some() {
                    return found;
                }
                self.pick_in(&self.pool, turn, live, input, avoid)
            }
            Scope::Nothing => None,
        }
    }

    /// The endpoint for another try: one that was not tried yet, if there is one where the request is led to.
    ///
    /// Tried endpoints are left out of the choice instead of being chosen and thrown away: one that fails at once has few requests in flight, and the
    /// least loaded of two would be that one again and again.
    pub fn pick_again<L: LiveState + ?Sized>(
        &self,
        turn: &mut Turn,
        live: &L,
        input: &PickInput<'_>,
        retry: &Retry<'_>,
    ) -> Option<Pick> {
        // Who was there before should not go back.
        let input = PickInput {
            preferred: input.preferred.filter(|preferred| preferred.is_strict),
            ..*input
        };
        // Localities and priorities are drawn anew each time.
        let picks = (0..u64::from(retry.max_attempts)).find_map(|attempt| {
            let hash = input.hash.map(|hash| key_hash(&hash.to_le_bytes(), attempt + 1));
            self.pick_but(turn, live, &PickInput { hash, ..input }, Some(retry.avoid))
        });
        picks.or_else(|| self.pick(turn, live, &input))
    }

    /// How it would pick now.
    pub fn explain<L: LiveState + ?Sized>(&self, live: &L) -> PickerExplanation {
        let plan = Plan::new(&self.pool, &self.places, &self.options, live);
        let mut method = self.method.to_string();
        if let Some(subsets) = &self.subsets {
            let fallback = match subsets.config.fallback {
                SubsetFallback::NoFallback => "none",
                SubsetFallback::AnyEndpoint => "any endpoint",
                SubsetFallback::DefaultSubset => "the default subset",
            };
            method = format!("{method}, in {} subsets, else {fallback}", subsets.pools().count());
        }
        PickerExplanation {
            method,
            priorities: plan.explain(&self.pool),
        }
    }

    /// The endpoint at an address, if a request that asks for it may go there.
    fn at<L: LiveState + ?Sized>(&self, live: &L, address: SocketAddr) -> Option<Pick> {
        let addresses = self.addresses.get_or_init(|| {
            let endpoints = (0..self.len()).rev();
            let known = endpoints.filter_map(|endpoint| Some((live.address(endpoint)?, endpoint as u32)));
            known.collect()
        });
        let endpoint = *addresses.get(&address)? as usize;
        let member = self.members[endpoint];
        let allowed = self.options.session_health;
        let is_well = live.is_available(endpoint) || allowed.has(HealthStatus::Unhealthy);
        (allowed.has(member.health) && is_well).then(|| Pick {
            endpoint,
            priority: self.places[member.locality as usize].level as usize,
            panic: false,
        })
    }

    fn pick_in<L: LiveState + ?Sized>(
        &self,
        pool: &Pool,
        turn: &mut Turn,
        live: &L,
        input: &PickInput<'_>,
        avoid: Avoid<'_>,
    ) -> Option<Pick> {
        let epoch = live.epoch();
        if turn.picker != self.id || turn.epoch != epoch {
            turn.plans.clear();
            (turn.picker, turn.epoch) = (self.id, epoch);
        }
        let index = pool.index as usize;
        if turn.plans.len() <= index {
            turn.plans.resize(index + 1, None);
        }
        let Turn {
            random, rounds, plans, ..
        } = turn;
        let plan = plans[index].get_or_insert_with(|| Plan::new(pool, &self.places, &self.options, live));
        if pool.levels.is_empty() {
            return None;
        }
        let hash = input.hash.filter(|_| self.method.hashes());
        let way = plan.way(|| hash.unwrap_or_else(|| random.u64(..)));
        let (level, level_plan) = (&pool.levels[way.level], &plan.levels[way.level]);
        let panic = level_plan.share.panic;
        if panic && self.options.zone_aware.is_some_and(|zones| zones.fail_traffic_on_panic) {
            return None;
        }
        let asks = level_plan.asks && !panic;
        let endpoint = if let Some(table) = &level.table {
            let hash = hash.unwrap_or_else(|| random.u64(..));
            self.choose_by_hash(table, hash, way, (panic, asks), live, avoid)
        } else {
            let wheel = wheel_for(level, plan, way, panic, random);
            self.choose(wheel, (random, rounds), live, (asks, avoid), input.now_ms)
        }?;
        Some(Pick {
            endpoint: endpoint as usize,
            priority: way.level,
            panic,
        })
    }

    fn choose_by_hash<L: LiveState + ?Sized>(
        &self,
        table: &HashTable,
        hash: u64,
        way: Way,
        (panic, asks): (bool, bool),
        live: &L,
        avoid: Avoid<'_>,
    ) -> Option<u32> {
        let wanted = if way.is_degraded {
            Standing::Degraded
        } else {
            Standing::Healthy
        };
        let is_good = |endpoint: u32| {
            let is_wanted = panic || self.members[endpoint as usize].standing == wanted;
            is_wanted && (!asks || live.is_available(endpoint as usize)) && !is_avoided(avoid, endpoint)
        };
        match self.options.hashing.balance_factor_percent {
            0 => table.find(hash, is_good),
            factor => table.find_bounded(hash, factor, live, is_good),
        }
    }

    fn choose<L: LiveState + ?Sized>(
        &self,
        wheel: &Wheel,
        (random, rounds): (&mut fastrand::Rng, &mut Vec<Rounds>),
        live: &L,
        (asks, avoid): (bool, Avoid<'_>),
        now_ms: u64,
    ) -> Option<u32> {
        if wheel.is_empty() {
            return None;
        }
        let is_good = |endpoint: u32| (!asks || live.is_available(endpoint as usize)) && !is_avoided(avoid, endpoint);
        let (mut wanted, bias) = match self.method {
            Method::LeastRequest { choices, bias } => (choices, bias),
            _ => (1, 0.0),
        };
        let draws = if self.slow_start.is_some() {
            MAX_SLOW_START_DRAWS
        } else {
            MAX_DRAWS
        };
        let (mut best, mut new): (Option<Drawn>, Option<Drawn>) = (None, None);
        for _ in 0..draws.max(wanted) {
            let candidate = match (self.method, best) {
                (Method::RoundRobin, _) => wheel.next(rounds_of(rounds, wheel, random)),
                (_, Some(best)) => wheel.draw_other(best, random),
                (_, None) => wheel.draw(random),
            };
            if !is_good(candidate.endpoint) {
                continue;
            }
            if let Some(settings) = &self.slow_start {
                let age = now_ms.saturating_sub(live.first_seen_ms(candidate.endpoint as usize));
                if passes_over(settings, age, random) {
                    new = Some(candidate);
                    continue;
                }
            }
            best = Some(best.map_or(candidate, |best| less_loaded(best, candidate, live, bias)));
            wanted -= 1;
            if wanted == 0 {
                break;
            }
        }
        let found = best.or(new).map(|drawn| drawn.endpoint);
        found.or_else(|| {
            // Nearly all of them are out: look for one that is not, from a random place on.
            let start = random.usize(..wheel.len() as usize);
            let mut from_start = wheel.endpoints().skip(start).chain(wheel.endpoints().take(start));
            from_start.find(|endpoint| is_good(*endpoint))
        })
    }
}

fn is_avoided(avoid: Avoid<'_>, endpoint: u32) -> bool {
    avoid.is_some_and(|avoid| avoid(endpoint as usize))
}

fn wheel_for<'p>(level: &'p PoolLevel, plan: &Plan, way: Way, panic: bool, random: &mut fastrand::Rng) -> &'p Wheel {
    if panic {
        return &level.all;
    }
    let group = plan.group(way, random).map(|position| &level.groups[position]);
    match (group, way.is_degraded) {
        (Some(group), false) => &group.healthy,
        (Some(group), true) => &group.degraded,
        (None, false) => &level.healthy,
        (None, true) => &level.degraded,
    }
}

fn rounds_of<'r>(rounds: &'r mut Vec<Rounds>, wheel: &Wheel, random: &mut fastrand::Rng) -> &'r mut Rounds {
    let index = wheel.id() as usize;
    while rounds.len() <= index {
        rounds.push(Rounds::new(random));
    }
    &mut rounds[index]
}

/// Draws follow weights already, so loads are compared per weight; at equal load the first draw counts, or light
/// endpoints would starve while nothing is in flight. The more bias, the more requests in flight count beside weights.
fn less_loaded<L: LiveState + ?Sized>(first: Drawn, second: Drawn, live: &L, bias: f64) -> Drawn {
    if bias <= 0.0 {
        return first;
    }
    let load = |drawn: Drawn| live.in_flight(drawn.endpoint as usize);
    let is_less = if first.weight == second.weight {
        load(second) < load(first)
    } else if (bias - 1.0).abs() < f64::EPSILON {
        u64::from(load(second)) * u64::from(first.weight) < u64::from(load(first)) * u64::from(second.weight)
    } else {
        let score = |drawn: Drawn| f64::from(load(drawn)).powf(bias) / f64::from(drawn.weight);
        score(second) < score(first)
    };
    if is_less { second } else { first }
}

fn slow_start(policy: LbPolicy) -> Option<SlowStart> {
    let settings = match policy {
        LbPolicy::RoundRobin { slow_start } | LbPolicy::LeastRequest { slow_start, .. } => slow_start,
        _ => None,
    };
    settings.filter(|settings| settings.window_ms > 0)
}

impl Method {
    fn of(policy: LbPolicy) -> Self {
        match policy {
            LbPolicy::RoundRobin { .. } => Self::RoundRobin,
            LbPolicy::LeastRequest {
                choice_count,
                active_request_bias,
                ..
            } => Self::LeastRequest {
                choices: choice_count.clamp(2, 16),
                bias: active_request_bias,
            },
            LbPolicy::RingHash { .. } => Self::RingHash,
            LbPolicy::Maglev { .. } => Self::Maglev,
            LbPolicy::Random | LbPolicy::ClusterProvided => Self::Random,
        }
    }

    fn hashes(self) -> bool {
        matches!(self, Self::RingHash | Self::Maglev)
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RoundRobin => f.write_str("round robin"),
            Self::LeastRequest { choices, .. } => write!(f, "least requests of {choices} drawn at random"),
            Self::Random => f.write_str("random"),
            Self::RingHash => f.write_str("the request's hash on a ring"),
            Self::Maglev => f.write_str("the request's hash by maglev"),
        }
    }
}

#[cfg(test)]
mod tests;
