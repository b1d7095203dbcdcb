use super::*;

#[test]
fn path_templates_become_expressions() {
    let compiled = |text: &str| {
        let Resource::Listener(listener) = accepted(ResourceType::Listener, &rbac_listener(template(text))).resource
        else {
            panic!()
        };
        let NetworkFilter::HttpConnectionManager(manager) = &listener.filter_chains[0].filters[0] else {
            panic!()
        };
        let config::HttpFilterKind::Rbac(rbac) = &manager.http_filters[0].kind else {
            panic!()
        };
        let Permission::UrlPath(StringMatcher::Regex(pattern)) =
            &rbac.rules.as_ref().unwrap().policies["p"].permissions[0]
        else {
            panic!()
        };
        pattern.clone()
    };
    let matches = |pattern: Pattern, path: &str| pattern.matches(path.as_bytes());
    assert!(matches(compiled("/a/*/c"), "/a/b/c"));
    assert!(!matches(compiled("/a/*/c"), "/a/b/b/c"));
    assert!(matches(compiled("/a/**"), "/a/b/b/c"));
    assert!(matches(compiled("/{x}/b.c"), "/a/b.c"));
    assert!(!matches(compiled("/{x}/b.c"), "/a/bxc"));
}

#[test]
fn a_rule_that_is_not_understood_refuses_the_listener() {
    let custom = permission::Rule::Matcher(core::TypedExtensionConfig {
        name: "m".into(),
        typed_config: None,
    });
    assert_eq!(
        errors(ResourceType::Listener, &rbac_listener(custom)),
        [
            "listener \"l\": filterChains[0].filters[0].typedConfig.httpFilters[0].typedConfig.rules.policies[\"p\"].permissions[0].matcher: \
          extension \"m\" is not supported"
        ]
    );
}

#[test]
fn string_matchers_without_a_pattern_are_refused() {
    let none = permission::Rule::RequestedServerName(PbStringMatcher {
        match_pattern: None,
        ignore_case: false,
    });
    assert!(
        errors(ResourceType::Listener, &rbac_listener(none))[0]
            .ends_with("permissions[0].requestedServerName: has no pattern")
    );
    let any_case = PbStringMatcher {
        match_pattern: Some(MatchPattern::Exact("A".into())),
        ignore_case: true,
    };
    accepted(
        ResourceType::Listener,
        &rbac_listener(permission::Rule::RequestedServerName(any_case)),
    );
}
