"""The fit of a factor as its words say it: every product, every square, every factor."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from insar_models.air.factor_fit import CONTRARY_BLOCKS, TELLING_BLOCKS
from insar_models.air.lag_products import BLOCKS, LAGS, STEP


def slow_products(
    phase_rad: NDArray[np.floating], usable: NDArray[np.bool_], values: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Rows of lag, block row, block column, phase difference, step of the field."""
    rows, columns = (len(range(0, side, STEP)) for side in phase_rad.shape)
    found = []
    for number, (lag, (down, right)) in enumerate(product(LAGS, ((1, 0), (0, 1)))):
        for row, column in product(range(rows), range(columns)):
            far_row, far_column = row + down * lag // STEP, column + right * lag // STEP
            if far_row >= rows or far_column >= columns:
                continue
            here, there = (row * STEP, column * STEP), (far_row * STEP, far_column * STEP)
            if usable[here] and usable[there]:
                block = (
                    (row + far_row) * BLOCKS // (2 * rows),
                    ((column + far_column) * BLOCKS // (2 * columns)),
                )
                change = phase_rad[there] - phase_rad[here], values[there] - values[here]
                found.append((number, *block, *change))
    return np.array(found)


def slow_factors(
    products: NDArray[np.float64], factors: NDArray[np.float64]
) -> tuple[float, float]:
    """Factor without the contrary square, and factor without the telling one."""

    def agreement(chosen: NDArray[np.bool_], factor: float) -> float:
        part = products[chosen]
        turned = np.exp(1j * (part[:, 3] - factor * part[:, 4]))
        return float(sum(abs(turned[part[:, 0] == lag].sum()) for lag in range(2 * len(LAGS))))

    def curve(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.array([agreement(chosen, factor) for factor in factors])

    def square(row: int, column: int, side: int) -> NDArray[np.bool_]:
        down, right = products[:, 1] - row, products[:, 2] - column
        return (down >= 0) & (down < side) & (right >= 0) & (right < side)

    def squares(side: int) -> list[NDArray[np.bool_]]:
        first = range(BLOCKS - side + 1)
        return [square(row, column, side) for row in first for column in first]

    whole = products[:, 0] >= 0
    best = factors[np.argmax(curve(whole))]
    turned = np.exp(1j * (products[:, 3] - best * products[:, 4]))
    ramp = [np.angle(turned[products[:, 0] == lag].sum()) for lag in range(2 * len(LAGS))]
    without_ramp = products[:, 3] - np.array(ramp)[products[:, 0].astype(int)]
    alone = np.zeros((BLOCKS, BLOCKS))
    for row, column in product(range(BLOCKS), repeat=2):
        own = square(row, column, 1)
        alone[row, column] = max(
            np.cos(without_ramp[own] - factor * products[own, 4]).sum() for factor in factors
        )
    contrary = max(
        squares(CONTRARY_BLOCKS),
        key=lambda inside: curve(~inside).max() + _sum_of_blocks(alone, products[inside]),
    )
    telling = min(
        squares(TELLING_BLOCKS), key=lambda inside: curve(~inside).max() - agreement(~inside, 0.0)
    )
    first, second = (float(factors[np.argmax(curve(~inside))]) for inside in (contrary, telling))
    return first, second


def _sum_of_blocks(alone: NDArray[np.float64], products: NDArray[np.float64]) -> float:
    blocks = {(int(row), int(column)) for row, column in products[:, 1:3]}
    return float(sum(alone[block] for block in blocks))
