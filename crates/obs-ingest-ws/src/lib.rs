//! Track B: frames to ticks, subscriptions, reconnects, liveness.
