//! Picks endpoints.
//!
//! A [`Picker`] is made once per set of endpoints and never changes; picking takes constant time, allocates nothing and
//! locks nothing. What changes all the time (requests in flight, ejections, failed health checks) is asked of the
//! caller through [`LiveState`]; what belongs to one worker (random numbers, whose turn it is) is a [`Turn`].
#![forbid(unsafe_code)]

mod alias;
mod live;
mod picker;
mod priority;
mod round_robin;

pub use live::{LiveState, NoState, Turn};
pub use picker::{Pick, Picker, PickerExplanation, PickerOptions, Retry};
pub use priority::PriorityExplanation;
