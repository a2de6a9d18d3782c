"""Compares exported ticks row for row with the rows that were loaded: FOLDER CSV COLUMNS. Prints the libraries that found
them equal. Exit code 3: none of the libraries is there."""

import sys

PRICES = {"bid_price", "ask_price", "last_price"}
COUNTS = {"bid_size", "ask_size", "volume", "mitigation_level"}


def with_pyarrow(folder, rows, columns):
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    def kind(name):
        if name == "event_time":
            return pa.timestamp("us", "UTC")
        if name in PRICES:
            return pa.decimal128(15, 4)
        return pa.int64() if name in COUNTS else pa.string()

    types = {name: kind(name) for name in columns}
    loaded = pa.csv.read_csv(
        rows,
        read_options=pa.csv.ReadOptions(column_names=columns),
        convert_options=pa.csv.ConvertOptions(column_types=types),
    )
    found = pa.parquet.read_table(folder, partitioning=None).select(columns)
    assert found.num_rows > 0 and found.cast(loaded.schema).equals(loaded), "pyarrow reads other rows"
    return pa.__version__


def with_duckdb(folder, rows, columns):
    import duckdb

    def kind(name):
        if name == "event_time":
            return "TIMESTAMPTZ"
        if name in PRICES:
            return "DECIMAL(15, 4)"
        return "BIGINT" if name in COUNTS else "VARCHAR"

    types = ", ".join(f"'{name}': '{kind(name)}'" for name in columns)
    loaded = f"read_csv('{rows}', header = false, columns = {{{types}}})"
    found = f"(SELECT {', '.join(columns)} FROM read_parquet('{folder}/**/*.parquet'))"
    differs = " OR ".join(f"loaded.{name} IS DISTINCT FROM found.{name}" for name in columns)
    query = f"SELECT count(*), count(*) FILTER (WHERE {differs}) FROM {loaded} loaded POSITIONAL JOIN {found} found"
    [(number, different)] = duckdb.sql(query).fetchall()
    assert number > 0 and different == 0, f"DuckDB reads {different} of {number} rows otherwise"
    return duckdb.__version__


def main(folder, rows, columns):
    names = [name.strip() for name in columns.split(",")]
    agreed = []
    for library, compare in [("pyarrow", with_pyarrow), ("DuckDB", with_duckdb)]:
        try:
            agreed.append(f"{library} {compare(folder, rows, names)}")
        except ImportError:
            continue
    if not agreed:
        sys.exit(3)
    print(", ".join(agreed))


main(*sys.argv[1:])
