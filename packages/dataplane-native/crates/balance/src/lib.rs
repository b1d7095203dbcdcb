//! Picks endpoints.
//!
//! A [`Picker`] is made once per set of endpoints and never changes; picking takes constant time, allocates nothing and
//! locks nothing. What changes all the time (requests in flight, ejections, failed health checks) is asked of the
//! caller through [`LiveState`]; what belongs to one worker (random numbers, whose turn it is, how the load is shared
//! while nothing changes) is a [`Turn`]; what belongs to one request is a [`PickInput`].
#![forbid(unsafe_code)]

mod change;
mod hashing;
mod live;
mod maglev;
mod picker;
mod plan;
mod pool;
mod priority;
mod ring;
mod slow_start;
mod subset;
mod wheel;

pub use change::EndpointChange;
pub use live::{LiveState, NoState, PickInput, Preferred, Turn};
pub use picker::{Pick, Picker, PickerExplanation, PickerOptions, Retry};
pub use plan::{LocalZone, LocalityExplanation, PriorityExplanation};
