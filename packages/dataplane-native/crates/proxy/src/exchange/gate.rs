//! Where a body is held, shown to a service or replaced on its way.

mod duplex;

use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use config::ExtProcBody;
use filter::{
    ext_proc::{Changes, ContentDecision, OwnedSettings, Phase},
    extension::WantedBody,
};
use serde_json::Value;

use duplex::Duplex;

use super::{Broken, outgoing::Encoded, trailers::Trailers};
use crate::{
    filters,
    request::{Body, Reply},
    side_call::Conversation,
};

pub(crate) use duplex::Answer;

/// Content on its way. `ends`: nothing of it follows, but trailers where there are some.
#[derive(Default)]
pub(super) struct Piece {
    pub(super) content: Vec<u8>,
    pub(super) ends: bool,
}

/// What is done with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It passes by.
    Pass,
    /// Every piece is shown by itself.
    Streamed,
    /// It is held until it is whole, then shown.
    Buffered,
    /// It is held until it is whole, or as much of it is here as fits, then shown.
    Partial,
    /// Every piece is shown by itself, and what the service says goes on, whenever it does.
    FullDuplex,
    /// This takes its place.
    Replace(Vec<u8>),
}

impl From<ExtProcBody> for Stage {
    fn from(body: ExtProcBody) -> Self {
        match body {
            ExtProcBody::None => Self::Pass,
            ExtProcBody::Streamed => Self::Streamed,
            ExtProcBody::Buffered => Self::Buffered,
            ExtProcBody::BufferedPartial => Self::Partial,
            ExtProcBody::FullDuplexStreamed => Self::FullDuplex,
        }
    }
}

type Asking = Pin<Box<dyn Future<Output = Answer>>>;

/// A question that was asked.
struct Question {
    asking: Asking,
    is_about_trailers: bool,
    /// What goes on if the service does not say otherwise.
    piece: Piece,
}

/// A service that is shown a body.
struct Service {
    conversation: Rc<Conversation>,
    settings: OwnedSettings,
}

impl Service {
    fn ask(&self, phase: Phase, message: Vec<u8>) -> Asking {
        let conversation = Rc::clone(&self.conversation);
        Box::pin(async move { conversation.ask(phase, &message).await })
    }
}

/// One place along a body's way.
pub(crate) struct Gate {
    /// None: nobody is asked here, the body is held or replaced.
    service: Option<Service>,
    phase: Phase,
    stage: Stage,
    shows_trailers: bool,
    /// The most that is held.
    limit: usize,
    held: Vec<u8>,
    question: Option<Question>,
    duplex: Duplex,
    /// What came before this gate was there.
    pending: Option<Piece>,
    /// What an encoding is taken off with, and whether all that is encoded has come.
    encoded: Option<(Box<Encoded>, bool)>,
    /// All of the body has reached this gate.
    has_all_come: bool,
    /// All of the body has gone on.
    has_ended: bool,
    /// What answers to a body that was held change in the head.
    changes: Vec<Changes>,
    metadata: Option<Value>,
}

/// Where a gate is put.
pub(crate) struct Place {
    pub(crate) phase: Phase,
    pub(crate) stage: Stage,
    pub(crate) shows_trailers: bool,
    pub(crate) limit: usize,
}

impl Gate {
    /// Shows the body to a service.
    pub(crate) fn new(conversation: &Rc<Conversation>, settings: OwnedSettings, place: Place) -> Self {
        let only_observes = settings.settings().only_observes();
        let stage = match place.stage {
            // Nothing is held back for somebody who only observes.
            Stage::Buffered | Stage::Partial | Stage::FullDuplex if only_observes => Stage::Streamed,
            stage => stage,
        };
        let service = Service {
            conversation: Rc::clone(conversation),
            settings,
        };
        Self::build(Some(service), Place { stage, ..place })
    }

    /// The same for a body whose head is shown by `message`: both go to the service without waiting for each other.
    #[must_use]
    pub(crate) fn with_head(mut self, message: &[u8]) -> Self {
        if let Some(service) = &self.service {
            service.conversation.say(message);
            self.duplex.awaits_head = true;
        }
        self
    }

    /// Holds the body back, until it is whole or as much of it is here as is wanted.
    pub(crate) fn holding(phase: Phase, wanted: WantedBody) -> Self {
        let stage = if wanted.allow_partial {
            Stage::Partial
        } else {
            Stage::Buffered
        };
        Self::build(
            None,
            Place {
                phase,
                stage,
                shows_trailers: false,
                limit: wanted.max_bytes as usize,
            },
        )
    }

    /// Puts something in the body's place.
    pub(crate) fn replacing(phase: Phase, content: Vec<u8>) -> Self {
        Self::build(
            None,
            Place {
                phase,
                stage: Stage::Replace(content),
                shows_trailers: false,
                limit: 0,
            },
        )
    }

    fn build(service: Option<Service>, place: Place) -> Self {
        Self {
            service,
            phase: place.phase,
            stage: place.stage,
            shows_trailers: place.shows_trailers,
            limit: place.limit,
            held: Vec::new(),
            question: None,
            duplex: Duplex::default(),
            pending: None,
            encoded: None,
            has_all_come: false,
            has_ended: false,
            changes: Vec::new(),
            metadata: None,
        }
    }

    /// Whether the head waits for what becomes of the body, or of its first part.
    pub(crate) fn holds_head(&self) -> bool {
        matches!(self.stage, Stage::Buffered | Stage::Partial | Stage::Replace(_))
    }

    pub(super) fn set_pending(&mut self, piece: Piece) {
        self.pending = Some(piece);
    }

    /// What reaches this gate from now on is encoded. `has_ended`: all of it has come.
    pub(super) fn decode(&mut self, encoded: Box<Encoded>, has_ended: bool) {
        self.encoded = Some((encoded, has_ended));
    }

    /// What comes out of what was encoded, if something does.
    fn decoded(&mut self) -> Result<Option<Piece>, Broken> {
        let Some((encoded, has_ended)) = &mut self.encoded else {
            return Ok(None);
        };
        while encoded.has_work() {
            encoded.stage()?;
            if !encoded.staged.is_empty() {
                return Ok(Some(Piece {
                    content: std::mem::take(&mut encoded.staged),
                    ends: false,
                }));
            }
        }
        if !*has_ended {
            return Ok(None);
        }
        encoded.end()?;
        Ok(Some(Piece {
            content: Vec::new(),
            ends: true,
        }))
    }

    /// Takes an encoding off a piece, where there is one. None: it comes out piece by piece.
    fn unencoded(&mut self, piece: Piece) -> Option<Piece> {
        let Some((encoded, has_ended)) = &mut self.encoded else {
            return Some(piece);
        };
        encoded.add(&piece.content);
        *has_ended |= piece.ends;
        None
    }

    /// Goes on with what was asked, where that is all that can be done.
    fn poll_question(&mut self, cx: &mut Context<'_>) {
        if let Some(question) = &mut self.question
            && let Poll::Ready(answer) = question.asking.as_mut().poll(cx)
        {
            question.asking = Box::pin(std::future::ready(answer));
        }
    }

    /// Whether the service wants to be shown nothing more.
    fn is_over(&self) -> bool {
        self.service
            .as_ref()
            .is_some_and(|service| service.conversation.is_over())
    }

    /// Takes a piece. None: it is shown first, or held.
    fn take(&mut self, mut piece: Piece, trailers: &Trailers) -> Result<Option<Piece>, Box<Reply>> {
        if self.is_over() && !matches!(self.stage, Stage::Replace(_)) {
            if !self.held.is_empty() {
                self.held.append(&mut piece.content);
                piece.content = std::mem::take(&mut self.held);
            }
            return Ok(Some(piece));
        }
        match &mut self.stage {
            Stage::Replace(content) => {
                // What the body was is thrown away.
                if !piece.ends {
                    return Ok(None);
                }
                piece.content = std::mem::take(content);
                Ok(Some(piece))
            }
            // Of a service that speaks whenever it likes nothing comes here before it is over.
            Stage::Pass | Stage::FullDuplex => Ok(self.after_content(piece, trailers)),
            Stage::Streamed => {
                let is_nothing = piece.content.is_empty() && (!piece.ends || trailers.has_any());
                if is_nothing {
                    return Ok(self.after_content(piece, trailers));
                }
                Ok(self.show_content(piece, trailers))
            }
            Stage::Buffered | Stage::Partial => {
                self.held.append(&mut piece.content);
                let is_full = self.held.len() >= self.limit;
                if self.stage == Stage::Buffered && self.held.len() > self.limit {
                    return Err(Box::new(self.too_large()));
                }
                let is_enough = piece.ends || is_full && self.stage == Stage::Partial;
                if !is_enough {
                    return Ok(None);
                }
                piece.content = std::mem::take(&mut self.held);
                if self.stage == Stage::Partial && piece.content.len() > self.limit {
                    self.pending = Some(Piece {
                        content: piece.content.split_off(self.limit),
                        ends: std::mem::take(&mut piece.ends),
                    });
                }
                Ok(self.show_content(piece, trailers))
            }
        }
    }

    fn too_large(&self) -> Reply {
        match self.phase {
            Phase::Request => Reply {
                body: Body::Static("Payload Too Large"),
                ..Reply::status(413, "request_payload_too_large")
            },
            Phase::Response => Reply {
                body: Body::Static("Internal Server Error"),
                ..Reply::status(500, "response_payload_too_large")
            },
        }
    }

    /// What follows the content of a piece: nothing, or trailers that are shown first.
    fn after_content(&mut self, piece: Piece, trailers: &Trailers) -> Option<Piece> {
        let is_shown = piece.ends && self.shows_trailers && trailers.has_any() && !self.is_over();
        let Some(service) = self.service.as_ref().filter(|_| is_shown) else {
            return Some(piece);
        };
        let settings = service.settings.settings();
        let begins = service.conversation.begins();
        let message = settings.trailers_message(self.phase, trailers.iter(), begins);
        self.question = Some(Question {
            asking: service.ask(self.phase, message),
            is_about_trailers: true,
            piece,
        });
        None
    }

    /// Shows content to the service. Where there is none the content goes on: as much of it was held as was wanted.
    fn show_content(&mut self, piece: Piece, trailers: &Trailers) -> Option<Piece> {
        let Some(service) = &self.service else {
            self.stage = Stage::Pass;
            return Some(piece);
        };
        let ends = piece.ends && !trailers.has_any();
        let settings = service.settings.settings();
        let begins = service.conversation.begins();
        let message = settings.content_message(self.phase, piece.content.clone(), ends, begins);
        self.question = Some(Question {
            asking: service.ask(self.phase, message),
            is_about_trailers: false,
            piece,
        });
        None
    }

    /// Takes the answer to what was asked. None: something else has to be asked first.
    fn answered(
        &mut self,
        question: Question,
        answer: Answer,
        trailers: &mut Trailers,
    ) -> Result<Option<Piece>, Box<Reply>> {
        let Question {
            is_about_trailers,
            mut piece,
            ..
        } = question;
        let Some(service) = &self.service else {
            return Ok(Some(piece));
        };
        let settings = service.settings.settings();
        let decision = if is_about_trailers {
            settings.decide_trailers(self.phase, answer)
        } else {
            settings.decide_content(self.phase, answer)
        };
        let (content, mut changes) = match decision {
            ContentDecision::Continue { content, changes } => (content, changes),
            ContentDecision::Reply(immediate) => return Err(Box::new(filters::immediate(*immediate))),
            ContentDecision::Fail { status } => return Err(Box::new(filters::processing_failed(status))),
        };
        filters::merge(&mut self.metadata, changes.metadata.take());
        if is_about_trailers {
            trailers.change(&changes);
            return Ok(Some(piece));
        }
        if let Some(content) = content {
            piece.content = content;
        }
        match self.stage {
            Stage::Buffered => self.changes.push(*changes),
            Stage::Partial => {
                self.changes.push(*changes);
                self.stage = Stage::Pass;
            }
            Stage::Pass | Stage::Streamed | Stage::FullDuplex | Stage::Replace(_) => {}
        }
        Ok(self.after_content(piece, trailers))
    }
}

/// What gives the pieces that no gate has seen.
pub(super) type RawPieces<'a> = &'a mut dyn FnMut(&mut Context<'_>, &mut Trailers) -> Poll<Result<Piece, Broken>>;

/// What has passed a gate, if something has.
type Step = Option<Piece>;

/// The gates of a message, in the order in which they are passed.
#[derive(Default)]
pub(super) struct Gates {
    list: Vec<Gate>,
    stop: Option<Box<Reply>>,
}

impl Gates {
    pub(super) fn push(&mut self, gate: Gate) {
        self.list.push(gate);
    }

    /// The answer of a service that has ended the request.
    pub(super) fn take_stop(&mut self) -> Option<Box<Reply>> {
        self.stop.take()
    }

    /// What answers change in the head, until now.
    pub(super) fn take_changes(&mut self) -> Vec<Changes> {
        self.list.iter_mut().flat_map(|gate| gate.changes.drain(..)).collect()
    }

    /// Metadata of the answers until now.
    pub(super) fn take_metadata(&mut self) -> Option<Value> {
        let mut all = None;
        for gate in &mut self.list {
            filters::merge(&mut all, gate.metadata.take());
        }
        all
    }

    /// Goes on with what was asked; nothing new is read.
    pub(super) fn poll_questions(&mut self, cx: &mut Context<'_>) {
        for gate in &mut self.list {
            gate.poll_question(cx);
        }
    }

    /// The next piece that has passed all of them. `raw` has what none has seen.
    pub(super) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        trailers: &mut Trailers,
        raw: RawPieces<'_>,
    ) -> Poll<Result<Piece, Broken>> {
        let Self { list, stop } = self;
        poll_through(list, cx, trailers, raw, stop)
    }

    /// What is said to the head that the last gate's service was shown.
    pub(super) fn poll_head_answer(
        &mut self,
        cx: &mut Context<'_>,
        trailers: &mut Trailers,
        raw: RawPieces<'_>,
    ) -> Poll<Result<Answer, Broken>> {
        let Self { list, stop } = self;
        let Some((gate, before)) = list.split_last_mut() else {
            return Poll::Ready(Ok(Ok(None)));
        };
        ready!(gate.poll_duplex(before, cx, trailers, raw, stop))?;
        Poll::Ready(Ok(gate.duplex.head.take().unwrap_or(Ok(None))))
    }
}

fn poll_through(
    gates: &mut [Gate],
    cx: &mut Context<'_>,
    trailers: &mut Trailers,
    raw: RawPieces<'_>,
    stop: &mut Option<Box<Reply>>,
) -> Poll<Result<Piece, Broken>> {
    let Some((gate, before)) = gates.split_last_mut() else {
        return raw(cx, trailers);
    };
    loop {
        let passed = if let Some(question) = &mut gate.question {
            let answer = ready!(question.asking.as_mut().poll(cx));
            match gate.question.take() {
                Some(question) => gate.answered(question, answer, trailers),
                None => Ok(None),
            }
        } else if gate.has_ended {
            Ok(Some(Piece {
                content: Vec::new(),
                ends: true,
            }))
        } else if gate.is_duplex() {
            Ok(ready!(gate.poll_duplex(before, cx, trailers, raw, stop))?)
        } else {
            let piece = ready!(poll_source(gate, before, cx, trailers, raw, stop))?;
            gate.take(piece, trailers)
        };
        match passed {
            Ok(Some(piece)) => {
                gate.has_ended |= piece.ends;
                return Poll::Ready(Ok(piece));
            }
            Ok(None) => {}
            Err(reply) => {
                *stop = Some(reply);
                return Poll::Ready(Err(Broken::Stopped));
            }
        }
    }
}

/// The next piece that reaches a gate.
fn poll_source(
    gate: &mut Gate,
    before: &mut [Gate],
    cx: &mut Context<'_>,
    trailers: &mut Trailers,
    raw: RawPieces<'_>,
    stop: &mut Option<Box<Reply>>,
) -> Poll<Result<Piece, Broken>> {
    loop {
        let here = match gate.pending.take() {
            Some(piece) => Some(piece),
            None => gate.decoded()?,
        };
        let piece = match here {
            Some(piece) => Some(piece),
            None if gate.has_all_come => Some(Piece {
                content: Vec::new(),
                ends: true,
            }),
            None => gate.unencoded(ready!(poll_through(before, cx, trailers, raw, stop))?),
        };
        if let Some(piece) = piece {
            gate.has_all_come |= piece.ends;
            return Poll::Ready(Ok(piece));
        }
    }
}
