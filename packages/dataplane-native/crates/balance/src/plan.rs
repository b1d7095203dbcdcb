//! How the load of a pool is shared while nothing changes: over priorities, and over localities inside them.

use std::sync::Arc;

use config::{Locality, ZoneAware};
use serde::Serialize;

use crate::{
    live::LiveState,
    picker::PickerOptions,
    pool::{Group, Place, Pool, PoolLevel},
    priority::{self, Level, Share},
    wheel::Wheel,
};

/// Where the proxy is, for routing by zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalZone {
    /// Its locality.
    pub locality: Locality,
    /// Healthy endpoints of its own service by locality: where requests come from. Without them requests stay in the
    /// zone only if `force_local_zone_min_size` says so.
    pub sources: Arc<[(Locality, u32)]>,
}

impl LocalZone {
    /// Endpoints of the proxy's own service, if it has any in the proxy's own and in another locality.
    fn total(&self) -> u32 {
        let used = self.sources.iter().filter(|(_, count)| *count > 0);
        let is_there = used.clone().any(|(locality, _)| *locality == self.locality);
        if is_there && used.clone().count() > 1 {
            used.map(|(_, count)| count).sum()
        } else {
            0
        }
    }

    pub(crate) fn count(&self, locality: &Locality) -> u32 {
        let of = self.sources.iter().filter(|(other, _)| other == locality);
        of.map(|(_, count)| count).sum()
    }
}

/// A priority as it is used now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PriorityExplanation {
    /// The priority's number in the configuration.
    pub priority: u32,
    /// Its endpoints.
    pub endpoints: u32,
    /// Those of them that may be chosen.
    pub available: u32,
    /// Those of them that are degraded.
    pub degraded: u32,
    /// Share of the requests in percent.
    pub load_percent: u32,
    /// Part of it that goes to degraded endpoints.
    pub degraded_load_percent: u32,
    /// So few are available that all are used.
    pub panic: bool,
    /// How its healthy endpoints' requests are shared among localities; empty where localities do not count.
    pub localities: Vec<LocalityExplanation>,
}

/// A locality as it is used now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalityExplanation {
    /// Position in the configuration.
    pub locality: u32,
    /// Share of the priority's requests in percent.
    pub load_percent: f64,
}

/// The shares of a pool's load.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) levels: Vec<LevelPlan>,
    /// The first priority's healthy endpoints take everything.
    is_first_only: bool,
}

/// How a priority is used.
#[derive(Clone, Debug)]
pub(crate) struct LevelPlan {
    pub(crate) counts: Level,
    pub(crate) share: Share,
    /// Some endpoints are not available, so each has to be asked.
    pub(crate) asks: bool,
    healthy: Option<Routing>,
    degraded: Option<Routing>,
}

/// How requests are shared among localities.
#[derive(Clone, Debug)]
struct Routing {
    /// Part of the requests that is shared so, from 0 to 1; the others go to all.
    part: f64,
    /// Sums of shares up to each group.
    sums: Vec<f64>,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) level: usize,
    pub(crate) is_degraded: bool,
}

impl Plan {
    pub(crate) fn new<L: LiveState + ?Sized>(pool: &Pool, places: &[Place], options: &PickerOptions, live: &L) -> Self {
        let asks = live.has_unavailable();
        let available = |wheel: &Wheel| -> u32 {
            if asks {
                let mut endpoints = 0;
                for endpoint in wheel.endpoints() {
                    endpoints += u32::from(live.is_available(endpoint as usize));
                }
                endpoints
            } else {
                wheel.len()
            }
        };
        let counts: Vec<Level> = pool
            .levels
            .iter()
            .map(|level| Level {
                total: level.all.len(),
                healthy: available(&level.healthy),
                degraded: available(&level.degraded),
            })
            .collect();
        let shares = priority::distribute(
            &counts,
            options.overprovisioning_percent,
            options.panic_threshold_percent,
        );
        let level = |(position, level): (usize, &Arc<PoolLevel>)| {
            let (counts, share) = (counts[position], shares[position]);
            let by_share = |wheel: fn(&Group) -> &Arc<Wheel>| {
                let factor = f64::from(options.overprovisioning_percent) / 100.0;
                Routing::by_share(&level.groups, factor, |group| available(wheel(group)))
            };
            let (healthy, degraded) = match options.zone_aware {
                _ if options.locality_weighted => (by_share(|group| &group.healthy), by_share(|group| &group.degraded)),
                Some(zones) if position == 0 => {
                    let healthy: Vec<u32> = level.groups.iter().map(|group| available(&group.healthy)).collect();
                    let sources = options.zone.as_ref().map_or(0, LocalZone::total);
                    (Routing::by_zone(&level.groups, &healthy, places, &zones, sources), None)
                }
                _ => (None, None),
            };
            LevelPlan {
                counts,
                share,
                asks: asks && counts.healthy + counts.degraded < level.healthy.len() + level.degraded.len(),
                healthy,
                degraded,
            }
        };
        let levels: Vec<LevelPlan> = pool.levels.iter().enumerate().map(level).collect();
        Self {
            is_first_only: levels.first().is_some_and(|first| first.share.healthy == 100),
            levels,
        }
    }

    /// The way of a request with this number.
    pub(crate) fn way(&self, number: impl FnOnce() -> u64) -> Way {
        let mut way = Way {
            level: 0,
            is_degraded: false,
        };
        if self.is_first_only {
            return way;
        }
        let mut point = (number() % 100) as u32;
        let healthy = self.levels.iter().map(|level| (false, level.share.healthy));
        let degraded = self.levels.iter().map(|level| (true, level.share.degraded));
        for (position, (is_degraded, share)) in healthy.chain(degraded).enumerate() {
            if point < share {
                way.level = position % self.levels.len();
                way.is_degraded = is_degraded;
                break;
            }
            point -= share;
        }
        way
    }

    /// The locality of a request, by position among the level's groups; `None` if that does not matter.
    pub(crate) fn group(&self, way: Way, random: &mut fastrand::Rng) -> Option<usize> {
        let level = &self.levels[way.level];
        let routing = if way.is_degraded {
            &level.degraded
        } else {
            &level.healthy
        };
        let Routing { part, sums } = routing.as_ref()?;
        if *part < 1.0 && random.f64() >= *part {
            return None;
        }
        let point = random.f64() * sums.last()?;
        Some(sums.partition_point(|sum| *sum <= point).min(sums.len() - 1))
    }

    pub(crate) fn explain(&self, pool: &Pool) -> Vec<PriorityExplanation> {
        let levels = self.levels.iter().zip(&pool.levels);
        levels
            .map(|(plan, level)| PriorityExplanation {
                priority: level.number,
                endpoints: plan.counts.total,
                available: plan.counts.healthy + plan.counts.degraded,
                degraded: plan.counts.degraded,
                load_percent: plan.share.healthy + plan.share.degraded,
                degraded_load_percent: plan.share.degraded,
                panic: plan.share.panic,
                localities: plan
                    .healthy
                    .iter()
                    .flat_map(|routing| routing.explain(&level.groups))
                    .collect(),
            })
            .collect()
    }
}

impl Routing {
    /// By configured shares, each full as long as its available part times `factor` is.
    fn by_share(groups: &[Group], factor: f64, available: impl Fn(&Group) -> u32) -> Option<Self> {
        let shares = groups.iter().map(|group| {
            let part = f64::from(available(group)) / f64::from(group.total.max(1));
            group.weight * (factor * part).min(1.0)
        });
        Self::of(shares, 1.0)
    }

    fn of(shares: impl Iterator<Item = f64>, part: f64) -> Option<Self> {
        let sums: Vec<f64> = shares
            .scan(0.0, |sum, share| {
                *sum += share;
                Some(*sum)
            })
            .collect();
        let has_any = sums.last().is_some_and(|total| *total > 0.0);
        has_any.then_some(Self { part, sums })
    }

    /// To the proxy's own zone as far as that has its part of the endpoints; what is more goes to zones that have more
    /// endpoints than requests of their own. So every endpoint gets its even part, and as little as possible leaves a
    /// zone.
    fn by_zone(
        groups: &[Group],
        healthy: &[u32],
        places: &[Place],
        zones: &ZoneAware,
        sources_total: u32,
    ) -> Option<Self> {
        let place = |group: &Group| &places[group.locality as usize];
        let total: u64 = healthy.iter().map(|count| u64::from(*count)).sum();
        let used = healthy.iter().filter(|count| **count > 0).count();
        if used < 2 || total < zones.min_cluster_size {
            return None;
        }
        let local = groups.iter().position(|group| place(group).is_local);
        let part = (zones.routing_enabled_percent / 100.0).clamp(0.0, 1.0);
        let only_local = |local: usize| {
            let share = |position| f64::from(u8::from(position == local));
            Self::of((0..groups.len()).map(share), part)
        };
        if let (Some(local), Some(least)) = (local, zones.force_local_zone_min_size)
            && healthy[local] > 0
            && healthy[local] >= least
        {
            return only_local(local);
        }
        // Requests come from the zones of the proxy's own service; without them nothing is known.
        if sources_total == 0 {
            return None;
        }
        let source = |position: usize| f64::from(place(&groups[position]).sources) / f64::from(sources_total);
        let upstream = |position: usize| f64::from(healthy[position]) / total as f64;
        let mut kept = 0.0;
        if let Some(local) = local {
            if upstream(local) > 0.0 && upstream(local) >= source(local) {
                return only_local(local);
            }
            if source(local) > 0.0 {
                kept = upstream(local) / source(local);
            }
        }
        let room = |position: usize| {
            if Some(position) == local {
                0.0
            } else {
                (upstream(position) - source(position)).max(0.0)
            }
        };
        let rooms: f64 = (0..groups.len()).map(room).sum();
        if rooms <= 0.0 {
            return None;
        }
        let share = |position: usize| {
            let own = if Some(position) == local { kept } else { 0.0 };
            own + (1.0 - kept) * room(position) / rooms
        };
        Self::of((0..groups.len()).map(share), part)
    }

    fn explain(&self, groups: &[Group]) -> Vec<LocalityExplanation> {
        let total = self.sums.last().copied().unwrap_or(1.0);
        let mut before = 0.0;
        let locality = |(group, sum): (&Group, &f64)| {
            let share = (sum - before) / total * self.part * 100.0;
            before = *sum;
            LocalityExplanation {
                locality: group.locality,
                load_percent: share,
            }
        };
        groups.iter().zip(&self.sums).map(locality).collect()
    }
}
