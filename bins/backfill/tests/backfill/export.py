"""Reads exported ticks with each library that is there, and prints their rows as JSON: {"polars": [[...], ...], ...}.

Prices are printed as whole ten-thousandths of a won and times as microseconds since 1970, so that nothing is rounded.
A library that is not there is null.
"""

import datetime
import json
import pathlib
import sys

COLUMNS = [
    "symbol", "event_time", "bid_price", "ask_price", "bid_size", "ask_size", "last_price", "volume", "session_id",
    "mitigation_level", "quality_flag",
]
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def plain(name, value):
    if value is None:
        return None
    if name == "event_time":
        return (value - EPOCH) // datetime.timedelta(microseconds=1)
    if name.endswith("_price"):
        scaled = value.scaleb(4)
        assert scaled == int(scaled), value
        return int(scaled)
    return str(value) if name == "day" else value


def printable(rows):
    return [[plain(name, value) for name, value in zip([*COLUMNS, "day"], row)] for row in rows]


def with_pyarrow(folder, kind):
    import pyarrow
    import pyarrow.dataset
    day = pyarrow.schema([("day", pyarrow.date32())])
    hive = pyarrow.dataset.partitioning(day, flavor="hive")
    table = pyarrow.dataset.dataset(folder, format=kind, partitioning=hive).to_table([*COLUMNS, "day"])
    assert table.schema.field("last_price").type == pyarrow.decimal128(15, 4)
    assert table.schema.field("event_time").type == pyarrow.timestamp("us", "UTC")
    return printable(zip(*(table.column(name).to_pylist() for name in [*COLUMNS, "day"])))


def with_polars(folder, kind):
    import polars
    scan = {"parquet": polars.scan_parquet, "arrow": polars.scan_ipc}[kind]
    files = f"{folder}/**/*.{kind}"
    frame = scan(files, hive_partitioning=True, try_parse_hive_dates=True).select([*COLUMNS, "day"]).collect()
    assert frame.schema["last_price"] == polars.Decimal(15, 4)
    assert frame.schema["event_time"] == polars.Datetime("us", "UTC")
    return printable(frame.rows())


def with_duckdb(folder, kind):
    import duckdb
    if kind != "parquet":
        return None
    columns = ", ".join("epoch_us(event_time)" if name == "event_time" else name for name in COLUMNS)
    rows = duckdb.sql(f"SELECT {columns}, day FROM read_parquet('{folder}/**/*.parquet', hive_partitioning = true)")
    assert str(rows.types[COLUMNS.index("last_price")]) == "DECIMAL(15,4)"
    micros = lambda row: (row[0], EPOCH + datetime.timedelta(microseconds=row[1]), *row[2:])
    return printable(map(micros, rows.fetchall()))


def main(folder, kind):
    assert pathlib.Path(folder).is_dir(), folder
    answer = {}
    for read in [with_pyarrow, with_polars, with_duckdb]:
        try:
            rows = read(folder, kind)
        except ImportError:
            rows = None
        answer[read.__name__.removeprefix("with_")] = rows
    json.dump(answer, sys.stdout)


main(*sys.argv[1:])
