"""The greedy allocation of PyPortfolioOpt for prices, weights and a total on standard input: its summed weight error."""

import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")
try:
    import pandas
    from pypfopt.discrete_allocation import DiscreteAllocation
except ImportError:
    sys.exit(3)

answers = []
for case in json.load(sys.stdin):
    prices, weights = [float(price) for price in case["prices"]], case["weights"]
    start = time.perf_counter()
    allocation = DiscreteAllocation(dict(enumerate(weights)), pandas.Series(prices), total_portfolio_value=case["total"])
    shares, _ = allocation.greedy_portfolio()
    took = (time.perf_counter() - start) * 1e3
    error = sum(abs(shares.get(at, 0) * price / case["total"] - weights[at]) for at, price in enumerate(prices))
    answers.append({"error": error, "ms": took})
json.dump(answers, sys.stdout)
