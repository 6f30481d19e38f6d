//! ASP.NET Core's CORS middleware.

use super::limits::Limits;
use super::model::{Model, Terms};
use super::quote::{double, regex};

/// A class with extension methods for `Program.cs`.
pub(super) fn write(model: &Model, limits: &mut Limits) -> String {
    limits.check_rules(model);
    limits.check_preflight_status(model, 204);
    let terms = &model.own;
    let mut calls = vec![origins(terms)];
    calls.push(match terms.all_methods {
        true => ".AllowAnyMethod()".to_owned(),
        false => format!(".WithMethods({})", arguments(&terms.methods)),
    });
    match limits.headers_or_all(terms) {
        None => calls.push(".AllowAnyHeader()".to_owned()),
        Some(names) if names.is_empty() => {}
        Some(names) => calls.push(format!(".WithHeaders({})", arguments(&names))),
    }
    if !terms.expose.is_empty() {
        calls.push(format!(".WithExposedHeaders({})", arguments(&terms.expose)));
    }
    if terms.credentials {
        calls.push(".AllowCredentials()".to_owned());
    }
    if let Some(seconds) = terms.max_age {
        calls.push(format!(".SetPreflightMaxAge(TimeSpan.FromSeconds({seconds}))"));
    }
    let calls = calls.join("\n            ");
    let uses = if calls.contains("Regex.") { "using System.Text.RegularExpressions;\n\n" } else { "" };
    let vary = if model.depends_on_origin() {
        "// The middleware says so only to allowed origins. Caches need it on every response.\n        \
         app.Use((context, next) =>\n        {\n            \
         context.Response.OnStarting(() =>\n            {\n                \
         var vary = context.Response.Headers.Vary;\n                \
         if (!vary.ToString().Contains(\"Origin\", StringComparison.OrdinalIgnoreCase))\n                {\n                    \
         context.Response.Headers.Append(\"Vary\", \"Origin\");\n                }\n                \
         return Task.CompletedTask;\n            });\n            \
         return next(context);\n        });\n        "
    } else {
        ""
    };
    format!(
        "{uses}public static class CorsPolicy\n{{\n    \
         // In Program.cs: builder.Services.AddCorsPolicy();\n    \
         public static IServiceCollection AddCorsPolicy(this IServiceCollection services) =>\n        \
         services.AddCors(options => options.AddDefaultPolicy(policy => policy\n            {calls}));\n\n    \
         // In Program.cs, before all other middleware: app.UseCorsPolicy();\n    \
         public static WebApplication UseCorsPolicy(this WebApplication app)\n    {{\n        \
         {vary}app.UseCors();\n        return app;\n    }}\n}}"
    )
}

fn arguments(names: &[String]) -> String {
    names.iter().map(|name| double(name)).collect::<Vec<_>>().join(", ")
}

fn origins(terms: &Terms) -> String {
    if terms.any {
        return ".AllowAnyOrigin()".to_owned();
    }
    if terms.is_exact() {
        let exact: Vec<_> = terms.exact().map(str::to_owned).collect();
        return format!(".WithOrigins({})", arguments(&exact));
    }
    // `$` would also match before a line feed at the end.
    let exact = terms.exact().map(|origin| format!("^{}$", regex(origin)));
    let all: Vec<_> = exact
        .chain(terms.patterns().map(str::to_owned))
        .map(|regex| regex.strip_suffix('$').map(|start| format!("{start}\\z")).unwrap_or(regex))
        .collect();
    format!(".SetIsOriginAllowed(origin => Regex.IsMatch(origin, {}))", double(&all.join("|")))
}
