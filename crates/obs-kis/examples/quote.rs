//! One quote from the paper-trading host: `KIS_APP_KEY=… KIS_APP_SECRET=… cargo run -p obs-kis --example quote -- 005930`
#![expect(clippy::print_stdout, reason = "a program says what it found")]

use std::env;

use obs_kis::{Clock, Credentials, Endpoints, Environment, KisClient, KisSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let symbol = env::args().nth(1).unwrap_or_else(|| "005930".to_owned()).parse()?;
    let credentials = Credentials::new(env::var("KIS_APP_KEY")?, env::var("KIS_APP_SECRET")?)?;
    let mut settings = KisSettings::new(Environment::Paper);
    // The broker issues one token a minute: without this, running it twice in a row would have to wait.
    settings.token_cache = Some(env::temp_dir().join("obs-kis"));
    let client = KisClient::new(Endpoints::paper(), credentials, settings, Clock::system())?;

    let quote = client.quote(symbol).await?;
    match quote.price {
        Some(price) => println!("{symbol}: {price} won, {} shares today", quote.volume),
        None => println!("{symbol}: the broker does not know it"),
    }
    Ok(())
}
