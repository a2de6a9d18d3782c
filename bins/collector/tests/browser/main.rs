//! The dashboard in a real browser: Chromium without a window, driven through its DevTools protocol, looking at a collector that
//! records a simulated exchange. Where there is no Chromium the tests say so and pass; `OBS_TEST_CHROMIUM` names one elsewhere.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic in a test is a failed test")]
#![expect(clippy::print_stdout, reason = "people want to know where the pictures are")]

mod chromium;
mod dashboard;
mod page;
mod support;
