//! Filters that users write.

use config::{FilterModule, FilterOverride, HttpFilterKind};
use messages::fairlead::dataplane::v1 as pb;
use serde_json::json;

use super::*;

fn filter_of(config: Any) -> FilterModule {
    let listener = http_listener(vec![http_filter("f", config, false)], routes(vec![]));
    let Resource::Listener(listener) = accepted(ResourceType::Listener, &listener).resource else {
        panic!("no listener")
    };
    let NetworkFilter::HttpConnectionManager(manager) = &listener.filter_chains[0].filters[0] else {
        panic!("no manager")
    };
    match &manager.http_filters[0].kind {
        HttpFilterKind::Module(filter) => (**filter).clone(),
        other => panic!("{other:?}"),
    }
}

fn errors_of(config: Any) -> Vec<String> {
    let listener = http_listener(vec![http_filter("f", config, false)], routes(vec![]));
    let prefix = "listener \"l\": filterChains[0].filters[0].typedConfig.httpFilters[0].typedConfig.";
    let found = errors(ResourceType::Listener, &listener).into_iter();
    found
        .map(|error| error.strip_prefix(prefix).unwrap_or(&error).to_owned())
        .collect()
}

/// The same message as Istio writes types that it does not know.
fn typed(fields: Vec<(&str, Kind)>) -> Any {
    #[derive(Clone, PartialEq, Message)]
    struct TypedStruct {
        #[prost(string, tag = "1")]
        type_url: String,
        #[prost(bytes = "vec", tag = "2")]
        value: Vec<u8>,
    }
    let message = TypedStruct {
        type_url: "type.googleapis.com/fairlead.dataplane.v1.FilterModule".into(),
        value: struct_of(fields).encode_to_vec(),
    };
    Any {
        type_url: "type.googleapis.com/udpa.type.v1.TypedStruct".into(),
        value: message.encode_to_vec(),
    }
}

fn text(text: &str) -> Kind {
    Kind::StringValue(text.into())
}

#[test]
fn a_filter_names_its_module_and_has_defaults() {
    let named = pb::FilterModule {
        module: "auth.ts".into(),
        ..pb::FilterModule::default()
    };
    let filter = filter_of(packed(&named));
    assert_eq!(
        (&*filter.module, filter.timeout_ms, filter.status_on_error),
        ("auth.ts", 200, 500)
    );
    assert_eq!((filter.failure_mode_allow, filter.config), (false, None));
}

#[test]
fn a_filter_comes_in_a_typed_struct_as_well_in_either_spelling() {
    let config = struct_of(vec![("header", text("x-key"))]);
    let filter = filter_of(typed(vec![
        ("module", text("auth.ts")),
        ("timeout", text("0.25s")),
        ("failure_mode_allow", Kind::BoolValue(true)),
        ("statusOnError", Kind::NumberValue(503.0)),
        ("config", Kind::StructValue(config)),
    ]));
    let expected = FilterModule {
        module: "auth.ts".into(),
        config: Some(json!({ "header": "x-key" })),
        timeout_ms: 250,
        failure_mode_allow: true,
        status_on_error: 503,
        version: "".into(),
    };
    assert_eq!(filter, expected);
}

#[test]
fn a_route_has_one_of_its_own() {
    let own = pb::FilterModule {
        module: "other.js".into(),
        ..pb::FilterModule::default()
    };
    let mut table = routes(vec![]);
    table.virtual_hosts = vec![route::VirtualHost {
        name: "h".into(),
        domains: vec!["*".into()],
        typed_per_filter_config: [("f".to_owned(), packed(&own))].into(),
        ..route::VirtualHost::default()
    }];
    let Resource::Route(table) = accepted(ResourceType::Route, &table).resource else {
        panic!("no routes")
    };
    let Some(FilterOverride::Module(filter)) = table.virtual_hosts[0].filter_overrides.get("f") else {
        panic!("no override")
    };
    assert_eq!(&*filter.module, "other.js");
}

#[test]
fn a_module_outside_of_its_folder_and_fields_that_are_none_are_refused() {
    let outside = pb::FilterModule {
        module: "../auth.ts".into(),
        ..pb::FilterModule::default()
    };
    let message =
        "module: \"../auth.ts\" is no name of a file in the folder of filter modules; write one like \"auth.ts\"";
    assert_eq!(errors_of(packed(&outside)), [message]);
    let status = pb::FilterModule {
        status_on_error: 70_000,
        ..pb::FilterModule::default()
    };
    assert!(errors_of(packed(&status))[0].starts_with("statusOnError: "));
    let zero = pb::FilterModule {
        timeout: Some(Duration::default()),
        ..pb::FilterModule::default()
    };
    assert_eq!(
        errors_of(packed(&zero)),
        ["timeout: is 0; a filter needs time to answer"]
    );
    let odd = typed(vec![("file", text("auth.ts"))]);
    assert_eq!(
        errors_of(odd),
        ["value.file: \"auth.ts\": there is no such field of a FilterModule, or it takes something else"]
    );
}
