//! Bodies of responses that are changed on their way down.

use filter::{compress::Encoder, grpc_web::ResponseEncoder};

use super::{Broken, trailers::Trailers};

/// What is done to the body of a response.
pub(crate) enum Transform {
    /// Its trailers become its last frame; the body becomes text where the client takes that.
    GrpcWeb(ResponseEncoder),
    Compress(Box<Encoder>),
    /// The body is left out: what it means is a status of gRPC, which stands in the head.
    Status(u16),
}

impl Transform {
    /// Takes content and appends what becomes of it.
    pub(super) fn write(&mut self, content: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
        match self {
            Self::GrpcWeb(encoder) => {
                encoder.write(content, out);
                Ok(())
            }
            Self::Compress(encoder) => encoder.write(content, out).map_err(|_| Broken::UpstreamProtocol),
            Self::Status(_) => Ok(()),
        }
    }

    /// Appends what is held back, so that the client has all that has come.
    pub(super) fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), Broken> {
        match self {
            Self::GrpcWeb(encoder) => {
                encoder.flush(out);
                Ok(())
            }
            Self::Compress(encoder) => encoder.flush(out).map_err(|_| Broken::UpstreamProtocol),
            Self::Status(_) => Ok(()),
        }
    }

    /// Appends the end.
    pub(super) fn finish(&mut self, trailers: &Trailers, out: &mut Vec<u8>) -> Result<(), Broken> {
        match self {
            Self::GrpcWeb(encoder) => {
                encoder.finish(trailers.iter(), out);
                Ok(())
            }
            Self::Compress(encoder) => encoder.finish(out).map_err(|_| Broken::UpstreamProtocol),
            Self::Status(_) => Ok(()),
        }
    }
}
