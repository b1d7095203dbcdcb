//! Access rules. A rule that cannot be understood is always an error: leaving it out could open a door.

use std::sync::Arc;

use config::{MetadataMatcher, Pattern, Permission, Policy, Principal, Rbac, RbacAction, RbacRules, StringMatcher};
use messages::{
    envoy::{
        config::{
            core::v3::TypedExtensionConfig,
            rbac::v3::{self as pb, permission::Rule, principal::Identifier, rbac::Action},
        },
        extensions::{
            filters::{http::rbac::v3 as http, network::rbac::v3 as network},
            path::r#match::uri_template::v3::UriTemplateMatchConfig,
        },
        r#type::matcher::v3::{PathMatcher, filter_state_matcher, path_matcher},
    },
    google::protobuf::Any,
};

use crate::{
    context::Context,
    matcher,
    value::{cidr_range, port},
};

/// The HTTP filter.
pub(crate) fn http_rbac(cx: &mut Context, any: &Any) -> Rbac {
    let pb: http::Rbac = cx.unpack(any).unwrap_or_default();
    http_rules(cx, pb)
}

/// A route's rules; without rules the filter is off.
pub(crate) fn per_route(cx: &mut Context, any: &Any) -> Option<Rbac> {
    let pb: http::RbacPerRoute = cx.unpack(any)?;
    pb.rbac.map(|pb| cx.within("rbac", |cx| http_rules(cx, pb)))
}

fn http_rules(cx: &mut Context, pb: http::Rbac) -> Rbac {
    cx.unsupported("matcher", pb.matcher.is_some());
    cx.unsupported("shadowMatcher", pb.shadow_matcher.is_some());
    Rbac {
        rules: rules(cx, "rules", pb.rules),
        shadow_rules: rules(cx, "shadowRules", pb.shadow_rules),
        stat_prefix: pb.rules_stat_prefix.into(),
        shadow_stat_prefix: pb.shadow_rules_stat_prefix.into(),
    }
}

/// The network filter.
pub(crate) fn network_rbac(cx: &mut Context, any: &Any) -> Rbac {
    let pb: network::Rbac = cx.unpack(any).unwrap_or_default();
    cx.unsupported("matcher", pb.matcher.is_some());
    cx.unsupported("shadowMatcher", pb.shadow_matcher.is_some());
    cx.no_effect("delayDeny", pb.delay_deny.is_some());
    Rbac {
        rules: rules(cx, "rules", pb.rules),
        shadow_rules: rules(cx, "shadowRules", pb.shadow_rules),
        stat_prefix: pb.stat_prefix.into(),
        shadow_stat_prefix: pb.shadow_rules_stat_prefix.into(),
    }
}

fn rules(cx: &mut Context, name: &str, pb: Option<pb::Rbac>) -> Option<RbacRules> {
    let pb = pb?;
    let action = match Action::try_from(pb.action) {
        Ok(Action::Allow) => RbacAction::Allow,
        Ok(Action::Deny) => RbacAction::Deny,
        Ok(Action::Log) => RbacAction::Log,
        Err(_) => {
            cx.within(name, |cx| {
                cx.within("action", |cx| cx.error(format!("{} is not an action", pb.action)));
            });
            RbacAction::Allow
        }
    };
    cx.within(name, |cx| {
        cx.no_effect("auditLoggingOptions", pb.audit_logging_options.is_some());
        cx.within("policies", |cx| {
            let mut policies: Vec<_> = pb.policies.into_iter().collect();
            policies.sort_by(|a, b| a.0.cmp(&b.0));
            let decode = |(name, pb): (String, pb::Policy)| {
                let policy = cx.within(&format!("[{name:?}]"), |cx| policy(cx, pb));
                (Arc::from(name), policy)
            };
            Some(RbacRules {
                action,
                policies: policies.into_iter().map(decode).collect(),
            })
        })
    })
}

fn policy(cx: &mut Context, pb: pb::Policy) -> Policy {
    cx.unsupported("condition", pb.condition.is_some());
    cx.unsupported("checkedCondition", pb.checked_condition.is_some());
    for (name, is_empty) in [
        ("permissions", pb.permissions.is_empty()),
        ("principals", pb.principals.is_empty()),
    ] {
        if is_empty {
            cx.within(name, |cx| cx.error("is empty; write any: true for all"));
        }
    }
    Policy {
        permissions: cx.list("permissions", pb.permissions, permission),
        principals: cx.list("principals", pb.principals, principal),
    }
}

fn permission(cx: &mut Context, pb: pb::Permission) -> Permission {
    let decoded = match pb.rule {
        Some(Rule::Any(_)) => Some(Permission::Any),
        Some(Rule::AndRules(set)) => Some(Permission::And(cx.list("andRules", set.rules, permission))),
        Some(Rule::OrRules(set)) => Some(Permission::Or(cx.list("orRules", set.rules, permission))),
        Some(Rule::NotRule(rule)) => Some(Permission::Not(Box::new(
            cx.within("notRule", |cx| permission(cx, *rule)),
        ))),
        Some(Rule::Header(test)) => cx
            .within("header", |cx| matcher::header(cx, test))
            .map(Permission::Header),
        Some(Rule::UrlPath(path)) => url_path(cx, path).map(Permission::UrlPath),
        Some(Rule::DestinationIp(range)) => cx
            .within("destinationIp", |cx| cidr_range(cx, &range))
            .map(Permission::DestinationIp),
        Some(Rule::DestinationPort(value)) => Some(Permission::DestinationPort(port(cx, "destinationPort", value))),
        Some(Rule::DestinationPortRange(range)) => {
            let bound = |value: i32| u32::try_from(value).unwrap_or(0);
            Some(Permission::DestinationPortRange {
                start: bound(range.start),
                end: bound(range.end),
            })
        }
        Some(Rule::RequestedServerName(test)) => cx
            .within("requestedServerName", |cx| matcher::string(cx, Some(test)))
            .map(Permission::RequestedServerName),
        Some(Rule::Metadata(test)) => cx
            .within("metadata", |cx| matcher::metadata(cx, test))
            .map(Permission::Metadata),
        Some(Rule::UriTemplate(extension)) => cx
            .within("uriTemplate", |cx| uri_template(cx, extension))
            .map(Permission::UrlPath),
        Some(Rule::SourcedMetadata(sourced)) => sourced_metadata(cx, sourced).map(Permission::Metadata),
        Some(Rule::Matcher(extension)) => unsupported_extension(cx, "matcher", &extension),
        None => {
            cx.error("has no rule");
            None
        }
    };
    decoded.unwrap_or(Permission::Not(Box::new(Permission::Any)))
}

fn principal(cx: &mut Context, pb: pb::Principal) -> Principal {
    let decoded = match pb.identifier {
        Some(Identifier::Any(_)) => Some(Principal::Any),
        Some(Identifier::AndIds(set)) => Some(Principal::And(cx.list("andIds", set.ids, principal))),
        Some(Identifier::OrIds(set)) => Some(Principal::Or(cx.list("orIds", set.ids, principal))),
        Some(Identifier::NotId(id)) => Some(Principal::Not(Box::new(cx.within("notId", |cx| principal(cx, *id))))),
        Some(Identifier::Authenticated(authenticated)) => {
            cx.within("authenticated", |cx| match authenticated.principal_name {
                None => Some(Principal::Authenticated(None)),
                Some(test) => {
                    let test = cx.within("principalName", |cx| matcher::string(cx, Some(test)))?;
                    Some(Principal::Authenticated(Some(test)))
                }
            })
        }
        Some(Identifier::SourceIp(range)) => cx
            .within("sourceIp", |cx| cidr_range(cx, &range))
            .map(Principal::DirectRemoteIp),
        Some(Identifier::DirectRemoteIp(range)) => cx
            .within("directRemoteIp", |cx| cidr_range(cx, &range))
            .map(Principal::DirectRemoteIp),
        Some(Identifier::RemoteIp(range)) => cx
            .within("remoteIp", |cx| cidr_range(cx, &range))
            .map(Principal::RemoteIp),
        Some(Identifier::Header(test)) => cx
            .within("header", |cx| matcher::header(cx, test))
            .map(Principal::Header),
        Some(Identifier::UrlPath(path)) => url_path(cx, path).map(Principal::UrlPath),
        Some(Identifier::Metadata(test)) => cx
            .within("metadata", |cx| matcher::metadata(cx, test))
            .map(Principal::Metadata),
        Some(Identifier::FilterState(state)) => cx.within("filterState", |cx| match state.matcher {
            Some(filter_state_matcher::Matcher::StringMatch(test)) => {
                let test = cx.within("stringMatch", |cx| matcher::string(cx, Some(test)))?;
                Some(Principal::FilterState(state.key.into(), test))
            }
            Some(filter_state_matcher::Matcher::AddressMatch(_)) | None => {
                cx.error("only a stringMatch is supported");
                None
            }
        }),
        Some(Identifier::SourcedMetadata(sourced)) => sourced_metadata(cx, sourced).map(Principal::Metadata),
        Some(Identifier::Custom(extension)) => unsupported_extension(cx, "custom", &extension),
        None => {
            cx.error("has no identifier");
            None
        }
    };
    decoded.unwrap_or(Principal::Not(Box::new(Principal::Any)))
}

/// There is one kind of metadata here: the dynamic one.
fn sourced_metadata(cx: &mut Context, sourced: pb::SourcedMetadata) -> Option<MetadataMatcher> {
    if sourced.metadata_source != 0 {
        cx.unsupported("sourcedMetadata", true);
    }
    cx.within("sourcedMetadata", |cx| {
        let test = cx.required("metadataMatcher", sourced.metadata_matcher)?;
        matcher::metadata(cx, test)
    })
}

fn url_path(cx: &mut Context, path: PathMatcher) -> Option<StringMatcher> {
    cx.within("urlPath", |cx| {
        let test = path.rule.map(|path_matcher::Rule::Path(test)| test);
        cx.within("path", |cx| matcher::string(cx, test))
    })
}

/// A path template of Istio's policies: `*` is one segment, `**` any number, as is `{name}` and `{name=**}`.
fn uri_template(cx: &mut Context, extension: TypedExtensionConfig) -> Option<StringMatcher> {
    let any = cx.required("typedConfig", extension.typed_config)?;
    let config: UriTemplateMatchConfig = cx.within("typedConfig", |cx| cx.unpack(&any))?;
    let mut regex = String::new();
    let mut rest = config.path_template.as_str();
    while let Some(at) = rest.find(['*', '{']) {
        regex.push_str(&escape(&rest[..at]));
        rest = &rest[at..];
        let (glob, after) = if let Some(variable) = rest.strip_prefix('{') {
            let Some((inside, after)) = variable.split_once('}') else {
                cx.error(format!("path template {:?} has an unclosed '{{'", config.path_template));
                return None;
            };
            (inside.split_once('=').map_or("*", |(_, glob)| glob), after)
        } else if let Some(after) = rest.strip_prefix("**") {
            ("**", after)
        } else {
            ("*", &rest[1..])
        };
        regex.push_str(match glob {
            "*" => "[^/]+",
            "**" => ".*",
            other => {
                cx.error(format!(
                    "path template {:?}: {other:?} is not supported, only * and **",
                    config.path_template
                ));
                return None;
            }
        });
        rest = after;
    }
    regex.push_str(&escape(rest));
    cx.check(Pattern::new(&regex)).map(StringMatcher::Regex)
}

fn escape(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            (!c.is_alphanumeric() && c != '/' && c != '_' && c != '-')
                .then_some('\\')
                .into_iter()
                .chain([c])
        })
        .collect()
}

fn unsupported_extension<T>(cx: &mut Context, name: &str, extension: &TypedExtensionConfig) -> Option<T> {
    cx.within(name, |cx| {
        cx.error(format!("extension {:?} is not supported", extension.name));
    });
    None
}
