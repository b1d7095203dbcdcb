//! Small changes of an endpoint set, without making everything anew.

use std::sync::Arc;

use config::HealthStatus;

use crate::{
    picker::{Picker, PickerOptions},
    pool::{Group, Member, Place, Pool, PoolLevel, Standing},
    wheel::Wheel,
};

/// A change of one endpoint. Positions are those of the picker that is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointChange {
    /// Another weight or health, or another endpoint at the same position.
    Replace {
        /// Position.
        endpoint: usize,
        /// Weight.
        weight: u32,
        /// What the control plane says of its health.
        health: HealthStatus,
    },
    /// It is gone; those after it move up.
    Remove {
        /// Position.
        endpoint: usize,
    },
    /// A new one.
    Insert {
        /// The position that it gets.
        endpoint: usize,
        /// Position of its locality.
        locality: usize,
        /// Weight.
        weight: u32,
        /// What the control plane says of its health.
        health: HealthStatus,
    },
}

/// A member that leaves or comes.
#[derive(Clone, Copy)]
struct Step {
    endpoint: u32,
    member: Member,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Leaves, and the numbers after it move up.
    Close,
    /// Leaves.
    Leave,
    /// Comes to a number that is free.
    Enter,
    /// The numbers from here on move down and it comes.
    Open,
}

impl Picker {
    /// This picker with one endpoint changed. It costs a copy of some lists of numbers. `None` if that is not enough:
    /// with subsets, with policies that hash, or with a locality that had no endpoint.
    #[must_use]
    pub fn changed(&self, change: EndpointChange) -> Option<Self> {
        if self.subsets.is_some() || self.wants_hash() {
            return None;
        }
        let member = |locality: u32, weight: u32, health: HealthStatus| Member {
            health,
            locality,
            weight: weight.max(1),
            standing: health.into(),
        };
        let mut members = Vec::clone(&self.members);
        let mut pool = self.pool.clone();
        let step = |endpoint: usize, member, kind| Step {
            endpoint: endpoint as u32,
            member,
            kind,
        };
        match change {
            EndpointChange::Replace {
                endpoint,
                weight,
                health,
            } => {
                let old = *members.get(endpoint)?;
                let new = member(old.locality, weight, health);
                members[endpoint] = new;
                if old != new {
                    self.apply(&mut pool, step(endpoint, old, Kind::Leave))?;
                    self.apply(&mut pool, step(endpoint, new, Kind::Enter))?;
                }
            }
            EndpointChange::Remove { endpoint } => {
                let old = *members.get(endpoint)?;
                members.remove(endpoint);
                self.apply(&mut pool, step(endpoint, old, Kind::Close))?;
            }
            EndpointChange::Insert {
                endpoint,
                locality,
                weight,
                health,
            } => {
                let new = member(locality as u32, weight, health);
                if endpoint > members.len() || locality >= self.places.len() {
                    return None;
                }
                members.insert(endpoint, new);
                self.apply(&mut pool, step(endpoint, new, Kind::Open))?;
            }
        }
        let (places, options) = (Arc::clone(&self.places), self.options.clone());
        Some(Self::of(Arc::new(members), places, pool, None, options))
    }

    /// This picker with other members, if they differ in one place at most.
    pub(crate) fn patched(
        &self,
        members: &[Member],
        places: &[Place],
        levels: &[u32],
        options: &PickerOptions,
    ) -> Option<Self> {
        let known_levels = self.pool.levels.iter().map(|level| level.number);
        if self.options != *options || *self.places != *places || !known_levels.eq(levels.iter().copied()) {
            return None;
        }
        let old = self.members.as_slice();
        let same = old.iter().zip(members).take_while(|(old, new)| old == new).count();
        let rest = (&old[same..], &members[same..]);
        let same_end = rest.0.iter().rev().zip(rest.1.iter().rev());
        let same_end = same_end.take_while(|(old, new)| old == new).count();
        let differs = (rest.0.len() - same_end, rest.1.len() - same_end);
        let health = |member: &Member| member.health;
        let change = match differs {
            (1, 1) if old[same].locality == members[same].locality => EndpointChange::Replace {
                endpoint: same,
                weight: members[same].weight,
                health: health(&members[same]),
            },
            (1, 0) => EndpointChange::Remove { endpoint: same },
            (0, 1) => EndpointChange::Insert {
                endpoint: same,
                locality: members[same].locality as usize,
                weight: members[same].weight,
                health: health(&members[same]),
            },
            // The same as before: any member replaced by itself.
            (0, 0) => EndpointChange::Replace {
                endpoint: 0,
                weight: old.first()?.weight,
                health: health(old.first()?),
            },
            _ => return None,
        };
        self.changed(change)
    }

    fn apply(&self, pool: &mut Pool, step: Step) -> Option<()> {
        let target = self.places[step.member.locality as usize].level as usize;
        let renumbers = matches!(step.kind, Kind::Close | Kind::Open);
        for (position, level) in pool.levels.iter_mut().enumerate() {
            if renumbers || position == target {
                apply_to_level(Arc::make_mut(level), step, position == target)?;
            }
        }
        Some(())
    }
}

fn apply_to_level(level: &mut PoolLevel, step: Step, is_own: bool) -> Option<()> {
    let is_healthy = step.member.standing == Standing::Healthy;
    let is_degraded = step.member.standing == Standing::Degraded;
    let was_shared = Arc::ptr_eq(&level.healthy, &level.all);
    patch(&mut level.healthy, step, is_own && is_healthy);
    // As long as all are healthy, one wheel stands for both.
    if was_shared && (is_healthy || !is_own) {
        level.all = Arc::clone(&level.healthy);
    } else {
        patch(&mut level.all, step, is_own);
    }
    patch(&mut level.degraded, step, is_own && is_degraded);
    let mut has_group = level.groups.is_empty();
    for group in &mut level.groups {
        let is_own = is_own && group.locality == step.member.locality;
        has_group |= is_own;
        patch(&mut group.healthy, step, is_own && is_healthy);
        patch(&mut group.degraded, step, is_own && is_degraded);
        if is_own {
            resize(group, step.kind);
        }
    }
    (has_group || !is_own).then_some(())
}

fn resize(group: &mut Group, kind: Kind) {
    match kind {
        Kind::Close | Kind::Leave => group.total -= 1,
        Kind::Enter | Kind::Open => group.total += 1,
    }
}

fn patch(wheel: &mut Arc<Wheel>, step: Step, is_in: bool) {
    let renumbers = matches!(step.kind, Kind::Close | Kind::Open) && !wheel.is_empty();
    if !is_in && !renumbers {
        return;
    }
    let wheel = Arc::make_mut(wheel);
    let Step { endpoint, member, .. } = step;
    if is_in && matches!(step.kind, Kind::Close | Kind::Leave) {
        wheel.remove(endpoint, member.weight);
    }
    if renumbers {
        wheel.shift(endpoint, step.kind == Kind::Open);
    }
    if is_in && matches!(step.kind, Kind::Enter | Kind::Open) {
        wheel.insert(endpoint, member.weight);
    }
}
