//! What happens, as it happens: server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt, stream};
use obs_model::Symbol;
use serde::Deserialize;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use utoipa::IntoParams;

use crate::{
    hub::{Hub, Message},
    parameters::Strict,
    problem::{Problem, Problems},
    router::App,
};

/// How often a silent stream says that it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What to listen to.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct EventsQuery {
    /// Only bars and gaps of these symbols, with commas between them, such as `005930,000660`. Gaps of all symbols count, too.
    symbols: Option<String>,
    /// The token, where there is one: browsers cannot set a header for event streams. Only here it may stand in the address.
    #[serde(rename = "token")]
    _token: Option<String>,
}

/// Events
///
/// A stream of server-sent events: `status` every second (as `/api/v1/status`), `bar` when a bar of this or the last minute is
/// new or changed (as `/api/v1/bars`), `gap` when one appears (as `/api/v1/gaps`). Who reads too slowly gets the event `dropped`
/// with the number of events that were `missed`, and the stream ends. With `Last-Event-ID` it goes on behind that event, if it is
/// not too long ago; whatever was missed before is to be asked for.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "record",
    params(EventsQuery, ("Last-Event-ID" = Option<String>, Header, description = "The last event that was heard")),
    responses((status = 200, description = "The stream; it does not end by itself", body = String, content_type = "text/event-stream"), Problems)
)]
pub(crate) async fn events(
    State(app): State<App>,
    Strict(query): Strict<EventsQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let wanted = symbols(query.symbols.as_deref())?;
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(|id| number_of(id, app.hub.name));
    let (missed, receiver) = Hub::listen(&app, last);
    let (hub, stop) = (app.hub.name, app.api.stop.clone());
    let before = stream::iter(missed.into_iter().map(Heard::Message));
    let heard = before.chain(stream::unfold(Some(receiver), next)).take_until(stop.cancelled_owned());
    let events = heard.filter_map(move |heard| {
        let event = match heard {
            Heard::Message(message) => is_wanted(&message, &wanted).then(|| event_of(&message, hub)),
            Heard::Missed(missed) => Some(Event::default().event("dropped").data(format!(r#"{{"missed":{missed}}}"#))),
        };
        async move { event.map(Ok) }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

enum Heard {
    Message(Arc<Message>),
    /// The listener was too slow, and so many messages are gone.
    Missed(u64),
}

async fn next(receiver: Option<Receiver<Arc<Message>>>) -> Option<(Heard, Option<Receiver<Arc<Message>>>)> {
    let mut receiver = receiver?;
    match receiver.recv().await {
        Ok(message) => Some((Heard::Message(message), Some(receiver))),
        Err(RecvError::Lagged(missed)) => Some((Heard::Missed(missed), None)),
        Err(RecvError::Closed) => None,
    }
}

fn is_wanted(message: &Message, wanted: &[Symbol]) -> bool {
    wanted.is_empty() || message.symbols.is_empty() || message.symbols.iter().any(|symbol| wanted.contains(symbol))
}

fn event_of(message: &Message, hub: i64) -> Event {
    Event::default().event(message.event).id(format!("{hub}-{}", message.number)).data(&message.data)
}

/// The number in an event's id, if it is one of this hub.
fn number_of(id: &str, hub: i64) -> Option<u64> {
    let (name, number) = id.split_once('-')?;
    (name.parse() == Ok(hub)).then(|| number.parse().ok()).flatten()
}

fn symbols(text: Option<&str>) -> Result<Vec<Symbol>, Problem> {
    let must = "it must be codes such as 005930 with commas between them";
    let read =
        |code: &str| Symbol::new(code.trim()).map_err(|_| Problem::parameter("symbols", text.unwrap_or_default(), must));
    text.map_or_else(|| Ok(Vec::new()), |text| text.split(',').map(read).collect())
}
