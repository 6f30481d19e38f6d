//! Amazon S3, CloudFront and API Gateway, as resources of CloudFormation. Strings of YAML in double quotes are those of JSON.

use cors_conformance::subject::harness::origin::{OriginEntry, OriginKind, Port};

use super::limits::Limits;
use super::model::{Model, Terms};
use super::quote::{double, list, single};

/// The methods that S3 knows.
const S3_METHODS: [&str; 5] = ["GET", "HEAD", "POST", "PUT", "DELETE"];

/// The methods that CloudFront and API Gateway know.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The `CorsConfiguration` of a bucket. S3 answers preflights itself.
pub(super) fn s3(model: &Model, limits: &mut Limits) -> String {
    limits.check_preflight_status(model, 200);
    if !model.rules.is_empty() {
        let text = "S3 takes the first rule that contains the origin and allows the method and the headers, not the \
                    first that contains the origin.";
        limits.wider("rules", text);
    }
    let mut rules = String::new();
    for terms in model.in_order() {
        rules.push_str(&s3_rule(terms, limits));
    }
    let cors = match rules.is_empty() {
        true => "      # Without a CorsConfiguration no origin is allowed.".to_owned(),
        false => format!("      CorsConfiguration:\n        CorsRules:\n{rules}"),
    };
    format!("Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n    Properties:\n{cors}")
}

fn s3_rule(terms: &Terms, limits: &mut Limits) -> String {
    let origins: Vec<_> = match terms.any {
        true => vec!["*".to_owned()],
        false => terms.origins.iter().flat_map(|entry| s3_origins(entry, terms, limits)).collect(),
    };
    if origins.is_empty() {
        return String::new();
    }
    if !terms.credentials && !terms.any {
        let text = "S3 sends `Access-Control-Allow-Credentials: true` to every origin but `*`.";
        limits.wider(terms.field("allow_credentials"), text);
    }
    let methods = known_methods(terms, &S3_METHODS, "S3", limits);
    let mut lines = vec![
        format!("- AllowedOrigins: {}", list(&origins, double)),
        format!("  AllowedMethods: {}", list(methods, double)),
    ];
    match limits.headers_or_all(terms) {
        None => lines.push("  AllowedHeaders: [\"*\"]".to_owned()),
        Some(names) if names.is_empty() => {}
        Some(names) => {
            // `*` is a wildcard of S3 also inside of a name.
            let names = names.into_iter().filter(|name| {
                let has_star = name.contains('*');
                if has_star {
                    let text = format!("`{name}` is left out: `*` is a wildcard.");
                    limits.left_out(terms.field("allow_headers"), text);
                }
                !has_star
            });
            lines.push(format!("  AllowedHeaders: {}", list(names, double)));
        }
    }
    match terms.expose.as_slice() {
        [] => {}
        [star] if star == "*" => {
            let text = "S3 has no wildcard for them, and no header is exposed.";
            limits.left_out(terms.field("expose_headers"), text);
        }
        names => lines.push(format!("  ExposedHeaders: {}", list(names, double))),
    }
    if let Some(seconds) = terms.max_age {
        lines.push(format!("  MaxAge: {seconds}"));
    }
    lines.into_iter().map(|line| format!("          {line}\n")).collect()
}

/// An entry as S3 has it: a text with at most one `*`, which stands for any characters.
fn s3_origins(entry: &OriginEntry, terms: &Terms, limits: &mut Limits) -> Vec<String> {
    let mut left_out = |why: &str| {
        let text = format!("`{}` is left out: {why}.", entry.pattern);
        limits.left_out(terms.field("allow_origins"), text);
        Vec::new()
    };
    match &entry.kind {
        OriginKind::Any | OriginKind::Exact { .. } => vec![entry.pattern.clone()],
        OriginKind::AnyPort { scheme, host } => {
            vec![format!("{scheme}://{host}"), format!("{scheme}://{host}:*")]
        }
        OriginKind::Subdomains { port: Port::Any(_), .. }
        | OriginKind::AnyHost { port: Port::Any(_), .. } => left_out("S3 has one `*` in an origin, not two"),
        OriginKind::Subdomains { .. } | OriginKind::AnyHost { .. } => vec![entry.pattern.clone()],
        OriginKind::PartialLabel { .. } => left_out("`*` of S3 matches dots too, and so names of strangers"),
    }
}

/// A response headers policy, and a function that answers preflights, which the policy alone does not.
pub(super) fn cloudfront(model: &Model, limits: &mut Limits) -> String {
    limits.check_rules(model);
    let terms = &model.own;
    let origins: Vec<_> = match terms.any {
        true => vec!["*".to_owned()],
        false => terms.origins.iter().filter_map(|entry| cloudfront_origin(entry, terms, limits)).collect(),
    };
    if origins.is_empty() {
        return "# Without a CorsConfig no origin is allowed, unless the origin server sends CORS headers itself.\n\
                Resources: {}"
            .to_owned();
    }
    let methods = match terms.all_methods && !terms.credentials {
        true => vec!["ALL".to_owned()],
        // `ALL` is refused together with credentials.
        false => known_methods(terms, &METHODS, "CloudFront", limits),
    };
    let headers = limits.fixed_headers(terms);
    let items = |name: &str, items: &[String]| {
        format!("            {name}:\n              Items: {}\n", list(items, double))
    };
    let mut config = format!(
        "            OriginOverride: true\n            AccessControlAllowCredentials: {}\n",
        terms.credentials
    );
    config.push_str(&items("AccessControlAllowOrigins", &origins));
    config.push_str(&items("AccessControlAllowMethods", &methods));
    // The list must not be empty. `Accept` needs no permission.
    let listed = if headers.is_empty() { vec!["accept".to_owned()] } else { headers.clone() };
    config.push_str(&items("AccessControlAllowHeaders", &listed));
    if !terms.expose.is_empty() {
        config.push_str(&items("AccessControlExposeHeaders", &terms.expose));
    }
    if let Some(seconds) = terms.max_age {
        config.push_str(&format!("            AccessControlMaxAgeSec: {seconds}\n"));
    }
    format!(
        "# In a cache behavior of the distribution:\n\
         #   ResponseHeadersPolicyId: !Ref CorsHeaders\n\
         #   FunctionAssociations: [{{ EventType: viewer-request, FunctionARN: !GetAtt CorsPreflights.FunctionMetadata.FunctionARN }}]\n\
         Resources:\n  CorsHeaders:\n    Type: AWS::CloudFront::ResponseHeadersPolicy\n    Properties:\n      \
         ResponseHeadersPolicyConfig:\n        Name: cors\n        CorsConfig:\n{}  \
         CorsPreflights:\n    Type: AWS::CloudFront::Function\n    Properties:\n      Name: cors-preflights\n      \
         AutoPublish: true\n      FunctionConfig:\n        Comment: Answers CORS preflights\n        \
         Runtime: cloudfront-js-2.0\n      FunctionCode: |\n{}",
        config.replace("            ", "          "),
        preflight_function(model, &headers)
    )
}

fn cloudfront_origin(entry: &OriginEntry, terms: &Terms, limits: &mut Limits) -> Option<String> {
    let is_web = entry.pattern.starts_with("http://") || entry.pattern.starts_with("https://");
    let why = match &entry.kind {
        OriginKind::Exact { .. } if is_web => return Some(entry.pattern.clone()),
        OriginKind::Subdomains { port: Port::Default(()), .. } if is_web => {
            return Some(entry.pattern.clone());
        }
        _ if !is_web => "CloudFront takes only origins with http and https",
        OriginKind::PartialLabel { .. } => "CloudFront has `*` only as a whole label",
        _ => "CloudFront has no `*` for ports, nor a port after a `*`",
    };
    limits.left_out(terms.field("allow_origins"), format!("`{}` is left out: {why}.", entry.pattern));
    None
}

/// The code of the function, indented for the template.
fn preflight_function(model: &Model, headers: &[String]) -> String {
    let terms = &model.own;
    let regexes: Vec<_> = terms
        .origins
        .iter()
        .filter(|entry| cloudfront_origin(entry, terms, &mut Limits::new(super::Stack::CloudFront)).is_some())
        .map(|entry| entry.regex.as_str())
        .collect();
    let test = match terms.any {
        true => "true".to_owned(),
        false => format!("new RegExp({}).test(origin)", single(&regexes.join("|"))),
    };
    let value = if terms.any { "'*'" } else { "origin" };
    let mut set = vec![format!("answer.headers['access-control-allow-origin'] = {{ value: {value} }};")];
    if terms.credentials {
        set.push("answer.headers['access-control-allow-credentials'] = { value: 'true' };".to_owned());
    }
    let methods = match (terms.method_list(), terms.credentials) {
        (Some(names), _) => single(&names),
        (None, false) => "'*'".to_owned(),
        (None, true) => "headers['access-control-request-method'].value".to_owned(),
    };
    set.push(format!("answer.headers['access-control-allow-methods'] = {{ value: {methods} }};"));
    if !headers.is_empty() {
        let headers = single(&headers.join(", "));
        set.push(format!("answer.headers['access-control-allow-headers'] = {{ value: {headers} }};"));
    }
    if let Some(seconds) = terms.max_age {
        set.push(format!("answer.headers['access-control-max-age'] = {{ value: '{seconds}' }};"));
    }
    let set: String = set.into_iter().map(|line| format!("    {line}\n")).collect();
    let code = format!(
        "function handler(event) {{\n  var request = event.request;\n  var headers = request.headers;\n  \
         if (request.method !== 'OPTIONS' || !headers.origin || !headers['access-control-request-method']) {{\n    \
         return request;\n  }}\n  \
         var origin = headers.origin.value;\n  \
         var answer = {{ statusCode: 403, statusDescription: 'Forbidden', headers: {{ vary: {{ value: 'Origin' }} }} }};\n  \
         if ({test}) {{\n    answer.statusCode = {};\n    answer.statusDescription = 'OK';\n{set}  }}\n  \
         return answer;\n}}",
        model.preflight_status
    );
    code.lines().map(|line| format!("        {line}\n")).collect()
}

/// The `CorsConfiguration` of an HTTP API, which answers preflights itself.
pub(super) fn api_gateway(model: &Model, limits: &mut Limits) -> String {
    limits.check_rules(model);
    limits.check_preflight_status(model, 204);
    let terms = &model.own;
    let origins: Vec<_> = match terms.any {
        true => vec!["*".to_owned()],
        false => {
            for entry in terms.origins.iter().filter(|entry| !matches!(entry.kind, OriginKind::Exact { .. }))
            {
                let text = format!("`{}` is left out: API Gateway has no patterns.", entry.pattern);
                limits.left_out("allow_origins", text);
            }
            terms.exact().map(str::to_owned).collect()
        }
    };
    if origins.is_empty() {
        return "# Without a CorsConfiguration no origin is allowed.\nResources: {}".to_owned();
    }
    let methods = match limits.fixed_methods(terms) {
        all if all == ["*"] => all,
        _ => known_methods(terms, &METHODS, "API Gateway", limits),
    };
    let mut lines = vec![
        format!("AllowOrigins: {}", list(&origins, double)),
        format!("AllowMethods: {}", list(methods, double)),
    ];
    let headers = limits.fixed_headers(terms);
    if !headers.is_empty() {
        lines.push(format!("AllowHeaders: {}", list(headers, double)));
    }
    if !terms.expose.is_empty() {
        lines.push(format!("ExposeHeaders: {}", list(&terms.expose, double)));
    }
    if terms.credentials {
        lines.push("AllowCredentials: true".to_owned());
    }
    if let Some(seconds) = terms.max_age {
        lines.push(format!("MaxAge: {seconds}"));
    }
    format!(
        "Resources:\n  HttpApi:\n    Type: AWS::ApiGatewayV2::Api\n    Properties:\n      Name: api\n      \
         ProtocolType: HTTP\n      CorsConfiguration:\n        {}",
        lines.join("\n        ")
    )
}

/// The methods that a service knows. Others are limits, as is `*` where all known methods stand in its place.
fn known_methods(terms: &Terms, known: &[&str], title: &str, limits: &mut Limits) -> Vec<String> {
    if terms.all_methods {
        let text = format!("`*` stands for {} only.", known.join(", "));
        limits.left_out(terms.field("allow_methods"), text);
        return known.iter().map(|name| (*name).to_owned()).collect();
    }
    let (listed, others): (Vec<_>, Vec<_>) =
        terms.methods.iter().cloned().partition(|name| known.contains(&name.as_str()));
    if !others.is_empty() {
        let text =
            format!("{title} does not know these methods, and they are left out: {}.", others.join(", "));
        limits.left_out(terms.field("allow_methods"), text);
    }
    listed
}
