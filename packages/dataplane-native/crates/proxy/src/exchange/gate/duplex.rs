//! A body that a service is shown as it comes, and of which it makes another, whenever it likes.

use std::task::{Context, Poll};

use filter::{call::CallFailure, ext_proc::Word};

use super::{Gate, Piece, RawPieces, Stage, Step, Trailers, poll_source};
use crate::{exchange::Broken, filters, request::Reply};

/// An answer as it came.
pub(crate) type Answer = Result<Option<Vec<u8>>, CallFailure>;

/// How far it is.
#[derive(Default)]
pub(super) struct Duplex {
    /// The head has been shown, and waits for its answer.
    pub(super) awaits_head: bool,
    /// The answer, until it is taken.
    pub(super) head: Option<Answer>,
    /// Content or trailers have been shown: they are the service's now.
    has_shown: bool,
}

/// What came of listening.
enum Heard {
    /// This goes on.
    Piece(Piece),
    /// Something else than content.
    Other,
}

impl Gate {
    /// Whether the service decides what the body is.
    pub(super) fn is_duplex(&self) -> bool {
        self.stage == Stage::FullDuplex && !self.is_over()
    }

    /// Goes on with what the service is shown and with what it says. Ready with what goes on, or with nothing where the
    /// body does not depend on the service any longer, or the head's answer is here.
    pub(super) fn poll_duplex(
        &mut self,
        before: &mut [Self],
        cx: &mut Context<'_>,
        trailers: &mut Trailers,
        raw: RawPieces<'_>,
        stop: &mut Option<Box<Reply>>,
    ) -> Poll<Result<Step, Broken>> {
        while self.is_duplex() && self.duplex.head.is_none() {
            let Some(service) = &self.service else { break };
            // No more is read of the body while the service has not taken what was read before.
            let mut is_idle = self.has_all_come || service.conversation.poll_sent(cx) != Poll::Ready(true);
            if !is_idle {
                match poll_source(self, before, cx, trailers, raw, stop) {
                    Poll::Ready(piece) => self.show_piece(piece?, trailers),
                    Poll::Pending => is_idle = true,
                }
            }
            let Some(service) = &self.service else { break };
            match service.conversation.poll_word(cx, self.phase) {
                Poll::Ready(answer) => match self.hear(answer, trailers) {
                    Ok(Heard::Piece(piece)) => return Poll::Ready(Ok(Some(piece))),
                    Ok(Heard::Other) => {}
                    Err(reply) => {
                        *stop = Some(reply);
                        return Poll::Ready(Err(Broken::Stopped));
                    }
                },
                Poll::Pending if is_idle => return Poll::Pending,
                Poll::Pending => {}
            }
        }
        Poll::Ready(Ok(None))
    }

    fn show_piece(&mut self, piece: Piece, trailers: &Trailers) {
        let Some(service) = &self.service else { return };
        let shows_trailers = piece.ends && self.shows_trailers && trailers.has_any();
        let ends = piece.ends && !shows_trailers;
        let settings = service.settings.settings();
        if ends || !piece.content.is_empty() {
            let begins = service.conversation.begins();
            let message = settings.content_message(self.phase, piece.content, ends, begins);
            service.conversation.say(&message);
            self.duplex.has_shown = true;
        }
        if shows_trailers {
            let begins = service.conversation.begins();
            let message = settings.trailers_message(self.phase, trailers.iter(), begins);
            service.conversation.say(&message);
            self.duplex.has_shown = true;
        }
    }

    fn hear(&mut self, answer: Answer, trailers: &mut Trailers) -> Result<Heard, Box<Reply>> {
        let Some(service) = &self.service else {
            return Ok(Heard::Other);
        };
        let message = match answer {
            Ok(Some(message)) => message,
            ended => return self.lose(ended),
        };
        let awaits_head = self.duplex.awaits_head;
        match service.settings.settings().word(self.phase, &message) {
            Ok(Word::Head { replacement }) if awaits_head => {
                if let Some(content) = replacement {
                    self.stage = Stage::Replace(content);
                }
                self.answer_head(Ok(Some(message)));
                Ok(Heard::Other)
            }
            // Whoever waits for the head's answer makes it the response.
            Ok(Word::Reply(_)) if awaits_head => {
                self.answer_head(Ok(Some(message)));
                Ok(Heard::Other)
            }
            Ok(Word::Reply(immediate)) => Err(Box::new(filters::immediate(*immediate))),
            Ok(Word::Content {
                content,
                ends,
                metadata,
            }) if !awaits_head => {
                filters::merge(&mut self.metadata, metadata);
                if ends && !self.has_all_come {
                    // The rest of it is read, and thrown away.
                    self.stage = Stage::Replace(content);
                    return Ok(Heard::Other);
                }
                if content.is_empty() && !ends {
                    return Ok(Heard::Other);
                }
                Ok(Heard::Piece(Piece { content, ends }))
            }
            Ok(Word::Trailers(mut changes)) if !awaits_head && self.has_all_come => {
                filters::merge(&mut self.metadata, changes.metadata.take());
                trailers.change(&changes);
                Ok(Heard::Piece(Piece {
                    content: Vec::new(),
                    ends: true,
                }))
            }
            Err(failure) => self.lose(Err(failure)),
            Ok(_) => self.lose(Err(CallFailure::Malformed)),
        }
    }

    fn answer_head(&mut self, answer: Answer) {
        self.duplex.awaits_head = false;
        self.duplex.head = Some(answer);
    }

    /// The service says nothing more. What it was shown cannot be had back.
    fn lose(&mut self, ended: Answer) -> Result<Heard, Box<Reply>> {
        let Some(service) = &self.service else {
            return Ok(Heard::Other);
        };
        service.conversation.end();
        let settings = service.settings.settings();
        let is_forgiven = ended.is_ok() || settings.forgives();
        if self.duplex.has_shown || !self.duplex.awaits_head && !is_forgiven {
            return Err(Box::new(filters::processing_failed(settings.status_on_error())));
        }
        if self.duplex.awaits_head {
            self.answer_head(ended);
        }
        Ok(Heard::Other)
    }
}
