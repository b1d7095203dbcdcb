//! The Node addon: a leaf, nothing but translation. Its rules are in `BOUNDARY.md`.

mod calls;
mod errors;
mod events;
mod exports;
mod filters;
mod handle;
mod memory;
mod taps;

/// JavaScript's own heap is V8's; everything of the engine is allocated here.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
