//! A wire between the program and the broker that is cut at a given call, and the program killed with it.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// When the program dies, seen from a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It was sent and the broker never got it.
    BeforeTheBroker,
    /// The broker did what was asked, and its answer never came.
    BeforeTheAnswer,
    /// The answer came, and little could be done with it.
    AfterTheAnswer,
}

/// A proxy in front of the broker. It counts calls, and says when the program has to die.
pub struct Wire {
    address: String,
    calls: Arc<Mutex<Vec<String>>>,
    deaths: mpsc::UnboundedReceiver<()>,
}

#[derive(Clone)]
struct Cut {
    broker: String,
    at: Option<(usize, Moment)>,
    calls: Arc<Mutex<Vec<String>>>,
    deaths: mpsc::UnboundedSender<()>,
}

impl Wire {
    /// Lies before the broker at `broker`, such as `http://127.0.0.1:40123`, and is cut at the call of this number, from 0.
    pub async fn new(broker: &str, at: Option<(usize, Moment)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::<Mutex<Vec<String>>>::default();
        let (sender, deaths) = mpsc::unbounded_channel();
        let broker = broker.trim_start_matches("http://").to_owned();
        let cut = Cut { broker, at, calls: Arc::clone(&calls), deaths: sender };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let cut = cut.clone();
                // A program that is killed hangs up in the middle.
                tokio::spawn(async move { cut.serve(stream).await.ok() });
            }
        });
        Self { address, calls, deaths }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// The calls so far, by their paths.
    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    /// Returns when the program has to die, or never.
    pub async fn death(&mut self) {
        self.deaths.recv().await;
    }
}

impl Cut {
    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let request = read_request(&mut stream).await?;
        let path = String::from_utf8_lossy(&request).split(' ').nth(1).unwrap_or_default().to_owned();
        let number = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(path.split('?').next().unwrap_or_default().to_owned());
            calls.len() - 1
        };
        let moment = self.at.filter(|(at, _)| *at == number).map(|(_, moment)| moment);
        if moment == Some(Moment::BeforeTheBroker) {
            return self.die().await;
        }
        let mut broker = TcpStream::connect(&self.broker).await?;
        broker.write_all(&request).await?;
        let mut answer = Vec::new();
        broker.read_to_end(&mut answer).await?;
        if moment == Some(Moment::BeforeTheAnswer) {
            return self.die().await;
        }
        stream.write_all(&answer).await?;
        stream.shutdown().await?;
        if moment == Some(Moment::AfterTheAnswer) {
            self.deaths.send(()).ok();
        }
        Ok(())
    }

    /// Says that the program has to die, and keeps its connection until it has.
    async fn die(&self) -> std::io::Result<()> {
        self.deaths.send(()).ok();
        std::future::pending().await
    }
}

/// Reads a request whole, and asks the broker to hang up after its answer.
async fn read_request(stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = |line: &str| line.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse().unwrap());
    let mut body = vec![0; head.lines().find_map(length).unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    let mut request = head.trim_end().to_owned().into_bytes();
    request.extend_from_slice(b"\r\nconnection: close\r\n\r\n");
    request.extend_from_slice(&body);
    Ok(request)
}
