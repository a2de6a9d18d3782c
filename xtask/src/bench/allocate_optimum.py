"""The least summed weight error for prices, weights and a total on standard input, by the integer program of HiGHS."""

import json
import sys

try:
    import numpy
    from scipy.optimize import Bounds, LinearConstraint, milp
except ImportError:
    sys.exit(3)

SECONDS = 60

answers = []
for case in json.load(sys.stdin):
    prices, total = numpy.array([float(price) for price in case["prices"]]), float(case["total"])
    goals = numpy.array(case["weights"]) * total
    count, ones = len(prices), numpy.eye(len(prices))
    # Whole shares, and for each symbol an error that is at least the distance from its goal in both directions.
    rows = numpy.block(
        [[numpy.diag(prices), -ones], [-numpy.diag(prices), -ones], [prices[None, :], numpy.zeros((1, count))]]
    )
    result = milp(
        numpy.concatenate([numpy.zeros(count), numpy.ones(count)]),
        constraints=LinearConstraint(rows, -numpy.inf, numpy.concatenate([goals, -goals, [total]])),
        integrality=numpy.concatenate([numpy.ones(count), numpy.zeros(count)]),
        bounds=Bounds(0, numpy.inf),
        options={"mip_rel_gap": 0, "time_limit": SECONDS},
    )
    answers.append({"error": result.fun / total, "bound": result.mip_dual_bound / total, "is_proven": result.status == 0})
json.dump(answers, sys.stdout)
