//! What mimalloc needs to be told.

/// Gives what this thread has freed back to the system. Without it that waits for the thread's next allocations, which may come hours later: a large
/// configuration takes several times its size while it is read.
pub(crate) fn give_back() {
    // SAFETY: has no precondition; it works on the heap of the calling thread.
    unsafe { libmimalloc_sys::mi_collect(true) };
}
