//! The protocol of WebKitGTK's remote inspector, as far as the console needs it.
//!
//! Messages on the socket have a length, a byte of flags, a name that ends with a NUL, and a GVariant
//! (Source/WTF/wtf/glib/SocketConnection.cpp). The bodies that matter here consist of two numbers and a string. The string is a
//! message of the inspector's JSON protocol. It is for a target, which is a tab, and it often contains a message for the page in the
//! tab.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// The flag for numbers in little-endian byte order.
const LITTLE_ENDIAN: u8 = 1;

/// The inspector's number of the browser.
const BROWSER: u64 = 1;

/// The longest message that is read, in bytes. The longest one is the list of all commands.
const LONGEST_MESSAGE: u32 = 16 * 1024 * 1024;

/// The time limit to enable a console.
const ENABLE_LIMIT: Duration = Duration::from_secs(5);

/// The connection to the inspector of one browser.
pub(super) struct Inspector {
    outgoing: mpsc::UnboundedSender<Vec<u8>>,
    consoles: Arc<Mutex<Consoles>>,
    /// The tabs whose consoles are enabled.
    enabled: watch::Receiver<Vec<u64>>,
    _tasks: JoinSet<()>,
}

/// What the consoles have printed, by tab.
#[derive(Debug, Default)]
struct Consoles {
    lines: HashMap<u64, Vec<String>>,
    /// The last line of each console. The inspector does not send a line twice, but counts how often it is repeated.
    last: HashMap<u64, String>,
}

impl Inspector {
    /// Connects to the inspector that listens at `address`.
    pub(super) async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        let (outgoing, to_write) = mpsc::unbounded_channel();
        let (enable, enabled) = watch::channel(Vec::new());
        let consoles = Arc::<Mutex<Consoles>>::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(write(writer, to_write));
        let listener = Listener { consoles: consoles.clone(), outgoing: outgoing.clone(), enable };
        tasks.spawn(listener.run(reader));
        let inspector = Self { outgoing, consoles, enabled, _tasks: tasks };
        inspector.send(message("SetupInspectorClient", &[]));
        Ok(inspector)
    }

    /// Starts to collect the messages of a tab, and waits until its console is enabled.
    pub(super) async fn watch(&self, tab: u64) -> Result<(), String> {
        self.send(message("Setup", &[BROWSER.to_le_bytes(), tab.to_le_bytes()].concat()));
        let mut enabled = self.enabled.clone();
        let is_enabled = enabled.wait_for(|tabs| tabs.contains(&tab));
        match tokio::time::timeout(ENABLE_LIMIT, is_enabled).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err("the inspector closed its connection".to_owned()),
            Err(_) => Err(format!("the inspector does not know tab {tab}")),
        }
    }

    /// Takes the lines that the console of a tab has printed since the last call.
    pub(super) fn take(&self, tab: u64) -> Vec<String> {
        lock(&self.consoles).lines.remove(&tab).unwrap_or_default()
    }

    fn send(&self, message: Vec<u8>) {
        // Ignore: a closed connection is reported by the next command of the session.
        let _ = self.outgoing.send(message);
    }
}

async fn write(mut writer: OwnedWriteHalf, mut messages: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(message) = messages.recv().await {
        if writer.write_all(&message).await.is_err() {
            return;
        }
    }
}

/// What handles the inspector's messages.
struct Listener {
    consoles: Arc<Mutex<Consoles>>,
    outgoing: mpsc::UnboundedSender<Vec<u8>>,
    enable: watch::Sender<Vec<u64>>,
}

impl Listener {
    async fn run(self, reader: OwnedReadHalf) {
        let mut reader = BufReader::new(reader);
        // An error says that the browser has ended.
        while let Ok(body) = read(&mut reader).await {
            if let Some((tab, text)) = from_tab(&body) {
                self.handle(tab, &text);
            }
        }
    }

    /// Handles a message of the JSON protocol about a tab.
    fn handle(&self, tab: u64, message: &Value) {
        let parameters = &message["params"];
        match message["method"].as_str() {
            Some("Target.targetCreated") => self.enable(tab, &parameters["targetInfo"]["targetId"]),
            Some("Target.dispatchMessageFromTarget") => {
                let text = parameters["message"].as_str().unwrap_or_default();
                self.handle_page(tab, &serde_json::from_str(text).unwrap_or_default());
            }
            _ => {}
        }
    }

    /// Handles a message of the page in a tab.
    fn handle_page(&self, tab: u64, message: &Value) {
        let mut consoles = lock(&self.consoles);
        match message["method"].as_str() {
            Some("Console.messageAdded") => {
                if let Some(text) = message["params"]["message"]["text"].as_str() {
                    consoles.lines.entry(tab).or_default().push(text.to_owned());
                    consoles.last.insert(tab, text.to_owned());
                }
            }
            Some("Console.messageRepeatCountUpdated") => {
                if let Some(text) = consoles.last.get(&tab).cloned() {
                    consoles.lines.entry(tab).or_default().push(text);
                }
            }
            // The only command is the one that enables the console.
            _ if message["id"].is_number() => {
                self.enable.send_modify(|tabs| tabs.push(tab));
            }
            _ => {}
        }
    }

    /// Enables the console of a page in a tab.
    fn enable(&self, tab: u64, page: &Value) {
        let enable = json!({ "id": 1, "method": "Console.enable" }).to_string();
        let parameters = json!({ "targetId": page, "message": enable });
        let command = json!({ "id": 1, "method": "Target.sendMessageToTarget", "params": parameters });
        // Ignore: the connection is closed.
        let _ = self.outgoing.send(to_tab(tab, &command));
    }
}

/// A message for the socket.
fn message(name: &str, parameters: &[u8]) -> Vec<u8> {
    let length = name.len() + 1 + parameters.len();
    let mut message = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes().to_vec();
    message.push(LITTLE_ENDIAN);
    message.extend_from_slice(name.as_bytes());
    message.push(0);
    message.extend_from_slice(parameters);
    message
}

/// A message for the socket that contains a command for a tab.
fn to_tab(tab: u64, command: &Value) -> Vec<u8> {
    let mut parameters = [BROWSER.to_le_bytes(), tab.to_le_bytes()].concat();
    parameters.extend_from_slice(command.to_string().as_bytes());
    parameters.push(0);
    message("SendMessageToBackend", &parameters)
}

/// Reads a message from the socket: its name and its parameters, with a NUL between them.
async fn read(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<Vec<u8>> {
    let length = reader.read_u32().await?;
    if length > LONGEST_MESSAGE {
        return Err(io::Error::other("the message is too long"));
    }
    let _flags = reader.read_u8().await?;
    let mut body = Vec::new();
    reader.take(u64::from(length)).read_to_end(&mut body).await?;
    if body.len() < length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(body)
}

/// The tab and the message of the JSON protocol in the body of a socket's message; `None` if it contains something else.
fn from_tab(body: &[u8]) -> Option<(u64, Value)> {
    let parameters = body.strip_prefix(b"SendMessageToFrontend\0")?;
    let (_browser, parameters) = parameters.split_first_chunk::<8>()?;
    let (tab, text) = parameters.split_first_chunk::<8>()?;
    let text = text.strip_suffix(b"\0")?;
    Some((u64::from_le_bytes(*tab), serde_json::from_slice(text).ok()?))
}

fn lock(consoles: &Mutex<Consoles>) -> MutexGuard<'_, Consoles> {
    consoles.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_a_length_and_a_name() {
        assert_eq!(message("Setup", b"xy"), b"\0\0\0\x08\x01Setup\0xy");
    }

    #[test]
    fn a_message_of_a_tab() {
        let mut body = b"SendMessageToFrontend\0".to_vec();
        body.extend([1_u64.to_le_bytes(), 3_u64.to_le_bytes()].concat());
        body.extend(br#"{"method":"x"}"#);
        assert_eq!(from_tab(&body), None, "the string has no end");
        body.push(0);
        assert_eq!(from_tab(&body), Some((3, json!({ "method": "x" }))));
        assert_eq!(from_tab(b"SendMessageToFrontend\0\x01"), None);
        assert_eq!(from_tab(b"SetTargetList\0"), None);
    }

    #[test]
    fn a_repeated_line_is_a_line() {
        let (outgoing, _to_write) = mpsc::unbounded_channel();
        let (enable, enabled) = watch::channel(Vec::new());
        let listener = Listener { consoles: Arc::default(), outgoing, enable };
        let from_page = |message: Value| {
            let parameters = json!({ "targetId": "page-1", "message": message.to_string() });
            listener
                .handle(3, &json!({ "method": "Target.dispatchMessageFromTarget", "params": parameters }));
        };
        from_page(json!({ "id": 1, "result": {} }));
        from_page(
            json!({ "method": "Console.messageAdded", "params": { "message": { "text": "Load failed" } } }),
        );
        from_page(json!({ "method": "Console.messageRepeatCountUpdated", "params": { "count": 2 } }));
        assert_eq!(*enabled.borrow(), [3]);
        assert_eq!(lock(&listener.consoles).lines[&3], ["Load failed", "Load failed"]);
    }
}
