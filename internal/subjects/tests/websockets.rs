//! The guard before the WebSockets of each framework, written as its users write them.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cors_core::{Guard, Policy};
use futures_util::{SinkExt as _, StreamExt as _};
use rstest::rstest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const LISTED: &str = "https://app.example";

/// A masked text frame with the payload `hi` (RFC 6455, section 5.2).
const MASKED_TEXT: [u8; 8] = [0x81, 0x82, 1, 2, 3, 4, b'h' ^ 1, b'i' ^ 2];

/// How many handshakes reached the application.
type Hits = Arc<AtomicU32>;

fn policy() -> Policy {
    let guard = Guard::builder().allow_hosts("chat.example");
    Policy::builder().allow_origins(LISTED).guard(guard).build().unwrap()
}

/// A framework whose application echoes each message at `/chat`.
#[derive(Clone, Copy, Debug)]
enum Framework {
    Axum,
    ActixWeb,
    Rocket,
    Warp,
    Poem,
}

impl Framework {
    /// Serves until the runtime ends.
    async fn serve(self, hits: Hits) -> SocketAddr {
        match self {
            Self::Axum => axum_server(hits).await,
            Self::ActixWeb => actix_server(hits),
            Self::Rocket => rocket_server(hits).await,
            Self::Warp => warp_server(hits).await,
            Self::Poem => poem_server(hits).await,
        }
    }
}

async fn axum_server(hits: Hits) -> SocketAddr {
    use axum::extract::ws::{WebSocket, WebSocketUpgrade};
    use axum::routing::any;

    async fn echo(mut socket: WebSocket) {
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                break;
            }
        }
    }
    let chat = move |upgrade: WebSocketUpgrade| async move {
        hits.fetch_add(1, Ordering::Relaxed);
        upgrade.on_upgrade(echo)
    };
    let app = axum::Router::new().route("/chat", any(chat)).layer(cors_axum::CorsLayer::new(policy()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, app).into_future());
    address
}

fn actix_server(hits: Hits) -> SocketAddr {
    use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

    async fn chat(
        request: HttpRequest,
        body: web::Payload,
        hits: web::Data<AtomicU32>,
    ) -> actix_web::Result<HttpResponse> {
        hits.fetch_add(1, Ordering::Relaxed);
        let (response, mut session, mut messages) = actix_ws::handle(&request, body)?;
        actix_web::rt::spawn(async move {
            while let Some(Ok(actix_ws::Message::Text(text))) = messages.next().await {
                if session.text(text).await.is_err() {
                    break;
                }
            }
        });
        Ok(response)
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let hits = web::Data::from(hits);
        let app = move || {
            let cors = cors_actix::Cors::new(policy());
            App::new().app_data(hits.clone()).wrap(cors).route("/chat", web::get().to(chat))
        };
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run();
        actix_web::rt::System::new().block_on(server)
    });
    address
}

async fn rocket_server(hits: Hits) -> SocketAddr {
    use rocket::State;

    #[rocket::get("/chat")]
    fn chat(socket: rocket_ws::WebSocket, hits: &State<Hits>) -> rocket_ws::Channel<'static> {
        hits.fetch_add(1, Ordering::Relaxed);
        socket.channel(|mut stream| {
            Box::pin(async move {
                while let Some(Ok(message)) = stream.next().await {
                    stream.send(message).await?;
                }
                Ok(())
            })
        })
    }
    // Rocket takes no listener, so the port is free only most probably.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let config =
        rocket::Config { port, log_level: rocket::config::LogLevel::Off, ..rocket::Config::debug_default() };
    let rocket = rocket::custom(config)
        .manage(hits)
        .mount("/", rocket::routes![chat])
        .attach(cors_rocket::Cors::new(policy()));
    tokio::spawn(rocket.launch());
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    while TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    address
}

async fn warp_server(hits: Hits) -> SocketAddr {
    use warp::Filter as _;

    let chat = warp::path!("chat").and(warp::ws()).map(move |upgrade: warp::ws::Ws| {
        hits.fetch_add(1, Ordering::Relaxed);
        upgrade.on_upgrade(|socket| async move {
            let (sink, stream) = socket.split();
            // An error ends the connection.
            let _ = stream.forward(sink).await;
        })
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(warp::serve(cors_warp::Cors::new(policy()).wrap(chat)).incoming(listener).run());
    address
}

async fn poem_server(hits: Hits) -> SocketAddr {
    use poem::web::websocket::WebSocket;
    use poem::{EndpointExt as _, IntoResponse, Route, Server, get, handler};

    #[handler]
    fn chat(upgrade: WebSocket, hits: poem::web::Data<&Hits>) -> impl IntoResponse {
        hits.fetch_add(1, Ordering::Relaxed);
        upgrade.on_upgrade(|socket| async move {
            let (sink, stream) = socket.split();
            // An error ends the connection.
            let _ = stream.forward(sink).await;
        })
    }
    let app = Route::new().at("/chat", get(chat)).data(hits).with(cors_poem::Cors::new(policy()));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = poem::listener::TcpAcceptor::from_std(listener).unwrap();
    tokio::spawn(Server::new_with_acceptor(acceptor).run(app));
    address
}

/// Tries a handshake. Returns the status, and what is echoed if the socket is open.
async fn open(address: SocketAddr, host: &str, origin: Option<&str>) -> (u16, Option<String>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
    // The key of RFC 6455, section 1.3.
    let handshake = format!(
        "GET /chat HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{origin}\r\n"
    );
    stream.write_all(handshake.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    if status != 101 {
        return (status, None);
    }
    stream.write_all(&MASKED_TEXT).await.unwrap();
    let mut frame = [0; 4];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[..2], [0x81, 2]);
    (status, Some(String::from_utf8(frame[2..].to_vec()).unwrap()))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_foreign_page_opens_no_socket(
    #[values(Framework::Axum, Framework::ActixWeb, Framework::Rocket, Framework::Warp, Framework::Poem)]
    framework: Framework,
) {
    let hits = Hits::default();
    let address = framework.serve(Arc::clone(&hits)).await;
    let opened = (101, Some("hi".to_owned()));
    for origin in [None, Some("https://chat.example"), Some(LISTED)] {
        assert_eq!(open(address, "chat.example", origin).await, opened, "{origin:?}");
    }
    assert_eq!(hits.load(Ordering::Relaxed), 3);
    for origin in
        ["https://evil.example", "null", "https://app.example.evil.example", "https://chat.example:8443"]
    {
        assert_eq!(open(address, "chat.example", Some(origin)).await, (403, None), "{origin}");
    }
    assert_eq!(open(address, "evil.example", Some("https://evil.example")).await, (421, None));
    assert_eq!(hits.load(Ordering::Relaxed), 3);
}

/// Tries a handshake over HTTP/2 (RFC 8441, section 5). Returns the status, and what is echoed if the socket is open.
async fn open_over_http2(address: SocketAddr, host: &str, origin: Option<&str>) -> (u16, Option<String>) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (client, mut connection) = h2::client::handshake(stream).await.unwrap();
    // A client has to know the server's settings before it sends `:protocol` (RFC 8441, section 3).
    let mut ping = connection.ping_pong().unwrap();
    let driven = tokio::spawn(connection);
    ping.ping(h2::Ping::opaque()).await.unwrap();
    let mut client = client.ready().await.unwrap();
    assert!(client.is_extended_connect_protocol_enabled());

    let mut request = http::Request::connect(format!("http://{host}/chat"))
        .extension(h2::ext::Protocol::from_static("websocket"))
        .header("sec-websocket-version", "13");
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    let (response, mut sent) = client.send_request(request.body(()).unwrap(), false).unwrap();
    let response = response.await.unwrap();
    let status = response.status().as_u16();
    let mut echoed = None;
    if status == 200 {
        sent.send_data(MASKED_TEXT.to_vec().into(), false).unwrap();
        let frame = response.into_body().data().await.unwrap().unwrap();
        assert_eq!(frame[..2], [0x81, 2]);
        echoed = Some(String::from_utf8(frame[2..].to_vec()).unwrap());
    }
    driven.abort();
    (status, echoed)
}

/// axum is the framework that can open WebSockets over HTTP/2.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_foreign_page_opens_no_socket_over_http2() {
    let hits = Hits::default();
    let address = axum_server(Arc::clone(&hits)).await;
    let opened = (200, Some("hi".to_owned()));
    for origin in [None, Some("https://chat.example"), Some(LISTED)] {
        assert_eq!(open_over_http2(address, "chat.example", origin).await, opened, "{origin:?}");
    }
    assert_eq!(hits.load(Ordering::Relaxed), 3);
    for origin in ["https://evil.example", "null", "https://chat.example:8443"] {
        assert_eq!(open_over_http2(address, "chat.example", Some(origin)).await, (403, None), "{origin}");
    }
    assert_eq!(open_over_http2(address, "evil.example", Some("https://evil.example")).await, (421, None));
    assert_eq!(hits.load(Ordering::Relaxed), 3);
}
