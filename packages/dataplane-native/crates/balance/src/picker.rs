//! The picker of a cluster.

use config::{Cluster, Endpoint, LbPolicy, LocalityEndpoints};
use serde::Serialize;

use crate::{
    alias::Alias,
    live::{LiveState, Turn},
    priority::{Level, PriorityExplanation, distribute},
    round_robin::Strides,
};

/// Draws before an available endpoint is searched one by one.
const MAX_DRAWS: u32 = 8;

/// What a picker needs of its cluster.
#[derive(Clone, Copy, Debug)]
pub struct PickerOptions {
    /// How an endpoint is chosen. `RingHash` and `Maglev` are served as least request, `ClusterProvided` as random.
    pub policy: LbPolicy,
    /// Below this share of available endpoints all are used; in percent.
    pub panic_threshold_percent: f64,
    /// A priority is full as long as its available share times this is 100; in percent.
    pub overprovisioning_percent: u32,
    /// Localities share the requests of their priority by weights of their own; one without a weight gets none.
    pub locality_weighted: bool,
}

impl From<&Cluster> for PickerOptions {
    fn from(cluster: &Cluster) -> Self {
        Self {
            policy: cluster.lb_policy,
            panic_threshold_percent: cluster.panic_threshold_percent,
            overprovisioning_percent: cluster.overprovisioning_percent,
            locality_weighted: cluster.locality_weighted,
        }
    }
}

/// Picks among the endpoints of a cluster.
#[derive(Clone, Debug)]
pub struct Picker {
    priorities: Vec<PriorityLevel>,
    method: Method,
    options: PickerOptions,
    len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    RoundRobin,
    LeastRequest { choices: u32, by_load: bool },
    Random,
}

#[derive(Clone, Debug)]
struct PriorityLevel {
    number: u32,
    /// Endpoints that the control plane holds for healthy.
    usable: Group,
    /// All of them, for panic.
    all: Group,
}

/// Endpoints to choose among.
#[derive(Clone, Debug)]
struct Group {
    endpoints: Vec<u32>,
    weights: Vec<u32>,
    alias: Alias,
    strides: Strides,
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
    /// Picks until an avoided endpoint is accepted (`host_selection_retry_max_attempts`).
    pub max_attempts: u32,
}

/// How a picker would pick now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
        let mut numbers: Vec<u32> = localities.iter().map(|locality| locality.priority).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let shares = if options.locality_weighted {
            locality_shares(localities)
        } else {
            endpoint_weights(localities)
        };
        let endpoints: Vec<(u32, &Endpoint)> = localities
            .iter()
            .flat_map(|l| l.endpoints.iter().map(move |endpoint| (l.priority, endpoint)))
            .collect();
        let level = |number: u32| {
            let of_level = || {
                endpoints
                    .iter()
                    .enumerate()
                    .filter(move |(_, (priority, _))| *priority == number)
            };
            let entry = |(position, _): (usize, &(u32, &Endpoint))| (position as u32, shares[position]);
            let all = Group::new(of_level().map(entry));
            let usable = Group::new(
                of_level()
                    .filter(|(_, (_, endpoint))| endpoint.health.is_usable())
                    .map(entry),
            );
            PriorityLevel { number, usable, all }
        };
        let priorities = numbers.into_iter().map(level).collect();
        Self {
            priorities,
            method: Method::of(options.policy),
            options,
            len: endpoints.len(),
        }
    }

    /// Endpoints it was made of.
    pub fn len(&self) -> usize {
        self.len
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Position of an endpoint's priority, for the caller's count of unavailable ones.
    pub fn priority_of(&self, endpoint: usize) -> Option<usize> {
        self.priorities
            .iter()
            .position(|level| level.all.endpoints.binary_search(&(endpoint as u32)).is_ok())
    }

    /// The endpoint for a request. `None`: none is available (flag UH).
    pub fn pick<L: LiveState + ?Sized>(&self, turn: &mut Turn, live: &L) -> Option<Pick> {
        let (priority, panic) = self.choose_priority(turn, live)?;
        let level = &self.priorities[priority];
        let group = if panic { &level.all } else { &level.usable };
        let ignores_state = panic || live.unavailable(priority) == 0;
        let endpoint = self.choose(group, turn, live, ignores_state)?;
        Some(Pick {
            endpoint: endpoint as usize,
            priority,
            panic,
        })
    }

    /// The endpoint for another try: one that was not tried yet, if that is found in a few picks.
    pub fn pick_again<L: LiveState + ?Sized>(&self, turn: &mut Turn, live: &L, retry: &Retry<'_>) -> Option<Pick> {
        let mut pick = self.pick(turn, live)?;
        for _ in 0..retry.max_attempts {
            if !(retry.avoid)(pick.endpoint) {
                break;
            }
            pick = self.pick(turn, live)?;
        }
        Some(pick)
    }

    /// How it would pick now.
    pub fn explain<L: LiveState + ?Sized>(&self, live: &L) -> PickerExplanation {
        let mut priorities = Vec::with_capacity(self.priorities.len());
        self.distribute(live, |position, load_percent, panic| {
            let (level, counts) = (&self.priorities[position], self.counts(position, live));
            let Level { total, available } = counts;
            priorities.push(PriorityExplanation {
                priority: level.number,
                endpoints: total,
                available,
                load_percent,
                panic,
            });
        });
        PickerExplanation {
            method: self.method.to_string(),
            priorities,
        }
    }

    fn choose_priority<L: LiveState + ?Sized>(&self, turn: &mut Turn, live: &L) -> Option<(usize, bool)> {
        let first = self.priorities.first()?;
        let all_usable = first.usable.endpoints.len() == first.all.endpoints.len();
        if all_usable && !first.all.endpoints.is_empty() && live.unavailable(0) == 0 {
            return Some((0, false));
        }
        let mut point = turn.random.u32(..100);
        let mut chosen = None;
        self.distribute(live, |position, share, panic| {
            if chosen.is_none() && point < share {
                chosen = Some((position, panic));
            }
            point = point.saturating_sub(share);
        });
        chosen
    }

    fn distribute<L: LiveState + ?Sized>(&self, live: &L, each: impl FnMut(usize, u32, bool)) {
        let levels = (0..self.priorities.len()).map(|position| self.counts(position, live));
        distribute(
            levels,
            self.options.overprovisioning_percent,
            self.options.panic_threshold_percent,
            each,
        );
    }

    fn counts<L: LiveState + ?Sized>(&self, position: usize, live: &L) -> Level {
        let level = &self.priorities[position];
        let usable = level.usable.endpoints.len() as u32;
        Level {
            total: level.all.endpoints.len() as u32,
            available: usable.saturating_sub(live.unavailable(position)),
        }
    }

    fn choose<L: LiveState + ?Sized>(
        &self,
        group: &Group,
        turn: &mut Turn,
        live: &L,
        ignores_state: bool,
    ) -> Option<u32> {
        if group.endpoints.is_empty() {
            return None;
        }
        let is_good = |position: usize| ignores_state || live.is_available(group.endpoints[position] as usize);
        let mut best: Option<usize> = None;
        let mut wanted = match self.method {
            Method::LeastRequest { choices, .. } => choices,
            Method::RoundRobin | Method::Random => 1,
        };
        for _ in 0..MAX_DRAWS.max(wanted) {
            let position = self.draw(group, turn, best);
            if !is_good(position) {
                continue;
            }
            best = Some(best.map_or(position, |best| group.less_loaded(best, position, live, self.method)));
            wanted -= 1;
            if wanted == 0 {
                break;
            }
        }
        let position = best.or_else(|| {
            // Nearly all of them are out: look for one that is not, from a random place on.
            let start = turn.random.usize(..group.endpoints.len());
            (start..group.endpoints.len())
                .chain(0..start)
                .find(|position| is_good(*position))
        })?;
        Some(group.endpoints[position])
    }

    fn draw(&self, group: &Group, turn: &mut Turn, best: Option<usize>) -> usize {
        if self.method == Method::RoundRobin {
            return group.strides.next(&mut turn.sequence);
        }
        match best {
            // A second choice that differs from the first.
            Some(best) if group.alias.is_uniform() && group.alias.len() > 1 => {
                (best + turn.random.usize(1..group.alias.len())) % group.alias.len()
            }
            Some(best) => {
                let drawn = group.alias.draw(&mut turn.random);
                if drawn == best {
                    group.alias.draw(&mut turn.random)
                } else {
                    drawn
                }
            }
            None => group.alias.draw(&mut turn.random),
        }
    }
}

fn endpoint_weights(localities: &[LocalityEndpoints]) -> Vec<u32> {
    localities
        .iter()
        .flat_map(|locality| &locality.endpoints)
        .map(|endpoint| endpoint.weight.max(1))
        .collect()
}

/// Shares of the endpoints where localities have weights: an endpoint gets its part of its locality's weight. Only their
/// ratios count, so they are scaled to a range in which rounding does not matter.
fn locality_shares(localities: &[LocalityEndpoints]) -> Vec<u32> {
    const LARGEST_SHARE: f64 = 1_000_000.0;
    let share = |locality: &LocalityEndpoints| {
        let total: f64 = locality
            .endpoints
            .iter()
            .map(|endpoint| f64::from(endpoint.weight.max(1)))
            .sum();
        let unit = f64::from(locality.weight.unwrap_or(0)) / total;
        locality
            .endpoints
            .iter()
            .map(|endpoint| unit * f64::from(endpoint.weight.max(1)))
            .collect::<Vec<_>>()
    };
    let shares: Vec<f64> = localities.iter().flat_map(share).collect();
    let largest = shares.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        return endpoint_weights(localities);
    }
    let scaled = |share: &f64| {
        if *share > 0.0 {
            (share / largest * LARGEST_SHARE).round().max(1.0) as u32
        } else {
            0
        }
    };
    shares.iter().map(scaled).collect()
}

impl Group {
    fn new(entries: impl Iterator<Item = (u32, u32)>) -> Self {
        let (endpoints, weights): (Vec<u32>, Vec<u32>) = entries.unzip();
        let (alias, strides) = (Alias::new(&weights), Strides::new(&weights));
        Self {
            endpoints,
            weights,
            alias,
            strides,
        }
    }

    /// Draws follow weights already, so loads are compared per weight; at equal load the first draw counts, or light
    /// endpoints would starve while nothing is in flight.
    fn less_loaded<L: LiveState + ?Sized>(&self, first: usize, second: usize, live: &L, method: Method) -> usize {
        if !matches!(method, Method::LeastRequest { by_load: true, .. }) {
            return first;
        }
        let load = |position: usize| u64::from(live.in_flight(self.endpoints[position] as usize));
        let weight = |position: usize| u64::from(self.weights[position]);
        if load(second) * weight(first) < load(first) * weight(second) {
            second
        } else {
            first
        }
    }
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
                by_load: active_request_bias > 0.0,
            },
            LbPolicy::RingHash { .. } | LbPolicy::Maglev { .. } => Self::LeastRequest {
                choices: 2,
                by_load: true,
            },
            LbPolicy::Random | LbPolicy::ClusterProvided => Self::Random,
        }
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RoundRobin => f.write_str("round robin"),
            Self::LeastRequest { choices, .. } => write!(f, "least requests of {choices} drawn at random"),
            Self::Random => f.write_str("random"),
        }
    }
}

#[cfg(test)]
mod tests;
