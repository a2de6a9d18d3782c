//! What people are told at the start and at the end.

use std::fmt::Write;

use obs_cli::grouped;
use obs_sim::Simulator;

use crate::options::Options;

/// The addresses, the keys, and a first step with each.
pub(crate) fn greeting(options: &Options, simulator: &Simulator) -> String {
    let (rest, control) = (simulator.rest_url(), simulator.control_url().unwrap_or_default());
    let mut text = format!("SIMULATED KIS exchange: {}. Nothing here is a real quote.\n\n", options.describe());
    let _ = writeln!(text, "  REST       {rest}");
    let _ = writeln!(text, "  WebSocket  {}", simulator.websocket_url());
    let _ = writeln!(text, "  control    {control}");
    for customer in simulator.customers() {
        let _ = writeln!(text, "\nKIS_APP_KEY={}", customer.app_key);
        let _ = writeln!(text, "KIS_APP_SECRET={}", customer.app_secret);
        let _ = writeln!(text, "KIS_ACCOUNT={}", customer.account);
    }
    let body = r#"{"grant_type":"client_credentials","appkey":"'$KIS_APP_KEY'","appsecret":"'$KIS_APP_SECRET'"}"#;
    let _ = writeln!(text, "\nA token:  curl -X POST {rest}/oauth2/tokenP -d '{body}'");
    let _ = writeln!(text, r#"A fault:  curl -X POST {control}/faults -d '{{"fault":"silence","seconds":30}}'"#);
    for planned in simulator.control().planned() {
        let _ = writeln!(text, "Planned:  {} at {}", planned.fault, crate::status::korean(planned.at));
    }
    text.push_str("Ctrl-C ends it.");
    text
}

/// What came of it.
pub(crate) fn farewell(simulator: &Simulator) -> String {
    let (ledger, pace) = (simulator.ledger(), simulator.pace());
    format!(
        "{} records went over {} connections; {} calls, at most {} in a second, {} refused; {} orders.",
        grouped(ledger.total()),
        grouped(ledger.connections().len() as u64),
        grouped(pace.calls),
        pace.highest_per_second,
        grouped(pace.refused),
        grouped(simulator.orders().len() as u64),
    )
}
