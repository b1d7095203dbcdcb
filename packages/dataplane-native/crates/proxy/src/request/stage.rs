//! Where requests of HTTP/1 are served: futures as large as a request with all of its tries, which go from connection to
//! connection. One that waits for its next request keeps none, and taking one costs no allocation.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::Poll,
};

use super::{Next, Scratch, serve};
use crate::{connection::Link, snapshot::Serves, timer::Timer};

/// The stages of a worker that are free.
#[derive(Default)]
pub(crate) struct Stages {
    free: RefCell<Vec<Stage>>,
}

/// Stages kept for the next requests.
const SPARE_STAGES: usize = 256;

/// A request whose head has been read into `scratch`, and what it comes on.
pub(crate) struct Job {
    pub(crate) link: Box<Link>,
    pub(crate) scratch: Box<Scratch>,
    pub(crate) timer: Timer,
    /// The connection ends with it.
    pub(crate) is_last: bool,
}

struct Stage {
    /// Serves one job after the other and never ends.
    work: Pin<Box<dyn Future<Output = ()>>>,
    desk: Rc<Desk>,
}

/// Where a job is laid down for a stage, and back again.
#[derive(Default)]
struct Desk {
    job: Cell<Option<Job>>,
    done: Cell<Option<(Job, Next)>>,
}

impl Stages {
    /// Serves a request; what it came on comes back.
    pub(crate) async fn serve(&self, job: Job) -> (Job, Next) {
        let free = self.free.borrow_mut().pop();
        let mut stage = free.unwrap_or_else(Stage::new);
        stage.desk.job.set(Some(job));
        let done = poll_fn(|cx| {
            // It goes on waiting for the next job, whatever has become of this one.
            let _ = stage.work.as_mut().poll(cx);
            stage.desk.done.take().map_or(Poll::Pending, Poll::Ready)
        })
        .await;
        let mut free = self.free.borrow_mut();
        if free.len() < SPARE_STAGES {
            free.push(stage);
        }
        done
    }
}

impl Stage {
    fn new() -> Self {
        let desk = Rc::<Desk>::default();
        Self {
            work: Box::pin(work(Rc::clone(&desk))),
            desk,
        }
    }
}

async fn work(desk: Rc<Desk>) {
    loop {
        // Only who lays a job down polls: there is nobody to wake.
        let mut job = poll_fn(|_| desk.job.take().map_or(Poll::Pending, Poll::Ready)).await;
        let chain = Arc::clone(&job.link.served.chain);
        let next = match &chain.serves {
            Serves::Http(http) => {
                let Link { served, wire, received } = &mut *job.link;
                serve(served, http, wire, received, &mut job.scratch, &job.timer, job.is_last).await
            }
            Serves::Nothing | Serves::Tcp(_) => Next::Abort,
        };
        desk.done.set(Some((job, next)));
    }
}
