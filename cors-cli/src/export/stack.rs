//! The stacks that a policy can be exported to.

/// A web framework, web server or cloud service with a way to configure CORS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stack {
    /// axum, with cors-axum
    Axum,
    /// actix-web, with cors-actix
    Actix,
    /// Rocket, with cors-rocket
    Rocket,
    /// warp, with cors-warp
    Warp,
    /// Poem, with cors-poem
    Poem,
    /// tower-http's `CorsLayer`
    TowerHttp,
    /// Express, with the npm package `cors`
    Express,
    /// Fastify, with `@fastify/cors`
    Fastify,
    /// Hono, with `hono/cors`
    Hono,
    /// Koa, with `@koa/cors`
    Koa,
    /// Starlette and FastAPI, with `CORSMiddleware`
    Starlette,
    /// Flask, with Flask-CORS
    Flask,
    /// Django, with django-cors-headers
    Django,
    /// Spring, with `CorsFilter`
    Spring,
    /// ASP.NET Core
    #[value(name = "aspnet")]
    #[serde(rename = "aspnet")]
    AspNet,
    /// Rails, with rack-cors
    Rails,
    /// nginx
    Nginx,
    /// Apache HTTP Server
    Apache,
    /// Caddy
    Caddy,
    /// HAProxy
    #[value(name = "haproxy")]
    #[serde(rename = "haproxy")]
    HAProxy,
    /// Amazon S3, as CloudFormation
    S3,
    /// Amazon CloudFront, as CloudFormation
    #[value(name = "cloudfront")]
    #[serde(rename = "cloudfront")]
    CloudFront,
    /// Amazon API Gateway (HTTP APIs), as CloudFormation
    ApiGateway,
}

impl Stack {
    /// All stacks.
    pub const ALL: &'static [Self] = &[
        Self::Axum,
        Self::Actix,
        Self::Rocket,
        Self::Warp,
        Self::Poem,
        Self::TowerHttp,
        Self::Express,
        Self::Fastify,
        Self::Hono,
        Self::Koa,
        Self::Starlette,
        Self::Flask,
        Self::Django,
        Self::Spring,
        Self::AspNet,
        Self::Rails,
        Self::Nginx,
        Self::Apache,
        Self::Caddy,
        Self::HAProxy,
        Self::S3,
        Self::CloudFront,
        Self::ApiGateway,
    ];

    /// The name on the command line, such as `tower-http`.
    pub const fn as_str(self) -> &'static str {
        self.facts().0
    }

    /// The name as its authors write it.
    pub const fn title(self) -> &'static str {
        self.facts().1
    }

    /// A usual name for a file with the configuration.
    pub const fn file_name(self) -> &'static str {
        self.facts().2
    }

    /// The page of the stack's documentation that the configuration follows.
    pub const fn documentation(self) -> &'static str {
        self.facts().3
    }

    /// Whether it is a framework with an adapter of this project, which can say everything.
    pub const fn is_adapter(self) -> bool {
        matches!(self, Self::Axum | Self::Actix | Self::Rocket | Self::Warp | Self::Poem)
    }

    /// What begins a comment.
    pub(super) fn comment(self) -> &'static str {
        let extension = self.file_name().rsplit('.').next();
        if matches!(extension, Some("rs" | "js" | "java" | "cs")) { "//" } else { "#" }
    }

    /// The name, the title, the name of a file, and the documentation.
    const fn facts(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Axum => ("axum", "axum", "cors.rs", "https://docs.rs/cors-axum"),
            Self::Actix => ("actix", "actix-web", "cors.rs", "https://docs.rs/cors-actix"),
            Self::Rocket => ("rocket", "Rocket", "cors.rs", "https://docs.rs/cors-rocket"),
            Self::Warp => ("warp", "warp", "cors.rs", "https://docs.rs/cors-warp"),
            Self::Poem => ("poem", "Poem", "cors.rs", "https://docs.rs/cors-poem"),
            Self::TowerHttp => {
                ("tower-http", "tower-http", "cors.rs", "https://docs.rs/tower-http/latest/tower_http/cors/")
            }
            Self::Express => ("express", "Express", "cors.js", "https://github.com/expressjs/cors"),
            Self::Fastify => ("fastify", "Fastify", "cors.js", "https://github.com/fastify/fastify-cors"),
            Self::Hono => ("hono", "Hono", "cors.js", "https://hono.dev/docs/middleware/builtin/cors"),
            Self::Koa => ("koa", "Koa", "cors.js", "https://github.com/koajs/cors"),
            Self::Starlette => {
                ("starlette", "Starlette", "cors.py", "https://www.starlette.io/middleware/#corsmiddleware")
            }
            Self::Flask => ("flask", "Flask", "cors.py", "https://github.com/corydolphin/flask-cors"),
            Self::Django => {
                ("django", "Django", "settings_cors.py", "https://github.com/adamchainz/django-cors-headers")
            }
            Self::Spring => (
                "spring",
                "Spring",
                "CorsConfiguration.java",
                "https://docs.spring.io/spring-framework/reference/web/webmvc-cors.html#mvc-cors-filter",
            ),
            Self::AspNet => {
                ("aspnet", "ASP.NET Core", "Cors.cs", "https://learn.microsoft.com/aspnet/core/security/cors")
            }
            Self::Rails => ("rails", "Rails", "cors.rb", "https://github.com/cyu/rack-cors"),
            Self::Nginx => {
                ("nginx", "nginx", "cors.conf", "https://nginx.org/en/docs/http/ngx_http_headers_module.html")
            }
            Self::Apache => {
                ("apache", "Apache", "cors.conf", "https://httpd.apache.org/docs/2.4/mod/mod_headers.html")
            }
            Self::Caddy => {
                ("caddy", "Caddy", "Caddyfile", "https://caddyserver.com/docs/caddyfile/directives/header")
            }
            Self::HAProxy => (
                "haproxy",
                "HAProxy",
                "haproxy.cfg",
                "https://docs.haproxy.org/2.6/configuration.html#4.2-http-after-response",
            ),
            Self::S3 => (
                "s3",
                "Amazon S3",
                "template.yaml",
                "https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html",
            ),
            Self::CloudFront => (
                "cloudfront",
                "Amazon CloudFront",
                "template.yaml",
                "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html",
            ),
            Self::ApiGateway => (
                "api-gateway",
                "Amazon API Gateway",
                "template.yaml",
                "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html",
            ),
        }
    }
}
