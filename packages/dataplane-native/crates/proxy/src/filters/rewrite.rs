//! Filters that make another request of a request: gRPC-Web and compression.

use config::{Compressor, CompressorOverride, HeaderName, RequestView};
use filter::{compress::Offer, grpc_web::GrpcWeb};
use route::{ClusterChoice, Found};

use super::{Effective, Effects, FilterContext, HttpFilters, Outcome, effective};

/// Makes a request of gRPC out of one of gRPC-Web.
pub(super) fn speak_grpc<V: RequestView>(context: &FilterContext<'_, V>, effects: &mut Effects) -> Outcome {
    let name = HeaderName::from_static("content-type");
    let content_type = context.view.header(&name).unwrap_or_default();
    let accept = context.view.value(&HeaderName::from_static("accept"));
    let Some(web) = GrpcWeb::detect(content_type, accept.as_deref()) else {
        return Outcome::Continue;
    };
    effects.grpc_web = Some(web);
    effects.set.push((name, GrpcWeb::request_type(content_type)));
    effects.set.push((HeaderName::from_static("te"), b"trailers".to_vec()));
    // Clients of gRPC-Web do not decompress messages.
    effects
        .set
        .push((HeaderName::from_static("grpc-accept-encoding"), b"identity".to_vec()));
    Outcome::Continue
}

pub(super) fn removes_accept_encoding(settings: &Compressor, changed: Option<&CompressorOverride>) -> bool {
    let by_route = changed.and_then(|changed| changed.remove_accept_encoding);
    settings.enabled && by_route.unwrap_or(settings.remove_accept_encoding)
}

/// The compressors of a route, in the order of the chain.
pub(crate) fn compressors<'a>(
    filters: &'a HttpFilters,
    found: Found<'a>,
    choice: ClusterChoice<'a>,
) -> impl Iterator<Item = Offer<'a>> {
    filters
        .list
        .iter()
        .filter_map(move |filter| match effective(filter, Some(found), choice) {
            Effective::Compressor(settings, changed) => Some(Offer {
                settings,
                library: changed
                    .and_then(|changed| changed.library.as_ref())
                    .unwrap_or(&settings.library),
            }),
            _ => None,
        })
}
