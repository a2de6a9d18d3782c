"""One-minute bars by Polars of the ticks in a folder, timed, and compared with the bars that lie beside them.

Prints an object: for each way of asking the seconds of its rounds, and "threads". Without Polars it exits with code 3.
"""

import json
import sys
import time

try:
    import polars as pl
except ImportError:
    sys.exit(3)

folder, rounds = sys.argv[1], int(sys.argv[2])
schema = {"symbol": pl.String, "event_time": pl.Int64, "price": pl.Int64, "volume": pl.Int64}
ticks = pl.read_csv(f"{folder}/ticks.csv", schema=schema)
ticks = ticks.with_columns(pl.col("event_time").cast(pl.Datetime("us"))).rechunk()
expected = pl.read_csv(f"{folder}/bars.csv", schema_overrides={"symbol": pl.String}).sort("symbol", "minute")

keys = ["symbol", pl.col("event_time").dt.truncate("1m").alias("minute")]
# The ticks are in the order of their time, so the first to arrive opens and the last closes; late ticks would cost a sort.
values = {
    "open": pl.col("price").first(),
    "high": pl.col("price").max(),
    "low": pl.col("price").min(),
    "close": pl.col("price").last(),
    "volume": pl.col("volume").sum(),
    "slots": pl.len(),
}
coverage = pl.col("slots").clip(0, 120)
ways = {
    "group_by": lambda: ticks.group_by(*keys).agg(**values).with_columns(coverage),
    "lazy group_by": lambda: ticks.lazy().group_by(*keys).agg(**values).with_columns(coverage).collect(),
}
times = {name: [] for name in ways}
for _ in range(rounds):
    for name, way in ways.items():
        started = time.perf_counter()
        bars = way()
        times[name].append(time.perf_counter() - started)
        bars = bars.with_columns(pl.col("minute").cast(pl.Int64)).sort("symbol", "minute")
        if not bars.cast(expected.schema).equals(expected):
            sys.exit(f"the bars of Polars' {name} are not those of obs-aggregate")
print(json.dumps({"version": pl.__version__, "threads": pl.thread_pool_size(), "seconds": times}))
