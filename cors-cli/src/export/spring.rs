//! Spring's `CorsFilter`.

use cors_conformance::subject::harness::origin::{OriginKind, Port};

use super::limits::Limits;
use super::model::{Model, Terms};
use super::quote::double;

/// A configuration class with the filter as a bean, which Spring Security uses too.
pub(super) fn write(model: &Model, limits: &mut Limits) -> String {
    limits.check_rules(model);
    limits.check_preflight_status(model, 200);
    let terms = &model.own;
    let mut lines = origins(terms, limits);
    lines.push(match terms.all_methods {
        true => "cors.setAllowedMethods(List.of(\"*\"));".to_owned(),
        false => format!("cors.setAllowedMethods({});", list(&terms.methods)),
    });
    match limits.headers_or_all(terms) {
        None => lines.push("cors.setAllowedHeaders(List.of(\"*\"));".to_owned()),
        Some(names) => lines.push(format!("cors.setAllowedHeaders({});", list(&names))),
    }
    if !terms.expose.is_empty() {
        lines.push(format!("cors.setExposedHeaders({});", list(&terms.expose)));
    }
    if terms.credentials {
        lines.push("cors.setAllowCredentials(true);".to_owned());
    }
    if let Some(seconds) = terms.max_age {
        lines.push(format!("cors.setMaxAge({seconds}L);"));
    }
    format!(
        "import java.util.List;\n\
         import org.springframework.boot.web.servlet.FilterRegistrationBean;\n\
         import org.springframework.context.annotation.Bean;\n\
         import org.springframework.context.annotation.Configuration;\n\
         import org.springframework.core.Ordered;\n\
         import org.springframework.web.cors.CorsConfiguration;\n\
         import org.springframework.web.cors.CorsConfigurationSource;\n\
         import org.springframework.web.cors.UrlBasedCorsConfigurationSource;\n\
         import org.springframework.web.filter.CorsFilter;\n\n\
         @Configuration\npublic class CorsPolicy {{\n    \
         // Spring Security uses it with `http.cors(Customizer.withDefaults())`.\n    \
         @Bean\n    public CorsConfigurationSource corsConfigurationSource() {{\n        \
         CorsConfiguration cors = new CorsConfiguration();\n        {}\n        \
         UrlBasedCorsConfigurationSource source = new UrlBasedCorsConfigurationSource();\n        \
         source.registerCorsConfiguration(\"/**\", cors);\n        return source;\n    }}\n\n    \
         // Before all other filters, so that their answers have the headers too.\n    \
         @Bean\n    public FilterRegistrationBean<CorsFilter> corsFilter(CorsConfigurationSource corsConfigurationSource) {{\n        \
         FilterRegistrationBean<CorsFilter> filter =\n            \
         new FilterRegistrationBean<>(new CorsFilter(corsConfigurationSource));\n        \
         filter.setOrder(Ordered.HIGHEST_PRECEDENCE);\n        return filter;\n    }}\n}}",
        lines.join("\n        ")
    )
}

fn list(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| double(name)).collect();
    format!("List.of({})", names.join(", "))
}

fn origins(terms: &Terms, limits: &mut Limits) -> Vec<String> {
    if terms.any {
        return vec!["cors.setAllowedOrigins(List.of(\"*\"));".to_owned()];
    }
    let exact: Vec<_> = terms.exact().map(str::to_owned).collect();
    let mut lines = vec![format!("cors.setAllowedOrigins({});", list(&exact))];
    let mut patterns = Vec::new();
    for entry in &terms.origins {
        // In a pattern, `*` stands for any characters, and `[*]` for any port or none.
        let end = |port: &Port| match port {
            Port::Any(_) => ":[*]".to_owned(),
            Port::Exact(number) => format!(":{number}"),
            Port::Default(()) => String::new(),
        };
        match &entry.kind {
            OriginKind::Any | OriginKind::Exact { .. } => {}
            OriginKind::AnyPort { scheme, host } => patterns.push(format!("{scheme}://{host}:[*]")),
            OriginKind::Subdomains { scheme, host, port } => {
                patterns.push(format!("{scheme}://*.{host}{}", end(port)));
            }
            OriginKind::AnyHost { scheme, port } => patterns.push(format!("{scheme}://*{}", end(port))),
            OriginKind::PartialLabel { .. } => limits.left_out(
                terms.field("allow_origins"),
                format!(
                    "`{}` is left out: `*` in a pattern of Spring matches dots too, and so names of strangers.",
                    entry.pattern
                ),
            ),
        }
    }
    if !patterns.is_empty() {
        lines.push(format!("cors.setAllowedOriginPatterns({});", list(&patterns)));
    }
    lines
}
